package control_test

import (
	"errors"
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

var (
	forbidding = job.Job{Name: "report", TaskDefinition: "report", Limits: job.Limits{Overlap: job.Forbid}}
	queueing   = job.Job{Name: "report", TaskDefinition: "report", Limits: job.Limits{Overlap: job.Queue, Timeout: job.Duration(2 * time.Hour)}}
)

// minute returns the slot n minutes after t0's.
func minute(n int) run.ID { return run.ScheduledID("report", t0.Add(time.Duration(n)*time.Minute)) }

// triggerSlot makes the trigger of a minute come at that minute.
func (w *world) triggerSlot(j job.Job, n int) port.Reply {
	w.t.Helper()
	at := t0.Add(time.Duration(n) * time.Minute)
	if at.Before(w.clock.Now()) {
		at = w.clock.Now()
	}
	return w.triggerAt(at, j, t0.Add(time.Duration(n)*time.Minute))
}

func (w *world) run(id run.ID) run.Run {
	w.t.Helper()
	r, err := w.store.Run(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) wantItem(when, lock, waiting string) {
	w.t.Helper()
	item, err := w.store.Item(w.t.Context(), "report")
	if err != nil && !errors.Is(err, port.ErrNotFound) {
		w.t.Fatal(err)
	}
	if item.Lock != lock || item.Waiting != waiting {
		w.t.Errorf("%s: the lock is held by %q and %q waits, want %q and %q", when, item.Lock, item.Waiting, lock, waiting)
	}
}

// TestOverlapForbidden: the later run is skipped and says why. The lock is free again however
// the first run ended.
func TestOverlapForbidden(t *testing.T) {
	t.Parallel()
	stopIt := func(w *world) {
		if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(0), By: "ann", Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	lost := func(w *world) { w.deaf = true }
	for _, c := range []struct {
		name  string
		setup setup
		job   func(*job.Job)
		then  func(w *world)
		want  run.Status
	}{
		{"success", setup{script: runs(5*time.Minute, 0)}, nil, nil, run.Succeeded},
		{"failure", setup{script: runs(5*time.Minute, 3)}, nil, nil, run.Failed},
		{"never started, all attempts used", setup{inject: strikes(localecs.FaultENI)}, nil, nil, run.Failed},
		{"stopped by a person", setup{script: runs(5*time.Hour, 0)}, nil, stopIt, run.Stopped},
		{"stopped by a person before its launch", setup{inject: strikes(localecs.FaultThrottle)}, nil, stopIt, run.Stopped},
		{"timed out", setup{script: runs(5*time.Hour, 0)}, func(j *job.Job) { j.Timeout = job.Duration(10 * time.Minute) }, nil, run.Failed},
		{"stop's event lost", setup{script: runs(5*time.Minute, 0), inject: strikes(localecs.FaultLostEvent)}, nil, nil, run.Succeeded},
		{"ended unseen", setup{script: runs(5*time.Minute, 0)}, nil, func(w *world) { lost(w); w.clock.Advance(4 * time.Hour) }, run.Failed},
		{"not launched within its deadline", setup{inject: strikes(localecs.FaultThrottle)}, func(j *job.Job) { j.Retry.Deadline = job.Duration(time.Minute) }, nil, run.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.setup.redeliver = true
			w := newWorld(t, c.setup)
			j := forbidding
			if c.job != nil {
				c.job(&j)
			}
			w.know(j)
			w.triggerSlot(j, 0)
			w.wantItem("after the claim", string(minute(0)), "")
			rep := w.triggerSlot(j, 1)
			if want := "overlap: " + string(minute(0)) + " was still open"; rep.Status != run.Skipped || !strings.Contains(rep.Message, want) {
				t.Errorf("the second: %+v", rep)
			}
			w.wantItem("after a skipped one", string(minute(0)), "")
			if c.then != nil {
				c.then(w)
			}
			w.live()
			if r := w.run(minute(0)); r.Status != c.want {
				t.Errorf("the first ended %s: %s", r.Status, w.story())
			}
			w.wantItem("after the end", "", "")
			if slices.ContainsFunc(w.told, func(n notice.Notice) bool { return n.Run == minute(1) }) {
				t.Errorf("told %s of a skipped run", w.kinds())
			}
		})
	}
}

// TestOverlapQueued: one run waits, a second is skipped, and the end of the first, whatever
// it is, launches the waiting one at once.
func TestOverlapQueued(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		code int64
		want run.Status
	}{{"after a success", 0, run.Succeeded}, {"after a failure", 3, run.Failed}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(10*time.Minute, c.code), redeliver: true})
			for n, want := range []run.Status{run.Running, run.Queued, run.Skipped} {
				if rep := w.triggerSlot(queueing, n); rep.Status != want {
					t.Errorf("slot %d: %+v", n, rep)
				}
			}
			w.wantItem("while one waits", string(minute(0)), string(minute(1)))
			if r := w.run(minute(2)); r.Cause != "overlap: "+string(minute(1))+" waits already for its turn; "+string(minute(0))+" is open, since 2026-11-22 17:30 UTC" {
				t.Errorf("skipped: %s", r.Cause)
			}
			w.clock.Advance(15 * time.Minute) // no look
			first, second := w.run(minute(0)), w.run(minute(1))
			if first.Status != c.want || second.Status != run.Running {
				t.Fatalf("the second was not woken: %s", w.story())
			}
			if wait := second.Attempts[0].SentAt.Sub(first.FinishedAt); wait < 0 || wait > 10*time.Second {
				t.Errorf("it was woken %s after the end", wait)
			}
			w.wantItem("when its turn has come", string(minute(1)), "")
			w.live()
			w.wantItem("after all", "", "")
		})
	}
}

