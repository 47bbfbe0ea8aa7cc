// Package browser looks at the pages as people do: in Chromium. If it is not installed, the tests
// are skipped by name; with CI=true that is a failure.
package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/driver"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// now is the time of the seeded night: a Tuesday morning.
var now = time.Date(2026, 11, 24, 7, 26, 40, 0, time.UTC)

func TestMain(m *testing.M) {
	localecs.MaybeSupervise()
	flag.Parse()
	// Most of a test's time is spent waiting for a page, so more tests run side by side than
	// there are processors.
	if set := flag.Lookup("test.parallel"); set != nil && set.Value.String() == set.DefValue {
		_ = set.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0)))
	}
	code := m.Run()
	driver.Close()
	seeds.close()
	os.Exit(code)
}

// seeds are files of states that were seeded for a time. Each is filled once and copied for the
// tests that want it.
var seeds seeded

type seeded struct {
	mu    sync.Mutex
	dir   string
	files map[time.Time]func() (string, error)
}

func (s *seeded) close() { _ = os.RemoveAll(s.dir) }

// copyTo copies the state that was seeded for a time.
func (s *seeded) copyTo(ctx context.Context, path string, at time.Time) error {
	s.mu.Lock()
	if s.files == nil {
		dir, err := os.MkdirTemp("", "batchplane-seeds-")
		if err != nil {
			s.mu.Unlock()
			return err
		}
		s.dir, s.files = dir, map[time.Time]func() (string, error){}
	}
	if s.files[at] == nil {
		file := filepath.Join(s.dir, fmt.Sprintf("%d.db", at.Unix()))
		s.files[at] = sync.OnceValues(func() (string, error) { return file, fill(context.WithoutCancel(ctx), file, at) })
	}
	filled := s.files[at]
	s.mu.Unlock()
	from, err := filled()
	if err != nil {
		return err
	}
	b, err := os.ReadFile(from) //nolint:gosec // it is our own
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

func fill(ctx context.Context, path string, at time.Time) error {
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	return errors.Join(seed.Fill(ctx, store, at), store.Close())
}

// tab is a page of the browser that looks at a console.
type tab struct{ *driver.Tab }

func open(tb testing.TB) *tab {
	tb.Helper()
	return &tab{driver.Open(tb)}
}

// second is another window of the same person.
func (b *tab) second() *tab {
	b.Helper()
	return &tab{b.Second()}
}

// signIn opens the pages with a code.
func (b *tab) signIn(s *served) {
	b.Helper()
	b.SignIn(s.Address())
}

// visit opens a page.
func (b *tab) visit(s *served, path string) {
	b.Helper()
	b.Visit(s.base + path)
}

// served is a console over a seeded store.
type served struct {
	*console.Server
	base  string
	plane *plane.Plane
	// streams is how many pages listen.
	streams *atomic.Int32
	// before is called before each request is answered. It must be set before the first.
	before func(*http.Request)
	// moody is its reader, if that can fail.
	moody *moody
}

// serve serves the pages of a store that was seeded for a time.
func serve(tb testing.TB, at time.Time, change func(*console.Config)) *served {
	tb.Helper()
	db := filepath.Join(tb.TempDir(), "state.db")
	if err := seeds.copyTo(tb.Context(), db, at); err != nil {
		tb.Fatal(err)
	}
	p, err := wire.LocalPlane(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.Close() })
	clock := func() time.Time { return at }
	p.Now, p.Name, p.Inspect = clock, "prod", func(context.Context) (plane.Health, error) {
		return plane.Health{Running: true, Where: "a seeded state"}, nil
	}
	return serving(tb, p, func(c *console.Config) {
		c.Now = clock
		c.Zone, c.ZoneName = plane.Zone(seed.Zone), seed.Zone
		if change != nil {
			change(c)
		}
	})
}

func serving(tb testing.TB, p *plane.Plane, change func(*console.Config)) *served {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	cfg := console.Config{Plane: p, Base: "http://" + l.Addr().String(), User: "tester"}
	if change != nil {
		change(&cfg)
	}
	s := console.New(cfg)
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	streams := &atomic.Int32{}
	out := &served{Server: s, base: cfg.Base, plane: p, streams: streams}
	go func() {
		done <- console.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if out.before != nil {
				out.before(r)
			}
			if r.URL.Path == "/events" {
				streams.Add(1)
				defer streams.Add(-1)
			}
			s.ServeHTTP(w, r)
		}))
	}()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("serving: %v", err)
		}
	})
	return out
}

// slotOf returns the slot of a job's newest relaunched run, or else of its newest run.
func slotOf(t *testing.T, s *served, job string) string {
	t.Helper()
	page, err := s.plane.History(t.Context(), plane.Filter{Jobs: []string{job}}, 40)
	if err != nil || len(page.Runs) == 0 {
		t.Fatal(len(page.Runs), err)
	}
	for _, r := range page.Runs {
		if len(r.Attempts) > 1 {
			return strings.TrimPrefix(string(r.ID), job+"/")
		}
	}
	return strings.TrimPrefix(string(page.Runs[0].ID), job+"/")
}
