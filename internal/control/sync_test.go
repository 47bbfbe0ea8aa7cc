package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// syncWorld returns a world that knows one job that changes beside its open run, one that
// leaves, and one that left. deployed are the jobs that the registry then holds.
func syncWorld(t *testing.T) (w *world, deployed []job.Job) {
	t.Helper()
	w = newWorld(t, setup{script: runs(time.Hour, 0)})
	named := func(name string) job.Job { return job.Job{Name: name, TaskDefinition: name} }
	w.know(report, named("left"), named("leaves"))
	w.triggerSlot(report, 0)
	w.know(report, named("leaves"))
	w.clock.Advance(2 * time.Minute)
	return w, []job.Job{forbidding, named("left"), named("new"), named("new too")}
}

// items describes the jobs' items in words.
func (w *world) items() string {
	w.t.Helper()
	items, err := w.store.Items(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, i := range items {
		if _, err := w.store.Definition(w.t.Context(), i.Definition); err != nil {
			w.t.Errorf("the definition of %s: %v", i.Name, err)
		}
		out = append(out, fmt.Sprintf("%s %.6s %t %s", i.Name, i.Definition, i.Gone, i.Lock))
	}
	return strings.Join(out, "\n")
}

func (w *world) mark(name string) time.Time {
	w.t.Helper()
	at, err := w.store.Mark(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// TestSyncSaysWhatFailed: whichever call fails, the sync says so and writes what it can of
// the other jobs, and the next sync completes it.
func TestSyncSaysWhatFailed(t *testing.T) {
	t.Parallel()
	w, deployed := syncWorld(t)
	w.ports.calls = nil
	if err := w.ctl.Sync(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	calls, want := w.ports.calls, w.items()
	if !w.mark(port.MarkRegistry).Equal(w.clock.Now()) {
		t.Errorf("the registry was read at %s", w.mark(port.MarkRegistry))
	}
	if strings.Count(want, "true") != 1 || !strings.Contains(want, "false "+string(minute(0))) {
		t.Errorf("synced:\n%s", want)
	}
	if err := w.ctl.Sync(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	w.ports.calls = nil
	if err := w.ctl.Sync(t.Context(), deployed); err != nil || slices.Contains(w.ports.calls, "Commit") || slices.Contains(w.ports.calls, "Mark") {
		t.Errorf("nothing is new, and %v: %v", w.ports.calls, err)
	}
	for k, name := range calls {
		for _, after := range []bool{false, true} {
			if after && (slices.Contains(pure, name) || name == "Definitions") {
				continue
			}
			w, deployed := syncWorld(t)
			w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls) + k + 1}, after: after}
			err := w.ctl.Sync(t.Context(), deployed)
			if quiet := name == "Definitions"; errors.Is(err, errBroken) == quiet || w.ports.struck != 1 {
				t.Errorf("call %d, %s: %v", k+1, name, err)
			}
			missing := 0 // compared with the end
			for line := range strings.Lines(want) {
				if !strings.Contains(w.items(), strings.TrimSpace(line)) {
					missing++
				}
			}
			if (name == "PutDefinition" || name == "Commit") && missing > 1 {
				t.Errorf("call %d, %s: %d jobs are left: %s", k+1, name, missing, w.items())
			}
			w.ports.fault = fault{}
			if err := w.ctl.Sync(t.Context(), deployed); err != nil || w.items() != want {
				t.Errorf("call %d, %s, again: %v, %s\nwant %s", k+1, name, err, w.items(), want)
			}
			if !w.mark(port.MarkRegistry).Equal(w.clock.Now()) {
				t.Errorf("call %d, %s: the registry was read at %s", k+1, name, w.mark(port.MarkRegistry))
			}
		}
	}
}

// TestSyncLosesARace: what somebody else wrote in between is not overwritten, and the next
// sync sees it.
func TestSyncLosesARace(t *testing.T) {
	t.Parallel()
	w, deployed := syncWorld(t)
	w.ports.onCall = func(call string) {
		if call == "Commit" {
			w.ports.onCall = nil
			w.pauseAt(w.clock.Now(), "report", time.Time{})
		}
	}
	if err := w.ctl.Sync(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.Sync(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	item, err := w.store.Item(t.Context(), "report")
	if err != nil || item.PausedAt(w.clock.Now()) == nil || item.Definition != forbidding.Hash() {
		t.Errorf("%+v, %v", item, err)
	}
}

// TestSyncSome: if not all was read, no job is gone, and the time of the last reading of the
// whole registry stays.
func TestSyncSome(t *testing.T) {
	t.Parallel()
	w, deployed := syncWorld(t)
	before := w.mark(port.MarkRegistry)
	if err := w.ctl.SyncSome(t.Context(), deployed[1:]); err != nil {
		t.Fatal(err)
	}
	if got := w.items(); strings.Contains(got, "true") || strings.Count(got, "\n") != 4 || !w.mark(port.MarkRegistry).Equal(before) {
		t.Errorf("the registry was read at %s:\n%s", w.mark(port.MarkRegistry), got)
	}
}

// TestAJobThatLeftWasThereUntilTheLastReading, and not until it was found to be gone.
func TestAJobThatLeftWasThereUntilTheLastReading(t *testing.T) {
	t.Parallel()
	w, deployed := syncWorld(t)
	seen := w.mark(port.MarkRegistry)
	if err := w.ctl.Sync(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	if item, err := w.store.Item(t.Context(), "leaves"); err != nil || !item.Gone || !item.SeenAt.Equal(seen) || !item.GoneAt.Equal(w.clock.Now()) {
		t.Errorf("%+v, %v, want seen at %s", item, err, seen)
	}
	w.clock.Advance(time.Minute)
	if err := w.ctl.Sync(t.Context(), deployed); err != nil {
		t.Fatal(err)
	}
	if item, err := w.store.Item(t.Context(), "leaves"); err != nil || !item.SeenAt.Equal(seen) {
		t.Errorf("a minute later: %+v, %v", item, err)
	}
}

// TestSyncWhoseTimeIsUp: it says so, writes no further job and marks none as gone.
func TestSyncWhoseTimeIsUp(t *testing.T) {
	t.Parallel()
	w, deployed := syncWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.ports.onCall = func(call string) {
		if call == "Commit" {
			cancel()
		}
	}
	if err := w.ctl.Sync(ctx, deployed); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := w.items(); strings.Contains(got, "new") || strings.Count(got, "true") != 1 {
		t.Errorf("written:\n%s", got)
	}
}

// TestSyncSaysAllThatFailed: a plan that cannot be read, and a call that failed.
func TestSyncSaysAllThatFailed(t *testing.T) {
	t.Parallel()
	bad := job.Job{Name: "bad", TaskDefinition: "bad", Schedule: "nonsense"}
	w, deployed := syncWorld(t)
	w.ports.onCall = func(call string) {
		if call == "Commit" {
			w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
			w.ports.onCall = nil
		}
	}
	err := w.ctl.SyncSome(t.Context(), append(deployed, bad))
	var plan *control.PlanError
	if !errors.As(err, &plan) || len(plan.Problems) != 1 || !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}

// TestAPauseOfAllIsNoJob that leaves the registry.
func TestAPauseOfAllIsNoJob(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.pauseAt(clockAt(17, 40, 0), job.All, time.Time{})
	w.know(hourly)
	if item, err := w.store.Item(t.Context(), job.All); err != nil || item.Gone {
		t.Errorf("%+v, %v", item, err)
	}
}

// TestAJobThatWasAwayComesBackUnreadable: the plan that it had before it left then has no
// slots.
func TestAJobThatWasAwayComesBackUnreadable(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Schedule = "nonsense" })
	for name, c := range map[string]struct {
		back time.Time
		want string
	}{
		"after an hour and more": {clockAt(18, 55, 0), ""},
		"within the hour":        {clockAt(18, 45, 0), "18:00 missed, 19:00 missed"},
	} {
		w := known(t, hourly)
		w.redeployAt(clockAt(17, 50, 0))
		w.clock.AdvanceTo(c.back)
		var plan *control.PlanError
		if err := w.ctl.Sync(t.Context(), []job.Job{bad}); !errors.As(err, &plan) {
			t.Errorf("%s: %v", name, err)
		}
		w.sweepAt(clockAt(19, 20, 0))
		if got := w.slotsOf("hourly"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestWhatIsNewCostsNoQuestion: for jobs that nobody knew, one call tells which definitions
// are not stored, and no call asks for runs that cannot exist.
func TestWhatIsNewCostsNoQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	one := with(hourly, func(j *job.Job) { j.Overlap = job.Forbid })
	if err := w.ctl.Sync(t.Context(), []job.Job{one, with(one, func(j *job.Job) { j.Name = "other" })}); err != nil {
		t.Fatal(err)
	}
	if w.calls("PutDefinition") != 2 || w.calls("Definition") != 0 || w.calls("Runs") != 0 {
		t.Errorf("calls %v", w.ports.calls)
	}
}

// unwritable is a store that takes no writes.
type unwritable struct{ port.Store }

func (unwritable) Commit(context.Context, port.Change) error { return errBroken }

// TestAJobThatCouldNotBeWritten: nobody asks whether a new job is still there if its item
// could not be written.
func TestAJobThatCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	if err := w.store.SetMark(t.Context(), port.MarkRegistry, t0.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	registry := &renewals{answers: []port.Renewal{goneSince(17, 50)}}
	w.ctl.Registry, w.ctl.Store = registry, unwritable{w.ctl.Store}
	if err := w.ctl.SyncSome(t.Context(), []job.Job{hourly}); !errors.Is(err, errBroken) || len(registry.asked) != 0 {
		t.Errorf("%v; asked about %q", err, registry.asked)
	}
}