// TestWaitingRun: what may happen to a run while it waits for another's end.
func TestWaitingRun(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, setup{script: runs(10*time.Minute, 0), redeliver: true})
		w.know(queueing)
		w.triggerSlot(queueing, 0)
		w.triggerSlot(queueing, 1)
		return w
	}
	t.Run("the wake is lost, and the look finds it", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.ports.onCall = func(name string) {
			// The process dies once the end is saved, before it wakes anybody.
			if r := w.run(minute(0)); name == "Item" && r.Status.Terminal() {
				w.ports.onCall, w.deaf = nil, true
				panic(death{})
			}
		}
		w.clock.Advance(13 * time.Minute)
		if w.ports.onCall != nil || w.run(minute(0)).Status != run.Succeeded || w.run(minute(1)).Status != run.Queued {
			t.Fatalf("nothing died: %s", w.story())
		}
		w.wantItem("after the end", "", string(minute(1)))
		w.look()
		if w.run(minute(1)).Status != run.Running {
			t.Errorf("the look did not launch it: %s", w.story())
		}
		w.live()
		w.wantItem("after all", "", "")
	})
	t.Run("a look while the other runs only waits on", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.clock.Advance(2 * time.Minute)
		w.look()
		if r := w.run(minute(1)); r.Status != run.Queued || !r.DueAt.Equal(w.clock.Now().Add(time.Minute)) || len(r.Attempts) != 0 {
			t.Errorf("%s", w.story())
		}
	})
	t.Run("a person stops it, and its place is free", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		if rep, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(1), By: "ann"}); err != nil || rep.Status != run.Stopped {
			t.Errorf("%+v, %v", rep, err)
		}
		w.wantItem("after the stop", string(minute(0)), "")
		if rep := w.triggerSlot(queueing, 2); rep.Status != run.Queued {
			t.Errorf("the next: %+v", rep)
		}
		w.live()
		if w.run(minute(1)).Status != run.Stopped || w.run(minute(2)).Status != run.Succeeded || len(w.made) != 2 {
			t.Errorf("it ended as %s", w.story())
		}
	})
	t.Run("its deadline counts from its turn", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{script: runs(100*time.Minute, 0), redeliver: true})
		short := with(queueing, func(j *job.Job) { j.Retry.Deadline = job.Duration(time.Minute) })
		w.triggerSlot(short, 0)
		w.triggerSlot(short, 1)
		w.live()
		if w.run(minute(1)).Status != run.Succeeded {
			t.Errorf("it ended as %s", w.story())
		}
	})
	t.Run("one more by hand is refused", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		rep, err := hand(port.RunRequest{Job: "report", RequestID: "q"})(t.Context(), w)
		if err != nil || rep.Outcome != port.Refused || rep.Message != "refused: "+string(minute(1))+" waits already for its turn, and only one may" {
			t.Errorf("%+v, %v", rep, err)
		}
	})
	t.Run("a pause does not keep what waits", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.pauseAt(w.clock.Now(), "report", time.Time{})
		w.live()
		if w.run(minute(1)).Status != run.Succeeded {
			t.Errorf("it ended as %s", w.story())
		}
	})
}

