package dynamotest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Meter asks DynamoDB for the units of every request, and records them.
type Meter struct {
	mu     sync.Mutex
	writes []units
	read   float64
}

// units are write units by table and index.
type units map[string]float64

// Option installs the meter in a client.
func (m *Meter) Option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meter", m.handle), middleware.After)
	})
}

func (m *Meter) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	ask(in.Parameters)
	out, metadata, err := next.HandleInitialize(ctx, in)
	if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		// A refused write is charged too ("DynamoDB read and write operations").
		m.add(&types.ConsumedCapacity{Table: &types.Capacity{CapacityUnits: aws.Float64(1)}})
	}
	switch r := out.Result.(type) {
	case *dynamodb.PutItemOutput:
		m.add(r.ConsumedCapacity)
	case *dynamodb.UpdateItemOutput:
		m.add(r.ConsumedCapacity)
	case *dynamodb.TransactWriteItemsOutput:
		m.addTransaction(in.Parameters, r.ConsumedCapacity)
	case *dynamodb.GetItemOutput:
		m.addRead(r.ConsumedCapacity)
	case *dynamodb.QueryOutput:
		m.addQuery(r.ConsumedCapacity)
	case *dynamodb.BatchGetItemOutput:
		for i := range r.ConsumedCapacity {
			m.addRead(&r.ConsumedCapacity[i])
		}
	}
	return out, metadata, err //nolint:wrapcheck // passes through
}

// ask makes the answer say what the request consumed.
func ask(parameters any) {
	const all = types.ReturnConsumedCapacityIndexes
	switch p := parameters.(type) {
	case *dynamodb.PutItemInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.UpdateItemInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.TransactWriteItemsInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.GetItemInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.QueryInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.BatchGetItemInput:
		p.ReturnConsumedCapacity = all
	}
}

// addQuery counts at least half a unit, the least that a read costs, to be safe: DynamoDB Local reports
// none if nothing is found.
func (m *Meter) addQuery(c *types.ConsumedCapacity) {
	if c != nil && aws.ToFloat64(c.CapacityUnits) == 0 {
		c = &types.ConsumedCapacity{CapacityUnits: aws.Float64(0.5)}
	}
	m.addRead(c)
}

func (m *Meter) addRead(c *types.ConsumedCapacity) {
	if c == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read += aws.ToFloat64(c.CapacityUnits)
}

func (m *Meter) add(c *types.ConsumedCapacity) {
	if c == nil {
		return
	}
	u := units{"table": aws.ToFloat64(c.Table.CapacityUnits)}
	for name, i := range c.GlobalSecondaryIndexes {
		u[name] = aws.ToFloat64(i.CapacityUnits)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes = append(m.writes, u)
}

// addTransaction counts two units for each KB of each item, as the developer guide says ("Amazon
// DynamoDB Transactions: How it works"). DynamoDB Local 2.6.1 does not: it rounds the sum of all sizes,
// and reports four units a KB, also for indexes. For the indexes, its answer gives the number of
// writes.
func (m *Meter) addTransaction(parameters any, answer []types.ConsumedCapacity) {
	in, ok := parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return
	}
	u := units{}
	for _, w := range in.TransactItems {
		u["table"] += float64(2 * ((Size(w.Put.Item) + 1023) / 1024))
	}
	for _, c := range answer {
		for name, i := range c.GlobalSecondaryIndexes {
			u[name] += aws.ToFloat64(i.CapacityUnits) / 4
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes = append(m.writes, u)
}

// Take returns what was written since the last call, each write in brackets: "[table 1, open 1] [table
// 1] = 3".
func (m *Meter) Take() string {
	words, _, _ := m.TakeAll()
	return words
}

// TakeAll returns what was written since the last call, in words and in write units, and the read
// units.
func (m *Meter) TakeAll() (words string, written, read float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, u := range m.writes {
		parts := []string{}
		for _, name := range []string{"table", "open", "recent", "byhand"} {
			if n := u[name]; n != 0 {
				parts = append(parts, fmt.Sprintf("%s %g", name, n))
				written += n
			}
		}
		all = append(all, "["+strings.Join(parts, ", ")+"]")
	}
	read = m.read
	m.writes, m.read = nil, 0
	return strings.Join(append(all, fmt.Sprintf("= %g", written)), " "), written, read
}

// Size returns an item's size: names and values as UTF-8; a number takes a byte for two digits and one
// more (Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats"). Here it takes two more, to
// be safe.
func Size(item map[string]types.AttributeValue) int {
	n := 0
	for name, value := range item {
		n += len(name)
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			n += len(v.Value)
		case *types.AttributeValueMemberB:
			n += len(v.Value)
		case *types.AttributeValueMemberN:
			n += (len(v.Value)+1)/2 + 2
		default:
			panic("a type that no item has")
		}
	}
	return n
}
