package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// crowd fills a state with jobs that each ran every so often before night.
func crowd(b *testing.B, db string, jobs, each int, every time.Duration) {
	b.Helper()
	store, err := sqlite.Open(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	work := make(chan int)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := range work {
				if err := one(b.Context(), store, n, each, every); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for n := range jobs {
		work <- n
	}
	close(work)
	wg.Wait()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

func one(ctx context.Context, store control.Store, n, each int, every time.Duration) error {
	j := job.Job{Name: fmt.Sprintf("job-%04d", n), Owner: fmt.Sprintf("team-%d", n%20), Schedule: fmt.Sprintf("%d * * * *", n%60), Timezone: "UTC", Command: []string{"true"}}
	if err := store.PutDefinition(ctx, j); err != nil {
		return err
	}
	item := job.Item{Name: j.Name, Definition: j.Hash(), Plan: j.Plan()}
	if err := store.Commit(ctx, control.Change{Item: &item}); err != nil {
		return err
	}
	code := int64(0)
	for i := range each {
		at := night.Add(-time.Duration(i+1) * every).Truncate(time.Minute)
		r := run.Run{
			ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Definition: j.Hash(), QueuedAt: at, StartedAt: at.Add(30 * time.Second), FinishedAt: at.Add(4 * time.Minute), Status: run.Succeeded, ExitCode: &code,
			Attempts: []run.Attempt{{N: 1, Sends: 1, SentAt: at, TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/jobs/0123456789abcdef0123456789abcdef", StartedAt: at.Add(30 * time.Second), EndedAt: at.Add(4 * time.Minute), StopCode: "EssentialContainerExited", StoppedReason: "Essential container in task exited"}},
		}
		if (n+i)%50 == 0 {
			r.Status, r.Cause = run.Failed, "exit code 1"
		}
		if err := store.Commit(ctx, control.Change{Run: &r}); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkPages: 1,000 jobs and 100,000 runs, of which a timeline shows 24,000 and
// as many slots. cold is a page of a server that has read nothing; changed is one
// after a run has changed; again is one that is loaded anew while nothing has.
func BenchmarkPages(b *testing.B) {
	db := filepath.Join(b.TempDir(), "state.db")
	crowd(b, db, 1000, 100, time.Hour)
	store, err := sqlite.Open(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	p, err := wire.LocalPlane(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	clock := func() time.Time { return night }
	p.Now = clock
	open := func() (*console.Server, *http.Cookie) {
		s, err := console.New(console.Config{Plane: p, Base: "http://" + host, Now: clock})
		if err != nil {
			b.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, request("GET", s.Address()[len("http://"+host):], nil))
		return s, w.Result().Cookies()[0]
	}
	for _, path := range []string{"/", "/timeline", "/jobs", "/jobs/job-0007", "/history", "/schedule", "/problems"} {
		b.Run("cold"+path, func(b *testing.B) {
			size := 0
			for b.Loop() {
				s, cookie := open()
				size = load(b, s, cookie, path)
			}
			b.ReportMetric(float64(size)/1000, "KB/page")
		})
		for _, kind := range []string{"changed", "again"} {
			b.Run(kind+path, func(b *testing.B) {
				s, cookie := open()
				s.Warm(b.Context())
				load(b, s, cookie, path)
				for b.Loop() {
					if kind == "changed" {
						b.StopTimer()
						change(b, store)
						s.Forget()
						b.StartTimer()
					}
					load(b, s, cookie, path)
				}
			})
		}
	}
}

// load loads a page and returns how many bytes it has.
func load(b *testing.B, s *console.Server, cookie *http.Cookie, path string) int {
	b.Helper()
	r := request("GET", path, nil)
	r.AddCookie(cookie)
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusOK || w.Body.Len() > 1_000_000 {
		b.Fatalf("%d, %d bytes", w.Code, w.Body.Len())
	}
	return w.Body.Len()
}

// change changes the newest run.
func change(b *testing.B, store *sqlite.Store) {
	b.Helper()
	rs, err := store.Runs(b.Context(), control.Query{Limit: 1})
	if err == nil {
		err = store.Commit(b.Context(), control.Change{Run: &rs[0]})
	}
	if err != nil {
		b.Fatal(err)
	}
}
