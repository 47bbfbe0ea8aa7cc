package schedules

import (
	"context"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// readers is how many schedules or rules are read at once, perSecond how many schedules a second, and
// rulesPerSecond how many rules. EventBridge Scheduler accepts 250 GetSchedule calls a second in most
// Regions, from everybody in the account (AWS General Reference, "Amazon EventBridge Scheduler
// endpoints and quotas"). EventBridge no longer states a rate for DescribeRule; in 2020 it accepted 50
// a second of all calls except PutEvents together (EventBridge user guide, "Amazon EventBridge
// quotas").
const (
	readers        = 16
	perSecond      = 200
	rulesPerSecond = 25
)

// pace spaces calls out.
type pace struct {
	mu   sync.Mutex
	next time.Time
}

// wait waits for a call's turn, so that no more than most calls fall into a second, or until ctx ends.
// A call that comes after that takes no turn: thousands may come at the end of a sweep, and the next
// sweep would wait for their turns instead of reading.
func (p *pace) wait(ctx context.Context, r *Registry, most int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
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
	return port.Sleep(ctx, d)
}
