package control_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestTheMarkOfListsDoesNotGoBack: not even if another process has set it and this one's list
// began earlier. It goes back only from the future.
func TestTheMarkOfListsDoesNotGoBack(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	list := func(minute int) error {
		l, err := w.ctl.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.ports.calls = nil
		return w.ctl.SyncLoaded(t.Context(), l, port.Reading{Jobs: []port.Registered{port.Register(hourly)}, Whole: clockAt(18, minute, 0)})
	}
	w.clock.AdvanceTo(clockAt(18, 13, 0))
	for _, step := range []struct {
		name           string
		another, began int // minutes; 0 means that no other process set it
		fails          bool
		is             int
	}{
		{"a list", 0, 5, false, 5},
		{"one that began before", 0, 3, false, 5},
		{"one of before another process's", 7, 6, false, 7},
		{"one of after another process's", 8, 9, false, 9},
		{"by a clock that was wrong", 55, 10, false, 10},
		{"a write that fails", 0, 11, true, 10},
		{"the next", 0, 12, false, 12},
	} {
		if step.another > 0 {
			if err := w.store.SetMark(t.Context(), port.MarkRegistry, clockAt(18, step.another, 0)); err != nil {
				t.Fatal(err)
			}
		}
		if step.fails {
			w.ports.onCall = func(call string) {
				if call == "MoveMark" {
					w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
				}
			}
		}
		err := list(step.began)
		w.ports.fault, w.ports.onCall = fault{}, nil
		if at := w.mark(port.MarkRegistry); !at.Equal(clockAt(18, step.is, 0)) || errors.Is(err, errBroken) != step.fails {
			t.Errorf("%s: the mark is of %s, %v", step.name, at.Format(time.TimeOnly), err)
		}
	}
}

// TestWhoComesBackIsAskedForAnew: a job that left and was read since is there again only as
// of the last list of all. Another process may have made that list after the job was read, or
// even before the job is written. That such a list began does not say that the job was there.
func TestWhoComesBackIsAskedForAnew(t *testing.T) {
	t.Parallel()
	left := port.Renewal{Gone: true, Seen: clockAt(18, 3, 0), Found: clockAt(18, 5, 30)}
	was, before := []port.Renewal{holds(hourly), left}, []port.Renewal{holds(hourly), goneSince(18, 3)}
	for name, c := range map[string]struct {
		listed, meanwhile time.Time
		answers           []port.Renewal
		asked             string
		gone              bool
	}{
		"no list since it left":       {clockAt(17, 59, 0), time.Time{}, nil, "18:00:00 17:59:00", false},
		"it is there":                 {clockAt(18, 4, 0), time.Time{}, was[:1], "18:04:00 18:04:00", false},
		"it left again before that":   {clockAt(18, 4, 0), time.Time{}, was[1:], "18:04:00", true},
		"it left before another list": {clockAt(17, 59, 0), clockAt(18, 5, 0), was, "18:00:00 18:05:00", true},
		"that was found before":       {clockAt(17, 59, 0), clockAt(18, 5, 0), before, "18:00:00 18:05:00", false},
		"it was there at another one": {clockAt(17, 59, 0), clockAt(18, 5, 0), was[:1], "18:00:00 18:05:00", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			w.clock.AdvanceTo(clockAt(18, 0, 0))
			if err := w.ctl.Sync(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			mark := func(at time.Time) {
				if err := w.store.SetMark(t.Context(), port.MarkRegistry, at); err != nil {
					t.Error(err)
				}
			}
			mark(c.listed)
			w.ports.onCall = func(call string) {
				if call == "Commit" && !c.meanwhile.IsZero() {
					mark(c.meanwhile)
				}
			}
			w.clock.AdvanceTo(clockAt(18, 5, 0))
			r := &renewals{answers: c.answers}
			w.ctl.Registry = r
			if err := w.ctl.SyncSome(t.Context(), []job.Job{hourly}); err != nil {
				t.Fatal(err)
			}
			item, err := w.store.Item(t.Context(), "hourly")
			if asked := strings.ReplaceAll(strings.Join(r.asked, " "), "hourly ", ""); err != nil || item.Gone != c.gone || asked != c.asked {
				t.Errorf("gone %t, asked %q, %v", item.Gone, asked, err)
			}
			if item.Gone && !c.meanwhile.IsZero() && !item.SeenAt.Equal(clockAt(18, 3, 0)) {
				t.Errorf("it was last there at %s", item.SeenAt.Format(time.TimeOnly))
			}
		})
	}
}

// TestWhatMayStillBeThereHasNotLeft: a job that a list did not show, and that an unusable
// schedule may carry by now, is not noted as gone. That list does not count for it.
func TestWhatMayStillBeThereHasNotLeft(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.ctl.Registry = &renewals{answers: []port.Renewal{{Unproved: true}}}
	w.syncAt(clockAt(17, 40, 0))
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || item.Gone || !w.mark(port.MarkRegistry).Equal(t0) {
		t.Errorf("gone %t, the registry was read at %s, %v", item.Gone, w.mark(port.MarkRegistry), err)
	}
	w.ctl.Registry = &renewals{}
	w.syncAt(clockAt(17, 41, 0))
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || !item.Gone || !item.SeenAt.Equal(t0) {
		t.Errorf("after the next list: gone %t, seen %s, %v", item.Gone, item.SeenAt, err)
	}
}
