package simulation

import (
	"context"
	"slices"

	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// targets are where every notice goes.
var targets = []string{"slack", "sns"}

// notifier sends notices to all targets, some of which may be down.
type notifier struct {
	w    *World
	down []string
	fan  fanout.Notifier
}

func newNotifier(w *World) *notifier {
	n := &notifier{w: w}
	n.fan = fanout.Notifier{Ways: []fanout.Way{n}, Memory: n}
	return n
}

// Notify implements port.Notifier.
func (p *notifier) Notify(ctx context.Context, n notice.Notice) (took []string, err error) {
	w := p.w
	w.call("Notify", func(d dice) {
		p.down = nil
		if w.hit(d, NotifyError, 60) {
			p.down = targets[d.between(0, len(targets)-1):]
		}
		p.down = slices.Concat(w.takesNone(), p.down)
		if w.opt.Mutation == FirstOfBatch && w.h.name == "notify" && w.h.record > 0 {
			return
		}
		if w.opt.Mutation == CallSafe && n.Retry != nil {
			n.Retry = &run.Retry{Safety: run.RetrySafe}
		}
		took, err = p.fan.Notify(ctx, n)
	})
	return took, err
}

// Targets implements fanout.Way.
func (p *notifier) Targets(notice.Notice) []string { return targets }

// Carry implements fanout.Way.
func (p *notifier) Carry(_ context.Context, target string, n notice.Notice) error {
	if slices.Contains(p.down, target) {
		return errUnavailable
	}
	p.w.told(target, n)
	return nil
}

// Took implements fanout.Memory.
func (p *notifier) Took(_ context.Context, id string) ([]string, error) {
	if p.w.opt.Mutation == ForgetTook {
		return nil, nil
	}
	return p.w.took[id], nil
}

// SetTook implements fanout.Memory.
func (p *notifier) SetTook(_ context.Context, id string, took []string) error {
	p.w.took[id] = append(p.w.took[id], took...)
	return nil
}
