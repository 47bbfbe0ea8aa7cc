package schedules

import (
	"context"
	"testing"
	"time"
)

// TestCutOffReadingGoesOn: a first reading that takes longer than a sweep has is continued by each
// sweep, as fast as the service accepts calls.
func TestCutOffReadingGoesOn(t *testing.T) {
	t.Parallel()
	const schedules, within, apart = 1000, 2 * time.Second, 3 * time.Second
	w := newLaps(t, schedules)
	w.registry.Abreast = 1
	for n, want := range []int{2 * perSecond, 4 * perSecond, schedules} {
		began := w.clock
		ctx, cancel := context.WithCancel(t.Context())
		w.registry.Wait = func(ctx context.Context, d time.Duration) error {
			if w.clock = w.clock.Add(d); w.clock.Sub(began) > within {
				cancel()
			}
			return ctx.Err()
		}
		r, err := w.registry.Jobs(ctx)
		if len(r.Jobs) < want || (err == nil) != (len(r.Jobs) == schedules) {
			t.Errorf("sweep %d: %d jobs are known, %v; want %d", n+1, len(r.Jobs), err, want)
		}
		cancel()
		w.clock = began.Add(apart)
	}
}