// TestPersonsAndTheLock: people's requests obey the lock too.
func TestPersonsAndTheLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(10*time.Minute, 3), redeliver: true})
	w.know(forbidding)
	w.triggerSlot(forbidding, 0)
	w.clock.Advance(20 * time.Minute)
	w.triggerSlot(forbidding, 30)
	const stillOpen = "is still open, and the job's runs may not overlap: wait for its end or stop it first"
	for name, ask := range map[string]ask{
		"by hand": hand(port.RunRequest{Job: "report", RequestID: "q"}),
		"a retry": retry(port.RetryRequest{Run: minute(0), RequestID: "r"}),
	} {
		rep, err := ask(t.Context(), w)
		if err != nil || rep.Outcome != port.Refused || rep.Message != "refused: "+string(minute(30))+" "+stillOpen {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
	}
	w.clock.Advance(20 * time.Minute)
	rep, err := retry(port.RetryRequest{Run: minute(0), RequestID: "r2"})(t.Context(), w)
	if err != nil || rep.Status != run.Running {
		t.Errorf("a retry when it is free: %+v, %v", rep, err)
	}
	w.wantItem("a retry takes it", string(minute(0)), "")
	if rep := w.triggerSlot(forbidding, 51); rep.Status != run.Skipped {
		t.Errorf("a slot during the retry: %+v", rep)
	}
	w.live()
	w.wantItem("after all", "", "")
}

// TestRelaunchKeepsTheLock: no other run comes in between two attempts.
func TestRelaunchKeepsTheLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0), inject: strikes(localecs.FaultPull, "1"), redeliver: true})
	w.triggerSlot(forbidding, 0)
	w.clock.Advance(time.Minute)
	if r := w.run(minute(0)); r.Status != run.Queued || len(r.Attempts) != 1 {
		t.Fatalf("it does not wait for its backoff: %s", w.story())
	}
	w.wantItem("in its backoff", string(minute(0)), "")
	if rep := w.triggerSlot(forbidding, 1); rep.Status != run.Skipped {
		t.Errorf("a slot in its backoff: %+v", rep)
	}
	w.live()
	if r := w.run(minute(0)); r.Status != run.Succeeded || len(r.Attempts) != 2 {
		t.Errorf("it ended as %s", w.story())
	}
	w.wantItem("after all", "", "")
}

// TestLockRepaired: whoever next needs the item repairs what it says about runs that are
// gone.
func TestLockRepaired(t *testing.T) {
	t.Parallel()
	over := func(w *world) { w.triggerSlot(report, 0); w.live() }
	corrupt := func(w *world) {
		w.triggerSlot(report, 0)
		if err := w.store.Corrupt(w.t.Context(), minute(0)); err != nil {
			w.t.Fatal(err)
		}
		w.clock.Advance(6 * time.Minute)
		w.look()
	}
	for _, c := range []struct {
		name    string
		before  func(*world)
		lock    run.ID
		waiting run.ID
	}{
		{"held by a run that has ended", over, minute(0), ""},
		{"held by a run that never was", nil, minute(7), ""},
		{"held by a run that was set aside", nil, minute(0), ""},
		{"held by the very run that comes", nil, minute(20), ""},
		{"waited for by a run that has ended", over, "", minute(0)},
		{"waited for by a run that never was", nil, "", minute(7)},
		{"waited for by a run that was set aside", nil, "", minute(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(10*time.Second, 0), redeliver: true})
			w.know(queueing)
			if c.before != nil {
				c.before(w)
			}
			item, err := w.store.Item(t.Context(), "report")
			if err != nil {
				t.Fatal(err)
			}
			item.Lock, item.Waiting = string(c.lock), string(c.waiting)
			if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(c.name, "set aside") {
				w.deaf = true
				corrupt(w)
			}
			w.deaf = false
			if rep := w.triggerSlot(queueing, 20); rep.Status != run.Running {
				t.Errorf("%+v", rep)
			}
			w.live()
			if w.run(minute(20)).Status != run.Succeeded {
				t.Errorf("it ended as %s", w.story())
			}
			// A name in the waiter's place does no harm: nobody makes that run wait any
			// longer, and the next waiter takes its place.
			left := string(c.waiting)
			if strings.Contains(c.name, "set aside") {
				left = ""
			}
			w.wantItem("after all", "", left)
		})
	}
}

