package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Loaded are the jobs' items as they were read at one time, by name, with what was
// written of them since by who holds them.
type Loaded struct {
	at         time.Time
	items      []job.Item
	place      map[string]int
	unreadable *UnreadableItemsError
}

// Load reads the jobs' items. One that cannot be read is an error of what is done with
// the others.
func (c *Control) Load(ctx context.Context) (*Loaded, error) {
	l := &Loaded{at: c.Now()} // what is written while they are read counts as later
	var err error
	if l.items, err = c.Store.Items(ctx); err != nil && !errors.As(err, &l.unreadable) {
		return nil, fmt.Errorf("loading the jobs' items: %w", err)
	}
	l.sort()
	return l, nil
}

func (l *Loaded) sort() {
	byName := func(a, b job.Item) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(l.items, byName) {
		slices.SortFunc(l.items, byName)
	}
	l.place = make(map[string]int, len(l.items))
	for i := range l.items {
		l.place[l.items[i].Name] = i
	}
}

// item is that of a job, zero where it has none.
func (l *Loaded) item(name string) job.Item {
	if i, ok := l.place[name]; ok {
		return l.items[i]
	}
	return job.Item{}
}

// put puts items in the place of those that were read.
func (l *Loaded) put(items []job.Item) {
	more := false
	for i := range items {
		if at, ok := l.place[items[i].Name]; ok {
			l.items[at] = items[i]
		} else if items[i].Name != "" { // else it was not written
			l.items, more = append(l.items, items[i]), true
		}
	}
	if more {
		l.sort()
	}
}
