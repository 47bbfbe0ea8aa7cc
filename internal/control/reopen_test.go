package control_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestReopenTakesTheLockAgain: a run that was set aside lost its job's lock. It takes the lock
// again when it can be read, and is not launched beside a run that has taken the lock since.
func TestReopenTakesTheLockAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  run.Status
		taken   bool
		outcome port.Outcome
		lock    run.ID
	}{
		"nobody has it":                  {run.Running, false, port.Accepted, minute(0)},
		"nobody has it, and it waits":    {run.Queued, false, port.Accepted, minute(0)},
		"another has it":                 {run.Running, true, port.Accepted, minute(5)},
		"another has it, and this waits": {run.Queued, true, port.Refused, minute(5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := damaged(t, forbidding)
			w.look()
			w.wantItem("set aside", "", "")
			if c.taken {
				w.triggerSlot(forbidding, 5)
			}
			kept := w.mended(func(r *run.Run) { r.Owed, r.Status = nil, c.status })
			reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept.ID(), Again: true})
			if err != nil || reply.Outcome != c.outcome || reply.Outcome == port.Refused && !strings.Contains(reply.Message, string(c.lock)) {
				t.Errorf("%+v, %v", reply, err)
			}
			w.wantItem("then", string(c.lock), "")
		})
	}
}

// TestReopenOfAWaitingRun: it takes the one place of a run that waits again, unless another has it by now.
func TestReopenOfAWaitingRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slots   []int
		outcome port.Outcome
		waits   run.ID
	}{
		"nobody waits":  {[]int{5}, port.Accepted, minute(0)},
		"another waits": {[]int{5, 6}, port.Refused, minute(6)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := damaged(t, queueing)
			w.look()
			for _, slot := range c.slots {
				w.triggerSlot(queueing, slot)
			}
			kept := w.mended(func(r *run.Run) { r.Owed, r.Attempts, r.Status, r.Waits = nil, nil, run.Queued, true })
			reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept.ID(), Again: true})
			if err != nil || reply.Outcome != c.outcome || reply.Outcome == port.Refused && !strings.Contains(reply.Message, string(c.waits)) {
				t.Errorf("%+v, %v", reply, err)
			}
			w.wantItem("then", string(minute(5)), string(c.waits))
		})
	}
}

// TestReopenBesideAnother: a run that runs beside the one that has taken its lock gets the lock
// when that one ends, so that no slot starts beside it.
func TestReopenBesideAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
	w.know(forbidding)
	w.triggerSlot(forbidding, 0)
	owed := w.run(minute(0)).Owed
	w.damage(minute(0))
	w.look()
	w.triggerSlot(forbidding, 5)
	kept := w.mended(func(r *run.Run) { r.Owed = owed })
	for range 2 { // the second time, it is beside the other already
		if err := w.store.Keep(t.Context(), kept); err != nil {
			t.Fatal(err)
		}
		if reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept.ID(), Again: true}); err != nil || reply.Outcome != port.Accepted {
			t.Errorf("%+v, %v", reply, err)
		}
		w.wantItem("beside the other", string(minute(5)), "")
	}
	w.stop(minute(5))
	w.wantItem("after the other's end", string(minute(0)), "")
	if rep := w.triggerSlot(forbidding, 20); rep.Status != run.Skipped {
		t.Errorf("a slot beside it: %+v", rep)
	}
	w.stop(minute(0))
	w.wantItem("after its end", "", "")
}

// TestReopenOfALaunch: a launch without an answer is not sent again beside a run that has taken
// the lock since. Its task is searched for.
func TestReopenOfALaunch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		taken bool
		sends int
		finds bool
	}{"nobody has the lock": {false, 2, false}, "another has it": {true, 1, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := damaged(t, forbidding)
			w.look()
			if c.taken {
				w.triggerSlot(forbidding, 5)
			}
			kept := w.mended(func(r *run.Run) {
				r.Owed, r.Status, r.Attempts[0].TaskARN = []run.Effect{{Kind: run.Launch, Attempt: 1}}, run.Launching, ""
			})
			if reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept.ID(), Again: true}); err != nil || reply.Outcome != port.Accepted {
				t.Errorf("%+v, %v", reply, err)
			}
			w.ports.calls = nil
			w.look()
			if r := w.run(minute(0)); r.Attempts[0].Sends != c.sends || slices.Contains(w.ports.calls, "Find") != c.finds {
				t.Errorf("%d sends, calls %v", r.Attempts[0].Sends, w.ports.calls)
			}
		})
	}
}

