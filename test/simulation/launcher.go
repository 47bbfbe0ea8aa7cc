package simulation

import (
	"context"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// launcher is the port, with the faults that may hit any call.
type launcher struct{ w *World }

func (p launcher) Resolve(_ context.Context, j job.Job) (t run.TaskDefinition, err error) {
	p.w.call("Resolve", func(d dice) { t, err = p.w.ecs.resolve(j, d) })
	return t, err
}

func (p launcher) Launch(_ context.Context, asked port.Launch) (e run.Event) {
	w := p.w
	l := w.launches.give()
	*l = asked
	w.ecs.sends = append(w.ecs.sends, send{w.now, l.Run, l.Attempt})
	w.sent(l)
	w.freeOfCharge(l)
	w.call("Launch", func(d dice) {
		w.hazard(d)
		e = w.ecs.runTask(l, d)
		if w.hit(d, CrashAfter, 5) {
			w.h.disturbed = true
			w.tell(l.Run, "%s dies after RunTask", w.h.name)
			panic(crash{})
		}
	})
	w.final(l, e)
	w.lacked(l, e)
	w.limited(e)
	w.copies(l, e)
	if w.trace != nil {
		w.tell(l.Run, "RunTask of attempt %d is answered: %T %s", l.Attempt, e, answer(e))
	}
	return w.opt.Mutation.answer(e)
}

func answer(e run.Event) string {
	switch e := e.(type) {
	case run.Refused:
		return e.Stop.ErrorCode + " " + e.Stop.Reason
	case run.NoAnswer:
		return e.Err
	case run.Launched:
		return e.LastStatus
	}
	return ""
}

// sent checks a send of an attempt against earlier answers: failures[] on a first send are the
// token's result, whatever they say.
func (w *World) sent(l *port.Launch) {
	by := l.RoundID().StartedBy(stack)
	if h := w.truth.final[by]; h != nil && h.to > 0 && h.to <= w.h.from && !h.disturbed {
		w.violate("failures[] are final", l.Run, "attempt %d is sent again, and failures[] had been its answer", l.Attempt)
	}
	w.placed(l)
	w.knowsOf(l)
}

// final notes failures[] which prove that an attempt launched nothing, because all sends before
// were refused.
func (w *World) final(l *port.Launch, e run.Event) {
	refused, ok := e.(run.Refused)
	if !ok || refused.Stop.Kind != stop.LaunchFailure {
		return
	}
	r := w.store.runs[l.Run].run
	if a := r.Attempt(l.Attempt); a != nil && !a.Doubt && a.Sends == a.Refusals+1 {
		w.truth.final[l.RoundID().StartedBy(stack)] = w.h
	}
}

func (p launcher) Describe(_ context.Context, _ string, arns []string) (tasks []ecsevent.Task, missing []string, err error) {
	w := p.w
	w.call("Describe", func(d dice) {
		if w.denies(DescribeDenied) || w.opt.Mutation == GoneIsRefused && w.denies(ClusterGone) {
			err = w.opt.Mutation.denial(errDenied)
			return
		}
		tasks, missing, err = w.ecs.describe(arns, d)
	})
	if err == nil {
		tasks, missing, err = w.withhold(tasks, missing)
	}
	w.described(arns, tasks, missing, err)
	for i := range tasks {
		w.opt.Mutation.task(&tasks[i])
	}
	return tasks, missing, err
}

func (p launcher) StopTask(_ context.Context, _, arn, reason string) (err error) {
	p.w.call("StopTask", func(d dice) {
		if p.w.denies(StopDenied) {
			err = errDenied
			return
		}
		err = p.w.ecs.stopTask(arn, reason, d)
	})
	return err
}

func (p launcher) Find(_ context.Context, _, startedBy string) (arns []string, err error) {
	p.w.call("Find", func(d dice) {
		if p.w.denies(FindDenied) {
			err = p.w.opt.Mutation.denial(errDenied)
			return
		}
		arns, err = p.w.ecs.find(startedBy, d)
	})
	p.w.answered(startedBy, err)
	p.w.finds(arns)
	if len(arns) > 1 && p.w.opt.Mutation == FirstFound {
		arns = arns[:1]
	}
	return arns, err
}
