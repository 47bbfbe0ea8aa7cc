package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPutBack: what is due from half of it on is due that much earlier, and what is due
// before stays.
func TestPutBack(t *testing.T) {
	t.Parallel()
	const by = time.Hour
	for name, due := range map[string]struct{ was, want time.Duration }{
		"before half": {by/2 - time.Second, by/2 - time.Second},
		"at half":     {by / 2, -by / 2},
		"at its end":  {by, 0},
	} {
		w := known(t, hourly)
		now := w.clock.Now()
		r := run.Run{ID: run.ScheduledID("hourly", now), Definition: hourly.Hash(), Status: run.Launching, DueAt: now.Add(due.was), Attempts: []run.Attempt{{N: 1}}}
		if err := w.store.Commit(t.Context(), control.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
		if err := w.ctl.PutBack(t.Context(), by); err != nil {
			t.Fatal(err)
		}
		if r := w.run(r.ID); !r.DueAt.Equal(now.Add(due.want)) {
			t.Errorf("%s: due in %s", name, r.DueAt.Sub(now))
		}
	}
}
