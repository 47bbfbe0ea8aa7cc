package simulation

import (
	"encoding/json"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestNothingIsChangedInPlace: at the end of a world, everything is still as it was written. So a
// world's store need not copy it.
func TestNothingIsChangedInPlace(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		w := newWorld(Options{Seed: seed})
		var kept []func()
		w.store.onCommit = func(before, after *run.Run, item *job.Item) {
			kept = append(kept, unchanged(t, seed, after), unchanged(t, seed, item))
			w.committed(before, after, item)
		}
		w.begin()
		w.loop()
		for _, check := range kept {
			check()
		}
	}
}

// unchanged returns a check that a value has not changed.
func unchanged[T any](t *testing.T, seed uint64, v *T) func() {
	t.Helper()
	if v == nil {
		return func() {}
	}
	value, was := *v, written(t, v)
	return func() {
		if is := written(t, &value); is != was {
			t.Errorf("seed %d: written was\n%s, and it became\n%s", seed, was, is)
		}
	}
}

func written(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