// TestCorruptRun: a run that cannot be read is reported and set aside, the others go on, and
// its job runs again. A crash in between reports it twice rather than never.
func TestCorruptRun(t *testing.T) {
	t.Parallel()
	play := func(f fault) *world {
		w := newWorld(t, setup{script: runs(time.Minute, 0), fault: f, redeliver: true})
		w.know(forbidding, hourly)
		// The fault f strikes only the looks below, nothing of this part.
		w.ports.fault = fault{}
		w.deaf = true
		w.triggerSlot(forbidding, 0)
		w.triggerAt(w.clock.Now(), with(hourly, func(j *job.Job) { j.Schedule = "" }), t0)
		if err := w.store.Corrupt(t.Context(), minute(0)); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(10 * time.Minute)
		w.ports.calls, w.ports.fault = nil, f
		w.look()
		w.look()
		w.clock.Advance(time.Minute)
		w.look()
		return w
	}
	calls := play(fault{}).ports.calls
	faults := []fault{{}}
	for k, name := range calls {
		faults = append(faults, faultsOf(name, k+1)...)
	}
	for _, f := range faults {
		w := play(f)
		told := 0
		for _, n := range w.told {
			if n.Kind == notice.Corrupt && n.Run == minute(0) && strings.Contains(n.Cause, "cannot be read") {
				told++
			}
		}
		if told == 0 || f.mode == "" && len(w.told) != 1 || told > 2 {
			t.Fatalf("%s: told %s", f, w.kinds())
		}
		kept, err := w.store.Kept(t.Context(), 10)
		if err != nil || len(kept) != 1 || string(kept[0].Body) != `{"id":` {
			t.Fatalf("%s: kept %+v, %v", f, kept, err)
		}
		if got := w.slotsOf("hourly"); got != "17:30 succeeded by schedule" {
			t.Fatalf("%s: the other is %s", f, got)
		}
		w.ports.fault, w.deaf = fault{}, false
		w.wantItem(f.String(), "", "")
		if rep := w.triggerSlot(forbidding, 12); rep.Status != run.Running {
			t.Fatalf("%s: its next slot: %+v", f, rep)
		}
	}
}

// TestRaceForThePlace: two triggers that both found the lock, or the one place of a waiting
// run, free get it one after the other: the slower one decides anew.
func TestRaceForThePlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		job           job.Job
		held          bool
		faster        run.Status
		lock, waiting run.ID
	}{
		{"of who waits", queueing, true, run.Queued, minute(0), minute(1)},
		{"of who runs", forbidding, false, run.Running, minute(1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
			w.know(c.job)
			if c.held {
				w.triggerSlot(c.job, 0)
			}
			w.clock.AdvanceTo(t0.Add(2 * time.Minute))
			items := 0
			w.ports.onCall = func(name string) {
				if name == "Item" {
					items++
				}
				// The job's item and that of all jobs have been read; this one is for the write.
				if items == 3 {
					w.ports.onCall = nil
					if rep := w.triggerSlot(c.job, 1); rep.Status != c.faster {
						t.Errorf("the faster: %+v", rep)
					}
				}
			}
			if rep := w.triggerSlot(c.job, 2); rep.Status != run.Skipped || !strings.Contains(rep.Message, string(minute(1))) {
				t.Errorf("the slower: %+v", rep)
			}
			if w.ports.onCall != nil {
				t.Error("nothing raced")
			}
			w.wantItem("after the race", string(c.lock), string(c.waiting))
		})
	}
}
