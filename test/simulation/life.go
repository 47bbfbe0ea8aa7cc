package simulation

import (
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// task is one simulated task. Its entire life is planned when it is launched; only a stop changes
// it. A zero time means never.
type task struct {
	run     run.ID
	attempt int
	job     job.Job // as it was launched
	arn, by string
	// definition is the ARN of its task definition.
	definition string
	fate       string
	// copy is set if it only names the attempt. heard means that the event of its stop was taken.
	copy  copyKind
	heard bool

	created, pending, pulled, started, ended, stopped time.Time
	// desired is when its desired status became STOPPED; warned is when Spot announced that.
	desired, warned time.Time
	code, reason    string // those of the stop; an empty code is left out
	containerReason string
	exit            *int64
	exitLog         *int64 // that of a second container
	unlisted        bool   // the stop lists no containers

	// ranAt is the truth: when a process of the task really began. hidden means that the stop
	// shows nothing of it.
	ranAt  time.Time
	hidden bool
	// beside means that only the second container ran.
	beside bool
	// stopper is who asked for the stop.
	stopper stopper
	lag     time.Duration // after which DescribeTasks knows it
	plan    int           // grows when the plan changes
	razed   bool          // its cluster was deleted after it had stopped
	lost    bool          // the event of its stop will be lost
	lingers bool          // it is STOPPED long after its containers ended
}

type stopper uint8

const (
	byNobody stopper = iota
	byControl
	byOther
)

func (t *task) short() string { return "task …" + t.arn[len(t.arn)-4:] }

// ran reports whether a process of the task has begun by a time.
func (t *task) ran(now time.Time) bool { return !t.ranAt.IsZero() && !t.ranAt.After(now) }

// succeeded reports whether the task ended well by itself.
func (t *task) succeeded() bool {
	return t.stopper == byNobody && t.code == exited && t.exit != nil && *t.exit == 0
}

func reached(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

func (t *task) status(now time.Time) string {
	switch {
	case reached(t.stopped, now):
		return "STOPPED"
	case reached(t.ended, now):
		return "DEPROVISIONING"
	case reached(t.started, now):
		return "RUNNING"
	case reached(t.pending, now):
		return "PENDING"
	}
	return "PROVISIONING"
}

// unknown reports whether ECS does not show the task, either not yet or no longer.
func (t *task) unknown(now time.Time) bool {
	return t.razed || now.Sub(t.created) < t.lag || reached(t.stopped, now) && now.Sub(t.stopped) >= time.Hour
}

const (
	exited      = "EssentialContainerExited"
	failedStart = "TaskFailedToStart"
	userStop    = "UserInitiated"
)

func code(n int64) *int64 { return &n }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// newTask plans the life of the task that a request launches.
func (w *World) newTask(l *port.Launch) *task {
	by := l.RoundID().StartedBy(l.Stack)
	n := uint64(len(w.ecs.tasks))
	w.truth.lacks[run.RoundID{Run: l.Run, Attempt: l.Attempt}] = false
	d := w.dice(by, 0)
	t := w.tasks.give()
	*t = task{
		run: l.Run, attempt: l.Attempt, job: l.Job, by: by, definition: l.Task.ARN, created: w.now,
		arn: "arn:aws:ecs:eu-central-1:123456789012:task/batch/" + strconv.FormatUint(mix(w.opt.Seed, n)>>1, 36) + strconv.FormatUint(10000+n, 10),
	}
	if w.hit(d, DescribeLag, 200) {
		t.lag = seconds(d.between(1, 50))
	}
	t.pending = t.created.Add(seconds(d.between(3, 40)))
	t.pulled = t.pending.Add(seconds(d.between(1, 15)))
	t.started = t.pulled.Add(seconds(d.between(2, 50)))
	t.ranAt = t.started
	t.end(t.started.Add(seconds(d.between(1, 240))), d)
	t.code, t.reason, t.exit, t.fate = exited, "Essential container in task exited", code(0), "succeed"
	w.fate(t, d)
	w.spotFate(t)
	w.lasts(t)
	w.linger(t)
	w.schedule(t)
	return t
}

// twoContainers reports whether the job's task definition has a second container, which is not
// essential.
func (t *task) twoContainers() bool { return hash(t.job.Name)%3 == 0 }

func (t *task) end(at time.Time, d dice) {
	t.ended, t.stopped = at, at.Add(seconds(d.between(8, 35)))
}

// stop is StopTask, or what a person does in ECS. A task that ends by itself within the next
// second still does so.
func (t *task) stop(w *World, who stopper, reason string) {
	if !t.desired.IsZero() && reached(t.desired, w.now) || !t.ended.IsZero() && t.ended.Before(w.now.Add(time.Second)) {
		return
	}
	d := w.dice(t.arn, 1)
	t.plan++
	t.desired, t.stopper, t.code, t.reason = w.now, who, userStop, reason
	end := w.now.Add(seconds(d.between(1, 40)))
	if who == byControl {
		end = w.ignore(t, end)
	}
	grace := w.now.Add(2 * time.Second) // what is about to start still starts
	for _, at := range []*time.Time{&t.pending, &t.pulled, &t.started, &t.ranAt, &t.warned} {
		if at.After(grace) {
			*at = time.Time{}
		}
	}
	t.exit, t.containerReason = nil, ""
	if !t.started.IsZero() {
		t.exit = code([]int64{0, 143, 143, 137}[d.IntN(4)])
		end = later(end, t.started)
	}
	if t.hidden && !t.ranAt.IsZero() {
		t.exit = code(137)
	}
	t.end(end, d)
	w.linger(t)
	w.schedule(t)
}

// over returns from when on the task counts as over: when it is STOPPED, but if it hangs after its
// containers ended, when they did. ListTasks does not show it meanwhile, so that one in doubt is
// given up.
func (t *task) over() time.Time {
	if t.lingers {
		return t.ended
	}
	return t.stopped
}

// linger may put off the time at which a task that has ended is STOPPED.
func (w *World) linger(t *task) {
	if d, ok := w.luck(EndHangs, 200, t.arn, 0); ok && !t.stopped.IsZero() {
		t.lingers, t.stopped = true, t.ended.Add(time.Duration(d.between(10, 600))*time.Minute)
	}
}

// ignore returns when a task ends that we asked to stop: when it should, or after hours in which
// ECS does not carry out the stop.
func (w *World) ignore(t *task, end time.Time) time.Time {
	d, ok := w.luck(StopIgnored, 120, t.arn, 0)
	if !ok {
		return end
	}
	end = w.now.Add(time.Duration(d.between(20, 1500)) * time.Minute)
	w.tell(t.run, "%s will not stop before %s", t.short(), end.Format("2 15:04"))
	return end
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
