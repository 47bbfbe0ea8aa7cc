package dynamo_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/storetest"
)

// table is a store on a table of its own.
type table struct {
	*dynamo.Store
	db   *dynamodb.Client
	name string
}

func newTable(t *testing.T, options ...func(*dynamodb.Options)) table {
	t.Helper()
	db := dynamotest.Client(t, options...)
	name := "batchplane-" + rand.Text()
	dynamotest.Create(t, db, dynamo.TableInput(name))
	t.Cleanup(func() {
		_, err := db.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Error(err)
		}
	})
	return table{Store: dynamo.New(dynamo.Config{DB: db, Table: name}), db: db, name: name}
}

// Corrupt implements storetest.Store.
func (s table) Corrupt(ctx context.Context, id run.ID) error {
	return s.set(ctx, id, "b", &types.AttributeValueMemberS{Value: `{"id":`})
}

// CorruptItem implements storetest.Store.
func (s table) CorruptItem(ctx context.Context, name string) error {
	for n := range 8 { // whichever shard it is in
		_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.name, UpdateExpression: aws.String("SET b = :b"), ConditionExpression: aws.String("attribute_exists(pk)"),
			Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: fmt.Sprint("J#", n)}, "sk": &types.AttributeValueMemberS{Value: name},
			},
			ExpressionAttributeValues: map[string]types.AttributeValue{":b": &types.AttributeValueMemberS{Value: `{"name":`}},
		})
		var absent *types.ConditionalCheckFailedException
		if err == nil || !errors.As(err, &absent) {
			return err
		}
	}
	return fmt.Errorf("job %s has no item", name)
}

// CorruptPending implements storetest.Store.
func (s table) CorruptPending(ctx context.Context, id string) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, UpdateExpression: aws.String("SET b = :b"), ConditionExpression: aws.String("attribute_exists(pk)"),
		Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "P#" + id}, "sk": &types.AttributeValueMemberS{Value: "P"},
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{":b": &types.AttributeValueMemberS{Value: `{"slot":`}},
	})
	return err
}

// CorruptAsked implements storetest.Store.
func (s table) CorruptAsked(ctx context.Context, a port.Asked) error {
	var errs []error
	for _, pk := range []string{"A", "A#J#" + a.Job, "A#B#" + a.By} {
		sum := sha256.Sum256([]byte(a.ID))
		_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.name, UpdateExpression: aws.String("SET b = :b"), ConditionExpression: aws.String("attribute_exists(pk)"),
			Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: fmt.Sprintf("%019d-%x", a.At.UnixNano(), sum[:8])},
			},
			ExpressionAttributeValues: map[string]types.AttributeValue{":b": &types.AttributeValueMemberS{Value: `{"id":`}},
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// set changes one attribute of a run behind the store's back.
func (s table) set(ctx context.Context, id run.ID, name string, value types.AttributeValue) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.name, Key: keyOf(id), UpdateExpression: aws.String("SET #a = :a"),
		ExpressionAttributeNames: map[string]string{"#a": name}, ExpressionAttributeValues: map[string]types.AttributeValue{":a": value},
	})
	if err != nil {
		return fmt.Errorf("changing %s of run %s: %w", name, id, err)
	}
	return nil
}

// fill stores many runs.
func (s table) fill(t *testing.T, rs []run.Run) {
	t.Helper()
	puts := make([]map[string]types.AttributeValue, len(rs))
	for i := range rs {
		var err error
		if puts[i], err = s.ItemOf(&rs[i]); err != nil {
			t.Fatal(err)
		}
	}
	s.putAll(t, puts)
}

// putAll puts items, 25 at a time: BatchWriteItem accepts no more.
func (s table) putAll(t *testing.T, items []map[string]types.AttributeValue) {
	t.Helper()
	for batch := range slices.Chunk(items, 25) {
		var writes []types.WriteRequest
		for _, item := range batch {
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		out, err := s.db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.name: writes}})
		if err != nil || len(out.UnprocessedItems) > 0 {
			t.Fatalf("filling the table: %v, %v", out, err)
		}
	}
}

// recorder keeps the items that are put.
type recorder struct {
	dynamo.API
	puts []map[string]types.AttributeValue
}

func (r *recorder) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	r.puts = append(r.puts, in.Item)
	return &dynamodb.PutItemOutput{}, nil
}

// item returns a run's item as the table holds it.
func (s table) item(t *testing.T, id run.ID) map[string]types.AttributeValue {
	t.Helper()
	out, err := s.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &s.name, Key: keyOf(id), ConsistentRead: aws.Bool(true)})
	if err != nil || out.Item == nil {
		t.Fatalf("reading the item of run %s: %v, %v", id, out, err)
	}
	return out.Item
}

func keyOf(id run.ID) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "R#" + id.Job()}, "sk": &types.AttributeValueMemberS{Value: id.Slot()},
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return newTable(t)
	})
}

func TestRests(t *testing.T) {
	t.Parallel()
	storetest.Rests(t, func(t *testing.T) (mine, other port.Store) {
		t.Helper()
		s := newTable(t)
		return s, dynamo.New(dynamo.Config{DB: s.db, Table: s.name})
	})
}

func TestReader(t *testing.T) {
	t.Parallel()
	storetest.Read(t, func(t *testing.T) storetest.ReadStore {
		t.Helper()
		return newTable(t)
	})
}
