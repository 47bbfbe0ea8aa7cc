package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// split finds the runs about whose tasks ECS must be asked, by cluster.
func (p *lane) split(ctx context.Context, due []run.Run) (running map[string][]*run.Run, others []*run.Run) {
	others = make([]*run.Run, 0, len(due))
	for i := range due {
		r := &due[i]
		if r.Status != run.Running || r.Last().TaskARN == "" {
			others = append(others, r)
			continue
		}
		j, err := p.definition(ctx, r.Definition)
		if err != nil {
			p.failed(fmt.Errorf("looking at run %s: %w", r.ID, err))
			p.handled = append(p.handled, r.ID)
			p.done(r, false)
			continue
		}
		if running == nil {
			running = map[string][]*run.Run{}
		}
		running[j.Cluster] = append(running[j.Cluster], r)
	}
	return running, others
}

// describe looks at the running tasks of one cluster.
func (p *lane) describe(ctx context.Context, cluster string, rs []*run.Run) {
	p.mu.Lock()
	p.looked.Described += len(rs)
	p.mu.Unlock()
	arns := make([]string, 0, len(rs))
	for _, r := range rs {
		arns = append(arns, r.Last().TaskARN)
	}
	asked := p.Now()
	tasks, missing, err := p.Launcher.Describe(ctx, cluster, arns)
	if err != nil {
		p.failed(fmt.Errorf("looking at %d tasks of cluster %q: %w", len(arns), cluster, err))
	}
	for _, r := range rs {
		moved := false
		p.failed(guarded(func() {
			// If our own time is up, a missing answer says nothing about ECS.
			moved = ctx.Err() == nil && p.put(ctx, r, answer(r, asked, tasks, missing, err))
		}))
		p.done(r, moved)
	}
}

// answer turns the result of a Describe call into the event for a run's task.
func answer(r *run.Run, asked time.Time, tasks []ecsevent.Task, missing []string, err error) run.Event {
	n, arn := len(r.Attempts), r.Last().TaskARN
	if i := slices.IndexFunc(tasks, func(t ecsevent.Task) bool { return t.ARN == arn }); i >= 0 {
		if why := otherDefinition(r, r.Last(), &tasks[i]); why != "" {
			return run.Strange{Attempt: n, TaskARN: arn, Why: why}
		}
		return seen(r.RoundID(n), tasks[i], true)
	}
	var untold *port.UntoldError
	switch {
	case slices.Contains(missing, arn):
		return run.Gone{Attempt: n, At: asked}
	case errors.As(err, &untold) && untold.Tasks[arn] != "":
		return run.Unseen{Attempt: n, Refused: true, Err: untold.Tasks[arn]}
	case err == nil || untold != nil:
		return run.Unseen{Attempt: n, Refused: true, Err: "its answer does not name the task"}
	}
	return run.Unseen{Attempt: n, Refused: errors.Is(err, port.ErrRefused), Err: err.Error()}
}

// put gives a run what was seen and performs what follows from it.
func (p *lane) put(ctx context.Context, r *run.Run, e run.Event) (moved bool) {
	d, err := p.stepFrom(ctx, r, always(e))
	if p.failed(err) {
		return false
	}
	if d.Result == run.Rests {
		p.Store.Rest(d.Next, p.Now(), d.Until)
		return true
	}
	next, err := p.settle(ctx, d)
	p.failed(err)
	if p.Notifier == nil {
		p.untold.note(next)
	}
	return next.Rev != r.Rev
}
