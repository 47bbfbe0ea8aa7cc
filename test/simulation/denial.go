package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// span is a time during which something holds.
type span struct{ from, until time.Time }

func (s span) covers(t time.Time) bool { return !t.Before(s.from) && t.Before(s.until) }

var errDenied = fmt.Errorf("simulated: %w: AccessDeniedException: not authorized to perform this", port.ErrRefused)

// refusals makes ECS refuse calls from now on, for minutes or hours, or makes somebody delete the
// cluster.
func (w *World) refusals() {
	w.crowding()
	for _, f := range []Fault{DescribeDenied, DescribeUntold, StopDenied, FindDenied} {
		if d, ok := w.luck(f, 20, "", int(w.now.Unix())); ok {
			w.deny(f, d)
		}
	}
	if d, ok := w.luck(ClusterGone, 20, "", int(w.now.Unix())); ok {
		w.razing = w.now.Add(3 * time.Minute)
		w.raze(d, 9)
	}
}

// deny begins a refusal. It outlasts the calm.
func (w *World) deny(f Fault, d dice) {
	if w.denied[f].covers(w.now) {
		return
	}
	s := span{w.now, w.now.Add(time.Duration(d.between(3, 400)) * time.Minute)}
	w.denied[f] = s
	if f == DescribeUntold {
		w.untold = w.jobs[d.IntN(len(w.jobs))].job.Name
	}
	if f == DescribeDenied || f == DescribeUntold {
		w.truth.untoldUntil = later(w.truth.untoldUntil, s.until)
	}
	w.tell("", "ECS refuses until %s: %s", s.until.Format("2 15:04"), f)
	limit, _ := silence(f)
	for at := s.from.Add(limit + slack); limit > 0 && at.Before(s.until); at = at.Add(time.Hour) {
		w.at(at.Add(time.Second), func() { w.overdue(f) })
	}
}

// raze stops all tasks of the cluster and deletes the cluster when none is active any more: ECS
// refuses to do so earlier (ECS API reference, DeleteCluster). Whoever removes that much has made
// sure that no more tasks are launched, and may have removed the rule for events, too.
func (w *World) raze(d dice, tries int) {
	active := false
	for _, t := range w.ecs.tasks {
		if t.status(w.now) != "STOPPED" {
			active = true
			w.console(t)
			t.lost = t.lost || d.chance(500)
		}
	}
	switch {
	case w.calm || tries == 0:
	case active:
		w.after(20*time.Second, func() { w.raze(d, tries-1) })
	default:
		for _, t := range w.ecs.tasks {
			t.razed = true
		}
		w.deny(ClusterGone, d)
	}
}

// denies reports whether ECS refuses the current call.
func (w *World) denies(f Fault) bool {
	w.h.denied = w.h.denied || w.denied[f].covers(w.now)
	return w.denied[f].covers(w.now)
}

// withhold removes the tasks of one job from an answer.
func (w *World) withhold(tasks []ecsevent.Task, missing []string) ([]ecsevent.Task, []string, error) {
	if !w.denied[DescribeUntold].covers(w.now) {
		return tasks, missing, nil
	}
	untold := map[string]string{}
	withheld := func(arn string) bool {
		t := w.ecs.byARN[arn]
		if t == nil || t.run.Job() != w.untold {
			return false
		}
		untold[arn] = "ACCESS"
		return true
	}
	tasks = slices.DeleteFunc(tasks, func(t ecsevent.Task) bool { return withheld(t.ARN) })
	missing = slices.DeleteFunc(missing, withheld)
	if len(untold) == 0 {
		return tasks, missing, nil
	}
	w.denies(DescribeUntold)
	return tasks, missing, w.opt.Mutation.denial(&port.UntoldError{Tasks: untold})
}

// described notes which tasks an answer describes.
func (w *World) described(arns []string, tasks []ecsevent.Task, missing []string, err error) {
	for _, arn := range arns {
		t := w.ecs.byARN[arn]
		told := slices.Contains(missing, arn) || slices.ContainsFunc(tasks, func(t ecsevent.Task) bool { return t.ARN == arn })
		switch {
		case t == nil:
		case told:
			w.answered(t.by, nil)
		default:
			w.answered(t.by, err)
		}
	}
}

// ended is an answer that ended a refusal to tell, which had lasted since a time.
type ended struct {
	to    *handler
	since time.Time
}

// answered notes since when ECS has refused to tell of an attempt's task. What it told a
// disturbed handler does not count: that handler may have died before it could note it.
func (w *World) answered(by string, err error) {
	t := &w.truth
	var untold *port.UntoldError
	switch refused := errors.Is(err, port.ErrRefused) || errors.As(err, &untold); {
	case err == nil && !t.untold[by].IsZero():
		t.answer[by] = ended{w.h, t.untold[by]}
		delete(t.untold, by)
	case refused && t.untold[by].IsZero():
		t.untold[by] = w.now
		if was := t.answer[by]; was.to != nil && was.to.disturbed {
			t.untold[by] = was.since
		}
	}
}

// outlasted reports whether ECS has refused to tell of an attempt's task for as long as it
// remembers one, as far as clocks that are off allow to say.
func (w *World) outlasted(by string) bool {
	since := w.truth.untold[by]
	return !since.IsZero() && w.now.Sub(since) > run.Remembered-slack/2
}

// silence returns how long a run may stay in a status while ECS refuses to tell: until the next
// look, or the end of sends in doubt, plus the hour that ECS remembers, plus the longest wait
// between two looks. If the cluster is gone, the first look tells. 0 means as long as the refusal
// lasts.
func silence(f Fault) (limit time.Duration, in run.Status) {
	t := run.DefaultTiming
	switch f {
	case ClusterGone:
		return t.NextLook + t.Settle, run.Running
	case DescribeDenied, DescribeUntold:
		return t.NextLook + run.Remembered + t.Vanish, run.Running
	case FindDenied:
		return t.TokenLife + t.Doubt + run.Remembered + t.Vanish, run.Launching
	}
	return 0, ""
}

// overdue checks that no open run has been in silence for too long.
func (w *World) overdue(f Fault) {
	limit, status := silence(f)
	for _, rec := range w.store.open {
		r := rec.run
		if w.wasDamaged(r.ID) || w.truth.mistook[r.ID] || w.darkFor(r.ID, w.now) || r.Status != status || f == DescribeUntold && r.ID.Job() != w.untold {
			continue
		}
		since := later(later(w.denied[f].from, w.truth.slept), later(r.Last().AcceptedAt, r.Last().SentAt))
		if f == ClusterGone { // looks at it may be refused besides
			since = later(since, w.truth.untoldUntil)
			if w.now.Sub(w.truth.unanswered) < slack { // nor is a look that was not answered the last
				continue
			}
		}
		if w.now.Sub(since) > limit+slack {
			w.violate("silence ends", r.ID, "it is %s, though since %s ECS has told nothing: %s", r.Status, since.Format("2 15:04:05"), f)
		}
	}
}
