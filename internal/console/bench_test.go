package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// crowd fills a state with jobs that each ran at that interval before night.
func crowd(b *testing.B, db string, jobs, each int, every time.Duration) {
	b.Helper()
	store, err := sqlite.Open(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	if err := seed.Crowd(b.Context(), store, jobs, each, every, night); err != nil {
		b.Fatal(err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPages: 1,000 jobs and 100,000 runs, of which a timeline shows 24,000 and as many
// slots. cold is a page of a server, with connections, that have read nothing; changed is a page
// after a run has changed; again is a page that is reloaded while nothing has changed.
func BenchmarkPages(b *testing.B) {
	db := filepath.Join(b.TempDir(), "state.db")
	crowd(b, db, 1000, 100, time.Hour)
	store, err := sqlite.Open(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	clock := func() time.Time { return night }
	end := func() error { return nil } // of the plane that was opened last
	defer func() { _ = end() }()
	open := func() (*console.Server, *http.Cookie) {
		_ = end()
		p, err := wire.LocalPlane(b.Context(), db)
		if err != nil {
			b.Fatal(err)
		}
		p.Now = clock
		end = p.Close
		s := console.New(console.Config{Plane: p, Base: "http://" + host, Now: clock})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, request("GET", s.Address()[len("http://"+host):], nil))
		return s, w.Result().Cookies()[0]
	}
	for _, path := range []string{"/", "/timeline", "/jobs", "/jobs/job-0007", "/history", "/schedule", "/problems"} {
		b.Run("cold"+path, func(b *testing.B) {
			size := 0
			for b.Loop() {
				b.StopTimer()
				s, cookie := open()
				b.StartTimer()
				size = load(b, s, cookie, path)
			}
			b.ReportMetric(float64(size)/1000, "KB/page")
			inMilliseconds(b)
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
				inMilliseconds(b)
			})
		}
	}
}

func inMilliseconds(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
}

// load loads a page and returns its size in bytes.
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
	rs, err := store.Runs(b.Context(), port.Query{Limit: 1})
	if err == nil {
		err = store.Commit(b.Context(), port.Change{Run: &rs[0]})
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStreams: 1,000 open pages whose streams report changes, over HTTP. It measures the
// memory that the process holds for them, including the clients' halves.
func BenchmarkStreams(b *testing.B) {
	db := filepath.Join(b.TempDir(), "state.db")
	crowd(b, db, 1000, 24, time.Hour)
	p, err := wire.LocalPlane(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	p.Now = func() time.Time { return night }
	s := console.New(console.Config{Plane: p, Base: "http://" + host, Now: p.Now})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request("GET", s.Address()[len("http://"+host):], nil))
	cookie := w.Result().Cookies()[0]
	load(b, s, cookie, "/timeline")
	server := httptest.NewServer(s)
	defer server.Close()
	held := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapInuse+m.StackInuse) / 1e6
	}
	before, most := held(), 0.0
	for b.Loop() {
		most = max(most, streams(b, server, cookie, held))
	}
	b.ReportMetric(before, "MB-before")
	b.ReportMetric(most, "MB-with-1000-pages")
}

// streams opens the streams of 1,000 pages, and returns the memory held while they are open.
func streams(b *testing.B, server *httptest.Server, cookie *http.Cookie, held func() float64) float64 {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	for range 1000 {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events", nil)
		if err != nil {
			b.Fatal(err)
		}
		r.AddCookie(cookie)
		res, err := server.Client().Do(r) //nolint:bodyclose // it ends with the context
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("a stream: %v, %v", res, err)
		}
	}
	return held()
}
