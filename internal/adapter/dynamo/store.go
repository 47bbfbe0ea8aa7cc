package dynamo

import (
	"cmp"
	"context"
	"crypto/rand"
	"hash/fnv"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// API is the part of the DynamoDB client that a Store uses. The IAM actions have the same names;
// TransactWriteItems needs dynamodb:PutItem and dynamodb:UpdateItem.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// How long items are kept.
const (
	// DefaultRunsKept applies to runs that have ended.
	DefaultRunsKept = 400 * 24 * time.Hour
	// inputsKept applies to inputs that could not be used.
	inputsKept = 30 * 24 * time.Hour
	// TookKept applies to the targets that took a notice while others did not. It is far longer than
	// sending a notice is tried.
	TookKept = 30 * 24 * time.Hour
)

var _ port.InLaps = (*Store)(nil)

// Config configures a Store.
type Config struct {
	DB    API
	Table string
	// RunsKept is how long runs are kept after their end; 0 means DefaultRunsKept.
	RunsKept time.Duration
	// Now is the clock by which kept inputs are ordered; nil means time.Now.
	Now func() time.Time
	// KeepDefinitions makes the Store keep the definitions it has read, for as long as it lives. It is
	// meant for people's tools; a control.Control keeps its own.
	KeepDefinitions bool
	// Log receives what went wrong but does no harm; nil means slog.Default.
	Log *slog.Logger
}

// Store implements port.Store. It is safe for concurrent use.
type Store struct {
	db       API
	table    string
	runsKept time.Duration
	now      func() time.Time
	log      *slog.Logger

	rests port.Rests

	definitions knownDefinitions
	items       knownItems
}

// New returns a Store on a table that has the form of TableInput.
func New(c Config) *Store {
	s := &Store{db: c.DB, table: c.Table, runsKept: cmp.Or(c.RunsKept, DefaultRunsKept), now: c.Now, log: c.Log}
	s.definitions.keeps = c.KeepDefinitions
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	return s
}

// shards is the number of hash keys over which a hot key is spread. A partition takes 1,000 write units
// a second (Amazon DynamoDB Developer Guide, "Burst and adaptive capacity"). The number cannot change
// once there is data.
const shards = 8

// shard returns the shard of a name.
func shard(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return int(h.Sum32() % shards)
}

// laneParts is how many hash keys of the open index a lane is spread over: fewer, since
// each is asked at every look.
const laneParts = 4

// partOf is the part of its lane that a run is in.
func partOf(id run.ID) int { return shard(string(id)) % laneParts }

func sharded(prefix string, n int) string { return prefix + "#" + strconv.Itoa(n) }

// writeMark returns 8 random bytes that identify one write.
func writeMark() []byte {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return b
}

// attributes is an item, or part of one.
type attributes = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func binary(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// text, integer and octets read an attribute. They return the zero value if it is absent or of another
// type.
func text(item attributes, name string) string {
	if v, ok := item[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func integer(item attributes, name string) int64 {
	if v, ok := item[name].(*types.AttributeValueMemberN); ok {
		n, err := strconv.ParseInt(v.Value, 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}

func octets(item attributes, name string) []byte {
	if v, ok := item[name].(*types.AttributeValueMemberB); ok {
		return v.Value
	}
	return nil
}

func key(pk, sk string) attributes {
	return attributes{attrPK: str(pk), attrSK: str(sk)}
}

// seconds encodes a time for DynamoDB's time to live.
func seconds(at time.Time) types.AttributeValue { return number(at.Unix()) }
