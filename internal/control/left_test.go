package control_test

import (
	"errors"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestWhoIsNotListedIsAskedFor: a job that a list left out is there if it can be read, and no
// job is gone if nobody can tell. A job that left was last seen when the registry last saw
// it, if that is later than the last list.
func TestWhoIsNotListedIsAskedFor(t *testing.T) {
	t.Parallel()
	read := clockAt(17, 40, 0)
	other := with(hourly, func(j *job.Job) { j.Command, j.Modified = []string{"new"}, clockAt(17, 39, 0) })
	for name, c := range map[string]struct {
		registry renewals
		gone     bool
		seen     time.Time
		failed   bool
	}{
		"nothing is known":  {renewals{}, true, t0, false},
		"it left":           {renewals{answers: []port.Renewal{{Gone: true, Found: read}}}, true, t0, false},
		"it was seen since": {renewals{answers: []port.Renewal{goneSince(17, 35)}}, true, clockAt(17, 35, 0), false},
		"it is there":       {renewals{answers: []port.Renewal{holds(hourly)}}, false, time.Time{}, false},
		"it changed":        {renewals{answers: []port.Renewal{holds(other)}}, false, time.Time{}, false},
		"nobody can tell":   {renewals{err: errBroken}, false, time.Time{}, true},
	} {
		w := known(t, hourly)
		w.ctl.Registry = &c.registry
		w.clock.AdvanceTo(read)
		if err := w.ctl.Sync(t.Context(), nil); errors.Is(err, errBroken) != c.failed {
			t.Errorf("%s: %v", name, err)
		}
		item, err := w.store.Item(t.Context(), "hourly")
		if err != nil || item.Gone != c.gone || !item.SeenAt.Equal(c.seen) {
			t.Errorf("%s: gone %t, seen %s, %v", name, item.Gone, item.SeenAt, err)
		}
		if name == "it changed" && item.Definition != other.Hash() {
			t.Errorf("%s, and that is not written", name)
		}
		if at := w.mark(port.MarkRegistry); at.Equal(read) == c.failed {
			t.Errorf("%s: the registry was read at %s", name, at)
		}
		if asked := c.registry.asked; len(asked) != 1 || asked[0] != "hourly 17:40:00" {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
}

// TestWhoWroteInBetweenIsAskedForAgain: if it could not be written that a job left, the next
// list finds it out. The job was last there when the last list before both began.
func TestWhoWroteInBetweenIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(17, 40, 0))
	w.ports.fault = fault{mode: conflicts, at: []int{commitOf(t, func(w *world) error { return w.ctl.Sync(t.Context(), nil) })}}
	w.ports.calls = nil
	if err := w.ctl.Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.ports.fault = fault{}
	if at := w.mark(port.MarkRegistry); !at.Equal(t0) {
		t.Errorf("the registry was read at %s", at)
	}
	w.syncAt(clockAt(17, 41, 0))
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || !item.Gone || !item.SeenAt.Equal(t0) {
		t.Errorf("gone %t, seen %s, %v", item.Gone, item.SeenAt, err)
	}
}

// TestGoneSinceTheLastList: a process that finds out that a job left, and never saw it, knows
// that it was there at the last list of all.
func TestGoneSinceTheLastList(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.syncAt(clockAt(18, 1, 0), hourly)
	w.ctl.Registry = &renewals{answers: []port.Renewal{{Gone: true, Found: clockAt(18, 16, 0)}}}
	w.sweepAt(clockAt(18, 16, 0))
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || !item.Gone || !item.SeenAt.Equal(clockAt(18, 1, 0)) || w.slotsOf("hourly") != "18:00 missed" {
		t.Errorf("gone %t, seen %s, %v; slots %q", item.Gone, item.SeenAt, err, w.slotsOf("hourly"))
	}
}

// TestKnownSinceAListBegan: a write about a job, made from a reading older than a list, says
// nothing about whether the job was there when the list began.
func TestKnownSinceAListBegan(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(18, 2, 0))
	began := w.clock.Now().Add(-time.Minute)
	if err := w.ctl.SyncSome(t.Context(), []job.Job{with(hourly, func(j *job.Job) { j.Command, j.Modified = []string{"new"}, clockAt(17, 40, 0) })}); err != nil {
		t.Fatal(err)
	}
	l, err := w.ctl.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.SyncLoaded(t.Context(), l, port.Reading{Whole: began}); err != nil || !w.mark(port.MarkRegistry).Equal(t0) {
		t.Errorf("the registry was read at %s, %v", w.mark(port.MarkRegistry), err)
	}
	w.ctl.Registry = &renewals{answers: []port.Renewal{{Gone: true, Seen: clockAt(17, 45, 0), Found: clockAt(18, 16, 0)}}}
	w.sweepAt(clockAt(18, 16, 0))
	if got := w.slotsOf("hourly"); got != "" {
		t.Errorf("slots %q", got)
	}
}
