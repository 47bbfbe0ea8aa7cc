package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// ReadStore is a Store that people's tools read too.
type ReadStore interface {
	port.Store
	port.Reader
	Corrupt(ctx context.Context, id run.ID) error
	CorruptItem(ctx context.Context, name string) error
	CorruptPending(ctx context.Context, id string) error
	CorruptAsked(ctx context.Context, a port.Asked) error
}

// Read tests the reading of the stores that open makes, as Run does the rest.
func Read(t *testing.T, open func(t *testing.T) ReadStore) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, s ReadStore)
	}{
		{"a walk goes through all runs and can go on where another stopped", walkAll},
		{"a walk selects", walkSelect},
		{"a walk stops when told", walkStops},
		{"a walk says what it cannot read", walkUnread},
		{"the newest runs of some jobs", newest},
		{"of the newest runs, one cannot be read", newestUnread},
		{"many definitions", manyDefinitions},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// wantWalk walks to the end.
func wantWalk(t *testing.T, s ReadStore, w port.Walk, want ...run.ID) {
	t.Helper()
	var got []run.Run
	for r, err := range s.Walk(t.Context(), w) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	wantIDs(t, fmt.Sprintf("walking %+v", w), got, want)
}

// walkable has runs of three jobs in two minutes, of all sorts.
func walkable(t *testing.T, s ReadStore) (minute time.Time, byHand run.ID) {
	t.Helper()
	minute, byHand = t0.Truncate(time.Minute), run.ByHandID("a", "x")
	add := func(id run.ID, status run.Status, after time.Duration, owed ...run.Effect) {
		commit(t, s, run.Run{ID: id, Status: status, ScheduledFor: minute.Add(after), QueuedAt: t0, DueAt: t0, Owed: owed})
	}
	add("a/20261122T1730Z", run.Failed, 0)
	add("b/20261122T1730Z", run.Succeeded, 0)
	add("c/20261122T1730Z", run.Missed, 0)
	add(byHand, run.Succeeded, 30*time.Second)
	add("a/20261122T1731Z", run.Running, time.Minute)
	add("b/20261122T1731Z", run.Failed, time.Minute, run.Effect{Kind: run.Tell, Notice: "failed"})
	add("c/20261122T1731Z", run.Queued, time.Minute)
	return minute, byHand
}

func walkAll(t *testing.T, s ReadStore) {
	minute, byHand := walkable(t, s)
	all := []run.ID{
		"c/20261122T1731Z", "b/20261122T1731Z", "a/20261122T1731Z", byHand,
		"c/20261122T1730Z", "b/20261122T1730Z", "a/20261122T1730Z",
	}
	wantWalk(t, s, port.Walk{}, all...)
	for page := range len(all) + 2 {
		wantWalk(t, s, port.Walk{Page: page}, all...)
	}
	for i, id := range all { // each is where a walk may stop and another go on
		r := load(t, s, id)
		wantWalk(t, s, port.Walk{Until: r.ScheduledFor, Past: id, Page: 1}, all[i+1:]...)
	}
	wantWalk(t, s, port.Walk{Since: minute.Add(30 * time.Second)}, all[:4]...)
	wantWalk(t, s, port.Walk{Until: minute.Add(30 * time.Second)}, all[3:]...)
	wantWalk(t, s, port.Walk{Until: minute.Add(-time.Second)})
}

func walkSelect(t *testing.T, s ReadStore) {
	minute, byHand := walkable(t, s)
	wantWalk(t, s, port.Walk{Jobs: []string{"a"}}, "a/20261122T1731Z", byHand, "a/20261122T1730Z")
	wantWalk(t, s, port.Walk{Jobs: []string{"a"}, Since: minute, Until: minute}, "a/20261122T1730Z")
	wantWalk(t, s, port.Walk{Jobs: []string{"c", "a"}, Page: 2}, "c/20261122T1731Z", "a/20261122T1731Z", byHand, "c/20261122T1730Z", "a/20261122T1730Z")
	for _, w := range []port.Walk{{}, {Jobs: []string{"a"}}, {Statuses: []run.Status{run.Failed}}, {Statuses: []run.Status{run.Running}}} { // of no time
		w.Since, w.Until = minute.Add(time.Minute), minute
		wantWalk(t, s, w)
	}
	wantWalk(t, s, port.Walk{Jobs: []string{"nobody"}})
	wantWalk(t, s, port.Walk{Match: run.ID.ByHand}, byHand)
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Failed}}, "b/20261122T1731Z", "a/20261122T1730Z")
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Failed, run.Missed}, Page: 1}, "b/20261122T1731Z", "c/20261122T1730Z", "a/20261122T1730Z")
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Failed}, Jobs: []string{"a"}}, "a/20261122T1730Z")
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Queued, run.Running}}, "c/20261122T1731Z", "a/20261122T1731Z")
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Running}, Match: func(id run.ID) bool { return strings.HasPrefix(string(id), "c") }})
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Succeeded, run.Missed}}, byHand, "c/20261122T1730Z", "b/20261122T1730Z")
	wantWalk(t, s, port.Walk{Statuses: []run.Status{run.Failed}, Until: minute.Add(time.Minute), Past: "b/20261122T1731Z"}, "a/20261122T1730Z")
	many := []string{"a"} // more than are asked one by one
	for i := range 50 {
		many = append(many, fmt.Sprintf("other-%d", i))
	}
	wantWalk(t, s, port.Walk{Jobs: many}, "a/20261122T1731Z", byHand, "a/20261122T1730Z")
}

