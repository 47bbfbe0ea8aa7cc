package memory

import (
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestItemsShareNothing: what a reader changes in an item stays the reader's own, even if the item was
// read before and is not decoded again.
func TestItemsShareNothing(t *testing.T) {
	t.Parallel()
	s := &Store{}
	plain := job.Item{Name: "plain", Lock: "one"}
	full := job.Item{Name: "full", Missed: &job.Missed{Count: 1}, Pauses: []job.Pause{{By: "one"}}}
	for _, item := range []job.Item{plain, full} {
		if err := s.Commit(t.Context(), port.Change{Item: &item}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		items, err := s.Items(t.Context())
		if err != nil || len(items) != 2 || items[0].Missed.Count != 1 || items[0].Pauses[0].By != "one" || items[1].Lock != "one" || items[1].Rev != 1 {
			t.Fatalf("%+v, %v", items, err)
		}
		items[0].Missed.Count, items[0].Pauses[0].By, items[1].Lock = 2, "another", "another"
	}
	plain.Lock, plain.Rev = "two", 1
	if err := s.Commit(t.Context(), port.Change{Item: &plain}); err != nil {
		t.Fatal(err)
	}
	if item, err := s.Item(t.Context(), "plain"); err != nil || item.Lock != "two" || item.Rev != 2 {
		t.Errorf("%+v, %v", item, err)
	}
	if err := s.CorruptItem(t.Context(), "plain"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Item(t.Context(), "plain"); err == nil {
		t.Error("a corrupt item is read")
	}
}
