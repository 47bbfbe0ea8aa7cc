package sweep

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestRemovedBesideABrokenSchedule: what somebody removed is not started because another schedule of
// the group cannot be used, not even by a process that never saw the removed schedule. Nor is what the
// broken schedule last carried. If the broken schedule says whose it is, other jobs are known to be
// gone. Otherwise their slots are missed, since nobody can tell.
func TestRemovedBesideABrokenSchedule(t *testing.T) {
	t.Parallel()
	const nameless, named = "rm -rf /", `{"job":{"name":"job-00002","command":"x"}}`
	for name, c := range map[string]struct {
		input    string
		restarts bool
		gone     bool
	}{
		"it says nothing, to the same process":  {nameless, false, true},
		"it says nothing, to a new process":     {nameless, true, false},
		"it says whose it is, to the same":      {named, false, true},
		"it says whose it is, to a new process": {named, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStale()
			removed := []*seen{w.add(time.Minute, ""), w.add(time.Minute, job.CatchUpLast)}
			broken := w.add(time.Minute, job.CatchUpLast)
			w.sweeps(t, staleSlot.Add(-time.Minute))
			for _, s := range removed {
				s.gone = true
			}
			broken.input, broken.modified = c.input, staleSlot.Add(-30*time.Second)
			if c.restarts {
				w.restart()
			}
			w.sweeps(t, staleSlot.Add(3*time.Minute))
			for _, s := range append(removed, broken) {
				r, err := w.store.Run(t.Context(), run.ScheduledID(s.job.Name, staleSlot))
				item, itemErr := w.store.Item(t.Context(), s.job.Name)
				is, want := fmt.Sprintf("gone %t, %q", item.Gone, r.Status), `gone false, "missed"`
				if s != broken && c.gone {
					want = `gone true, ""`
				}
				if is != want || itemErr != nil || err != nil && !errors.Is(err, port.ErrNotFound) {
					t.Errorf("%s is %s, want %s: %s, %v", s.job.Name, is, want, r.Cause, errors.Join(err, itemErr))
				}
			}
			if n := len(w.ecs.sent); n != 0 {
				t.Errorf("%d launches", n)
			}
		})
	}
}
