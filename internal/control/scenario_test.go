package control_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// scenario is one story of one run.
type scenario struct {
	name   string
	job    func(*job.Job)
	inject func(localecs.Kind, localecs.Subject) bool
	script func(localecs.ContainerSpec) localecs.Script
	slow   time.Duration
	vcpus  float64
	// begin makes the inputs come; nil means one trigger of the schedule.
	begin func(w *world, j job.Job)

	// want is how the run ends. If a fault struck, it may also end as in also, and if inputs
	// were lost for good, as in lost.
	want       run.Status
	also, lost []run.Status
	// beside is how all runs but one end; "" means as in want.
	beside   run.Status
	attempts int
	// runs is how many runs there are; 0 means 1.
	runs int
	// starts is how many tasks may start. If it is more than one a slot, the job or a person
	// allows it.
	starts int
}

var slot = run.ScheduledID("report", t0)

func trigger(w *world, j job.Job) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.ctl.Scheduled(ctx, "", j, t0)
		return err
	}
}

func once(w *world, j job.Job) { w.after(0, trigger(w, j)) }

// attempt returns the number at the end of a startedBy.
func attempt(s localecs.Subject) string {
	return s.StartedBy[strings.LastIndexByte(s.StartedBy, '/')+1:]
}

func strikes(kind localecs.Kind, attempts ...string) func(localecs.Kind, localecs.Subject) bool {
	return func(k localecs.Kind, s localecs.Subject) bool {
		return k == kind && (len(attempts) == 0 || slices.Contains(attempts, attempt(s)))
	}
}

func runs(d time.Duration, code int64) func(localecs.ContainerSpec) localecs.Script {
	return func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: d, ExitCode: code} }
}