// walkStops: who has seen enough is given no more, and what cannot be read is
// left out.
func walkStops(t *testing.T, s ReadStore) {
	walkable(t, s)
	if err := s.Corrupt(t.Context(), "b/20261122T1731Z"); err != nil {
		t.Fatal(err)
	}
	var got []run.ID
	for r, err := range s.Walk(t.Context(), port.Walk{Page: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, r.ID); len(got) == 2 {
			break
		}
	}
	if want := []run.ID{"c/20261122T1731Z", "a/20261122T1731Z"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// walkUnread: of what cannot be read a walk says that it wants it, and of nothing else.
func walkUnread(t *testing.T, s ReadStore) {
	minute, byHand := walkable(t, s)
	for _, id := range []run.ID{"b/20261122T1730Z", "b/20261122T1731Z", byHand} {
		if err := s.Corrupt(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		w    port.Walk
		want []run.ID
	}{
		"all":                {port.Walk{}, []run.ID{byHand, "b/20261122T1730Z", "b/20261122T1731Z"}},
		"page by page":       {port.Walk{Page: 1}, []run.ID{byHand, "b/20261122T1730Z", "b/20261122T1731Z"}},
		"of a job":           {port.Walk{Jobs: []string{"b"}}, []run.ID{"b/20261122T1730Z", "b/20261122T1731Z"}},
		"of a time":          {port.Walk{Jobs: []string{"b"}, Since: minute.Add(time.Second)}, []run.ID{"b/20261122T1731Z"}},
		"of another job":     {port.Walk{Jobs: []string{"c"}}, nil},
		"of a name":          {port.Walk{Match: run.ID.ByHand}, []run.ID{byHand}},
		"of a status":        {port.Walk{Statuses: []run.Status{run.Failed}, Jobs: []string{"b"}}, []run.ID{"b/20261122T1731Z"}},
		"of another's place": {port.Walk{Jobs: []string{"b"}, Until: minute, Past: "b/20261122T1730Z"}, nil},
	} {
		for from, through := range map[string]func() error{
			"walk": func() (err error) {
				for _, err = range s.Walk(t.Context(), c.w) {
				}
				return err
			},
			"outlines": func() (err error) {
				for _, err = range port.Outlines(t.Context(), s, c.w) {
				}
				return err
			},
		} {
			var mu sync.Mutex
			told := map[run.ID]bool{}
			c.w.Unread = func(id run.ID, at time.Time) {
				mu.Lock()
				defer mu.Unlock()
				told[id] = true
				if slot, ok := id.ScheduledFor(); ok && !at.Equal(slot) {
					t.Errorf("%s, %s: %s is said to be of %s", name, from, id, at)
				}
			}
			if err := through(); err != nil {
				t.Fatal(err)
			}
			if len(c.w.Statuses) > 0 { // which a key need not say
				maps.DeleteFunc(told, func(id run.ID, _ bool) bool { return id == "b/20261122T1730Z" })
			}
			if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: told %v, want %v", name, from, got, c.want)
			}
		}
	}
}

func newest(t *testing.T, s ReadStore) {
	_, byHand := walkable(t, s)
	got, err := s.Newest(t.Context(), []string{"a", "b", "nobody"}, 2)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v", got, err)
	}
	wantIDs(t, "of a", got["a"], []run.ID{"a/20261122T1731Z", byHand})
	wantIDs(t, "of b", got["b"], []run.ID{"b/20261122T1731Z", "b/20261122T1730Z"})
	if got, err := s.Newest(t.Context(), nil, 2); err != nil || len(got) != 0 {
		t.Errorf("of none: %v, %v", got, err)
	}
}

// newestUnread: a run that cannot be read takes no place among the newest.
func newestUnread(t *testing.T, s ReadStore) {
	_, byHand := walkable(t, s)
	if err := s.Corrupt(t.Context(), "a/20261122T1731Z"); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int][]run.ID{1: {byHand}, 2: {byHand, "a/20261122T1730Z"}, 3: {byHand, "a/20261122T1730Z"}} {
		got, err := s.Newest(t.Context(), []string{"a", "b"}, n)
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, fmt.Sprintf("the %d newest", n), got["a"], want)
		outlines, err := port.NewestOutlines(t.Context(), s, []string{"a", "b"}, n)
		if err != nil {
			t.Fatal(err)
		}
		var ids []run.ID
		for _, o := range outlines["a"] {
			ids = append(ids, o.ID)
		}
		if !slices.Equal(ids, want) || len(outlines["b"]) != min(n, 2) {
			t.Errorf("the outlines of the %d newest: %v, want %v", n, ids, want)
		}
	}
}

func manyDefinitions(t *testing.T, s ReadStore) {
	var hashes []string
	for i := range 120 {
		j := job.Job{Name: fmt.Sprintf("job-%d", i)}
		hashes = append(hashes, j.Hash())
		if err := s.PutDefinition(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Definitions(t.Context(), append(hashes, "absent", hashes[0]))
	if err != nil || len(got) != len(hashes) || got[hashes[7]].Name != "job-7" {
		t.Errorf("got %d definitions, %v", len(got), err)
	}
}
