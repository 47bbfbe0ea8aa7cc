package simulation

import (
	"context"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// people are the persons who ask for things, and what they asked for.
type people struct {
	asked   int
	retries map[string]bool      // request ids, true once a round began for one
	stops   map[run.ID][]string  // who asked to stop a run
	sees    map[string]sight     // how a run was, by the id of the request to retry it
	when    map[string]time.Time // each request was asked for, by its id
}

// request is one request of a person, delivered again until it is answered.
type request struct {
	name string
	run  run.ID
	try  int
	ask  func(context.Context) (port.Reply, error)
}

// plague is everything that happens at random times, each thing about so many times an hour of
// virtual time.
func (w *World) plague() {
	if w.calm || w.now.After(w.end) {
		return
	}
	d := w.dice("plague", uint64(w.now.Unix()))
	w.after(seconds(d.between(20, 400)), w.plague)
	j := w.jobs[d.IntN(len(w.jobs))]
	w.refusals()
	w.damages(j)
	w.strays()
	w.churns(j)
	switch d.IntN(11) {
	case 0, 1:
		w.retries(d)
	case 2, 3:
		w.stops(d)
	case 4:
		w.pauses(d, j)
	case 5:
		w.runsOrSkips(d, j)
	case 6, 7:
		w.deploys(d, j)
	case 8:
		w.jumps(d)
	case 9:
		w.revises(d, j)
	case 10:
		w.outages(d)
	}
}

func (w *World) outages(d dice) {
	if d, ok := w.luck(TargetDown, 100, "", int(w.now.Unix())); ok {
		w.down = span{w.now, w.now.Add(time.Duration(d.between(60, 240)) * time.Minute)}
		w.tell("", "the trigger cannot be reached until %s", w.down.until.Format("15:04"))
	}
	if w.hit(d, Outage, 250) {
		w.outage = w.now.Add(time.Duration(d.between(5, 150)) * time.Minute)
		w.tell("", "RunTask is out of order until %s", w.outage.Format("15:04"))
	}
}

func (w *World) jumps(d dice) {
	if w.hit(d, ClockJump, 200) {
		w.skew, w.truth.jumped = seconds(d.between(-40, 25)), w.now
		w.tell("", "the clock is now off by %s", w.skew)
	}
}

// revises registers a revision of the job's task definition and deregisters the others.
func (w *World) revises(d dice, j *deployed) {
	if w.hit(d, Inactive, 150) {
		f := j.job.TaskDefinition
		w.ecs.revision[f] = max(1, w.ecs.revision[f]) + 1
		w.ecs.oldest[f] = w.ecs.revision[f]
		w.tell("", "revision %d of %s replaces the others", w.ecs.revision[f], f)
	}
}

func (w *World) ask(d dice, name string, id run.ID, requestID string, ask func(context.Context) (port.Reply, error)) {
	w.people.when[requestID] = w.now
	r := &request{name: name, run: id, try: 1, ask: ask}
	w.after(0, func() { w.person(r) })
	if w.hit(d, PersonRepeats, 200) {
		twin := *r
		w.after(seconds(d.between(0, 60)), func() { w.person(&twin) })
	}
	if d, ok := w.luck(RequestRedriven, 100, name, w.people.asked); ok {
		twin := *r
		asked := w.now
		w.after(hours(d), func() {
			if !asked.Before(w.restored.at) { // else people drop it: docs/lifecycle.md, "Restore the table"
				w.person(&twin)
			}
		})
	}
}

func (w *World) person(r *request) {
	var reply port.Reply
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
		w.after(seconds(20), func() { w.person(r) })
	}
}

// recent returns one of the newest runs.
func (w *World) recent(d dice) (run.ID, bool) {
	n := len(w.truth.order)
	if n == 0 {
		return "", false
	}
	return w.truth.order[n-1-d.IntN(min(n, 8))], true
}

// wanting returns one of the newest runs that ended badly, as a person would choose it for a
// retry.
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
	if !w.hit(d, PersonRetries, 400) {
		return
	}
	id, ok := w.wanting(d)
	if !ok {
		return
	}
	req := port.RetryRequest{Run: id, RequestID: w.requestID(), By: "ann", Same: d.chance(300), Force: d.chance(300)}
	w.retry(d, req)
	if _, two := w.luck(PersonLooks, 400, "two", w.people.asked); two { // another looked, too
		req.RequestID = w.requestID()
		w.retry(d, req)
	}
}

func (w *World) retry(d dice, req port.RetryRequest) {
	w.people.retries[req.RequestID] = false
	w.after(w.looksFirst(&req), func() {
		w.ask(d, "retry", req.Run, req.RequestID, func(ctx context.Context) (port.Reply, error) { return w.control.Retry(ctx, req) })
	})
}

func (w *World) stops(d dice) {
	if !w.hit(d, PersonStops, 300) {
		return
	}
	if id, ok := w.recent(d); ok {
		w.stop(d, id)
	}
}

// stop is a person who asks to stop a run.
func (w *World) stop(d dice, id run.ID) {
	by := "bob-" + w.requestID()
	w.people.stops[id] = append(w.people.stops[id], by)
	req := port.StopRequest{Run: id, By: by, Reason: "simulated"}
	w.ask(d, "stop", id, "", func(ctx context.Context) (port.Reply, error) { return w.control.StopRun(ctx, req) })
}

func (w *World) pauses(d dice, j *deployed) {
	if !w.hit(d, PersonPauses, 150) {
		return
	}
	name := j.job.Name
	if d.chance(200) {
		name = job.All
	}
	req := port.PauseRequest{Job: name, By: "eve"}
	length := time.Duration(d.between(2, 60)) * time.Minute
	if d.chance(500) {
		req.Until = w.now.Add(length + 2*time.Minute)
	}
	w.ask(d, "pause "+name, "", "", func(ctx context.Context) (port.Reply, error) { return w.control.Pause(ctx, req) })
	resume := &request{name: "resume " + name, try: 1, ask: func(ctx context.Context) (port.Reply, error) {
		return w.control.Resume(ctx, port.ResumeRequest{Job: name, By: "eve"})
	}}
	w.after(length, func() { w.person(resume) })
}

func (w *World) runsOrSkips(d dice, j *deployed) {
	name := j.job.Name
	switch {
	case d.chance(500) && w.hit(d, PersonSkips, 300):
		w.ask(d, "skip "+name, "", "", func(ctx context.Context) (port.Reply, error) {
			return w.control.SkipNext(ctx, port.SkipRequest{Job: name, By: "eve"})
		})
	case w.hit(d, PersonRuns, 500):
		req := port.RunRequest{Job: name, RequestID: w.requestID(), By: "ann", Force: d.chance(300)}
		if d.chance(300) {
			req.Args, req.Inputs = []string{"--all"}, map[string]string{"DAY": "today"}
		}
		w.ask(d, "run "+name, "", req.RequestID, func(ctx context.Context) (port.Reply, error) { return w.control.RunByHand(ctx, req) })
	}
}
