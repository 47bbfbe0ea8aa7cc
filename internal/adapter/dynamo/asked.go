package dynamo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
)

// Hash keys of a request's three items: under all requests, under those about a job, under those of a
// person.
const (
	askedAll = "A"
	askedJob = "A#J#"
	askedBy  = "A#B#"
)

// mostBy is how many bytes of a name are part of a key. Longer names share a key, and Asked tells them
// apart.
const mostBy = 256

func askedByKey(by string) string { return askedBy + by[:min(len(by), mostBy)] }

// askedSK sorts requests by time. It hashes the id, which may be any text.
func askedSK(at time.Time, id string) string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%019d-%s", at.UnixNano(), hex.EncodeToString(sum[:8]))
}

// PutAsked implements port.Store. It writes the three items in one transaction.
func (s *Store) PutAsked(ctx context.Context, a port.Asked) error {
	body, err := encode(a)
	if err != nil {
		return fmt.Errorf("storing a request: %w", err)
	}
	keys := []string{askedAll}
	if a.Job != "" {
		keys = append(keys, askedJob+a.Job)
	}
	if a.By != "" {
		keys = append(keys, askedByKey(a.By))
	}
	in := &dynamodb.TransactWriteItemsInput{}
	for _, pk := range keys {
		item := key(pk, askedSK(a.At, a.ID))
		item[attrVersion], item[attrBody] = number(itemVersion), binary(body)
		item[TTLAttribute] = seconds(a.At.Add(s.runsKept))
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &types.Put{TableName: &s.table, Item: item}})
	}
	if _, err := s.db.TransactWriteItems(ctx, in); err != nil {
		return failed("writing a request", err)
	}
	return nil
}

// Asked implements port.Reader. It reads the requests of one job, else those of one person, else all,
// from the query's time on.
func (s *Store) Asked(ctx context.Context, q port.AskedQuery) ([]port.Asked, error) {
	limit := cmp.Or(q.Limit, defaultLimit)
	m := &merged{db: s.db, newest: true, cursors: []*cursor{s.asked(q, limit)}}
	var out []port.Asked
	for len(out) < limit {
		entries, err := m.next(ctx, 1)
		if err != nil {
			return nil, fmt.Errorf("listing requests: %w", err)
		}
		if len(entries) == 0 {
			break
		}
		a, err := decodeAsked(entries[0].item, q)
		if err != nil {
			return nil, err
		}
		if q.Selects(a) {
			out = append(out, a)
		}
	}
	return out, nil
}

// decodeAsked decodes a request. One that cannot be read may be of the job and the person that are
// asked for.
func decodeAsked(item attributes, q port.AskedQuery) (a port.Asked, err error) {
	if err = decode("a request", item, &a); errors.Is(err, port.ErrUnreadable) {
		_, id, _ := strings.Cut(text(item, attrSK), "-")
		a = port.UnreadableAsked(id, time.Unix(0, keptAt(item)), err)
		a.Job, a.By, err = q.Job, q.By, nil
	}
	return a, err
}

func (s *Store) asked(q port.AskedQuery, limit int) *cursor {
	pk := askedAll
	switch {
	case q.Job != "":
		pk = askedJob + q.Job
	case q.By != "":
		pk = askedByKey(q.By)
	}
	from, to := fmt.Sprintf("%019d", 0), fmt.Sprintf("%019d", int64(math.MaxInt64))
	if !q.Since.IsZero() {
		from = fmt.Sprintf("%019d", q.Since.UnixNano())
	}
	return &cursor{
		whole: true,
		at:    keptAt,
		in: dynamodb.QueryInput{
			TableName: &s.table, ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(min(limit, maxPage))),
			KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :from AND :to"),
			ExpressionAttributeValues: attributes{":pk": str(pk), ":from": str(from), ":to": str(to)},
		},
	}
}
