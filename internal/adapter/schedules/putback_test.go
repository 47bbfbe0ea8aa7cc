package schedules

import (
	"testing"
	"time"
)

// TestReadBeforeTheClockWasPutBack: a reading from before the clock was put back decides nothing about
// a slot: the schedule is read again.
func TestReadBeforeTheClockWasPutBack(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.expect(2_100, 21, true)
	w.clock = w.clock.Add(-10 * time.Minute)
	w.drop(jobNo(7))
	slot := w.clock.Add(-time.Minute)
	if is, err := w.registry.Renew(t.Context(), jobNo(7), slot); err != nil || !is.Gone {
		t.Errorf("%+v, %v", is, err)
	}
	if is, err := w.registry.Renew(t.Context(), jobNo(8), slot); err != nil || is.Gone || is.Job == nil {
		t.Errorf("%+v, %v", is, err)
	}
	w.gets = 0
	if is, err := w.registry.Renew(t.Context(), jobNo(8), slot); err != nil || is.Job == nil || w.gets != 0 {
		t.Errorf("it is read twice: %+v, %v", is, err)
	}
}
