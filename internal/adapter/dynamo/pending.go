package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
)

// pendingSlots is the hash key of pending slots: in the table followed by their id, and in the open
// index for those that are not done.
const pendingSlots = "P"

// pendingKept is how long a pending slot is kept after its time.
const pendingKept = 30 * 24 * time.Hour

func pendingKey(id string) attributes { return key(pendingSlots+"#"+id, pendingSlots) }

// PutPending implements port.Store.
func (s *Store) PutPending(ctx context.Context, p port.Pending) error {
	body, err := encode(p)
	if err != nil {
		return fmt.Errorf("storing a pending slot: %w", err)
	}
	item := pendingKey(p.ID())
	item[attrVersion], item[attrBody] = number(itemVersion), binary(body)
	item[TTLAttribute] = seconds(p.Until.Add(pendingKept))
	if !p.Done {
		item[attrOpen], item[attrOpenAt] = str(pendingSlots), number(p.Since.UnixMilli())
	}
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: item}); err != nil {
		return failed("writing a pending slot", err)
	}
	return nil
}

// Pending implements port.Store. It reads batchSize slots in a call.
func (s *Store) Pending(ctx context.Context, limit int) ([]port.Pending, error) {
	sp := anyTime
	sp.page = limit
	m := &merged{db: s.db, cursors: []*cursor{s.entries(indexOpen, attrOpen, pendingSlots, attrOpenAt, sp)}}
	var out []port.Pending
	unreadable := map[string]error{}
	read := map[string]bool{} // the entry of a slot that is put again moves, and may come twice
	for len(out) < limit {
		entries, err := m.next(ctx, min(limit-len(out), batchSize))
		if err != nil {
			return nil, fmt.Errorf("listing pending slots: %w", err)
		}
		if len(entries) == 0 {
			break
		}
		items, err := s.pendingItems(ctx, entries, read)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			pk := text(e.item, attrPK)
			var p port.Pending
			item := items[pk]
			delete(items, pk)
			if item == nil { // the index lags, or the slot came before
				continue
			} else if err := decode("the pending slot "+pk, item, &p); err != nil {
				unreadable[strings.TrimPrefix(pk, pendingSlots+"#")] = err
				continue
			}
			if !p.Done { // the index lags
				out = append(out, p)
			}
		}
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadablePendingError{Slots: unreadable}
	}
	return out, nil
}

// DonePending implements port.Store. The slot's record stays until it expires.
func (s *Store) DonePending(ctx context.Context, id string) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: pendingKey(id), UpdateExpression: aws.String("REMOVE op, od"), ConditionExpression: aws.String("attribute_exists(pk)"),
	})
	if err == nil {
		return nil
	}
	if err = failed("settling the pending slot "+id, err); errors.Is(err, port.ErrConflict) {
		return nil // it has expired
	}
	return err
}

// pendingItems reads those slots of at most batchSize entries that were not read before, by their hash keys.
// BatchGetItem refuses a key that comes twice, and a request for none.
func (s *Store) pendingItems(ctx context.Context, entries []entry, read map[string]bool) (map[string]attributes, error) {
	request := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, e := range entries {
		if pk := text(e.item, attrPK); !read[pk] {
			read[pk] = true
			request.Keys = append(request.Keys, attributes{attrPK: e.item[attrPK], attrSK: e.item[attrSK]})
		}
	}
	if len(request.Keys) == 0 {
		return nil, nil
	}
	out := make(map[string]attributes, len(entries))
	err := s.batchOf(ctx, "pending slots", request, func(item attributes) { out[text(item, attrPK)] = item })
	return out, err
}
