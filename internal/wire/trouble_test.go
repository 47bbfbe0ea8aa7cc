package wire_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
)

var waits = regexp.MustCompile(`; the slots of [0-9]+ jobs wait for that$`)

// TestAFullDiskShowsInStatus: with what waits for it, and no longer once there is room. What waited has
// then run once.
func TestAFullDiskShowsInStatus(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "local.db")
	jobs := make([]job.Job, 100) // so many that they do not all fit into existing pages
	for i := range jobs {
		jobs[i] = job.Job{Name: fmt.Sprint("minutely-", i), Schedule: "* * * * *", Command: []string{"x"}}
	}
	l := mustStart(t, wire.LocalConfig{
		DB: db, AtOnce: true, Runner: &localecs.ScriptedRunner{Clock: localecs.RealClock{}}, Delays: &localecs.Delays{},
		Jobs: jobs,
	})
	room := func(pages string) {
		t.Helper()
		if _, err := l.Store.DB().ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	room("1") // as few pages as it has now
	ctx, end := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- l.Run(ctx, 0) }()
	status := func(ok func(trouble, wrong string) bool) {
		t.Helper()
		p, err := wire.LocalPlane(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }()
		var last string
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			st, err := p.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if last = st.Trouble; ok(st.Trouble, strings.Join(st.Wrong, "\n")) {
				return
			}
		}
		t.Fatalf("its trouble is %q", last)
	}
	status(func(trouble, wrong string) bool {
		return strings.Contains(trouble, "database or disk is full") && waits.MatchString(trouble) && strings.Contains(wrong, trouble)
	})
	room("1000000")
	status(func(trouble, _ string) bool { return trouble == "" })
	end()
	if err := <-over; err != nil {
		t.Error(err)
	}
	runs, err := l.Store.Runs(t.Context(), port.Query{Limit: 1000})
	if err != nil || len(runs) < len(jobs) {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	for _, r := range runs {
		if len(r.Attempts) != 1 {
			t.Errorf("%s has %d attempts", r.ID, len(r.Attempts))
		}
	}
}
