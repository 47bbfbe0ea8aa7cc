package plane_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

// TestRunsOfOneSecond: the newest run of a job is the one that was asked for last, even if
// another was asked for in the same second, as by a script.
func TestRunsOfOneSecond(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, ids := range map[string][]run.ID{
		"by hand":                {"a/manual-000000000003", "a/manual-000000000001", "a/manual-000000000002"},
		"a slot, then by hand":   {"a/20261122T0900Z", "a/manual-000000000001"},
		"by hand, then the slot": {"a/manual-000000000001", "a/20261122T0900Z"},
	} {
		store := &memory.Store{}
		before := run.Run{ID: "a/manual-ffffffffffff", ScheduledFor: second.Add(-time.Second), QueuedAt: second, Status: run.Failed}
		runs := []run.Run{before}
		for i, id := range ids {
			runs = append(runs, run.Run{ID: id, ScheduledFor: second, QueuedAt: second.Add(time.Duration(i+1) * time.Millisecond), Status: run.Failed})
		}
		for _, r := range runs {
			if err := store.Commit(t.Context(), control.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		p := &plane.Plane{Reader: store}
		for what, want := range map[string]plane.Want{"show": plane.Any, "retry": plane.Retryable} {
			if r, _, err := p.Find(t.Context(), "a", want); err != nil || r.ID != ids[len(ids)-1] {
				t.Errorf("%s, %s: %s, %v", name, what, r.ID, err)
			}
		}
	}
}
