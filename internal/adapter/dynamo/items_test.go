package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// lapTable is a table with the items of many jobs, and a store that counts its calls.
type lapTable struct {
	table
	line  *line
	mine  *dynamo.Store
	now   time.Time
	names []string
}

func newLapTable(t *testing.T, jobs int) *lapTable {
	t.Helper()
	l := anew(t, &lapTable{table: newTable(t)})
	var puts []map[string]types.AttributeValue
	for n := range jobs {
		i := job.Item{Name: fmt.Sprintf("job-%05d", n)}
		item, err := dynamo.JobItemOf(&i)
		if err != nil {
			t.Fatal(err)
		}
		l.names = append(l.names, i.Name)
		puts = append(puts, item)
	}
	l.putAll(t, puts)
	return l
}

// anew returns the same table as seen by another process that knows nothing of it.
func anew(t *testing.T, of *lapTable) *lapTable {
	t.Helper()
	l := &lapTable{table: of.table, line: &line{}, now: start, names: of.names}
	l.mine = dynamo.New(dynamo.Config{DB: dynamotest.Client(t, l.line.option), Table: l.name, Now: func() time.Time { return l.now }})
	return l
}

// TestManyItems runs through one table of many items, with a new process for each test.
func TestManyItems(t *testing.T) { //nolint:tparallel // one after another, the last breaks an item
	t.Parallel()
	many := newLapTable(t, 2100)
	for _, c := range []struct { //nolint:paralleltest // as above
		name string
		test func(*testing.T, *lapTable)
	}{
		{"in turn", itemsInTurn},
		{"all at once again", itemsAfterAWhile},
		{"while they are written", itemsWhileTheyAreWritten},
		{"by their names", itemsOf}, // last, since it breaks an item
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, anew(t, many)) })
	}
}

// next returns what is known of the items a minute later, and how many calls that took.
func (l *lapTable) next(t *testing.T) (items []job.Item, asOf time.Time, calls int64) {
	t.Helper()
	l.now = l.now.Add(time.Minute)
	l.line.calls.Store(0)
	items, asOf, err := l.mine.ItemsInTurn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != len(l.names) || !slices.IsSortedFunc(items, func(a, b job.Item) int { return strings.Compare(a.Name, b.Name) }) {
		t.Fatalf("%d items, want %d by name", len(items), len(l.names))
	}
	return items, asOf, l.line.calls.Load()
}

// holds sets an item's lock, as another process or as this one.
func (l *lapTable) holds(t *testing.T, s port.Store, name, by string) {
	t.Helper()
	i, err := l.Item(t.Context(), name)
	i.Lock = by
	if err = errors.Join(err, s.Commit(t.Context(), port.Change{Item: &i})); err != nil {
		t.Fatal(err)
	}
}

func lockOf(items []job.Item, name string) string {
	at := slices.IndexFunc(items, func(i job.Item) bool { return i.Name == name })
	return items[at].Lock
}

// itemsInTurn: of many items, two of eight shards are read a minute, and each item is as it was at asOf
// or later. What this process wrote is known at once, for one more call, also after a call that failed.
func itemsInTurn(t *testing.T, l *lapTable) { //nolint:thelper // a test
	if _, asOf, calls := l.next(t); calls != 8 || !asOf.Equal(l.now) {
		t.Fatalf("at first: %d calls, as of %s", calls, asOf)
	}
	names := []string{l.names[0], l.names[1], l.names[700], l.names[701], l.names[1400], l.names[2000], l.names[2001], l.names[2002]}
	for _, name := range names {
		l.holds(t, l.Store, name, "another")
	}
	wrote, seen := l.now, 0
	for minute := range 4 {
		items, asOf, calls := l.next(t)
		if calls != 2 || asOf.After(l.now.Add(-time.Duration(min(minute+1, 3))*time.Minute)) || asOf.Before(l.now.Add(-4*time.Minute)) {
			t.Errorf("minute %d: %d calls, as of %s at %s", minute, calls, asOf, l.now)
		}
		seen = 0
		for _, name := range names {
			if lockOf(items, name) == "another" {
				seen++
			}
		}
		if asOf.After(wrote) && seen < len(names) {
			t.Errorf("minute %d: %d of %d changes are known, as of %s", minute, seen, len(names), asOf)
		}
	}
	if seen != len(names) {
		t.Errorf("after four minutes %d of %d changes are known", seen, len(names))
	}
	l.holds(t, l.mine, names[3], "this one")
	if items, _, calls := l.next(t); calls != 3 || lockOf(items, names[3]) != "this one" {
		t.Errorf("what this process wrote: %q, by %d calls", lockOf(items, names[3]), calls)
	}
	if _, _, calls := l.next(t); calls != 2 {
		t.Errorf("after that: %d calls", calls)
	}
	for _, name := range names {
		l.holds(t, l.mine, name, "this one again")
	}
	over, end := context.WithCancel(t.Context())
	end()
	if _, _, err := l.mine.ItemsInTurn(over); !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose time is up: %v", err)
	}
	items, _, calls := l.next(t)
	for _, name := range names {
		if by := lockOf(items, name); by != "this one again" {
			t.Errorf("after a call that failed, %s is held by %q, by %d calls", name, by, calls)
		}
	}
}

