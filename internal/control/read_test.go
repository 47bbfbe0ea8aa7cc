package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWalkWants: both ends of the time are included. A walk that goes on leaves out the run
// with which the one before it ended. Match is asked last.
func TestWalkWants(t *testing.T) {
	t.Parallel()
	since, until := clockAt(18, 0, 0), clockAt(20, 0, 0)
	day := control.Walk{Since: since, Until: until}
	a, b, c := run.ScheduledID("a", until), run.ScheduledID("b", until), run.ScheduledID("c", until)
	for name, q := range map[string]struct {
		walk control.Walk
		id   run.ID
		at   time.Time
		want bool
	}{
		"at its beginning":        {day, a, since, true},
		"before it":               {day, a, since.Add(-time.Millisecond), false},
		"at its end":              {day, a, until, true},
		"after it":                {day, a, until.Add(time.Millisecond), false},
		"of all time":             {control.Walk{}, a, until, true},
		"behind where it stopped": {control.Walk{Until: until, Past: b}, a, until, true},
		"where it stopped":        {control.Walk{Until: until, Past: b}, b, until, false},
		"before it stopped":       {control.Walk{Until: until, Past: b}, c, until, false},
		"of a time before":        {control.Walk{Until: until, Past: b}, c, since, true},
		"of its jobs":             {control.Walk{Jobs: []string{"a", "b"}}, b, until, true},
		"of another":              {control.Walk{Jobs: []string{"a", "b"}}, c, until, false},
		"that matches":            {control.Walk{Match: func(id run.ID) bool { return id == a }}, a, until, true},
		"that does not":           {control.Walk{Match: func(id run.ID) bool { return id == a }}, b, until, false},
	} {
		if got := q.walk.Wants(q.id, q.at); got != q.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestAskedQuerySelects: both ends of the time are included, and an open end means any time.
func TestAskedQuerySelects(t *testing.T) {
	t.Parallel()
	since, until := clockAt(18, 0, 0), clockAt(20, 0, 0)
	day := control.AskedQuery{Since: since, Until: until}
	for name, c := range map[string]struct {
		q    control.AskedQuery
		a    control.Asked
		want bool
	}{
		"at its beginning": {day, control.Asked{At: since}, true},
		"before it":        {day, control.Asked{At: since.Add(-time.Millisecond)}, false},
		"at its end":       {day, control.Asked{At: until}, true},
		"after it":         {day, control.Asked{At: until.Add(time.Millisecond)}, false},
		"of all time":      {control.AskedQuery{}, control.Asked{Job: "a", By: "ann", At: until}, true},
		"of its job":       {control.AskedQuery{Job: "a"}, control.Asked{Job: "a"}, true},
		"of another job":   {control.AskedQuery{Job: "a"}, control.Asked{Job: "b"}, false},
		"of its person":    {control.AskedQuery{By: "ann"}, control.Asked{By: "ann"}, true},
		"of another":       {control.AskedQuery{By: "ann"}, control.Asked{By: "bob"}, false},
	} {
		if got := c.q.Selects(c.a); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