var scenarios = []scenario{
	{name: "success", script: runs(time.Minute, 0), want: run.Succeeded, attempts: 1, starts: 1},
	{
		name: "network interface fault, then success", inject: strikes(localecs.FaultENI, "1"), script: runs(time.Minute, 0),
		want: run.Succeeded, attempts: 2, starts: 1,
	},
	{name: "image cannot be pulled", inject: strikes(localecs.FaultPull), want: run.Failed, attempts: 3, starts: 0},
	{name: "exit code", script: runs(time.Minute, 3), want: run.Failed, attempts: 1, starts: 1},
	{
		name: "no capacity, then success", inject: strikes(localecs.FaultCapacity, "1", "1-1"), script: runs(time.Minute, 0),
		want: run.Succeeded, also: []run.Status{run.Failed}, attempts: 1, starts: 1,
	},
	{
		name: "the next slot waits for the quota", script: runs(5*time.Minute, 0), begin: twoSlots, vcpus: 0.25,
		want: run.Succeeded, attempts: 1, runs: 2, starts: 2,
	},
	{
		name: "a lost answer, then no capacity, then success", script: runs(time.Minute, 0), inject: lostThenFull,
		want: run.Succeeded, also: []run.Status{run.Failed}, attempts: 1, starts: 1,
	},
	{
		name: "throttled twice, then success", script: runs(time.Minute, 0),
		inject: func(k localecs.Kind, s localecs.Subject) bool { return k == localecs.FaultThrottle && s.Send <= 2 },
		want:   run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "lost answer", script: runs(time.Minute, 0),
		inject: func(k localecs.Kind, s localecs.Subject) bool { return k == localecs.FaultLostAnswer && s.Send == 1 },
		want:   run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "lost answer, and the task's events too", script: runs(time.Minute, 0),
		inject: func(k localecs.Kind, s localecs.Subject) bool {
			return k == localecs.FaultLostAnswer && s.Send == 1 || k == localecs.FaultLostEvent
		},
		want: run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "by hand", script: runs(time.Minute, 0), begin: byHand, want: run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "a person retries a failure", script: failsFirst, begin: retried,
		want: run.Succeeded, lost: []run.Status{run.Failed}, attempts: 2, starts: 2,
	},
	{
		name: "a person stops it", script: runs(30*time.Minute, 0), begin: stopped,
		want: run.Stopped, lost: []run.Status{run.Succeeded}, attempts: 1, starts: 1,
	},
	{
		name: "a person stops it before its answer", script: runs(30*time.Minute, 0), begin: stoppedAtOnce, slow: 2 * time.Second,
		// A stop that comes before the run exists is refused.
		want: run.Stopped, also: []run.Status{run.Succeeded}, attempts: 1, starts: 1,
	},
	{
		name: "the stop's event is lost", inject: strikes(localecs.FaultLostEvent), script: runs(time.Minute, 0),
		want: run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "triggers come three times", script: runs(time.Minute, 0), begin: thrice, want: run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "the task ends before the trigger has its answer", script: runs(5*time.Second, 0), slow: time.Minute,
		want: run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "every event comes twice and out of order", inject: unordered, script: runs(time.Minute, 0),
		want: run.Succeeded, attempts: 2, starts: 1,
	},
	{
		name: "Spot takes an idempotent job's task away", inject: strikes(localecs.FaultSpot, "1"), script: runs(10*time.Minute, 0),
		job:  func(j *job.Job) { j.Capacity, j.Retry.Idempotent = job.Spot, true },
		want: run.Succeeded, attempts: 2, starts: 2,
	},
	{
		name: "Spot takes another job's task away", inject: strikes(localecs.FaultSpot, "1"), script: runs(10*time.Minute, 0),
		job:  func(j *job.Job) { j.Capacity = job.Spot },
		want: run.Failed, attempts: 1, starts: 1,
	},
	{
		name: "it takes longer than it may", script: runs(time.Hour, 0), job: func(j *job.Job) { j.Timeout = job.Duration(10 * time.Minute) },
		want: run.Failed, attempts: 1, starts: 1,
	},
	{
		name: "the next slot waits for the end of this", script: runs(5*time.Minute, 0), begin: twoSlots,
		job: func(j *job.Job) { j.Overlap, j.Timeout = job.Queue, job.Duration(time.Hour) }, want: run.Succeeded, attempts: 1, runs: 2, starts: 2,
	},
	{
		name: "the next slot is skipped while this is open", script: runs(5*time.Minute, 0), begin: twoSlots,
		job: func(j *job.Job) { j.Overlap = job.Forbid }, want: run.Succeeded, beside: run.Skipped, attempts: 1, runs: 2, starts: 2,
	},
	{
		name: "no trigger comes", begin: swept,
		job: func(j *job.Job) { j.Schedule = "40 17 * * *" }, want: run.Missed, attempts: 0, starts: 0,
	},
	{
		name: "no trigger comes, and it is caught up with", script: runs(time.Minute, 0), begin: swept,
		job: func(j *job.Job) { j.Schedule, j.CatchUp = "40 17 * * *", job.CatchUpLast }, want: run.Succeeded, attempts: 1, starts: 1,
	},
	{
		name: "it is paused", script: runs(time.Minute, 0), begin: paused, want: run.Skipped, attempts: 0, starts: 0,
		job: func(j *job.Job) { j.Schedule = "40 17 * * *" },
	},
	{
		name: "a person stops it while ECS limits the rate", script: runs(5*time.Minute, 0), begin: stoppedAtOnce, slow: 2 * time.Second,
		inject: func(k localecs.Kind, s localecs.Subject) bool { return k == localecs.FaultThrottle && s.Send == 1 },
		want:   run.Stopped, also: []run.Status{run.Succeeded}, attempts: 1, starts: 1,
	},
	{
		name: "a relaunch is throttled for longer than its token lives", inject: longThrottle, script: runs(time.Minute, 0),
		want: run.Succeeded, also: []run.Status{run.Failed}, attempts: 2, starts: 1,
	},
}

func twoSlots(w *world, j job.Job) {
	once(w, j)
	w.after(time.Minute, func(ctx context.Context) error {
		_, err := w.ctl.Scheduled(ctx, "", j, t0.Add(time.Minute))
		return err
	})
}

// swept makes the check of the slots find what no trigger came for.
func swept(w *world, j job.Job) {
	w.know(j)
	w.after(30*time.Minute, w.ctl.CheckSlots)
}

