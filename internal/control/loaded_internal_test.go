package control

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestLoadedPut: what was written takes its place, by name, among what was read. What was not
// written changes nothing.
func TestLoadedPut(t *testing.T) {
	t.Parallel()
	of := func(names ...string) (items []job.Item) {
		for _, name := range names {
			items = append(items, job.Item{Name: name, Rev: 1})
		}
		return items
	}
	for name, c := range map[string]struct {
		read, written []job.Item
		want          string
	}{
		"nothing":                   {of("a", "b"), nil, "a1 b1 "},
		"read in another order":     {of("b", "a"), nil, "a1 b1 "},
		"one of them":               {of("a", "b"), []job.Item{{Name: "a", Rev: 2}}, "a2 b1 "},
		"a new one in between":      {of("a", "c"), []job.Item{{Name: "b", Rev: 5}, {Name: "c", Rev: 2}}, "a1 b5 c2 "},
		"a new one first, and last": {of("b"), []job.Item{{Name: "c", Rev: 3}, {Name: "a", Rev: 4}}, "a4 b1 c3 "},
		"one that was not written":  {of("a"), []job.Item{{}, {Name: "a", Rev: 2}}, "a2 "},
		"the first of all":          {nil, of("a"), "a1 "},
	} {
		l := &Loaded{items: c.read}
		l.sort()
		l.put(c.written)
		got := ""
		for _, i := range l.items {
			got += i.Name + string(rune('0'+i.Rev)) + " "
			if l.item(i.Name).Rev != i.Rev {
				t.Errorf("%s: of %s it finds %+v", name, i.Name, l.item(i.Name))
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if l.item("other").Name != "" {
			t.Errorf("%s: it finds what there is not", name)
		}
	}
}

// laps is a store of which one item is to be read anew and cannot be, unless items are what is read.
type laps struct {
	port.Store
	name  string
	items []job.Item
	err   error // for all items
}

func (s laps) ItemsInTurn(context.Context) ([]job.Item, time.Time, error) {
	return nil, time.Time{}, nil
}

func (s laps) ItemsOf(context.Context, []string) ([]job.Item, error) {
	if s.err != nil || s.items != nil {
		return s.items, s.err
	}
	return nil, &port.UnreadableItemsError{Jobs: map[string]error{s.name: errors.New("half an item")}}
}

// TestLoadedCannotBeReadAnew: an item that can no longer be read no longer counts as read,
// and takes no other's place.
func TestLoadedCannotBeReadAnew(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"b": "a c ", "bb": "a b c ", "d": "a b c "} {
		l := &Loaded{items: []job.Item{{Name: "a"}, {Name: "b"}, {Name: "c"}}, laps: laps{name: name}, fresh: map[string]bool{}}
		if err := l.renew(t.Context(), []string{name}); err != nil || l.unreadable == nil || l.unreadable.Jobs[name] == nil {
			t.Errorf("%s: %v, unreadable %v", name, err, l.unreadable)
		}
		got := ""
		for _, i := range l.items {
			got += i.Name + " "
		}
		if got != want {
			t.Errorf("without %s: %s, want %s", name, got, want)
		}
	}
	broken := errors.New("no answer")
	l := &Loaded{laps: laps{err: broken}, fresh: map[string]bool{}}
	if err := l.renew(t.Context(), []string{"a"}); !errors.Is(err, broken) || l.fresh["a"] {
		t.Errorf("none was read: %v", err)
	}
}

// TestLoadedCanBeReadAgain: an item that can be read by now no longer holds the mark.
func TestLoadedCanBeReadAgain(t *testing.T) {
	t.Parallel()
	half := errors.New("half an item")
	l := &Loaded{items: []job.Item{{Name: "a"}}, unreadable: &port.UnreadableItemsError{Jobs: map[string]error{"b": half, "c": half}}, fresh: map[string]bool{}}
	for i, name := range []string{"c", "b"} {
		l.laps = laps{items: []job.Item{{Name: name}}}
		if err := l.renew(t.Context(), []string{name}); err != nil || len(l.unread()) != 1-i || l.item(name).Name != name {
			t.Errorf("after %s: %v, unreadable %v, items %v", name, err, l.unread(), l.items)
		}
	}
	if l.unreadable != nil {
		t.Errorf("the check still ends with an error: %v", l.unreadable)
	}
}
