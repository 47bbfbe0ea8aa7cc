package simulation

import (
	"slices"
	"testing"
)

// TestQueue: the earliest comes first, and of those with equal times the one that was planned
// first.
func TestQueue(t *testing.T) {
	t.Parallel()
	var q queue
	var got []string
	plan := func(at int64, name string) {
		q.add(entry{at, func() { got = append(got, name) }})
	}
	plan(2, "2 first")
	plan(3, "3")
	plan(1, "1")
	plan(2, "2 second")
	plan(2, "2 third")
	for len(q) > 0 {
		q.take().happen()
	}
	if want := []string{"1", "2 first", "2 second", "2 third", "3"}; !slices.Equal(got, want) {
		t.Errorf("%q came, want %q", got, want)
	}
}
