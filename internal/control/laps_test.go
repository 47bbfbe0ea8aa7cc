package control_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
)

// lapStore is a store whose items are known as they were at asOf, while that is set.
type lapStore struct {
	port.Store
	asOf time.Time
	old  []job.Item
	now  func() time.Time
	// bad holds items that cannot be read anew.
	bad map[string]error
	// renewed names the items that were read anew.
	renewed []string
}

// standsStill makes the items be known from now on as they are now.
func (s *lapStore) standsStill(t *testing.T) {
	t.Helper()
	items, err := s.Items(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.old, s.asOf = items, s.now()
}

func (s *lapStore) ItemsInTurn(ctx context.Context) ([]job.Item, time.Time, error) {
	if s.asOf.IsZero() {
		items, err := s.Items(ctx)
		return items, s.now(), err
	}
	return slices.Clone(s.old), s.asOf, nil
}

func (s *lapStore) ItemsOf(ctx context.Context, names []string) (items []job.Item, err error) {
	s.renewed = append(s.renewed, names...)
	unreadable := map[string]error{}
	for _, name := range names {
		if unreadable[name] = s.bad[name]; unreadable[name] != nil {
			continue
		}
		delete(unreadable, name)
		item, err := s.Item(ctx, name)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if len(unreadable) > 0 {
		err = &port.UnreadableItemsError{Jobs: unreadable}
	}
	return items, err
}

// inLaps returns a world whose sweep has checked the slots and knows the items, from then on,
// as they are at 17:52.
func inLaps(t *testing.T, jobs ...job.Job) (*world, *lapStore) {
	t.Helper()
	w := known(t, jobs...)
	s := &lapStore{Store: w.ctl.Store, now: w.clock.Now}
	w.ctl.Store = s
	w.sweepAt(clockAt(17, 51, 0))
	w.clock.AdvanceTo(clockAt(17, 52, 0))
	s.standsStill(t)
	return w, s
}

// prompt is a job at every full hour that may start a minute late.
var prompt = with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(time.Minute) })

func movedTo(schedule string, at time.Time) job.Job {
	return with(prompt, func(j *job.Job) { j.Schedule, j.Modified = schedule, at })
}

// TestAChangeBehindALap: another process comes to know a new plan while this one knows the
// job's item as it was before. Once the item is read, the plan is judged from its beginning,
// by this process and by one of an earlier version that knows only the mark.
func TestAChangeBehindALap(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{false, true} {
		w, s := inLaps(t, prompt)
		w.redeployAt(clockAt(17, 53, 0), movedTo("54 * * * *", clockAt(17, 53, 0)))
		for minute := 54; minute < 57; minute++ {
			w.sweepAt(clockAt(17, minute, 30))
		}
		if got := w.slotsOf("hourly"); got != "" {
			t.Fatalf("before it is read: %s", got)
		}
		if mark := w.mark(port.MarkSlots); !mark.Equal(clockAt(17, 52, 0)) {
			t.Errorf("slots are said to be checked up to %s", mark)
		}
		if beat := w.mark(port.MarkSweep); !beat.Equal(clockAt(17, 56, 30)) {
			t.Errorf("the sweep was here at %s", beat)
		}
		s.asOf = time.Time{}
		if before {
			w.ctl.Store = s.Store
		}
		w.sweepAt(clockAt(17, 57, 30))
		if got := w.slotsOf("hourly"); got != "17:54 missed" {
			t.Errorf("once it is read: %q", got)
		}
	}
}

// TestSlotsAreJudgedByItemsReadAnew, not by what an item said minutes ago.
func TestSlotsAreJudgedByItemsReadAnew(t *testing.T) {
	t.Parallel()
	other := with(prompt, func(j *job.Job) { j.Name, j.Schedule = "daily", "0 3 * * *" })
	w, s := inLaps(t, prompt, other)
	w.sweepAt(clockAt(17, 53, 0))
	if len(s.renewed) > 0 {
		t.Errorf("with nothing to judge %v are read anew", s.renewed)
	}
	w.redeployAt(clockAt(17, 59, 0), movedTo("30 * * * *", clockAt(17, 59, 0)), other)
	w.sweepAt(clockAt(18, 2, 0))
	if got := w.slotsOf("hourly"); got != "" {
		t.Errorf("slots of a plan that is over: %s", got)
	}
	if got := strings.Join(s.renewed, " "); got != "hourly" {
		t.Errorf("read anew are %s", got)
	}
}

// TestAnItemThatCannotBeReadAnew: it is reported, and the job's slots are not judged by the
// old item.
func TestAnItemThatCannotBeReadAnew(t *testing.T) {
	t.Parallel()
	w, s := inLaps(t, prompt)
	s.bad = map[string]error{"hourly": errors.New("torn")}
	w.clock.AdvanceTo(clockAt(18, 2, 0))
	err := w.ctl.CheckSlots(t.Context())
	var unreadable *port.UnreadableItemsError
	if !errors.As(err, &unreadable) || w.slotsOf("hourly") != "" {
		t.Errorf("%v, slots %q", err, w.slotsOf("hourly"))
	}
	s.bad = nil
	w.sweepAt(clockAt(18, 3, 0))
	if got := w.slotsOf("hourly"); got != "18:00 missed" {
		t.Errorf("once it can be read: %q", got)
	}
}

