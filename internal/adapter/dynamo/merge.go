package dynamo

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/run"
)

// entry is one item of a query with its position in the order. The item is whole or has only its keys.
type entry struct {
	at   int64
	item attributes
	// whole says that the item has all its attributes.
	whole bool
}

// cursor walks through one hash key, a page at a time.
type cursor struct {
	in dynamodb.QueryInput
	// at returns an item's position in the order.
	at    func(attributes) int64
	whole bool
	grows bool

	page []entry
	done bool
	err  error
}

// empty reports whether the query's range holds nothing, because its end is before its beginning.
// DynamoDB refuses such a range with a ValidationException.
func (c *cursor) empty() bool {
	values := c.in.ExpressionAttributeValues
	return text(values, ":from") > text(values, ":to") || integer(values, ":from") > integer(values, ":to")
}

// fill makes sure that the page has an entry, unless there are no more.
func (c *cursor) fill(ctx context.Context, db API) {
	c.done = c.done || c.empty()
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
	for _, item := range items {
		c.page = append(c.page, entry{at: c.at(item), item: item, whole: c.whole})
	}
}

// grow makes the next page four times as long, up to maxPage; the pages after that are as long as
// DynamoDB allows.
func (c *cursor) grow() {
	switch limit := c.in.Limit; {
	case !c.grows || limit == nil:
	case *limit < maxPage:
		c.in.Limit = aws.Int32(min(4**limit, maxPage))
	default:
		c.in.Limit = nil
	}
}

// merged walks through several hash keys as if they were one. A page without items is not the end:
// DynamoDB also ends a page at 1 MB.
type merged struct {
	db      API
	cursors []*cursor
	// newest reverses the order: the greatest comes first.
	newest bool
}

// next returns the next n entries, fewer only at the end.
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

// fill fills all cursors whose pages are used up, in parallel.
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

// first returns the cursor whose entry comes first, or nil at the end.
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

// maxPage is the most entries that one query asks for.
const maxPage = 1000

// span is the part of an order that a query reads, both ends included.
type span struct {
	from, to int64
	newest   bool
	// page is about how many entries will be needed; 0 means all.
	page int
	// grows says that many more entries may have to be passed over: each page is then four times as
	// long as the one before.
	grows bool
}

// leastPage is the fewest entries that one query asks for. 25 keys cost no more than one, half a unit
// for 4 KB. Runs of one minute are read together; reading a thousand midnight runs one by one would
// take a thousand calls.
const leastPage = 25

// limit returns nil for all entries: DynamoDB then ends a page at 1 MB.
func (sp span) limit() *int32 {
	if sp.page == 0 {
		return nil
	}
	return aws.Int32(int32(min(max(sp.page, leastPage), maxPage)))
}

// entries returns a cursor over one hash key of an index.
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

// sharded returns all shards of one kind of an index, merged into one order.
func (s *Store) sharded(index, hashName, prefix, rangeName string, sp span) *merged {
	return s.spread(shards, index, hashName, prefix, rangeName, sp)
}

// lane returns the entries of a lane.
func (s *Store) lane(lane run.Lane, sp span) *merged {
	return s.spread(laneParts, indexOpen, attrOpen, string(lane), attrOpenAt, sp)
}

func (s *Store) spread(over int, index, hashName, prefix, rangeName string, sp span) *merged {
	m := &merged{db: s.db, newest: sp.newest}
	for n := range over {
		m.cursors = append(m.cursors, s.entries(index, hashName, sharded(prefix, n), rangeName, sp))
	}
	return m
}
