package schedules

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// readers is how many schedules or rules are read at once, perSecond how many
// schedules in a second, and rulesPerSecond how many rules. EventBridge Scheduler
// takes 250 GetSchedule calls a second in most Regions, of everybody in the account
// (AWS General Reference, "Amazon EventBridge Scheduler endpoints and quotas").
// EventBridge names no rate for DescribeRule any more; it took 50 a second of all
// calls but PutEvents (EventBridge user guide, "Amazon EventBridge quotas", of 2020).
const (
	readers        = 16
	perSecond      = 200
	rulesPerSecond = 25
)

// pace keeps calls apart.
type pace struct {
	mu   sync.Mutex
	next time.Time
}

// wait waits for a call's turn, so that no second has more than most of them, or
// until the time is up.
func (p *pace) wait(ctx context.Context, r *Registry, most int) error {
	p.mu.Lock()
	now := r.now()
	turn := now
	if p.next.After(now) {
		turn = p.next
	}
	p.next = turn.Add(time.Second / time.Duration(most))
	p.mu.Unlock()
	return r.wait(ctx, turn.Sub(now))
}

func (r *Registry) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r *Registry) wait(ctx context.Context, d time.Duration) error {
	if r.Wait != nil {
		return r.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return ctx.Err()
	}
}

// inParallel calls f for 0 to n-1, for as many of them at a time as abreast says: 0 is
// readers, and 1 is one after the other.
func inParallel(n, abreast int, f func(i int)) {
	if abreast == 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, cmp.Or(abreast, readers)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
