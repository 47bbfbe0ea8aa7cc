package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/control"
)

// pendingSlots is the hash key of pending slots: in the table followed by their id, and in the open
// index for those that are not done.
const pendingSlots = "P"

// pendingKept is how long a pending slot is kept after its time.
const pendingKept = 30 * 24 * time.Hour

func pendingKey(id string) attributes { return key(pendingSlots+"#"+id, pendingSlots) }

// PutPending implements control.Store.
func (s *Store) PutPending(ctx context.Context, p control.Pending) error {
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

// Pending implements control.Store. There are few, if any.
func (s *Store) Pending(ctx context.Context, limit int) ([]control.Pending, error) {
	sp := anyTime
	sp.page = limit
	m := &merged{db: s.db, cursors: []*cursor{s.entries(indexOpen, attrOpen, pendingSlots, attrOpenAt, sp)}}
	var out []control.Pending
	var unreadable []error
	for len(out) < limit {
		entries, err := m.next(ctx, limit-len(out))
		if err != nil {
			return nil, fmt.Errorf("listing pending slots: %w", err)
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			p, err := s.pending(ctx, e.item)
			switch {
			case errors.Is(err, control.ErrUnreadable), errors.Is(err, control.ErrNewer):
				unreadable = append(unreadable, err)
			case errors.Is(err, control.ErrNotFound), err == nil && p.Done: // the index lags
			case err != nil:
				return nil, err
			default:
				out = append(out, p)
			}
		}
	}
	return out, errors.Join(unreadable...)
}

// pending loads the slot of an entry.
func (s *Store) pending(ctx context.Context, entry attributes) (p control.Pending, err error) {
	what := "the pending slot " + text(entry, attrPK)
	item, err := s.get(ctx, what, attributes{attrPK: entry[attrPK], attrSK: entry[attrSK]})
	if err != nil {
		return p, err
	}
	return p, decode(what, item, &p)
}