// paused makes a person pause the job before its slot, whose trigger comes twice.
func paused(w *world, j job.Job) {
	w.know(j)
	at := t0.Truncate(time.Minute).Add(10 * time.Minute)
	w.after(time.Minute, func(ctx context.Context) error {
		_, err := w.ctl.Pause(ctx, port.PauseRequest{Job: j.Name, By: "ann"})
		return err
	})
	for range 2 {
		w.after(12*time.Minute, func(ctx context.Context) error {
			_, err := w.ctl.Scheduled(ctx, "", j, at)
			return err
		})
	}
	w.after(40*time.Minute, w.ctl.CheckSlots)
}

func byHand(w *world, j job.Job) {
	w.know(j)
	w.after(0, func(ctx context.Context) error {
		_, err := w.ctl.RunByHand(ctx, port.RunRequest{Job: j.Name, RequestID: "q1", By: "ann"})
		return err
	})
}

func failsFirst(s localecs.ContainerSpec) localecs.Script {
	if s.Env[port.EnvAttempt] == "1" {
		return localecs.Script{For: time.Minute, ExitCode: 3}
	}
	return localecs.Script{For: time.Minute}
}

func retried(w *world, j job.Job) {
	w.know(j)
	once(w, j)
	w.after(100*time.Minute, func(ctx context.Context) error {
		_, err := w.ctl.Retry(ctx, port.RetryRequest{Run: slot, RequestID: "q2", By: "ann"})
		return err
	})
}

func stopAsked(w *world) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.ctl.StopRun(ctx, port.StopRequest{Run: slot, By: "ann", Reason: "wrong day"})
		return err
	}
}

func stopped(w *world, j job.Job) {
	once(w, j)
	w.after(8*time.Minute, stopAsked(w))
}

func stoppedAtOnce(w *world, j job.Job) {
	once(w, j)
	w.after(time.Second, stopAsked(w))
}

func thrice(w *world, j job.Job) {
	once(w, j)
	w.after(time.Second, trigger(w, j))
	w.after(10*time.Minute, trigger(w, j))
}

func unordered(k localecs.Kind, s localecs.Subject) bool {
	switch k {
	case localecs.FaultENI:
		return attempt(s) == "1"
	case localecs.FaultDuplicate:
		return true
	case localecs.FaultReorder:
		return s.Version%2 == 0
	}
	return false
}

// lostThenFull: the first send gets lost on its way, the token's result is failures[], and so
// is that of the next token.
func lostThenFull(k localecs.Kind, s localecs.Subject) bool {
	switch k {
	case localecs.FaultCapacity:
		return attempt(s) == "1" || attempt(s) == "1-1"
	case localecs.FaultLostAnswer:
		return s.Send == 1
	}
	return false
}

// longThrottle: the relaunch's first send launches, later sends are refused for 70 minutes,
// and no event tells of its task.
func longThrottle(k localecs.Kind, s localecs.Subject) bool {
	switch {
	case k == localecs.FaultENI:
		return attempt(s) == "1"
	case attempt(s) == "2" && k == localecs.FaultLostEvent:
		return true
	}
	return attempt(s) == "2" && k == localecs.FaultThrottle && s.Send > 1 && s.Send < 70
}

// play plays a scenario under a fault and checks what must hold whatever fell.
func (s scenario) play(t *testing.T, f fault, redeliver bool) *world {
	t.Helper()
	j := job.Job{Name: "report", TaskDefinition: "report"}
	if s.job != nil {
		s.job(&j)
	}
	w := newWorld(t, setup{inject: s.inject, script: s.script, slow: s.slow, fault: f, redeliver: redeliver, vcpus: s.vcpus})
	begin := s.begin
	if begin == nil {
		begin = once
	}
	begin(w, j)
	w.live()
	w.onceEach(s)
	w.ended(s)
	w.obeyed()
	w.heard()
	return w
}

// onceEach checks that no attempt made two tasks, and that nothing that started was launched
// again unless the job or a person allows it.
func (w *world) onceEach(s scenario) {
	w.t.Helper()
	for by, ids := range w.tasks {
		if len(ids) > 1 {
			w.t.Errorf("%s launched %d tasks: %s", by, len(ids), w.story())
		}
	}
	starts := w.starts()
	if len(starts) > s.starts {
		w.t.Errorf("%d tasks started, at most %d may: %s", len(starts), s.starts, w.story())
	}
	if s.starts == 1 && len(starts) == 1 && w.made[len(w.made)-1] != starts[0] {
		w.t.Errorf("a task was launched after one that had started: %s", w.story())
	}
}

