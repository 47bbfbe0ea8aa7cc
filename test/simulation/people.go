package simulation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// people are those who ask for things, and what they asked for.
type people struct {
	asked   int
	retries map[string]bool     // request ids, true once a round began for one
	stops   map[run.ID][]string // who asked to stop a run
}

// request is one request of a person, delivered again until it is answered.
type request struct {
	name string
	run  run.ID
	try  int
	ask  func(context.Context) (control.Reply, error)
}

// plague is everything that happens at random times, each about so many times
// an hour of virtual time.
func (w *World) plague() {
	if w.calm || w.now.After(w.end) {
		return
	}
	d := w.dice("plague", uint64(w.now.Unix())) //nolint:gosec // after 1970
	w.after(seconds(d.between(20, 400)), kindPlague, nil)
	j := w.jobs[d.IntN(len(w.jobs))]
	switch d.IntN(11) {
	case 10:
		if w.hit(d, Outage, 250) {
			w.outage = w.now.Add(time.Duration(d.between(5, 150)) * time.Minute)
			w.tell("", "RunTask is out of order until %s", w.outage.Format("15:04"))
		}
	case 0, 1:
		if w.hit(d, PersonRetries, 400) {
			w.retries(d)
		}
	case 2, 3:
		if w.hit(d, PersonStops, 300) {
			w.stops(d)
		}
	case 4:
		if w.hit(d, PersonPauses, 150) {
			w.pauses(d, j)
		}
	case 5:
		w.runsOrSkips(d, j)
	case 6, 7:
		w.deploys(d, j)
	case 8:
		if w.hit(d, ClockJump, 200) {
			w.skew = seconds(d.between(-40, 25))
			w.tell("", "the clock is now off by %s", w.skew)
		}
	case 9:
		if w.hit(d, Inactive, 150) {
			f := j.job.TaskDefinition
			w.ecs.revision[f] = max(1, w.ecs.revision[f]) + 1
			w.ecs.oldest[f] = w.ecs.revision[f]
			w.tell("", "revision %d of %s replaces the others", w.ecs.revision[f], f)
		}
	}
}

func (w *World) ask(d dice, name string, id run.ID, ask func(context.Context) (control.Reply, error)) {
	r := &request{name: name, run: id, try: 1, ask: ask}
	w.after(0, kindPerson, r)
	if w.hit(d, PersonRepeats, 200) {
		twin := *r
		w.after(seconds(d.between(0, 60)), kindPerson, &twin)
	}
}

func (w *World) person(r *request) {
	var reply control.Reply
	twin := func() { w.person(&request{name: r.name, run: r.run, try: tries, ask: r.ask}) }
	ok := w.handle(r.name, r.run, twin, func(ctx context.Context) (err error) {
		reply, err = r.ask(ctx)
		return err
	})
	if w.trace != nil {
		w.tell(r.run, "a person asks to %s: %s %s", r.name, reply.Outcome, reply.Message)
	}
	if !ok && r.try < tries {
		r.try++
		w.after(seconds(20), kindPerson, r)
	}
}

// recent is one of the newest runs.
func (w *World) recent(d dice) (run.ID, bool) {
	n := len(w.truth.order)
	if n == 0 {
		return "", false
	}
	return w.truth.order[n-1-d.IntN(min(n, 8))], true
}

// wanting is one of the newest runs that ended badly, as a person would retry.
func (w *World) wanting(d dice) (run.ID, bool) {
	for i := len(w.truth.order) - 1; i >= max(0, len(w.truth.order)-12); i-- {
		id := w.truth.order[i]
		if s := w.store.runs[id].run.Status; s.Terminal() && s != run.Succeeded && d.chance(600) {
			return id, true
		}
	}
	return w.recent(d)
}

func (w *World) requestID() string {
	w.people.asked++
	return "request-" + strconv.Itoa(w.people.asked)
}

func (w *World) retries(d dice) {
	id, ok := w.wanting(d)
	if !ok {
		return
	}
	req := control.RetryRequest{Run: id, RequestID: w.requestID(), By: "ann", Same: d.chance(300), Force: d.chance(300)}
	w.people.retries[req.RequestID] = false
	w.ask(d, "retry", id, func(ctx context.Context) (control.Reply, error) { return w.control.Retry(ctx, req) })
}

func (w *World) stops(d dice) {
	id, ok := w.recent(d)
	if !ok {
		return
	}
	by := "bob-" + w.requestID()
	w.people.stops[id] = append(w.people.stops[id], by)
	req := control.StopRequest{Run: id, By: by, Reason: "simulated"}
	w.ask(d, "stop", id, func(ctx context.Context) (control.Reply, error) { return w.control.StopRun(ctx, req) })
}

func (w *World) pauses(d dice, j *deployed) {
	name := j.job.Name
	if d.chance(200) {
		name = job.All
	}
	req := control.PauseRequest{Job: name, By: "eve"}
	length := time.Duration(d.between(2, 60)) * time.Minute
	if d.chance(500) {
		req.Until = w.now.Add(length + 2*time.Minute)
	}
	w.ask(d, "pause "+name, "", func(ctx context.Context) (control.Reply, error) { return w.control.Pause(ctx, req) })
	w.after(length, kindPerson, &request{name: "resume " + name, try: 1, ask: func(ctx context.Context) (control.Reply, error) {
		return w.control.Resume(ctx, control.ResumeRequest{Job: name, By: "eve"})
	}})
}

