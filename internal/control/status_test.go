package control_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

func (w *world) status() control.Status {
	w.t.Helper()
	st, err := control.ReadStatus(w.t.Context(), w.store, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

func TestReadStatus(t *testing.T) {
	t.Parallel()
	w := known(t, hourly, report)
	want := control.Status{LagMs: map[run.Lane]int64{run.LaunchLane: 0, run.LookLane: 0}, Paused: map[string]job.Pause{}, Failing: map[string]time.Time{}, Gone: map[string]time.Time{}}
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("of a new world %+v", got)
	}
	w.pauseAt(clockAt(17, 40, 0), "report", clockAt(19, 0, 0))
	w.sweepAt(clockAt(18, 20, 0))
	want.Heartbeat, want.CheckedTo = clockAt(18, 20, 0), clockAt(18, 20, 0)
	want.Failing["hourly"] = clockAt(18, 20, 0)
	want.Paused["report"] = job.Pause{From: clockAt(17, 40, 0), To: clockAt(19, 0, 0), By: "ann", Reason: "move"}
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("after a sweep %+v\nwant %+v", got, want)
	}

	// The pause ends by itself, and one run waits for the rate. Another run's task runs,
	// which hides nothing about a run whose launch is in doubt.
	w.ctl.Pace = &control.Window{Rate: 1}
	w.triggerAt(clockAt(19, 0, 0), hourly, clockAt(19, 0, 0))
	w.triggerAt(clockAt(19, 0, 0), report, clockAt(19, 0, 0))
	w.deaf = true
	late := run.Run{ID: run.ScheduledID("late", clockAt(19, 0, 0)), Status: run.Launching, DueAt: clockAt(19, 5, 0), Attempts: []run.Attempt{{N: 1}}}
	if err := w.store.Commit(t.Context(), control.Change{Run: &late}); err != nil {
		t.Fatal(err)
	}
	w.clock.AdvanceTo(clockAt(19, 6, 0))
	delete(want.Paused, "report")
	want.LagMs[run.LaunchLane], want.LagMs[run.LookLane] = (6 * time.Minute).Milliseconds(), time.Minute.Milliseconds()
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("while runs are due %+v\nwant %+v", got, want)
	}

	// The oldest run cannot be read; the look reports that.
	if err := w.store.Corrupt(t.Context(), run.ScheduledID("report", clockAt(19, 0, 0))); err != nil {
		t.Fatal(err)
	}
	want.LagMs[run.LaunchLane] = 0
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("beside a run that cannot be read %+v\nwant %+v", got, want)
	}
}

// dues is a store of due runs, the oldest first, and of jobs' items.
type dues struct {
	*memory.Store
	runs  []run.Run
	items []job.Item
}

func (d dues) Due(_ context.Context, _ run.Lane, _ time.Time, limit int) ([]run.Run, error) {
	return d.runs[:min(limit, len(d.runs))], nil
}

func (d dues) Items(context.Context) ([]job.Item, error) { return d.items, nil }

// TestStatusLooksBehindRunningTasks: as many running tasks as are read at once do not hide a
// run whose launch is in doubt.
func TestStatusLooksBehindRunningTasks(t *testing.T) {
	t.Parallel()
	rests := run.Run{Status: run.Running, DueAt: t0, Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	if !rests.MayRest() {
		t.Fatal("such a run may rest")
	}
	d := dues{Store: &memory.Store{}, runs: append(slices.Repeat([]run.Run{rests}, 100), run.Run{Status: run.Launching, DueAt: t0.Add(time.Minute), Attempts: []run.Attempt{{N: 1}}})}
	st, err := control.ReadStatus(t.Context(), d, t0.Add(3*time.Minute))
	if want := (2 * time.Minute).Milliseconds(); err != nil || st.LagMs[run.LookLane] != want {
		t.Errorf("lag %d ms, want %d: %v", st.LagMs[run.LookLane], want, err)
	}
}

// torn is a store of due runs of which the oldest cannot be read.
type torn struct{ dues }

func (d torn) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	runs, _ := d.dues.Due(ctx, lane, now, limit-1)
	return runs, &control.UnreadableError{Runs: map[run.ID]error{"torn/20261122T1730Z": control.ErrUnreadable}}
}

// TestStatusLooksBehindAnUnreadableRun: it counts among those that were read.
func TestStatusLooksBehindAnUnreadableRun(t *testing.T) {
	t.Parallel()
	rests := run.Run{Status: run.Running, DueAt: t0, Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	d := torn{dues{Store: &memory.Store{}, runs: append(slices.Repeat([]run.Run{rests}, 100), run.Run{Status: run.Launching, DueAt: t0, Attempts: []run.Attempt{{N: 1}}})}}
	st, err := control.ReadStatus(t.Context(), d, t0.Add(time.Minute))
	if want := time.Minute.Milliseconds(); err != nil || st.LagMs[run.LookLane] != want {
		t.Errorf("lag %d ms, want %d: %v", st.LagMs[run.LookLane], want, err)
	}
}

// TestStatusForgetsJobsThatAreGone after 30 days.
func TestStatusForgetsJobsThatAreGone(t *testing.T) {
	t.Parallel()
	const month = 30 * 24 * time.Hour
	d := dues{Store: &memory.Store{}, items: []job.Item{
		{Name: "still", Gone: true, GoneAt: t0.Add(time.Second - month)},
		{Name: "forgotten", Gone: true, GoneAt: t0.Add(-month)},
	}}
	st, err := control.ReadStatus(t.Context(), d, t0)
	if want := map[string]time.Time{"still": t0.Add(time.Second - month)}; err != nil || !reflect.DeepEqual(st.Gone, want) {
		t.Errorf("gone %v, want %v: %v", st.Gone, want, err)
	}
}
