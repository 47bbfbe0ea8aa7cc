package dynamo

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/job"
)

// Readers is how many calls a reader of many things has under way at most. A
// client that keeps fewer idle connections makes them anew for most calls.
const Readers = 64

// inParallel does n things, Readers at a time, until one fails.
func inParallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, Readers)
	for i := range n {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx) //nolint:wrapcheck // what one of them said
}

// Definitions implements control.Reader.
func (s *Store) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	out := make(map[string]job.Job, len(hashes))
	var absent []string
	for _, hash := range hashes {
		if _, known := s.definitions.Load(hash); !known {
			absent = append(absent, hash)
		}
	}
	batches := (len(absent) + batchSize - 1) / batchSize
	err := inParallel(ctx, batches, func(ctx context.Context, i int) error {
		return s.fetchDefinitions(ctx, absent[i*batchSize:min(len(absent), (i+1)*batchSize)])
	})
	if err != nil {
		return nil, fmt.Errorf("reading %d definitions: %w", len(absent), err)
	}
	for _, hash := range hashes {
		body, known := s.definitions.Load(hash)
		b, _ := body.([]byte)
		var j job.Job
		if known && json.Unmarshal(b, &j) == nil {
			out[hash] = j
		}
	}
	return out, nil
}

// fetchDefinitions reads definitions into what this process knows; those that
// cannot be read are passed over.
func (s *Store) fetchDefinitions(ctx context.Context, hashes []string) error {
	asked := map[string]bool{}
	request := types.KeysAndAttributes{}
	for _, hash := range hashes {
		if !asked[hash] {
			asked[hash] = true
			request.Keys = append(request.Keys, definitionKey(hash))
		}
	}
	return s.batchOf(ctx, "definitions", request, func(item attributes) {
		var body json.RawMessage
		if hash := text(item, attrPK)[len("D#"):]; decode("definition "+hash, item, &body) == nil {
			s.definitions.Store(hash, []byte(body))
		}
	})
}
