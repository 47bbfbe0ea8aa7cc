package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestUnreadableItem: one job's item that cannot be read stops neither the sync nor the check
// of the others, makes no job gone, and is an error of both.
func TestUnreadableItem(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, bad, hourly)
	if err := w.store.CorruptItem(t.Context(), "bad"); err != nil {
		t.Fatal(err)
	}
	w.sweepFails(clockAt(18, 20, 0), "nobody watches the slots of these jobs", "bad")
	if got := w.slotsOf("hourly"); got != "18:00 missed" {
		t.Errorf("the other: %s", got)
	}
	if at := w.mark(port.MarkSweep); !at.Equal(clockAt(18, 20, 0)) {
		t.Errorf("the sweep seems to have finished at %s", at)
	}
	changed, brandNew := with(hourly, func(j *job.Job) { j.Command = []string{"x"} }), with(hourly, func(j *job.Job) { j.Name = "new" })
	if err := w.ctl.Sync(t.Context(), []job.Job{bad, changed, brandNew}); err == nil || !strings.Contains(err.Error(), "job bad") {
		t.Errorf("sync: %v", err)
	}
	if err := w.ctl.SyncSome(t.Context(), []job.Job{changed}); err != nil {
		t.Errorf("a sync without the bad one: %v", err)
	}
	for _, want := range []job.Job{changed, brandNew} {
		if item, err := w.store.Item(t.Context(), want.Name); err != nil || item.Gone || item.Definition != want.Hash() {
			t.Errorf("%s: %+v, %v", want.Name, item, err)
		}
	}
	if _, err := plane.ReadStanding(t.Context(), w.store, w.clock.Now()); err != nil {
		t.Errorf("status: %v", err)
	}
}

func (w *world) sweepFails(at time.Time, words ...string) {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	err := w.ctl.CheckSlots(w.t.Context())
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			w.t.Errorf("check at %s: %v does not say %q", at, err, word)
		}
	}
}

// TestUnreadablePlan: a schedule that cannot be read is reported at every sync. The plan
// before it stays in force, and the other jobs move on.
func TestUnreadablePlan(t *testing.T) {
	t.Parallel()
	good := with(hourly, func(j *job.Job) { j.Name = "good" })
	for name, change := range map[string]func(*job.Job){
		"zone":     func(j *job.Job) { j.Timezone = "Nope/Nope" },
		"schedule": func(j *job.Job) { j.Schedule = "61 * * * *" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly, good)
			bad := with(hourly, change)
			sync := func(jobs ...job.Job) {
				t.Helper()
				var problem *control.PlanError
				if err := w.ctl.Sync(t.Context(), jobs); !errors.As(err, &problem) || len(problem.Problems) != 1 || !strings.HasPrefix(problem.Error(), "job hourly: reading the ") {
					t.Errorf("sync: %v", err)
				}
			}
			for range 3 {
				sync(bad)
			}
			item, err := w.store.Item(t.Context(), "hourly")
			if err != nil || item.Plan.Schedule != hourly.Schedule || item.Plan.Timezone != "UTC" || item.Definition != bad.Hash() || item.Since.After(t0) {
				t.Errorf("%+v, %v", item, err)
			}
			if item, _ := w.store.Item(t.Context(), "good"); !item.Gone {
				t.Error("a job that left the registry is not gone")
			}
			w.sweepAt(clockAt(18, 20, 0))
			if got := w.slotsOf("hourly"); got != "18:00 missed" {
				t.Errorf("by the plan before: %s", got)
			}
			w.know(hourly)
			w.sweepAt(clockAt(19, 20, 0))
			if got := w.slotsOf("hourly"); got != "18:00 missed, 19:00 missed" {
				t.Errorf("mended: %s", got)
			}
		})
	}
}

// TestUnreadablePlanOfANewJob: it can be run by hand and has no slots.
func TestUnreadablePlanOfANewJob(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	bad := with(hourly, func(j *job.Job) { j.Name, j.Timezone = "bad", "Nope/Nope" })
	if err := w.ctl.Sync(t.Context(), []job.Job{bad, hourly}); err == nil {
		t.Error("no problem")
	}
	w.sweepAt(clockAt(18, 20, 0))
	if got := w.slotsOf("bad"); got != "" {
		t.Errorf("slots %s", got)
	}
	if rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "bad", RequestID: "q"}); err != nil || rep.Outcome != port.Accepted {
		t.Errorf("by hand: %+v, %v", rep, err)
	}
}

// TestPoisonPlan: a plan in an item that nobody can read lets the mark move, so that no check
// has more to do than the one before.
func TestPoisonPlan(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, hourly, bad)
	item, err := w.store.Item(t.Context(), "bad")
	if err != nil {
		t.Fatal(err)
	}
	item.Plan.Timezone = "Nope/Nope"
	if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
		t.Fatal(err)
	}
	w.sweepAt(clockAt(23, 20, 0))
	if got := w.slotsOf("hourly"); got != missedTill23 {
		t.Errorf("the other: %s", got)
	}
	if at, _ := w.store.Mark(t.Context(), port.MarkSlots); !at.Equal(clockAt(23, 20, 0)) {
		t.Errorf("the mark is at %s", at)
	}
}

