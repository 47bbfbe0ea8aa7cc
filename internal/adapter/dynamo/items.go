package dynamo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
)

// Items implements control.Store.
func (s *Store) Items(ctx context.Context) ([]job.Item, error) {
	if err := s.readParts(ctx, partsFrom(0, shards)); err != nil {
		return nil, err
	}
	items, _, err := s.items.all()
	return items, err
}

// Items of more jobs than itemsAtOnce are read in laps: partsInTurn of their shards each
// time, so that each is read within four minutes where a sweep asks once a minute.
const (
	itemsAtOnce = 2000
	partsInTurn = 2
	itemsLap    = 5 * time.Minute
)

// aUnit is about how many items a query reads for a unit; by itself each is one. So of
// more than that part of them all are read.
const aUnit = 40

// ItemsInTurn implements control.InLaps.
func (s *Store) ItemsInTurn(ctx context.Context) (items []job.Item, asOf time.Time, err error) {
	wrote := s.items.written()
	parts := s.items.due(s.now())
	if err = s.readParts(ctx, parts); err == nil {
		left := slices.DeleteFunc(slices.Clone(wrote), func(name string) bool { return slices.Contains(parts, shard(name)) })
		err = s.readItems(ctx, left)
	}
	if err != nil {
		s.items.wrote(wrote...)
		return nil, time.Time{}, err
	}
	return s.items.all()
}

// ItemsOf implements control.InLaps.
func (s *Store) ItemsOf(ctx context.Context, names []string) ([]job.Item, error) {
	if err := s.readItems(ctx, names); err != nil {
		return nil, err
	}
	return s.items.of(names)
}

// readParts reads shards of the items, whole.
func (s *Store) readParts(ctx context.Context, parts []int) error {
	err := inParallel(ctx, len(parts), func(ctx context.Context, i int) error {
		asked := s.now()
		c := &cursor{whole: true, at: func(attributes) int64 { return 0 }, in: dynamodb.QueryInput{
			TableName: &s.table, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk"),
			ExpressionAttributeValues: attributes{":pk": str(sharded(itemPrefix, parts[i]))},
		}}
		m := &merged{db: s.db, cursors: []*cursor{c}}
		entries, err := m.next(ctx, math.MaxInt)
		if err != nil {
			return err
		}
		s.items.take(parts[i], entries, asked)
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing the jobs' items: %w", err)
	}
	return nil
}

// readItems reads some of them, or all.
func (s *Store) readItems(ctx context.Context, names []string) error {
	if s.items.tooMany(len(names), s.now()) {
		return s.readParts(ctx, partsFrom(0, shards))
	}
	batches := slices.Collect(slices.Chunk(names, batchSize))
	err := inParallel(ctx, len(batches), func(ctx context.Context, i int) error {
		request := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
		for _, name := range batches[i] {
			request.Keys = append(request.Keys, itemKey(name))
		}
		return s.batchOf(ctx, "jobs' items", request, s.items.takeOne)
	})
	if err != nil {
		return fmt.Errorf("reading the items of %d jobs: %w", len(names), err)
	}
	return nil
}

// knownItems are the jobs' items as they were last read, by shard and name. What is kept
// of each is also what its body says, for nearly none changes from one minute to the next.
type knownItems struct {
	mu    sync.Mutex
	parts [shards]itemPart
	// turn is whose turn is next; busy is when so many were to be read anew that all were.
	turn int
	busy time.Time
	// laps is whether they are read in turn; own are those that this process wrote since
	// they were last read, or may have.
	laps bool
	own  map[string]bool
}

type itemPart struct {
	// asked is when it was last read whole.
	asked time.Time
	items map[string]knownItem
}

// knownItem is an item, or why it cannot be read.
type knownItem struct {
	body []byte
	item *job.Item
	why  error
}

// due are the shards that must be read now.
func (k *knownItems) due(now time.Time) (parts []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if since := now.Sub(k.busy); k.len() <= itemsAtOnce || since >= 0 && since < itemsLap {
		return partsFrom(0, shards)
	}
	for i := range partsInTurn {
		parts = append(parts, (k.turn+i)%shards)
	}
	k.turn = (k.turn + partsInTurn) % shards
	for i := range k.parts {
		if age := now.Sub(k.parts[i].asked); (age < 0 || age >= itemsLap) && !slices.Contains(parts, i) {
			parts = append(parts, i)
		}
	}
	return parts
}

func (k *knownItems) len() (n int) {
	for i := range k.parts {
		n += len(k.parts[i].items)
	}
	return n
}

// tooMany is whether so many are read better all at once, as they are for some minutes
// then.
func (k *knownItems) tooMany(n int, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n*aUnit <= k.len() {
		return false
	}
	k.busy = now
	return true
}

// take takes what a shard holds.
func (k *knownItems) take(part int, entries []entry, asked time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.parts[part].items
	now := make(map[string]knownItem, len(entries))
	for _, e := range entries {
		name := text(e.item, attrSK)
		now[name] = was[name].becomes(e.item)
	}
	k.parts[part] = itemPart{asked: asked, items: now}
}

// takeOne takes an item.
func (k *knownItems) takeOne(item attributes) {
	name := text(item, attrSK)
	k.mu.Lock()
	defer k.mu.Unlock()
	part := &k.parts[shard(name)]
	if part.items == nil {
		part.items = map[string]knownItem{}
	}
	part.items[name] = part.items[name].becomes(item)
}

// becomes is what is known of an item with what was read of it.
func (k knownItem) becomes(item attributes) knownItem {
	body := octets(item, attrBody)
	if k.item != nil && k.item.Rev == integer(item, attrRev) && len(body) > 0 && bytes.Equal(k.body, body) {
		return k
	}
	i, err := decodeItem(item)
	if err != nil {
		return knownItem{why: err}
	}
	return knownItem{body: body, item: &i}
}

// wrote notes that this process wrote items, or may have.
func (k *knownItems) wrote(names ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.laps {
		return
	}
	if k.own == nil {
		k.own = map[string]bool{}
	}
	for _, name := range names {
		k.own[name] = true
	}
}

// written are the items that this process wrote since it was last asked.
func (k *knownItems) written() (names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name := range k.own {
		names = append(names, name)
	}
	k.laps, k.own = true, nil
	return names
}

// all are all items by name, and since when the one that was read longest ago is known.
func (k *knownItems) all() (items []job.Item, asOf time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	asOf = k.parts[0].asked
	var found []knownItem
	unreadable := map[string]error{}
	for i := range k.parts {
		if k.parts[i].asked.Before(asOf) {
			asOf = k.parts[i].asked
		}
		for name, is := range k.parts[i].items {
			if is.why != nil {
				unreadable[name] = is.why
				continue
			}
			found = append(found, is)
		}
	}
	items, err = asItems(found, unreadable)
	return items, asOf, err
}

// of are those of some jobs.
func (k *knownItems) of(names []string) ([]job.Item, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []knownItem
	unreadable := map[string]error{}
	for _, name := range names {
		is, there := k.parts[shard(name)].items[name]
		switch {
		case is.why != nil:
			unreadable[name] = is.why
		case there:
			found = append(found, is)
		}
	}
	return asItems(found, unreadable)
}

func asItems(found []knownItem, unreadable map[string]error) ([]job.Item, error) {
	slices.SortFunc(found, func(a, b knownItem) int { return cmp.Compare(a.item.Name, b.item.Name) })
	items := make([]job.Item, len(found))
	for i, is := range found {
		items[i] = *is.item
	}
	if len(unreadable) > 0 {
		return items, &control.UnreadableItemsError{Jobs: unreadable}
	}
	return items, nil
}