// itemsOf: the items of named jobs are current, for one call a hundred. If very many are asked for, all
// are read, and again for the next five minutes.
func itemsOf(t *testing.T, l *lapTable) { //nolint:thelper // a test
	l.next(t)
	l.holds(t, l.Store, l.names[5], "another")
	l.line.calls.Store(0)
	items, err := l.mine.ItemsOf(t.Context(), []string{l.names[7], l.names[5], "none"})
	if calls := l.line.calls.Load(); err != nil || calls != 1 || len(items) != 2 || items[0].Lock != "another" {
		t.Errorf("%d calls: %+v, %v", calls, items, err)
	}
	if err := l.CorruptItem(t.Context(), l.names[7]); err != nil {
		t.Fatal(err)
	}
	items, err = l.mine.ItemsOf(t.Context(), []string{l.names[7], l.names[5]})
	var unreadable *port.UnreadableItemsError
	if !errors.As(err, &unreadable) || unreadable.Jobs[l.names[7]] == nil || len(items) != 1 {
		t.Errorf("%+v, %v", items, err)
	}
	l.line.calls.Store(0)
	if items, _ = l.mine.ItemsOf(t.Context(), l.names[:60]); len(items) != 59 || l.line.calls.Load() != 8 {
		t.Errorf("%d items by %d calls", len(items), l.line.calls.Load())
	}
	for minute := range 6 {
		l.now = l.now.Add(time.Minute)
		l.line.calls.Store(0)
		_, asOf, err := l.mine.ItemsInTurn(t.Context())
		want := int64(8)
		if minute == 4 || minute == 5 {
			want = 2
		}
		if calls := l.line.calls.Load(); !errors.As(err, &unreadable) || calls != want || minute < 4 != asOf.Equal(l.now) {
			t.Errorf("minute %d: %d calls, as of %s, %v", minute, calls, asOf, err)
		}
	}
}

// TestFewItemsAreReadEachTime: few items are all read each time.
func TestFewItemsAreReadEachTime(t *testing.T) {
	t.Parallel()
	few := newLapTable(t, 30)
	for range 3 {
		if _, asOf, calls := few.next(t); calls != 8 || !asOf.Equal(few.now) {
			t.Errorf("of few: %d calls, as of %s", calls, asOf)
		}
	}
	few.holds(t, few.mine, few.names[0], "this one")
	if items, _, calls := few.next(t); calls != 8 || lockOf(items, few.names[0]) != "this one" {
		t.Errorf("of few, one of which it wrote itself: %d calls", calls)
	}
}

// itemsAfterAWhile: many items are all read after a while without reads, and after the clock was put
// back.
func itemsAfterAWhile(t *testing.T, l *lapTable) { //nolint:thelper // a test
	for _, passes := range []time.Duration{0, 10 * time.Minute, -time.Hour} {
		l.now = l.now.Add(passes)
		if _, asOf, calls := l.next(t); calls != 8 || !asOf.Equal(l.now) {
			t.Errorf("after %s: %d calls, as of %s", passes, calls, asOf)
		}
	}
}

// itemsWhileTheyAreWritten: a write of this process that fails may have taken effect.
func itemsWhileTheyAreWritten(t *testing.T, l *lapTable) { //nolint:thelper // a test
	l.next(t)
	i := job.Item{Name: l.names[9], Rev: 7}
	if err := l.mine.Commit(t.Context(), port.Change{Item: &i}); !errors.Is(err, port.ErrConflict) {
		t.Fatal(err)
	}
	r := run.Run{ID: run.ScheduledID(l.names[8], start), ScheduledFor: start, Status: run.Launching, DueAt: start}
	held, err := l.Item(t.Context(), l.names[8])
	held.Lock = string(r.ID)
	if err := errors.Join(err, l.mine.Commit(t.Context(), port.Change{Run: &r, Item: &held})); err != nil {
		t.Fatal(err)
	}
	items, _, calls := l.next(t)
	if calls != 3 || lockOf(items, l.names[8]) != string(r.ID) {
		t.Errorf("%d calls, lock %q", calls, lockOf(items, l.names[8]))
	}
}
