package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestNewer: the newer slot comes first, and of one slot the greater id. A run is not newer than itself.
func TestNewer(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	early, late := run.Run{ID: "b/1", ScheduledFor: at}, run.Run{ID: "a/2", ScheduledFor: at.Add(time.Minute)}
	beside := run.Run{ID: "c/1", ScheduledFor: at}
	for _, c := range []struct {
		name string
		a, b run.Run
		want bool
	}{
		{"a later slot", late, early, true},
		{"an earlier slot", early, late, false},
		{"the same slot, a greater id", beside, early, true},
		{"the same slot, a smaller id", early, beside, false},
		{"itself", early, early, false},
	} {
		if got := c.a.Newer(&c.b); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