func (w *World) runsOrSkips(d dice, j *deployed) {
	name := j.job.Name
	switch {
	case d.chance(500) && w.hit(d, PersonSkips, 300):
		w.ask(d, "skip "+name, "", func(ctx context.Context) (control.Reply, error) {
			return w.control.SkipNext(ctx, control.SkipRequest{Job: name, By: "eve"})
		})
	case w.hit(d, PersonRuns, 500):
		req := control.RunRequest{Job: name, RequestID: w.requestID(), By: "ann", Force: d.chance(300)}
		if d.chance(300) {
			req.Args, req.Environment = []string{"--all"}, map[string]string{"DAY": "today"}
		}
		w.ask(d, "run "+name, "", func(ctx context.Context) (control.Reply, error) { return w.control.RunByHand(ctx, req) })
	}
}

// deploys changes a job's definition, or takes the job away for a while.
func (w *World) deploys(d dice, j *deployed) {
	if w.hit(d, Gone, 30) {
		j.gone = !j.gone
	} else if !w.hit(d, Deploy, 200) {
		return
	}
	w.vary(d, j)
	j.serial++
	w.plan(j, w.now)
	w.dirty = true
	if w.trace != nil {
		w.tell("", "deploy: %s", j.words())
	}
}

func (j *deployed) words() string {
	return fmt.Sprintf("%s gone=%t %q overlap=%s timeout=%s launchTimeout=%s attempts=%d deadline=%s idempotent=%t exitCodes=%v startWithin=%s catchUp=%s firstOnly=%t",
		j.job.Name, j.gone, j.job.Schedule, j.job.Overlap, j.job.Timeout, j.job.LaunchTimeout, j.job.Retry.Attempts, j.job.Retry.Deadline,
		j.job.Retry.Idempotent, j.job.Retry.ExitCodes, j.job.StartWithin, j.job.CatchUp, j.job.Notify.FirstOnly)
}

// makeJobs draws the world's jobs.
func (w *World) makeJobs(d dice) {
	w.people = people{retries: map[string]bool{}, stops: map[run.ID][]string{}}
	n := d.between(1, 4)
	if w.opt.Jobs > 0 {
		n = w.opt.Jobs
	}
	for i := range n {
		name := "job-" + string(rune('a'+i))
		j := &deployed{job: job.Job{Name: name, TaskDefinition: "family-" + name, Cluster: "batch", Command: []string{"sh", "once"}}}
		w.jobs = append(w.jobs, j)
		own := w.dice("job", uint64(i)) //nolint:gosec // small
		for range 12 {
			w.vary(own, j)
		}
		if j.job.Schedule == "" {
			w.reschedule(own, j)
		}
		if w.trace != nil {
			w.tell("", "job %s", j.words())
		}
		w.plan(j, w.now)
	}
}

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func minutes(n int) job.Duration { return job.Duration(time.Duration(n) * time.Minute) }

// ownRules of a job may ask for a relaunch of anything: it is granted only where
// nothing started or the job is idempotent.
var ownRules = []job.Rule{
	{StoppedReason: "*", Action: job.Relaunch},
	{ContainerReason: "CannotPull*", Action: job.Fail},
	{StopCode: "*", Action: job.Relaunch},
}

// vary changes one thing of a job.
func (w *World) vary(d dice, j *deployed) {
	switch d.IntN(12) {
	case 11:
		j.job.Retry.Rules = pick(d, nil, ownRules[:1], ownRules[1:2], ownRules[2:])
	case 0:
		w.reschedule(d, j)
	case 1:
		j.job.Retry.Idempotent = d.chance(300)
	case 2:
		j.job.Overlap = pick(d, job.Allow, job.Forbid, job.Queue)
	case 3:
		j.job.Retry.Attempts = d.between(0, 5)
	case 4:
		j.job.Retry.Deadline = pick(d, 0, minutes(1), minutes(5), minutes(30), minutes(180))
	case 5:
		j.job.Timeout = pick(d, 0, job.Duration(10*time.Second), minutes(1), minutes(5), minutes(30))
	case 6:
		j.job.LaunchTimeout = pick(d, 0, minutes(1), minutes(5))
	case 7:
		j.job.StartWithin, j.job.CatchUp = pick(d, 0, minutes(1), minutes(5), minutes(60)), pick(d, job.CatchUpNone, job.CatchUpLast)
	case 8:
		j.job.Retry.ExitCodes = pick(d, nil, []int64{75})
	case 9:
		j.job.Notify = job.Notify{FirstOnly: d.chance(300), Also: pick(d, nil, nil, []string{job.AlsoRelaunched, job.AlsoSucceeded})}
	case 10:
		j.job.Retry.Backoff = pick(d, 0, minutes(1), minutes(10))
	}
	if j.job.Overlap == job.Queue && j.job.Timeout == 0 {
		j.job.Timeout = minutes(30)
	}
}

func (w *World) reschedule(d dice, j *deployed) {
	j.every = pick(d, 1, 2, 5, 10, 15, 20, 30, 60)
	if j.every == 60 {
		j.minute = d.IntN(60)
		j.job.Schedule = strconv.Itoa(j.minute) + " * * * *"
		return
	}
	j.minute = 0
	j.job.Schedule = "*/" + strconv.Itoa(j.every) + " * * * *"
}