// TestReopenOfARelaunch: a run whose lock another has taken since is not launched again beside it.
func TestReopenOfARelaunch(t *testing.T) {
	t.Parallel()
	again := with(forbidding, func(j *job.Job) { j.Retry = job.Retry{Attempts: 3, ExitCodes: []int64{3}} })
	for name, c := range map[string]struct {
		taken    bool
		attempts int
	}{"nobody has the lock": {false, 2}, "another has it": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(10*time.Minute, 3), redeliver: true})
			w.know(again)
			w.triggerSlot(again, 0)
			owed := w.run(minute(0)).Owed
			w.damage(minute(0))
			w.look()
			if c.taken {
				w.triggerSlot(again, 5)
			}
			kept := w.mended(func(r *run.Run) { r.Owed = owed })
			if reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept.ID(), Again: true}); err != nil || reply.Outcome != port.Accepted {
				t.Errorf("%+v, %v", reply, err)
			}
			w.clock.AdvanceTo(t0.Add(12 * time.Minute))
			r := w.run(minute(0))
			if len(r.Attempts) != c.attempts || c.taken && (r.Status != run.Failed || !strings.Contains(r.Cause, string(minute(5))+" has the job's lock by now")) {
				t.Errorf("%d attempts, %s: %s", len(r.Attempts), r.Status, r.Cause)
			}
		})
	}
}

// TestMendedBeforeItIsTakenUp: a run that was set aside can be read again, and its task's stop comes
// before a person has it looked at. It is launched again with its job's lock, so no slot starts
// beside it.
func TestMendedBeforeItIsTakenUp(t *testing.T) {
	t.Parallel()
	again := with(forbidding, func(j *job.Job) { j.Retry = job.Retry{Attempts: 3, ExitCodes: []int64{3}} })
	w := newWorld(t, setup{script: runs(10*time.Minute, 3), redeliver: true})
	w.know(again)
	w.triggerSlot(again, 0)
	owed := w.run(minute(0)).Owed
	w.damage(minute(0))
	w.look()
	w.mended(func(r *run.Run) { r.Owed = owed })
	w.clock.AdvanceTo(t0.Add(12 * time.Minute))
	if r := w.run(minute(0)); len(r.Attempts) != 2 {
		t.Fatalf("%d attempts, %s: %s", len(r.Attempts), r.Status, r.Cause)
	}
	w.wantItem("launched again", string(minute(0)), "")
	if rep := w.triggerSlot(again, 15); rep.Status != run.Skipped {
		t.Errorf("a slot beside it: %+v", rep)
	}
}

// TestMendedBeforeItsFirstLaunch: a run that was set aside before its first launch can be read again,
// and a redelivered trigger, not a person, makes it due. It is launched only with its job's lock.
func TestMendedBeforeItsFirstLaunch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		taken    bool
		attempts int
		lock     run.ID
	}{"nobody has the lock": {false, 1, minute(0)}, "another has it": {true, 0, minute(5)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, 0)})
			w.know(forbidding)
			w.ports.unresolvable = true
			w.triggerSlot(forbidding, 0)
			w.damage(minute(0))
			w.look()
			w.ports.unresolvable = false
			if c.taken {
				w.triggerSlot(forbidding, 5)
			}
			w.mended(func(r *run.Run) { r.Owed = nil })
			w.triggerSlot(forbidding, 0)
			w.clock.AdvanceTo(t0.Add(8 * time.Minute))
			w.look()
			if r := w.run(minute(0)); len(r.Attempts) != c.attempts || c.taken && !strings.Contains(r.Cause, string(minute(5))+" has the job's lock by now") {
				t.Errorf("%d attempts, %s: %s", len(r.Attempts), r.Status, r.Cause)
			}
			w.wantItem("then", string(c.lock), "")
		})
	}
}
