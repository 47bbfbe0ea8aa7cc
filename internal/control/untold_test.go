package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestUntold: where others carry the notices, looks see since when the oldest has been owed,
// until it is sent. A notice that stays owed does not get out of sight.
func TestUntold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 7), redeliver: true})
	w.know(hourly)
	told := w.ctl.Notifier
	w.ctl.Notifier = nil
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	for at := clockAt(18, 1, 0); at.Before(clockAt(23, 0, 0)); at = at.Add(time.Minute) {
		w.clock.AdvanceTo(at)
		w.look()
		since, err := w.ctl.Untold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ended := w.runs()[0].FinishedAt; at.After(clockAt(18, 4, 0)) && (ended.IsZero() || !since.Equal(ended)) {
			t.Fatalf("at %s: owed since %s, and the run ended at %s", at, since, ended)
		}
	}
	w.ctl.Notifier = told
	if err := w.ctl.Tell(t.Context(), w.runs()[0].ID); err != nil {
		t.Fatal(err)
	}
	if since, err := w.ctl.Untold(t.Context()); err != nil || !since.IsZero() {
		t.Errorf("told, and owed since %s, %v", since, err)
	}
}

// TestUntoldOfARunningTask: a notice owed by a run whose task still runs is seen too.
func TestUntoldOfARunningTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
	w.know(report)
	w.triggerSlot(report, 0)
	w.ctl.Notifier = nil
	r := w.run(minute(0))
	noted := w.clock.Now()
	r.OweTell(string(notice.Relaunched), 1, 0, noted, run.DefaultTiming)
	if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(6 * time.Minute)
	w.look()
	if since, err := w.ctl.Untold(t.Context()); err != nil || !since.Equal(noted) {
		t.Errorf("owed since %s, %v", since, err)
	}
}

// TestUntoldOfALaunchThatWaits: waiting for the rate does not hide what a run owes.
func TestUntoldOfALaunchThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
	w.ctl.Pace, w.ctl.Notifier = never{}, nil
	w.triggerSlot(report, 0)
	r := w.run(minute(0))
	r.OweTell(string(notice.Relaunched), 1, 0, w.clock.Now(), run.DefaultTiming)
	if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil || r.Status != run.Queued {
		t.Fatal(r.Status, err)
	}
	w.look()
	if since, err := w.ctl.Untold(t.Context()); err != nil || since.IsZero() {
		t.Errorf("owed since %s, %v", since, err)
	}
}

// TestUntoldFromTheLookOn: a look sees what it itself makes a run owe, whether it found the
// task stopped or that there is nothing to launch.
func TestUntoldFromTheLookOn(t *testing.T) {
	t.Parallel()
	for name, j := range map[string]job.Job{"a stop that was lost": report, "nothing to launch": {Name: "report", TaskDefinition: "absent"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 7)})
			w.know(j)
			w.ctl.Notifier, w.deaf, w.ports.unresolvable = nil, true, j.TaskDefinition == "absent"
			w.triggerAt(w.clock.Now(), j, t0)
			w.ports.unresolvable = false
			w.clock.Advance(6 * time.Minute)
			w.look()
			ended := w.run(minute(0)).FinishedAt
			if since, err := w.ctl.Untold(t.Context()); err != nil || ended.IsZero() || !since.Equal(ended) {
				t.Errorf("ended at %s, and owed since %s, %v", ended, since, err)
			}
		})
	}
}

// TestUntoldOfWhatCannotBeUsed: a notice of a run that a look sets aside is owed by nobody.
func TestUntoldOfWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world) error{
		"it makes no sense": func(w *world) error { w.damage(minute(0)); return nil },
		"it cannot be read": func(w *world) error { return w.store.Corrupt(w.t.Context(), minute(0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 7), redeliver: true})
			w.know(report)
			w.ctl.Notifier = nil
			w.triggerSlot(report, 0)
			w.clock.Advance(6 * time.Minute)
			w.look()
			if since, err := w.ctl.Untold(t.Context()); err != nil || since.IsZero() {
				t.Fatalf("owed since %s, %v", since, err)
			}
			if err := spoil(w); err != nil {
				t.Fatal(err)
			}
			if since, err := w.ctl.Untold(t.Context()); err != nil || !since.IsZero() {
				t.Errorf("still owed since %s, %v", since, err)
			}
		})
	}
}