// TestDeploysGoByItemsReadAnew: a job whose item has changed since it was read is written at
// once all the same, and a job that is missing is marked as gone.
func TestDeploysGoByItemsReadAnew(t *testing.T) {
	t.Parallel()
	other := with(prompt, func(j *job.Job) { j.Name = "other" })
	w, s := inLaps(t, prompt, other)
	w.pauseAt(clockAt(17, 53, 0), "hourly", clockAt(18, 30, 0))
	moved := movedTo("30 * * * *", clockAt(17, 53, 30))
	w.clock.AdvanceTo(clockAt(17, 54, 0))
	if err := w.ctl.Sync(t.Context(), []job.Job{moved}); err != nil {
		t.Fatal(err)
	}
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || item.Definition != moved.Hash() || len(item.Pauses) != 1 {
		t.Errorf("%+v, %v", item, err)
	}
	if item, err := w.store.Item(t.Context(), "other"); err != nil || !item.Gone {
		t.Errorf("%+v, %v", item, err)
	}
	if !slices.Contains(s.renewed, "other") {
		t.Errorf("read anew are %v", s.renewed)
	}
}

// TestTheMarkOfALap: the mark does not move back behind where another process put it, unless
// a clock that has been put back left it in the future.
func TestTheMarkOfALap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ was, want time.Time }{
		"behind":                       {clockAt(17, 51, 0), clockAt(17, 52, 0)},
		"another knew all":             {clockAt(17, 55, 0), clockAt(17, 55, 0)},
		"of a clock that was put back": {clockAt(19, 0, 0), clockAt(17, 52, 0)},
	} {
		w, _ := inLaps(t, prompt)
		if err := w.store.SetMark(t.Context(), port.MarkSlots, c.was); err != nil {
			t.Fatal(err)
		}
		w.sweepAt(clockAt(17, 56, 0))
		if mark := w.mark(port.MarkSlots); !mark.Equal(c.want) {
			t.Errorf("%s: it is %s, want %s", name, mark, c.want)
		}
	}
}

// TestACalendarOfALap: whether a calendar ends is decided by what the item says now, not by
// what it said minutes ago.
func TestACalendarOfALap(t *testing.T) {
	t.Parallel()
	on := func(days ...int) job.Job {
		return with(prompt, func(j *job.Job) {
			j.Schedule = "45 17 * * *"
			for _, n := range days {
				j.Calendar.Only = append(j.Calendar.Only, t0.AddDate(0, 0, n).Format(time.DateOnly))
			}
		})
	}
	ends, goesOn := on(0, 15), on(0, 15, 60)
	for name, c := range map[string]struct {
		then job.Job
		want string
	}{
		"it still ends":       {ends, string(notice.CalendarEnds)},
		"it has further days": {goesOn, ""},
	} {
		w := known(t, ends)
		w.triggerAt(clockAt(17, 45, 1), ends, clockAt(17, 45, 0))
		w.sweepAt(clockAt(23, 58, 0))
		s := &lapStore{Store: w.store, now: w.clock.Now}
		s.standsStill(t)
		w.clock.AdvanceTo(clockAt(23, 59, 0))
		another := &control.Control{Stack: stack, Store: w.store, Now: w.ctl.Now, Timing: w.ctl.Timing, Log: w.ctl.Log}
		if err := another.Sync(t.Context(), []job.Job{c.then}); err != nil {
			t.Fatal(err)
		}
		w.ctl.Store = s
		w.sweepAt(clockAt(24, 1, 0))
		if got := w.kinds(); got != c.want {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
	}
}

// TestListBesideItemsInLaps: a list says who was there only as far as the items were read,
// since a job that is known to be gone may have come back, and left again, since then.
func TestListBesideItemsInLaps(t *testing.T) {
	t.Parallel()
	w, s := inLaps(t)
	w.clock.AdvanceTo(clockAt(18, 5, 0))
	if err := w.ctl.Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if at := w.mark(port.MarkRegistry); !at.Equal(s.asOf) || !at.Before(w.clock.Now()) {
		t.Errorf("the registry was read at %s, the items at %s", at, s.asOf)
	}
}

// slowStore is a store in which something happens while an item is being written.
type slowStore struct {
	port.Store

	meanwhile func()
}

func (s *slowStore) Commit(ctx context.Context, c port.Change) error {
	if meanwhile := s.meanwhile; meanwhile != nil && c.Item != nil {
		s.meanwhile = nil
		meanwhile()
	}
	return s.Store.Commit(ctx, c) //nolint:wrapcheck // it is the store's own
}

// TestAChangeThatIsWrittenSlowly: a sweep that reads an item after its plan became known, but
// before it is written, moves the mark past that time. The next sweep goes back.
func TestAChangeThatIsWrittenSlowly(t *testing.T) {
	t.Parallel()
	w := known(t, prompt)
	w.sweepAt(clockAt(17, 51, 0))
	slow := &slowStore{Store: w.store, meanwhile: func() { w.sweepAt(clockAt(17, 53, 10)) }}
	another := &control.Control{Stack: stack, Store: slow, Now: w.ctl.Now, Timing: w.ctl.Timing, Log: w.ctl.Log}
	w.clock.AdvanceTo(clockAt(17, 53, 0))
	if err := another.Sync(t.Context(), []job.Job{movedTo("45 * * * *", clockAt(17, 40, 0))}); err != nil {
		t.Fatal(err)
	}
	w.sweepAt(clockAt(17, 54, 10))
	if got := w.slotsOf("hourly"); got != "17:45 missed" {
		t.Errorf("slots %q", got)
	}
}
