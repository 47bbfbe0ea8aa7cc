package console_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPagesNameWhatCannotBeRead: a run that has ended and whose record was damaged is named
// by the pages that would have had it, a job whose item was by the list of jobs.
func TestPagesNameWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	item, bad := itemOf("etl", "0 * * * *"), itemOf("lost", "0 * * * *")
	at := night.Truncate(time.Hour).Add(-time.Hour)
	r := run.Run{ID: run.ScheduledID("etl", at), ScheduledFor: at, QueuedAt: at, FinishedAt: at.Add(time.Minute), Status: run.Missed}
	for _, c := range []control.Change{{Item: &item}, {Item: &bad}, {Run: &r}} {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, damage := range []func() error{
		func() error { return store.Corrupt(t.Context(), r.ID) },
		func() error { return store.CorruptItem(t.Context(), "lost") },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, func(c *console.Config) {
		p := *c.Plane
		p.Reader, p.Output = store, writes{}
		c.Plane = &p
	})
	cookie := w.signIn()
	get := func(path string) string { return text(t, w.send(request("GET", path, nil), cookie)) }
	const named = "Not read: 1 run whose records are damaged: "
	for range 2 { // what is remembered says so, too
		for _, path := range []string{"/history", "/timeline", "/", "/ask/retry-all?status=missed"} {
			says(t, path, get(path), []string{named + string(r.ID)}, nil)
		}
	}
	says(t, "another job's", get("/history?job=other"), nil, []string{named})
	if page := get("/jobs"); !strings.Contains(page, "its item cannot be read") || strings.Contains(page, "by hand") {
		t.Errorf("jobs: %s", page)
	}
}
