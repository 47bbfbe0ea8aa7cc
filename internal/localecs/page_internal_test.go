package localecs

import (
	"slices"
	"testing"
	"time"
)

// TestPagesOfAChangingList: the next page goes on behind the last one, also if the task that ended it
// is no longer in the list.
func TestPagesOfAChangingList(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	var found []*record
	for i, id := range []string{"c", "a", "b", "d"} {
		created := at.Add(time.Duration(i/2) * time.Millisecond)
		found = append(found, &record{ID: id, Task: Task{TaskARN: id, CreatedAt: &created}})
	}
	slices.SortFunc(found, inOrder)
	first := page(found, listTasksRequest{MaxResults: 2})
	if !slices.Equal(first.TaskARNs, []string{"a", "c"}) {
		t.Fatalf("the first page is %q", first.TaskARNs)
	}
	for name, gone := range map[string]int{"none": -1, "the last of the page": 1, "the first of the next": 2} {
		left := slices.Clone(found)
		want := []string{"b", "d"}
		if gone >= 0 {
			left = slices.Delete(left, gone, gone+1)
		}
		if gone == 2 {
			want = []string{"d"}
		}
		if next := page(left, listTasksRequest{MaxResults: 2, NextToken: first.NextToken}); !slices.Equal(next.TaskARNs, want) || next.NextToken != "" {
			t.Errorf("%s has gone: %+v, want %q", name, next, want)
		}
	}
}
