package run

import (
	"testing"
	"time"
)

// TestDurationIsKnownOrNot: 0 means that nobody knows, even if ECS gives start and end in the
// same millisecond.
func TestDurationIsKnownOrNot(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		start, end time.Time
		unseen     bool
		want       time.Duration
	}{
		"known":                   {at, at.Add(time.Minute), false, time.Minute},
		"within one millisecond":  {at, at, false, time.Millisecond},
		"never started":           {time.Time{}, at, false, 0},
		"runs":                    {at, time.Time{}, false, 0},
		"an end that nobody saw":  {at, at.Add(time.Minute), true, 0},
		"an end before its start": {at, at.Add(-time.Second), false, time.Millisecond},
	} {
		a := Attempt{N: 1, StartedAt: c.start, EndedAt: c.end, EndUnseen: c.unseen}
		r := Run{StartedAt: c.start, FinishedAt: c.end, Attempts: []Attempt{a}}
		if got := r.Duration(); got != c.want {
			t.Errorf("%s: the run took %s, want %s", name, got, c.want)
		}
		if got := a.Took(); got != c.want {
			t.Errorf("%s: the attempt took %s, want %s", name, got, c.want)
		}
	}
}
