package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Item implements port.Store.
func (s *Store) Item(ctx context.Context, name string) (job.Item, error) {
	item, err := s.get(ctx, "the item of job "+name, itemKey(name))
	if err != nil {
		return job.Item{}, err
	}
	return decodeItem(item)
}

// knownDefinitions holds bodies by hash, if it keeps any. Definitions never change, so what is known of
// them stays true.
type knownDefinitions struct {
	keeps bool
	of    sync.Map
}

func (k *knownDefinitions) get(hash string) []byte {
	known, _ := k.of.Load(hash)
	body, _ := known.([]byte)
	return body
}

func (k *knownDefinitions) put(hash string, body []byte) {
	if k.keeps {
		k.of.Store(hash, body)
	}
}

func definitionKey(hash string) attributes { return key("D#"+hash, "D") }

// Definition implements port.Store.
func (s *Store) Definition(ctx context.Context, hash string) (job.Job, error) {
	body, err := s.definition(ctx, hash)
	if err != nil {
		return job.Job{}, err
	}
	var j job.Job
	if err := json.Unmarshal(body, &j); err != nil {
		return job.Job{}, fmt.Errorf("decoding definition %s: %w", hash, err)
	}
	return j, nil
}

// definition returns a definition's JSON. Each caller decodes a value of its own, so nobody can change
// what is kept here.
func (s *Store) definition(ctx context.Context, hash string) ([]byte, error) {
	if body := s.definitions.get(hash); body != nil {
		return body, nil
	}
	what := "definition " + hash
	// It never changes, so what any replica has of it is right.
	item, err := s.getAs(ctx, what, definitionKey(hash), false)
	if errors.Is(err, port.ErrNotFound) {
		item, err = s.get(ctx, what, definitionKey(hash))
	}
	if err != nil {
		return nil, err
	}
	var body json.RawMessage
	if err := decode(what, item, &body); err != nil {
		return nil, err
	}
	s.definitions.put(hash, body)
	return body, nil
}

// PutDefinition implements port.Store. Callers have already looked for the definition, so it is
// written without another look. If it is there all the same, it must be readable.
func (s *Store) PutDefinition(ctx context.Context, j job.Job) error {
	hash := j.Hash()
	if s.definitions.get(hash) != nil {
		return nil
	}
	what := "writing the definition of job " + j.Name
	plain, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	body, err := encode(json.RawMessage(plain))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	item := definitionKey(hash)
	item[attrVersion], item[attrBody] = number(itemVersion), binary(body)
	_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
	})
	var exists *types.ConditionalCheckFailedException
	if errors.As(err, &exists) {
		if _, err := s.definition(ctx, hash); err != nil {
			return fmt.Errorf("%s, which is there: %w", what, err)
		}
		return nil
	}
	if err != nil {
		return failed(what, err)
	}
	s.definitions.put(hash, plain)
	return nil
}

// Keep implements port.Store. The input is kept for inputsKept.
func (s *Store) Keep(ctx context.Context, k port.Kept) error {
	item := keptItem(k, s.now(), writeMark())
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: item}); err != nil {
		return failed("keeping an input", err)
	}
	return nil
}

// Kept implements port.Store. It returns the kept inputs that are not settled, the newest first.
func (s *Store) Kept(ctx context.Context, limit int) ([]port.Kept, error) {
	m := &merged{db: s.db, newest: true}
	for n := range shards {
		m.cursors = append(m.cursors, &cursor{whole: true, at: keptAt, in: dynamodb.QueryInput{
			TableName: &s.table, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(min(limit, maxPage))),
			KeyConditionExpression: aws.String("pk = :pk"), FilterExpression: aws.String(unsettled), ExpressionAttributeValues: attributes{":pk": str(sharded(keptPrefix, n))},
		}})
	}
	entries, err := m.next(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("listing kept inputs: %w", err)
	}
	var out []port.Kept
	for _, e := range entries {
		out = append(out, decodeKept(e.item))
	}
	return out, nil
}

// unsettled holds for a kept input that nobody has settled.
const unsettled = "attribute_exists(" + attrReason + ")"

// Settle implements port.Store. A settled input stays until its ttl, with its reason under another
// name: the stream's filter looks for the reason, and must not report the input again.
func (s *Store) Settle(ctx context.Context, k port.Kept) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: key(sharded(keptPrefix, shard(k.Place)), k.Place),
		UpdateExpression:          aws.String("SET was = :was REMOVE " + attrReason),
		ConditionExpression:       aws.String(unsettled),
		ExpressionAttributeValues: attributes{":was": str(k.Reason)},
	})
	var gone *types.ConditionalCheckFailedException
	if errors.As(err, &gone) {
		return fmt.Errorf("settling a kept input: %w", port.ErrNotFound)
	}
	if err != nil {
		return failed("settling a kept input", err)
	}
	return nil
}

func markKey(name string) attributes { return key("M#"+name, "M") }

// Mark implements port.Store. Marks have a precision of milliseconds.
func (s *Store) Mark(ctx context.Context, name string) (time.Time, error) {
	item, err := s.get(ctx, "mark "+name, markKey(name))
	if errors.Is(err, port.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(integer(item, attrAt)).UTC(), nil
}

// MoveMark implements port.Store.
func (s *Store) MoveMark(ctx context.Context, name string, from, to time.Time) error {
	put := &dynamodb.PutItemInput{TableName: &s.table, Item: markItem(name, to), ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if !from.IsZero() {
		put.ConditionExpression = aws.String("#at = :from")
		put.ExpressionAttributeNames = map[string]string{"#at": attrAt}
		put.ExpressionAttributeValues = attributes{":from": number(from.UnixMilli())}
	}
	if _, err := s.db.PutItem(ctx, put); err != nil {
		return failed("moving mark "+name, err)
	}
	return nil
}

func markItem(name string, at time.Time) attributes {
	item := markKey(name)
	item[attrVersion], item[attrAt] = number(itemVersion), number(at.UnixMilli())
	return item
}

// SetMark implements port.Store.
func (s *Store) SetMark(ctx context.Context, name string, at time.Time) error {
	item := markItem(name, at)
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: item}); err != nil {
		return failed("writing mark "+name, err)
	}
	return nil
}
