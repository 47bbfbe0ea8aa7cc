package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
			sync(bad)
			sync(bad)
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

// TestPatienceWithAJob: a job that cannot be checked for days makes each check judge hours
// anew, not days. A night without a sweep does not count. What is told names also a job whose
// item cannot be read meanwhile.
func TestPatienceWithAJob(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, bad, hourly)
	item, err := w.store.Item(t.Context(), "bad")
	if err != nil {
		t.Fatal(err)
	}
	item.Definition = "absent"
	if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
		t.Fatal(err)
	}
	w.ctl.Store = torn{storePort{w.ports}, map[string]error{"worse": port.ErrUnreadable}}
	var calls int
	for half := range 2 * 72 {
		hour, before := half/2, len(w.ports.calls)
		w.sweepFails(clockAt(25, 20+30*half, 0), "job bad")
		calls = len(w.ports.calls) - before
		mark, _ := w.store.Mark(t.Context(), port.MarkSlots)
		behind := w.clock.Now().Sub(mark)
		if hour < 3 && !mark.IsZero() {
			t.Errorf("after %d hours the mark is at %s", hour, mark)
		}
		if hour > 20 && behind > 5*time.Hour {
			t.Fatalf("after %d hours the mark is %s behind", hour, behind)
		}
	}
	if calls > 40 {
		t.Errorf("the last check made %d calls", calls)
	}
	if got := strings.Count(w.slotsOf("hourly"), "missed"); got != 79 {
		t.Errorf("the other: %d slots", got)
	}
	kept, err := w.store.Kept(t.Context(), 1000)
	if err != nil || len(kept) == 0 || len(kept) > 80 || !strings.Contains(kept[0].Reason, "no notice will say which slots from ") || !strings.Contains(kept[0].Reason, "job bad") || !strings.Contains(kept[0].Reason, "worse:") {
		t.Errorf("%d are kept, %.300v, %v", len(kept), kept, err)
	}
}

// TestDeadRate: a rate whose schedule is dead is reported, whatever filters the time at which
// that would be known, and whatever people run by hand.
func TestDeadRate(t *testing.T) {
	t.Parallel()
	day := func(n int) string { return t0.AddDate(0, 0, n).Format(time.DateOnly) }
	ran := func(w *world, j job.Job) { w.triggerAt(clockAt(18, 0, 5), j, clockAt(18, 0, 0)) }
	for name, c := range map[string]struct {
		rate  string
		when  func(*job.Job)
		play  func(w *world, j job.Job)
		daily func(w *world, n int)
		want  string
	}{
		"silent on a day that the calendar skips": {
			"rate(6 hours)", func(j *job.Job) { j.Calendar.Skip = []string{day(1)} }, ran, nil, "24 06:00",
		},
		"silent between days that the calendar names": {
			"rate(6 hours)", func(j *job.Job) { j.Calendar.Only = []string{day(0), day(5)} }, ran, nil, "27 06:00",
		},
		"each second day is skipped": {
			"rate(1 day)", func(j *job.Job) { j.Calendar.Skip = []string{day(2), day(4), day(6)} }, ran, nil, "27 00:00",
		},
		"never ran, and begins in a week": {
			"rate(6 hours)", func(j *job.Job) { j.StartAt = t0.AddDate(0, 0, 7) }, nil, nil, "29 23:31",
		},
		"a person runs it each day": {"rate(1 day)", nil, ran, func(w *world, n int) {
			if _, err := w.ctl.RunByHand(w.t.Context(), port.RunRequest{Job: "hourly", RequestID: fmt.Sprint(n)}); err != nil {
				w.t.Fatal(err)
			}
		}, "24 18:00"},
		"it ended": {"rate(6 hours)", func(j *job.Job) { j.EndAt = t0.AddDate(0, 0, 1) }, func(w *world, j job.Job) {
			w.triggerAt(clockAt(18+18, 0, 5), j, clockAt(18+18, 0, 0))
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := with(hourly, func(j *job.Job) {
				if j.Schedule = c.rate; c.when != nil {
					c.when(j)
				}
			})
			w := known(t, j)
			if c.play != nil {
				c.play(w, j)
			}
			for n := 2; n < 30; n++ {
				if c.daily != nil {
					w.clock.AdvanceTo(clockAt(12, 0, 0).AddDate(0, 0, n))
					c.daily(w, n)
				}
				w.sweepAt(clockAt(18, 16, 0).AddDate(0, 0, n))
			}
			var missed []string
			for _, r := range w.runs() {
				if r.Status == run.Missed {
					missed = append(missed, r.ScheduledFor.Format("02 15:04"))
				}
			}
			if got := strings.Join(missed, ", "); got != c.want || strings.Count(w.kinds(), "missed") != len(missed) {
				t.Errorf("missed %q, want %q; told %s", got, c.want, w.kinds())
			}
		})
	}
}

