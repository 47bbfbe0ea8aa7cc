package console_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/port"
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
	done := r
	done.ID, done.Status = run.ScheduledID("done", at), run.Failed
	for _, c := range []port.Change{{Item: &item}, {Item: &bad}, {Run: &r}, {Run: &done}} {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, damage := range []func() error{
		func() error { return store.Corrupt(t.Context(), r.ID) },
		func() error { return store.Corrupt(t.Context(), done.ID) },
		func() error { return store.CorruptItem(t.Context(), "lost") },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
	}
	reading := func(r port.Reader) func(path string) string {
		w := newWorld(t, func(c *console.Config) {
			p := *c.Plane
			p.Reader, p.Output = r, writes{}
			c.Plane = &p
		})
		cookie := w.signIn()
		return func(path string) string { return text(t, w.send(request("GET", path, nil), cookie)) }
	}
	get := reading(store)
	const one, two = "Not read: 1 run whose records are damaged: ", "Not read: 2 runs whose records are damaged: "
	for range 2 { // what is remembered says so, too
		for _, path := range []string{"/history", "/timeline"} {
			says(t, path, get(path), []string{two, string(r.ID), string(done.ID)}, nil)
		}
		for _, path := range []string{"/", "/ask/retry-all?status=missed"} { // runs that have ended are counted unread
			says(t, path, get(path), []string{one + string(r.ID)}, nil)
		}
	}
	says(t, "an overview that counts by reading", reading(struct{ port.Reader }{store})("/"), []string{two, string(r.ID), string(done.ID)}, nil)
	says(t, "another job's", get("/history?job=other"), nil, []string{"Not read: "})
	if page := get("/jobs"); !strings.Contains(page, "its item cannot be read") || strings.Contains(page, "by hand") {
		t.Errorf("jobs: %s", page)
	}
}