// ended checks that there is one run, which has ended as it may and owes nothing.
func (w *world) ended(s scenario) {
	w.t.Helper()
	rs := w.runs()
	if want := max(s.runs, 1); len(rs) > want || len(rs) < want && !w.deaf {
		w.t.Errorf("%d runs, not %d: %s", len(rs), want, w.story())
	}
	if len(rs) == 0 && w.ports.claimed {
		w.t.Errorf("a claimed run is gone: %s", w.story())
	}
	may := []run.Status{s.want}
	if w.ports.struck > 0 {
		may = append(may, s.also...)
	}
	if w.deaf {
		may = append(may, s.lost...)
	}
	besides := len(rs) - 1
	for _, r := range rs {
		if besides > 0 && r.Status == s.beside && len(r.Attempts) == 0 && !r.Open() {
			besides--
			continue
		}
		w.endedAs(r, s, may)
	}
	if len(rs) == 2 && !rs[0].StartedAt.IsZero() && !rs[1].StartedAt.IsZero() && rs[0].StartedAt.Before(rs[1].FinishedAt) && rs[1].StartedAt.Before(rs[0].FinishedAt) {
		w.t.Errorf("two runs were open side by side: %s", w.story())
	}
	items, err := w.store.Items(w.t.Context())
	if err != nil || len(items) > 1 {
		w.t.Errorf("items %+v, %v", items, err)
	}
	if item, err := w.store.Item(w.t.Context(), "report"); err == nil && item.Lock+item.Waiting != "" {
		w.t.Errorf("its lock is held by %q, and %q waits: %s", item.Lock, item.Waiting, w.story())
	}
}

func (w *world) endedAs(r run.Run, s scenario, may []run.Status) {
	w.t.Helper()
	if !slices.Contains(may, r.Status) || r.Open() || !r.DueAt.IsZero() {
		w.t.Errorf("it ended %s, want one of %v with nothing owed: %s", r.Status, may, w.story())
	}
	if w.ports.struck == 0 && len(r.Attempts) != s.attempts {
		w.t.Errorf("%d attempts, want %d: %s", len(r.Attempts), s.attempts, w.story())
	}
}

// obeyed checks that a stop that was accepted was carried out soon. If no task was ever seen,
// it may take as long as a search for one must.
func (w *world) obeyed() {
	w.t.Helper()
	for _, r := range w.runs() {
		most := 5 * time.Minute
		if a := r.Last(); a != nil && a.TaskARN == "" {
			most += run.DefaultTiming.Vanish
		}
		if s := r.Stopping; s != nil && r.FinishedAt.Sub(s.At) > most {
			w.t.Errorf("it ran on for %v after its stop was accepted: %s", r.FinishedAt.Sub(s.At), w.story())
		}
	}
}

// heard checks that each bad end was reported, and only once unless a fault fell between the
// notice and its mark; that a success after one was reported too; and nothing else.
func (w *world) heard() {
	w.t.Helper()
	owed := map[string]bool{}
	for _, e := range w.ports.ends {
		owed[notice.New(e.kind, stack, &run.Run{ID: e.id, Attempts: make([]run.Attempt, e.attempts)}, &job.Job{}, time.UTC).ID] = true
	}
	for _, r := range w.runs() {
		if r.Status == run.Succeeded && len(w.ports.ends) > 0 {
			owed[notice.New(notice.Recovered, stack, &r, &job.Job{}, time.UTC).ID] = true
		}
	}
	for _, n := range w.told {
		if !owed[n.ID] {
			w.t.Errorf("told %s, which is no news: %s", n.ID, w.story())
		}
	}
	for id := range owed {
		if !slices.ContainsFunc(w.told, func(n notice.Notice) bool { return n.ID == id }) {
			w.t.Errorf("%s was never told: %s", id, w.story())
		}
	}
	if len(w.told) > len(owed)+w.ports.again {
		w.t.Errorf("%d notices for %d ends, of which %d may have come again: %s", len(w.told), len(owed), w.ports.again, w.story())
	}
}