// TestLiveRate: a rate that fires is never reported as silent, whatever its calendar filters.
func TestLiveRate(t *testing.T) {
	t.Parallel()
	for _, every := range []int{5, 7, 24, 48} {
		for _, skip := range [][]int{{1}, {1, 2}, {1, 3}} {
			j := with(hourly, func(j *job.Job) {
				j.Schedule = fmt.Sprintf("rate(%d hours)", every)
				for _, n := range skip {
					j.Calendar.Skip = append(j.Calendar.Skip, t0.AddDate(0, 0, n).Format(time.DateOnly))
				}
			})
			w := known(t, j)
			for hour := 1; hour < 6*24; hour++ {
				at := t0.Add(time.Duration(hour) * time.Hour)
				if hour%every == 1%every {
					w.triggerAt(at, j, at)
				}
				w.sweepAt(at.Add(30 * time.Minute))
			}
			if i := slices.IndexFunc(w.runs(), func(r run.Run) bool { return r.Status == run.Missed }); i >= 0 {
				t.Errorf("every %d hours, skipping %v: %s is missed", every, skip, w.runs()[i].ID)
			}
		}
	}
}

// TestOverlapForbiddenByADeploy: a run that was claimed while the job's runs could overlap
// keeps others from running beside it until its end, from the sync that brings the new
// definition.
func TestOverlapForbiddenByADeploy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		next job.Job
		want run.Status
	}{{"forbid", forbidding, run.Skipped}, {"queue", queueing, run.Queued}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
			w.know(report)
			w.triggerSlot(report, 0)
			w.triggerSlot(report, 1)
			if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(1), Reason: "x"}); err != nil {
				t.Fatal(err)
			}
			w.triggerSlot(with(report, func(j *job.Job) { j.Name = "other" }), 8)
			w.clock.Advance(time.Minute)
			w.know(c.next)
			w.wantItem("after the sync", string(minute(0)), "")
			if rep := w.triggerSlot(c.next, 10); rep.Status != c.want || !strings.Contains(rep.Message, string(minute(0))) {
				t.Errorf("beside it: %+v", rep)
			}
			w.clock.Advance(5 * time.Minute)
			w.look()
			if r := w.run(minute(10)); r.Status != c.want {
				t.Errorf("after a look: %s", w.story())
			}
			w.live()
			if rep := w.triggerSlot(c.next, 200); rep.Status != run.Running {
				t.Errorf("after its end: %+v", rep)
			}
			w.live()
			w.wantItem("after all", "", "")
		})
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

// TestPatienceBeginsAnew: what failed before a check that finished does not count against a
// job whose slots cannot be checked again.
func TestPatienceBeginsAnew(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, bad)
	w.spoil("bad")
	w.sweepFails(clockAt(18, 20, 0), "job bad")
	w.know(bad)
	w.sweepAt(clockAt(19, 10, 0))
	w.spoil("bad")
	w.sweepFails(clockAt(20, 10, 0), "job bad")
	w.sweepFails(clockAt(23, 9, 59), "job bad")
	if at, err := w.store.Mark(t.Context(), port.MarkSlots); err != nil || !at.Equal(clockAt(19, 10, 0)) {
		t.Errorf("within its patience the mark is at %s, %v", at, err)
	}
	w.sweepFails(clockAt(23, 10, 0), "job bad") // three hours later, and after its slots
	if at, err := w.store.Mark(t.Context(), port.MarkSlots); err != nil || !at.Equal(clockAt(20, 10, 0)) {
		t.Errorf("after it the mark is at %s, %v", at, err)
	}
}

// TestPatienceBeginsAnewAtOnce: the same if the check that finished was at the very time of
// one that failed.
func TestPatienceBeginsAnewAtOnce(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.spoil("hourly")
	w.sweepFails(clockAt(18, 20, 0), "job hourly")
	w.know(hourly)
	w.sweepAt(clockAt(18, 20, 0))
	w.spoil("hourly")
	w.sweepFails(clockAt(20, 10, 0), "job hourly")
	w.sweepFails(clockAt(23, 9, 59), "job hourly")
	if at := w.mark(port.MarkSlots); !at.Equal(clockAt(18, 20, 0)) {
		t.Errorf("within its patience the mark is at %s", at)
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
