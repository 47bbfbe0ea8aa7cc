package port_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWalkWants: both ends of the time are included. A walk that goes on leaves out the run
// with which the one before it ended. Match is asked last.
func TestWalkWants(t *testing.T) {
	t.Parallel()
	since, until := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	day := port.Walk{Since: since, Until: until}
	a, b, c := run.ScheduledID("a", until), run.ScheduledID("b", until), run.ScheduledID("c", until)
	for name, q := range map[string]struct {
		walk port.Walk
		id   run.ID
		at   time.Time
		want bool
	}{
		"at its beginning":        {day, a, since, true},
		"before it":               {day, a, since.Add(-time.Millisecond), false},
		"at its end":              {day, a, until, true},
		"after it":                {day, a, until.Add(time.Millisecond), false},
		"of all time":             {port.Walk{}, a, until, true},
		"behind where it stopped": {port.Walk{Until: until, Past: b}, a, until, true},
		"where it stopped":        {port.Walk{Until: until, Past: b}, b, until, false},
		"before it stopped":       {port.Walk{Until: until, Past: b}, c, until, false},
		"of a time before":        {port.Walk{Until: until, Past: b}, c, since, true},
		"of its jobs":             {port.Walk{Jobs: []string{"a", "b"}}, b, until, true},
		"of another":              {port.Walk{Jobs: []string{"a", "b"}}, c, until, false},
		"that matches":            {port.Walk{Match: func(id run.ID) bool { return id == a }}, a, until, true},
		"that does not":           {port.Walk{Match: func(id run.ID) bool { return id == a }}, b, until, false},
	} {
		if got := q.walk.Wants(q.id, q.at); got != q.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestAskedQuerySelects: the beginning of the time is included, and none means any time.
func TestAskedQuerySelects(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	day := port.AskedQuery{Since: since}
	for name, c := range map[string]struct {
		q    port.AskedQuery
		a    port.Asked
		want bool
	}{
		"at its beginning": {day, port.Asked{At: since}, true},
		"before it":        {day, port.Asked{At: since.Add(-time.Millisecond)}, false},
		"after it":         {day, port.Asked{At: since.Add(time.Hour)}, true},
		"of all time":      {port.AskedQuery{}, port.Asked{Job: "a", By: "ann"}, true},
		"of its job":       {port.AskedQuery{Job: "a"}, port.Asked{Job: "a"}, true},
		"of another job":   {port.AskedQuery{Job: "a"}, port.Asked{Job: "b"}, false},
		"of its person":    {port.AskedQuery{By: "ann"}, port.Asked{By: "ann"}, true},
		"of another":       {port.AskedQuery{By: "ann"}, port.Asked{By: "bob"}, false},
	} {
		if got := c.q.Selects(c.a); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
