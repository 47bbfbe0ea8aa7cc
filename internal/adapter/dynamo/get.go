package dynamo

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// get reads one item by a consistent read. It returns port.ErrNotFound if there is none.
func (s *Store) get(ctx context.Context, what string, key attributes) (attributes, error) {
	return s.getAs(ctx, what, key, true)
}

func (s *Store) getAs(ctx context.Context, what string, key attributes, consistent bool) (attributes, error) {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: key, ConsistentRead: aws.Bool(consistent)})
	if err != nil {
		return nil, failed("reading "+what, err)
	}
	if out.Item == nil {
		return nil, fmt.Errorf("%s: %w", what, port.ErrNotFound)
	}
	return out.Item, nil
}

// Run implements port.Store.
func (s *Store) Run(ctx context.Context, id run.ID) (run.Run, error) {
	item, err := s.get(ctx, "run "+string(id), runKey(id))
	if err != nil {
		return run.Run{}, err
	}
	return decodeRun(item)
}

// Exist implements port.Store. A run that the cheaper, eventually consistent read finds exists; a
// consistent read then asks only for those that it did not find.
func (s *Store) Exist(ctx context.Context, ids []run.ID) (map[run.ID]bool, error) {
	out := make(map[run.ID]bool, len(ids))
	for _, consistent := range []bool{false, true} {
		items, err := s.batch(ctx, ids, attrPK+", "+attrSK, consistent)
		if err != nil {
			return nil, fmt.Errorf("looking for %d runs: %w", len(ids), err)
		}
		for id := range items {
			out[id] = true
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id run.ID) bool { return out[id] })
	}
	return out, nil
}

// batchSize is the number of items that one BatchGetItem can read (Amazon DynamoDB API Reference,
// BatchGetItem).
const batchSize = 100

// batch reads the items of runs, batchSize in a call, in parallel calls. Runs that do not exist are
// absent from the result. An empty projection reads all attributes.
func (s *Store) batch(ctx context.Context, ids []run.ID, projection string, consistent bool) (map[run.ID]attributes, error) {
	asked := make(map[run.ID]bool, len(ids))
	var keys []attributes
	for _, id := range ids {
		if !asked[id] {
			asked[id] = true
			keys = append(keys, runKey(id))
		}
	}
	batches := slices.Collect(slices.Chunk(keys, batchSize))
	parts := make([]map[run.ID]attributes, len(batches))
	err := inParallel(ctx, len(batches), func(ctx context.Context, i int) error {
		parts[i] = make(map[run.ID]attributes, len(batches[i]))
		request := types.KeysAndAttributes{Keys: batches[i], ConsistentRead: aws.Bool(consistent)}
		if projection != "" {
			request.ProjectionExpression = &projection
		}
		return s.batchOf(ctx, "runs", request, func(item attributes) {
			if id, ok := RunID(text(item, attrPK), text(item, attrSK)); ok {
				parts[i][id] = item
			}
		})
	})
	if err != nil {
		return nil, err
	}
	found := make(map[run.ID]attributes, len(keys))
	for _, part := range parts {
		maps.Copy(found, part)
	}
	return found, nil
}

// unprocessedTries is how many answers in a row may process nothing.
const unprocessedTries = 8

// batchOf reads at most batchSize items. It asks again for the keys that DynamoDB did not process: an
// answer holds at most 16 MB, and less under throttling.
func (s *Store) batchOf(ctx context.Context, what string, request types.KeysAndAttributes, each func(attributes)) error {
	for tries := 0; ; tries++ {
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.table: request}})
		if err != nil {
			return failed("reading a batch of "+what, err)
		}
		for _, item := range out.Responses[s.table] {
			each(item)
		}
		rest := out.UnprocessedKeys[s.table].Keys
		switch {
		case len(rest) == 0:
			return nil
		case len(rest) < len(request.Keys):
			tries = 0
		case tries == unprocessedTries-1:
			return fmt.Errorf("reading a batch of %s: %w: %d are left after %d tries", what, ErrBusy, len(rest), unprocessedTries)
		}
		request.Keys = rest
		if err := pause(ctx, tries); err != nil {
			return err
		}
	}
}

// pause waits 10 ms, doubled with each try, less a random part of up to half, as BatchGetItem's
// documentation asks for.
func pause(ctx context.Context, tries int) error {
	wait := 10 * time.Millisecond << tries
	return port.Sleep(ctx, wait-rand.N(wait/2)) //nolint:gosec // spreads load, keeps no secret
}
