package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Loaded holds the jobs' items as they were read at one time, by name, updated with what its
// holder has written since.
type Loaded struct {
	at         time.Time
	items      []job.Item
	unreadable *port.UnreadableItemsError

	// asOf is the time since which an item may have changed unseen, at or before at. laps
	// reads such items anew; it is nil if none is old.
	asOf time.Time
	laps port.InLaps
	// fresh names the items that were read anew.
	fresh map[string]bool
}

// Load reads the jobs' items. If there are very many, it reads only part of them, so whoever
// decides by one must renew it. An item that cannot be read becomes an error of what is done
// with the others.
func (c *Control) Load(ctx context.Context) (*Loaded, error) {
	l := &Loaded{at: c.Now()} // what is written while they are read counts as later
	l.asOf = l.at
	var err error
	if laps, ok := c.Store.(port.InLaps); ok {
		l.laps, l.fresh = laps, map[string]bool{}
		var asOf time.Time
		if l.items, asOf, err = laps.ItemsInTurn(ctx); asOf.Before(l.at) {
			l.asOf = asOf
		} else {
			l.laps = nil
		}
	} else {
		l.items, err = c.Store.Items(ctx)
	}
	if err != nil && !errors.As(err, &l.unreadable) {
		return nil, fmt.Errorf("loading the jobs' items: %w", err)
	}
	l.sort()
	return l, nil
}

// renew reads items anew that may be old.
func (l *Loaded) renew(ctx context.Context, names []string) error {
	if l.laps == nil {
		return nil
	}
	names = slices.DeleteFunc(names, func(name string) bool { return l.fresh[name] })
	if len(names) == 0 {
		return nil
	}
	items, err := l.laps.ItemsOf(ctx, names)
	var unreadable *port.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return fmt.Errorf("loading the items of %d jobs: %w", len(names), err)
	}
	l.put(items)
	for _, name := range names {
		l.fresh[name] = true
		l.doubt(name, unreadable)
	}
	return nil
}

// doubt notes whether an item that was read anew can be read.
func (l *Loaded) doubt(name string, unreadable *port.UnreadableItemsError) {
	if l.unreadable != nil {
		if delete(l.unreadable.Jobs, name); len(l.unreadable.Jobs) == 0 {
			l.unreadable = nil
		}
	}
	if unreadable == nil || unreadable.Jobs[name] == nil {
		return
	}
	if l.unreadable == nil {
		l.unreadable = &port.UnreadableItemsError{Jobs: map[string]error{}}
	}
	l.unreadable.Jobs[name] = unreadable.Jobs[name]
	if at, ok := indexOf(l.items, name); ok {
		l.items = slices.Delete(l.items, at, at+1)
	}
}

// unread returns why items of jobs cannot be read.
func (l *Loaded) unread() map[string]error {
	if l.unreadable == nil {
		return nil
	}
	return l.unreadable.Jobs
}

// sort keeps the items by name, as indexOf expects them. Items are large, so their pointers are sorted.
func (l *Loaded) sort() {
	byName := make([]*job.Item, len(l.items))
	for i := range l.items {
		byName[i] = &l.items[i]
	}
	compare := func(a, b *job.Item) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(byName, compare) {
		return
	}
	slices.SortFunc(byName, compare)
	items := make([]job.Item, len(byName))
	for i, item := range byName {
		items[i] = *item
	}
	l.items = items
}

// indexOf returns where the item of a job is among items sorted by name.
func indexOf(items []job.Item, name string) (at int, ok bool) {
	at = sort.Search(len(items), func(i int) bool { return items[i].Name >= name })
	return at, at < len(items) && items[at].Name == name
}

// item returns the item of a job; zero if it has none.
func (l *Loaded) item(name string) job.Item {
	if i, ok := indexOf(l.items, name); ok {
		return l.items[i]
	}
	return job.Item{}
}

// rev returns the revision of a job's item; 0 if it has none.
func (l *Loaded) rev(name string) int64 {
	if i, ok := indexOf(l.items, name); ok {
		return l.items[i].Rev
	}
	return 0
}

// put replaces the items that were read with these.
func (l *Loaded) put(items []job.Item) {
	known := len(l.items)
	for i := range items {
		if at, ok := indexOf(l.items[:known], items[i].Name); ok {
			l.items[at] = items[i]
		} else if items[i].Name != "" { // otherwise it was not written
			l.items = append(l.items, items[i])
		}
	}
	if len(l.items) > known {
		l.sort()
	}
}
