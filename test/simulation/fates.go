package simulation

import (
	"strings"
	"time"
)

// fate changes the plan of a task that would succeed.
func (w *World) fate(t *task, d dice) {
	if t.twoContainers() {
		t.exitLog = code(143) // as ECS ends what is still running
	}
	switch {
	case w.hit(d, TaskEnds, 60):
		t.fails(d)
	case w.hit(d, TaskSpot, 40):
		t.interrupted(w, d)
	case w.hit(d, TaskNeverStarts, 120):
		t.neverStarts(d)
	case w.hit(d, TaskHangs, 40):
		t.hangs(d)
	case w.hit(d, TaskUnclear, 60):
		t.unclear(d)
	case w.hit(d, StoppedInECS, 30):
		w.after(seconds(d.between(1, 300)), func() { w.console(t) })
	case w.hit(d, TaskSlow, 60):
		t.end(t.started.Add(seconds(d.between(300, 5400))), d)
		t.fate = "take long"
	}
}

func (t *task) fails(d dice) {
	t.fate = "fail"
	switch d.IntN(6) {
	case 0:
		t.exit, t.containerReason = code(137), "OutOfMemoryError: Container killed due to memory usage"
	case 1:
		t.code, t.reason, t.exit = "ServiceSchedulerInitiated", "Task failed container health checks", code(137)
	case 2:
		t.exit = code(75)
	case 3:
		t.code, t.reason, t.exit = "", "", code(0) // no words at all
		t.stopper = byOther                        // so that it does not count as a success
	default:
		t.exit = code(1)
	}
}

func (t *task) interrupted(w *World, d dice) {
	t.exit, t.fate = code(143), "be interrupted"
	switch d.IntN(3) {
	case 0:
		t.code, t.reason = "SpotInterruption", "Your Spot Task was interrupted."
		t.warned = t.started.Add(seconds(d.between(1, 200)))
		t.desired = t.warned
		t.end(t.warned.Add(seconds(d.between(1, 120))), d)
		if d.chance(300) {
			t.exit = code(0)
		}
	case 1:
		t.code, t.reason, t.exit = "InfrastructureHealth", "The underlying host failed", nil
	case 2:
		t.code, t.reason = "TerminationNotice", "ECS is performing maintenance on the underlying infrastructure hosting the task."
	}
	t.stopper = byOther
	_ = w
}

var neverStarted = []struct {
	reason  string
	pulled  bool
	in      bool // said about the container
	hopeful bool
}{
	{reason: "Timeout waiting for network interface provisioning to complete."},
	{reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"},
	{reason: "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1"},
	{reason: "ResourceInitializationError: failed to configure ENI: failed to setup regular eni: netplugin failed with no error message"},
	{reason: "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): RequestError: send request failed", pulled: true},
	{reason: "CannotPullContainerError: inspect image has been retried 1 time(s)", pulled: true, in: true},
	{reason: "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref app:1: not found", pulled: true, in: true},
}

// notStarting ends the task before any of its processes began.
func (t *task) notStarting(at time.Time, reason string, d dice) {
	t.code, t.reason, t.exit, t.exitLog = failedStart, reason, nil, nil
	t.started, t.ranAt = time.Time{}, time.Time{}
	t.end(at, d)
}

func (t *task) neverStarts(d dice) {
	n := neverStarted[d.IntN(len(neverStarted))]
	at := t.pending.Add(-time.Second)
	if n.pulled {
		at = t.pulled.Add(seconds(d.between(1, 90)))
	}
	t.notStarting(at, n.reason, d)
	if !n.pulled {
		t.pending, t.pulled = time.Time{}, time.Time{}
	}
	t.fate = "never start"
	if n.in {
		t.reason, t.containerReason = "Task failed to start", n.reason
		if t.twoContainers() && d.chance(300) {
			t.ranAt, t.beside, t.fate = t.pulled, true, "not start, while its second container runs"
		}
	}
}

// unclear gives the task an end that does not tell whether a process ran. Half of these tasks did
// run a while, and show nothing of it.
func (t *task) unclear(d dice) {
	at := t.pulled.Add(seconds(d.between(2, 200)))
	ranAt := at.Add(-time.Second)
	reason := unclearEnds[d.IntN(len(unclearEnds))]
	t.notStarting(at, reason, d)
	t.fate = "end unclear"
	if strings.HasPrefix(reason, "CannotPull") {
		t.unlisted = true
	}
	if d.chance(500) {
		t.ranAt, t.hidden, t.fate = ranAt, true, "end unclear, having run"
	}
}

var unclearEnds = []string{
	"Task failed to start", "", "Something that ECS says for the first time",
	"CannotStartContainerError: Error response from daemon: failed to create shim task",
	"Could not transition to started; timed out after waiting 3m0s",
	"CannotPullContainerError: inspect image has been retried 1 time(s)", // and no container is listed
}

// hangs makes the task hang until somebody stops it. Only a job with a timeout may hang in
// RUNNING: nothing ends the others, as under cron.
func (t *task) hangs(d dice) {
	never := time.Time{}
	t.ended, t.stopped, t.fate = never, never, "hang in PROVISIONING"
	switch n := d.IntN(3); {
	case n == 0 && t.job.Timeout > 0:
		t.fate = "hang in RUNNING"
		return
	case n == 1:
		t.fate = "hang in PENDING"
		if d.chance(400) { // it starts at last, about when it is given up
			t.started = t.created.Add(t.job.Launchable() + seconds(d.between(-60, 60)))
			t.ranAt = t.started
			t.end(t.started.Add(seconds(d.between(1, 600))), d)
			return
		}
	default:
		t.pending, t.pulled = never, never
		if d.chance(400) {
			t.pending = t.created.Add(t.job.Launchable() + seconds(d.between(-30, 30)))
			t.pulled = t.pending.Add(time.Second)
			t.started = t.pulled.Add(seconds(d.between(1, 10)))
			t.ranAt = t.started
			t.end(t.started.Add(seconds(d.between(1, 600))), d)
			return
		}
	}
	t.started, t.ranAt = never, never
}
