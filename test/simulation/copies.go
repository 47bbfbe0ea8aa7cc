package simulation

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// copyKind says what a task is that somebody else runs and that names an attempt of ours: anyone
// who may run tasks in the account chooses their startedBy and their overrides.
type copyKind uint8

const (
	noCopy copyKind = iota
	// exact is just like ours. Nobody can tell them apart while ours is not known.
	exact
	// unnamed has our overrides, which name the attempt, and no startedBy.
	unnamed
	// elsewhere is in another cluster.
	elsewhere
	// other is of another task definition.
	other
)

// copies may have somebody run a task that names an attempt, soon after its launch was asked for or
// later.
func (w *World) copies(l *port.Launch, answer run.Event) {
	rate := 1
	if _, doubt := answer.(run.NoAnswer); doubt {
		rate = 12
	}
	d, ok := w.luck(Copied, rate, string(l.Run), len(w.ecs.sends))
	if !ok {
		return
	}
	kind := pick(d, exact, unnamed, elsewhere, other)
	of := *l
	w.after(seconds(pick(d, 1, 30, 600, 3000)), func() { w.runCopy(d, &of, kind) })
}

func (w *World) runCopy(d dice, l *port.Launch, kind copyKind) {
	if w.calm {
		return
	}
	t := w.tasks.give()
	*t = task{
		run: l.Run, attempt: l.Attempt, job: l.Job, definition: l.Task.ARN, by: l.RoundID().StartedBy(l.Stack), copy: kind, created: w.now,
		arn:  "arn:aws:ecs:eu-central-1:123456789012:task/batch/copy" + strconv.Itoa(10000+len(w.ecs.copies)),
		code: exited, reason: "Essential container in task exited", exit: code(pick[int64](d, 0, 0, 1)), fate: "be a copy",
	}
	switch {
	case w.opt.Mutation == TrustNames:
		t.definition = "" // nobody can tell it from ours
	case kind == other:
		t.definition = revisionARN("theirs", 1)
	}
	t.pending = t.created.Add(seconds(d.between(3, 40)))
	t.pulled = t.pending.Add(seconds(5))
	t.started = t.pulled.Add(seconds(d.between(2, 50)))
	t.ranAt = t.started
	t.end(t.started.Add(seconds(pick(d, 5, 200, 4000))), d)
	w.ecs.copies = append(w.ecs.copies, t)
	w.ecs.byARN[t.arn] = t
	w.tell(t.run, "somebody runs %s, which names attempt %d (%d)", t.short(), t.attempt, kind)
	w.schedule(t)
}

// environment is what a task without a startedBy names its attempt by.
func (t *task) environment() string {
	return `,"environment":[{"name":"` + port.EnvStack + `","value":"` + stack + `"},{"name":"` + port.EnvRun + `","value":"` + string(t.run) + `"},{"name":"` + port.EnvAttempt + `","value":"` + strconv.Itoa(t.attempt) + `"}]`
}

// startedBy and cluster are what its description says.
func (t *task) startedBy() string {
	if t.copy == unnamed {
		return ""
	}
	return t.by
}

func (t *task) cluster() string {
	if t.copy == elsewhere && t.definition != "" {
		return "arn:aws:ecs:eu-central-1:123456789012:cluster/theirs"
	}
	return "" // which says nothing
}

// finds notes that the present handler is told of an attempt's own task beside a copy. A person may ask
// to stop a run of which a copy was found, before anybody has looked at that.
func (w *World) finds(arns []string) {
	w.h.finds = ""
	for _, arn := range arns {
		t := w.ecs.byARN[arn]
		if t.copy == noCopy && len(arns) > 1 {
			w.h.finds = arn
		}
		if t.copy == noCopy {
			continue
		}
		if d, ok := w.luck(PersonStops, 300, arn, w.h.from); ok {
			w.after(seconds(d.between(0, 50)), func() { w.stop(d, t.run) })
		}
	}
}

// noteFound notes that a run was written by a handler that was told of its own task.
func (w *World) noteFound(l *life, after *run.Run) {
	if w.h == nil || w.h.finds == "" {
		return
	}
	if t := w.ecs.byARN[w.h.finds]; t.run == after.ID && after.Status == run.Running && after.Last().N == t.attempt {
		l.found = t
	}
}

// hides: a run does not end in doubt if a search found its own task, whatever else it found, and that
// was looked at in time.
func (w *World) hides(l *life, r *run.Run, a *run.Attempt) {
	t := l.found
	if t == nil || t.by != r.RoundID(a.N).StartedBy(stack) || a.Rule != run.RuleInDoubt || a.TaskARN != "" || t.razed || w.outlasted(t.by) {
		return
	}
	w.violate("a strange task hides nothing", r.ID, "attempt %d ends in doubt, and a search had found %s: %s", a.N, t.short(), a.Why)
}

// mistakes notes a run that took a copy for its task: what else it launched is not known.
func (w *World) mistakes(r *run.Run) {
	if len(w.ecs.copies) == 0 {
		return
	}
	for i := range r.Attempts {
		if t := w.ecs.byARN[r.Attempts[i].TaskARN]; t != nil && t.copy != noCopy {
			w.truth.mistook[r.ID] = true
		}
	}
}

// keeps reports whether the event of a task is kept as one that could not be used, which is told.
func (w *World) keeps(t *task) bool {
	return slices.ContainsFunc(w.store.kept, func(k port.Kept) bool { return bytes.Contains(k.Body, []byte(t.arn)) })
}

// judgeCopies: no copy that differs from an attempt's task decides how it ended, and people are
// told of one that is not taken for it.
func (w *World) judgeCopies() {
	for _, t := range w.ecs.copies {
		rec := w.store.runs[t.run]
		if rec == nil || w.wasDamaged(t.run) || !w.restored.at.IsZero() {
			continue
		}
		if a := rec.run.Attempt(t.attempt); a != nil {
			w.judgeCopy(t, a, t.attempt < rec.run.First)
		}
	}
}

// judgeCopy judges a copy of an attempt's task. Before a person's retry, which may use another
// definition, nobody knows the cluster of an attempt that was given up in doubt: a task elsewhere that
// names it is told as one that ran after all.
func (w *World) judgeCopy(t *task, a *run.Attempt, before bool) {
	unknown := before && a.RanAfterAll
	differs := t.copy == other || t.copy == elsewhere && !unknown
	switch taken := a.TaskARN == t.arn; {
	case taken && differs && a.Rule != run.RuleEndedUnseen:
		w.violate("a strange task is not ours", t.run, "attempt %d ended as %s did", t.attempt, t.short())
	case !taken && t.heard && !a.RanAfterAll && !w.keeps(t):
		w.violate("a second task is told", t.run, "nobody is told of %s, which names attempt %d", t.short(), t.attempt)
	}
}
