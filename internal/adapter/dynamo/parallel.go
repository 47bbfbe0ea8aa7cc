package dynamo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Readers is the most calls that a reader of many things has under way. A client that keeps fewer idle
// connections opens a new one for most calls.
const Readers = 64

// inParallel does n things, up to Readers at a time, until one fails.
func inParallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	port.InParallel(n, Readers, func(i int) {
		if ctx.Err() != nil {
			return
		}
		if err := do(ctx, i); err != nil {
			cancel(err)
		}
	})
	return context.Cause(ctx) //nolint:wrapcheck // what one of them said
}

// Definitions implements port.Reader.
func (s *Store) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	out := make(map[string]job.Job, len(hashes))
	var absent []string
	asked := map[string]bool{}
	for _, hash := range hashes {
		switch body := s.definitions.get(hash); {
		case asked[hash]:
		case body == nil:
			absent = append(absent, hash)
		default:
			decodeInto(out, hash, body)
		}
		asked[hash] = true
	}
	batches := slices.Collect(slices.Chunk(absent, batchSize))
	var mu sync.Mutex
	err := inParallel(ctx, len(batches), func(ctx context.Context, i int) error {
		request := types.KeysAndAttributes{}
		for _, hash := range batches[i] {
			request.Keys = append(request.Keys, definitionKey(hash))
		}
		return s.batchOf(ctx, "definitions", request, func(item attributes) {
			var body json.RawMessage
			hash := text(item, attrPK)[len("D#"):]
			if decode("definition "+hash, item, &body) != nil {
				return
			}
			s.definitions.put(hash, body)
			mu.Lock()
			defer mu.Unlock()
			decodeInto(out, hash, body)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading %d definitions: %w", len(absent), err)
	}
	return out, nil
}

// decodeInto decodes a definition into out. It passes over one that cannot be read.
func decodeInto(out map[string]job.Job, hash string, body []byte) {
	var j job.Job
	if json.Unmarshal(body, &j) == nil {
		out[hash] = j
	}
}
