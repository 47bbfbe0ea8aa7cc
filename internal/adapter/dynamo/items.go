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

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Items implements port.Store.
func (s *Store) Items(ctx context.Context) ([]job.Item, error) {
	if err := s.readParts(ctx, allShards()); err != nil {
		return nil, err
	}
	items, _, err := s.items.all()
	return items, err
}

// If there are more than itemsAtOnce items, each read takes the next partsInTurn shards. So each shard
// is read every four minutes if a sweep asks once a minute. itemsLap is the most that a shard's age may
// be.
const (
	itemsAtOnce = 2000
	partsInTurn = 2
	itemsLap    = 5 * time.Minute
)

// aUnit is about how many items a query reads for one unit; an item that is read by itself costs a
// unit. So if more than this fraction of all items is wanted, all are read.
const aUnit = 40

// ItemsInTurn implements port.InLaps.
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

// ItemsOf implements port.InLaps.
func (s *Store) ItemsOf(ctx context.Context, names []string) ([]job.Item, error) {
	if err := s.readItems(ctx, names); err != nil {
		return nil, err
	}
	return s.items.of(names)
}

// allShards returns the numbers of all shards.
func allShards() (all []int) {
	for n := range shards {
		all = append(all, n)
	}
	return all
}

// readParts reads some shards of the items, whole.
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

// readItems reads the items of some jobs, or all items if that is cheaper.
func (s *Store) readItems(ctx context.Context, names []string) error {
	if s.items.tooMany(len(names), s.now()) {
		return s.readParts(ctx, allShards())
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

// knownItems holds the jobs' items as they were last read, by shard and name. Each is kept with its
// encoded body: hardly any changes from one minute to the next, and an equal body is not decoded again.
type knownItems struct {
	mu    sync.Mutex
	parts [shards]itemPart
	// turn is the shard that is read next; busy is when so many items were wanted that all were read.
	turn int
	busy time.Time
	// laps says that items are read in turn. own are the items that this process wrote, or may have
	// written, since they were last read.
	laps bool
	own  map[string]bool
}

type itemPart struct {
	// asked is when the shard was last read whole.
	asked time.Time
	items map[string]knownItem
}

// knownItem is an item, or the reason why it cannot be read.
type knownItem struct {
	body []byte
	item *job.Item
	why  error
}

// due returns the shards that must be read now.
func (k *knownItems) due(now time.Time) (parts []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if since := now.Sub(k.busy); k.len() <= itemsAtOnce || since >= 0 && since < itemsLap {
		return allShards()
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

// tooMany reports whether so many items are wanted that reading all is cheaper. If so, all are read for
// the next few minutes.
func (k *knownItems) tooMany(n int, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n*aUnit <= k.len() {
		return false
	}
	k.busy = now
	return true
}

// take replaces what is known of a shard.
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

// takeOne replaces what is known of one item.
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

// becomes returns what is known of an item after it was read again.
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

// wrote notes that this process wrote items, or may have written them.
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

// written returns the items noted by wrote since the last call.
func (k *knownItems) written() (names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name := range k.own {
		names = append(names, name)
	}
	k.laps, k.own = true, nil
	return names
}

// all returns all items, sorted by name. asOf is when the shard that was read longest ago was read.
func (k *knownItems) all() (items []job.Item, asOf time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	asOf = k.parts[0].asked
	var found []*job.Item
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
			found = append(found, is.item)
		}
	}
	items, err = asItems(found, unreadable)
	return items, asOf, err
}

// of returns the items of some jobs.
func (k *knownItems) of(names []string) ([]job.Item, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []*job.Item
	unreadable := map[string]error{}
	for _, name := range names {
		is, there := k.parts[shard(name)].items[name]
		switch {
		case is.why != nil:
			unreadable[name] = is.why
		case there:
			found = append(found, is.item)
		}
	}
	return asItems(found, unreadable)
}

func asItems(found []*job.Item, unreadable map[string]error) ([]job.Item, error) {
	slices.SortFunc(found, func(a, b *job.Item) int { return cmp.Compare(a.Name, b.Name) })
	items := make([]job.Item, len(found))
	for i, is := range found {
		items[i] = *is
	}
	if len(unreadable) > 0 {
		return items, &port.UnreadableItemsError{Jobs: unreadable}
	}
	return items, nil
}
