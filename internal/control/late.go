package control

import (
	"context"
	"slices"

	"github.com/batchplane/batchplane/internal/run"
)

// endLate begins with the runs whose deadline has passed while they were queued. They end and
// launch nothing, so they wait neither for the account's quota nor for the rate. It returns
// the others, in the memory of rs.
func (p *lane) endLate(ctx context.Context, rs []*run.Run) (others []*run.Run) {
	return slices.DeleteFunc(rs, func(r *run.Run) bool {
		if !p.isLate(ctx, r) || p.over(ctx) {
			return false
		}
		p.begin([]*run.Run{r}, func() {
			next, err := p.wakeUp(ctx, r)
			p.failed(err)
			p.done(r, next.Rev != r.Rev)
		})
		return true
	})
}

// isLate reports whether a run is queued although its deadline has passed. If its definition
// cannot be read, that is found out when its turn comes.
func (p *lane) isLate(ctx context.Context, r *run.Run) bool {
	if !queues(r) {
		return false
	}
	j, err := p.definition(ctx, r.Definition)
	return err == nil && r.Late(j, p.Now())
}

// noteHeldUp has people told of the runs that have waited long to be launched, before the look
// begins with any of them: while the account's quota is used up, only one of them asks.
func (p *lane) noteHeldUp(ctx context.Context, rs []*run.Run) {
	for _, r := range rs {
		if !r.HeldUpNow(p.Now()) || p.over(ctx) {
			continue
		}
		p.failed(guarded(func() {
			d, err := p.stepFrom(ctx, r, always(run.Waiting{}))
			if p.failed(err) {
				return
			}
			next, err := p.settle(ctx, d)
			p.failed(err)
			*r = *next
		}))
	}
}
