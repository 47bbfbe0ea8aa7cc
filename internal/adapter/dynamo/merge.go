package dynamo

import (
	"context"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// entry is one item of a query: where it stands in the order, and the item,
// whole or with its keys only.
type entry struct {
	at   int64
	item attributes
	// whole is whether the item has all its attributes.
	whole bool
}

// cursor walks through one hash key, a page at a time.
type cursor struct {
	in dynamodb.QueryInput
	// at is an item's place in the order.
	at    func(attributes) int64
	whole bool
	grows bool
	// met, where it is set, is told that the hash key has an entry; those after until
	// are passed over then.
	met   func()
	until int64

	page []entry
	done bool
	err  error
}

// fill makes sure that the page has an entry, unless there are no more.
func (c *cursor) fill(ctx context.Context, db API) {
	for len(c.page) == 0 && !c.done && c.err == nil {
		out, err := db.Query(ctx, &c.in)
		if err != nil {
			c.err = err
			return
		}
		c.in.ExclusiveStartKey = out.LastEvaluatedKey
		c.done = out.LastEvaluatedKey == nil
		c.take(out.Items)
		c.grow()
	}
}

func (c *cursor) take(items []attributes) {
	if c.met != nil && len(items) > 0 {
		c.met()
	}
	for _, item := range items {
		e := entry{at: c.at(item), item: item, whole: c.whole}
		if c.met != nil && e.at > c.until {
			c.done = true
			return
		}
		c.page = append(c.page, e)
	}
}

// grow makes the next page a longer one, in the end as long as DynamoDB makes it.
func (c *cursor) grow() {
	switch limit := c.in.Limit; {
	case !c.grows || limit == nil:
	case *limit < maxPage:
		c.in.Limit = aws.Int32(min(4**limit, maxPage))
	default:
		c.in.Limit = nil
	}
}

// merged walks through several hash keys as if they were one. A page without an
// item is not the end: DynamoDB ends a page also at 1 MB.
type merged struct {
	db      API
	cursors []*cursor
	// newest is whether the order is from the greatest down.
	newest bool
}

// next is the next n entries, fewer only at the end.
func (m *merged) next(ctx context.Context, n int) ([]entry, error) {
	var out []entry
	for len(out) < n {
		if err := m.fill(ctx); err != nil {
			return nil, err
		}
		c := m.first()
		if c == nil {
			break
		}
		out = append(out, c.page[0])
		c.page = c.page[1:]
	}
	return out, nil
}

// fill fills the cursors whose pages are used up, all at once.
func (m *merged) fill(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, c := range m.cursors {
		if len(c.page) == 0 && !c.done {
			wg.Go(func() { c.fill(ctx, m.db) })
		}
	}
	wg.Wait()
	for _, c := range m.cursors {
		if c.err != nil {
			return failed("querying", c.err)
		}
	}
	return nil
}

// first is the cursor whose entry comes first, nil at the end of all.
func (m *merged) first() *cursor {
	var best *cursor
	for _, c := range m.cursors {
		if len(c.page) > 0 && (best == nil || m.before(c.page[0], best.page[0])) {
			best = c
		}
	}
	return best
}

func (m *merged) before(a, b entry) bool {
	if m.newest {
		return a.at > b.at
	}
	return a.at < b.at
}

// maxPage is the most entries that one query is asked for.
const maxPage = 1000

// span is the part of an order that a query reads, both ends included.
type span struct {
	from, to int64
	newest   bool
	// page is about how many entries will be needed; 0 is all.
	page int
	// grows is whether more than that may have to be passed over: each page is then
	// four times the one before.
	grows bool
}

// leastPage is the fewest entries that one query is asked for: so many keys cost no
// more than one, half a unit for 4 KB. Runs of one minute are read together, and of a
// thousand at midnight one by one would be a thousand calls.
const leastPage = 25

// limit is none for all entries: DynamoDB ends a page at 1 MB.
func (sp span) limit() *int32 {
	if sp.page == 0 {
		return nil
	}
	return aws.Int32(int32(min(max(sp.page, leastPage), maxPage)))
}

// entries is a cursor over one hash key of an index.
func (s *Store) entries(index, hashName, hash, rangeName string, sp span) *cursor {
	return &cursor{
		grows: sp.grows,
		at:    func(item attributes) int64 { return integer(item, rangeName) },
		in: dynamodb.QueryInput{
			TableName: &s.table, IndexName: &index, ScanIndexForward: aws.Bool(!sp.newest), Limit: sp.limit(),
			KeyConditionExpression:   aws.String("#h = :h AND #r BETWEEN :from AND :to"),
			ExpressionAttributeNames: map[string]string{"#h": hashName, "#r": rangeName},
			ExpressionAttributeValues: attributes{
				":h": str(hash), ":from": number(sp.from), ":to": number(sp.to),
			},
		},
	}
}

// sharded is all shards of one kind of an index, as one order.
func (s *Store) sharded(index, hashName, prefix, rangeName string, sp span) *merged {
	return s.parts(index, hashName, prefix, rangeName, sp, partsFrom(0, shards))
}

// parts is some shards of one kind of an index, as one order.
func (s *Store) parts(index, hashName, prefix, rangeName string, sp span, parts []int) *merged {
	m := &merged{db: s.db, newest: sp.newest}
	for _, n := range parts {
		m.cursors = append(m.cursors, s.entries(index, hashName, prefix+"#"+strconv.Itoa(n), rangeName, sp))
	}
	return m
}
