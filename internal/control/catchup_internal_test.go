package control

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/timetable"
)

// TestLaterIsUp: a later slot makes up for an earlier one once its own time to start is over.
// A plan has its slots up to its last moment.
func TestLaterIsUp(t *testing.T) {
	t.Parallel()
	plan := hourlyPlan()
	times, err := timetable.Of(plan)
	if err != nil {
		t.Fatal(err)
	}
	within := time.Duration(plan.StartWithin)
	for name, c := range map[string]struct {
		now, until time.Time
		want       bool
	}{
		"before its time is over":     {at(10, 0).Add(within - time.Second), time.Time{}, false},
		"when its time is over":       {at(10, 0).Add(within), time.Time{}, true},
		"of a plan until then":        {at(12, 0), at(10, 0), true},
		"of a plan that ended before": {at(12, 0), at(10, 0).Add(-time.Second), false},
	} {
		ctl := Control{Now: func() time.Time { return c.now }}
		if got := ctl.laterIsUp([]period{{plan: plan, times: times, until: c.until}}, at(9, 0)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