// dueSince is a store that can tell since when a run that it cannot read has been due.
type dueSince struct {
	port.Store
	at time.Time
}

func (s dueSince) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	rs, err := s.Store.Due(ctx, lane, now, limit)
	if bad, ok := errors.AsType[*port.UnreadableError](err); ok {
		bad.DueSince = s.at
	}
	return rs, err
}

// TestCorruptRunOfAnUnreadableItem: while its job's lock cannot be freed, a run that cannot
// be read stays due and is an error of each look. Then it is reported, once, and set aside.
func TestCorruptRunOfAnUnreadableItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.know(forbidding)
	w.deaf = true
	launched(t, w, forbidding)
	due := w.run(minute(0)).DueAt
	item, err := w.store.Item(t.Context(), "report")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.store.Corrupt(t.Context(), minute(0)), w.store.CorruptItem(t.Context(), "report")); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	w.ctl.Store = dueSince{storePort{w.ports}, due}
	if looked, err := w.ctl.Look(t.Context()); err == nil || !looked.Oldest.Equal(due) {
		t.Errorf("it is due since %s, and the look says %s, %v", due, looked.Oldest, err)
	}
	if failed := w.looks(10 * time.Minute); failed != 10 || w.kinds() != "" {
		t.Errorf("%d of 10 looks failed, told %q", failed, w.kinds())
	}
	if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
		t.Fatal(err)
	}
	if failed := w.looks(10 * time.Minute); failed != 0 || w.kinds() != "corrupt" {
		t.Errorf("%d of 10 looks failed, told %q", failed, w.kinds())
	}
	w.wantItem("after all", "", "")
}

// TestLostDefinition: an event of a run whose definition is missing is not dropped as done,
// and once the definition is back the run goes on as if nothing had happened.
func TestLostDefinition(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{port.ErrNotFound, port.ErrNewer} {
		w := newWorld(t, setup{script: runs(3*time.Minute, 3)})
		w.deaf = true
		launched(t, w, report)
		lost := noDefinitions{storePort{w.ports}, cause}
		other := &control.Control{
			Stack: stack, Store: lost, Launcher: launchPort{w.ports}, Notifier: notifyPort{w.ports},
			Now: w.clock.Now, Timing: run.DefaultTiming, Log: w.ctl.Log,
		}
		w.clock.Advance(6 * time.Minute)
		looked, err := other.Look(t.Context())
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), string(minute(0))) || looked.Oldest.IsZero() {
			t.Errorf("look: %+v, %v", looked, err)
		}
		body := fmt.Sprintf(`{"taskArn":"x","startedBy":%q,"lastStatus":"STOPPED","version":9,"stoppedAt":"2026-11-22T17:35:40Z","stopCode":"EssentialContainerExited"}`, run.RoundID{Run: minute(0), Attempt: 1}.StartedBy(stack))
		if err := other.OnStopped(t.Context(), []byte(body)); err == nil || !strings.Contains(err.Error(), "run "+string(minute(0))+": loading definition "+report.Hash()+": "+cause.Error()) {
			t.Errorf("stop: %v", err)
		}
		if r := w.run(minute(0)); r.Status != run.Running || r.Rev != 2 {
			t.Errorf("it is %s", w.story())
		}
		w.live()
		if r := w.run(minute(0)); r.Status != run.Failed || w.kinds() != "failed" {
			t.Errorf("it ended as %s", w.story())
		}
	}
}

// TestASlotOfALostDefinition: a slot whose definition cannot be read comes again. It is not one that
// nobody deployed.
func TestASlotOfALostDefinition(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.spoil("hourly")
	w.clock.AdvanceTo(clockAt(18, 0, 1))
	rep, err := w.ctl.Fire(t.Context(), port.Slot{Name: "hourly", At: clockAt(18, 0, 0)})
	if err == nil || errors.Is(err, port.ErrNotFound) || rep.Outcome != "" || w.calls("PutPending") != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// spoil makes a job's item name a definition that does not exist.
func (w *world) spoil(name string) {
	w.t.Helper()
	item, err := w.store.Item(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	item.Definition = "absent"
	if err := w.store.Commit(w.t.Context(), port.Change{Item: &item}); err != nil {
		w.t.Fatal(err)
	}
}

// newerRuns is a store in which a newer batchplane's run is due in both lanes.
type newerRuns struct{ storePort }

func (newerRuns) Due(context.Context, run.Lane, time.Time, int) ([]run.Run, error) {
	return nil, &port.UnreadableError{Runs: map[run.ID]error{"newer/20261122T1800Z": port.ErrNewer}}
}

// TestARunIsLeftOnceALook: that a run is left to the version that wrote it is logged once,
// however often the look comes across it.
func TestARunIsLeftOnceALook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	var log bytes.Buffer
	w.ctl.Log, w.ctl.Store = slog.New(slog.NewTextHandler(&log, nil)), newerRuns{storePort{w.ports}}
	if _, err := w.ctl.Look(t.Context()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "left a run to the newer version"); n != 1 || w.calls("SetAside") != 0 {
		t.Errorf("said %d times: %s", n, &log)
	}
}
