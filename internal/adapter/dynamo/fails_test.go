package dynamo_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestNoCallFailsSilently: whichever of a method's calls DynamoDB refuses for its load, the method says
// so. Taken for an empty answer, a refusal would lose runs.
func TestNoCallFailsSilently(t *testing.T) {
	t.Parallel()
	const id = run.ID("a/20261122T1730Z")
	ids := []run.ID{id}
	for name, c := range map[string]struct {
		fails string // the operation
		on    int    // which of its calls, from 1
		call  func(ctx context.Context, s *dynamo.Store) error
	}{
		"Run":              {"GetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Run(ctx, id)) }},
		"Item":             {"GetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Item(ctx, "a")) }},
		"Items, a shard":   {"Query", 5, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Items(ctx)) }},
		"ItemsInTurn":      {"Query", 5, func(ctx context.Context, s *dynamo.Store) error { _, _, err := s.ItemsInTurn(ctx); return err }},
		"ItemsOf":          {"Query", 5, func(ctx context.Context, s *dynamo.Store) error { return fails(s.ItemsOf(ctx, []string{"a"})) }},
		"Due, a part":      {"Query", 3, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Due(ctx, run.LookLane, start, 10)) }},
		"Due, its runs":    {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Due(ctx, run.LookLane, start, 10)) }},
		"Runs, a shard":    {"Query", 5, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Runs(ctx, port.Query{})) }},
		"Runs, themselves": {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Runs(ctx, port.Query{})) }},
		"Runs of a status": {"Query", 3, func(ctx context.Context, s *dynamo.Store) error {
			return fails(s.Runs(ctx, port.Query{Status: run.Running}))
		}},
		"Walk":           {"Query", 5, func(ctx context.Context, s *dynamo.Store) error { return walked(ctx, s, port.Walk{}) }},
		"Walk, its runs": {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return walked(ctx, s, port.Walk{}) }},
		"Walk of a status": {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error {
			return walked(ctx, s, port.Walk{Statuses: []run.Status{run.Running}})
		}},
		"Newest":                {"Query", 2, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Newest(ctx, []string{"a"}, 1)) }},
		"Newest, its runs":      {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Newest(ctx, []string{"a"}, 1)) }},
		"Exist":                 {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Exist(ctx, ids)) }},
		"Exist, once more":      {"BatchGetItem", 2, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Exist(ctx, ids)) }},
		"SetAside, its reading": {"GetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.SetAside(ctx, id, "why") }},
		"SetAside":              {"TransactWriteItems", 1, func(ctx context.Context, s *dynamo.Store) error { return s.SetAside(ctx, id, "why") }},
		"Definition":            {"GetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Definition(ctx, "h")) }},
		"Definitions":           {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Definitions(ctx, []string{"h"})) }},
		"PutDefinition":         {"PutItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.PutDefinition(ctx, job.Job{Name: "a"}) }},
		"Keep": {"PutItem", 1, func(ctx context.Context, s *dynamo.Store) error {
			return s.Keep(ctx, port.Kept{At: start, Reason: "why"})
		}},
		"Kept":     {"Query", 5, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Kept(ctx, 10)) }},
		"Settle":   {"UpdateItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.Settle(ctx, port.Kept{Place: "p"}) }},
		"Mark":     {"GetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Mark(ctx, "m")) }},
		"MoveMark": {"PutItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.MoveMark(ctx, "m", start, start) }},
		"SetMark":  {"PutItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.SetMark(ctx, "m", start) }},
		"PutAsked": {"TransactWriteItems", 1, func(ctx context.Context, s *dynamo.Store) error {
			return s.PutAsked(ctx, port.Asked{ID: "q", At: start})
		}},
		"Asked":               {"Query", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Asked(ctx, port.AskedQuery{})) }},
		"PutPending":          {"PutItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.PutPending(ctx, port.Pending{}) }},
		"Pending":             {"Query", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Pending(ctx, 10)) }},
		"Pending, themselves": {"BatchGetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Pending(ctx, 10)) }},
		"DonePending":         {"UpdateItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.DonePending(ctx, "p") }},
		"Took":                {"GetItem", 1, func(ctx context.Context, s *dynamo.Store) error { return fails(s.Took(ctx, "n")) }},
		"SetTook":             {"UpdateItem", 1, func(ctx context.Context, s *dynamo.Store) error { return s.SetTook(ctx, "n", []string{"sns"}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var on atomic.Int64
			_, s := newWire(t, func(_ int, r request) (int, string) {
				if r.operation == c.fails && on.Add(1) == int64(c.on) {
					return 400, exception("ThrottlingException", "")
				}
				switch r.operation {
				case "GetItem":
					return 200, `{"Item":{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"},"op":{"S":"look#1"}}}`
				case "Query":
					return 200, `{"Items":[{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"},"od":{"N":"2"}}]}`
				}
				return 200, "{}"
			})
			if err := c.call(t.Context(), s); !errors.Is(err, dynamo.ErrBusy) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func walked(ctx context.Context, s *dynamo.Store, w port.Walk) (err error) {
	for _, e := range s.Walk(ctx, w) {
		err = errors.Join(err, e)
	}
	return err
}

// fails returns the error of a call.
func fails[T any](_ T, err error) error { return err }
