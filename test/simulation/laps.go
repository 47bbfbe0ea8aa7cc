package simulation

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// itemLaps are the jobs' items as a sweeping process last read them, a third each time.
type itemLaps struct {
	known map[string]lapItem
	turn  uint32
	// own marks those that it has written since.
	own map[string]bool
}

type lapItem struct {
	item  job.Item
	asked time.Time
}

// With laps, each check of the slots reads a third of the items. Checks come every five minutes
// or sooner.
const (
	lapParts = 3
	lapTime  = 14 * time.Minute
)

func lapPart(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32() % lapParts
}

var _ port.InLaps = storePort{}

// ItemsInTurn implements port.InLaps. In worlds without laps, and in calm times, it returns
// all items as they are.
func (p storePort) ItemsInTurn(ctx context.Context) (items []job.Item, asOf time.Time, err error) {
	q := p.w.h.process
	now := p.w.wall()
	all, err := p.Items(ctx)
	var unreadable *port.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) || q == nil || !p.w.laps || p.w.calm {
		return all, now, err
	}
	if items, asOf = q.laps.next(p.w.shelf(len(all)), all, now); asOf.Before(now) {
		p.w.count[Laps]++
	}
	return items, asOf, err
}

func (l *itemLaps) next(shelf, all []job.Item, now time.Time) (items []job.Item, asOf time.Time) {
	if l.known == nil {
		l.known, l.own = map[string]lapItem{}, map[string]bool{}
	}
	l.turn++
	items, asOf = shelf, now
	for _, item := range all {
		is, known := l.known[item.Name]
		if age := now.Sub(is.asked); !known || age < 0 || age > lapTime || l.own[item.Name] || lapPart(item.Name) == l.turn%lapParts {
			is = lapItem{item, now}
			l.known[item.Name] = is
		}
		if items = append(items, is.item); is.asked.Before(asOf) {
			asOf = is.asked
		}
	}
	clear(l.own)
	return items, asOf
}

// ItemsOf implements port.InLaps.
func (p storePort) ItemsOf(ctx context.Context, names []string) ([]job.Item, error) {
	items, err := p.Items(ctx)
	return slices.DeleteFunc(items, func(i job.Item) bool { return !slices.Contains(names, i.Name) }), err
}

// owns notes that a process writes an item.
func (p storePort) owns(item *job.Item) {
	if q := p.w.h.process; q != nil && item != nil && q.laps.own != nil {
		q.laps.own[item.Name] = true
	}
}
