package schedules

import (
	"testing"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// TestSwitchedOff: a job's schedule or rule that is off, though its definition is on, was switched off by
// somebody else.
func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	off := func(s entry.Schedule) entry.Schedule { s.Disabled = true; return s }
	on, meant := input(t, job.Job{Name: "a"}), input(t, job.Job{Name: "a", Disabled: true})
	for name, c := range map[string]struct {
		schedules []entry.Schedule
		off, by   bool
	}{
		"on":                    {[]entry.Schedule{schedule("1", "rate(1 hour)", on)}, false, false},
		"off":                   {[]entry.Schedule{off(schedule("1", "rate(1 hour)", on))}, true, true},
		"off, as it is defined": {[]entry.Schedule{off(schedule("1", "rate(1 hour)", meant))}, true, false},
		"one of two":            {[]entry.Schedule{off(schedule("1", "rate(1 hour)", on)), schedule("2", "rate(1 hour)", on)}, false, true},
		"the other of two":      {[]entry.Schedule{schedule("1", "rate(1 hour)", on), off(schedule("2", "rate(1 hour)", on))}, false, true},
		"both":                  {[]entry.Schedule{off(schedule("1", "rate(1 hour)", on)), off(schedule("2", "rate(1 hour)", on))}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Registry{Scheduler: &group{schedules: c.schedules}, Rules: rules{}, Trigger: trigger, Read: entry.Registered}
			reading, err := r.Jobs(t.Context())
			if err != nil || len(reading.Jobs) != 1 || reading.Jobs[0].Disabled != c.off || reading.Jobs[0].SwitchedOff != c.by {
				t.Errorf("got %+v, %v", reading.Jobs, err)
			}
		})
	}
}
