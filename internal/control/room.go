package control

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// room is what ECS last said about the account's quota, by capacity: on demand and Spot have
// one quota each (ECS developer guide, "Service quotas"). While a quota is used up, one
// launch asks and the others wait behind it. Once there is room again, each answer lets one
// more launch go without waiting for the answers before.
type room struct {
	mu    sync.Mutex
	kinds map[job.Capacity]*quota
}

type quota struct {
	// full is when the next launch may ask; zero once ECS has accepted one.
	full time.Time
	// most is how many launches may be without an answer; 0 means any number.
	most, out int
}

// ask reports whether a launch must wait: until the quota may be asked for again or, if wait
// is 0, for the answer to another launch. lacked says that the quota refused this launch
// before, even if another process saw that.
func (r *room) ask(kind job.Capacity, lacked bool, now time.Time) (wait time.Duration, full bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.of(kind)
	if lacked && q.most == 0 && q.out == 0 {
		q.most = 1
	}
	switch {
	case q.most == 0:
		return 0, false
	case now.Before(q.full):
		return q.full.Sub(now), true
	}
	return 0, q.out >= q.most
}

func (r *room) sent(kind job.Capacity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of(kind).out++
}

// of returns what is known about a quota. The caller holds mu.
func (r *room) of(kind job.Capacity) *quota {
	if r.kinds == nil {
		r.kinds = map[job.Capacity]*quota{}
	}
	if r.kinds[kind] == nil {
		r.kinds[kind] = &quota{}
	}
	return r.kinds[kind]
}

// answered takes what became of a launch. again is when the next one may ask if this one was
// refused for the quota.
func (r *room) answered(kind job.Capacity, refused, launched bool, again time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.of(kind)
	q.out = max(0, q.out-1)
	switch {
	case refused:
		q.full, q.most = again, 1
	case launched && q.most > 0:
		q.full = time.Time{}
		if q.most++; q.most > defaultAbreast {
			q.most = 0
		}
	}
}

// passOver notes that the pass has left a launch of that capacity to wait for the account's
// quota. The pass begins with no younger one of that capacity.
func (p *lane) passOver(kind job.Capacity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passed == nil {
		p.passed = map[job.Capacity]bool{}
	}
	p.passed[kind] = true
}

func (p *lane) passedOver(kind job.Capacity) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed[kind]
}

// capacity returns what a run's next launch asks for. If the definition cannot be read, it
// does not matter: nothing is launched. A job that does not say asks for the same quota as
// one that says on demand.
func (c *Control) capacity(ctx context.Context, r *run.Run) job.Capacity {
	j, err := c.definition(ctx, r.Definition)
	if err != nil {
		return job.OnDemand
	}
	n := len(r.Attempts)
	if a := r.Last(); a == nil || a.Over() {
		n++
	}
	return cmp.Or(r.Capacity(j, n), job.OnDemand)
}
