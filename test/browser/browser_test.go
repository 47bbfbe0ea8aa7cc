// Package browser looks at the pages as people do: in Chromium. Where it is not
// installed the tests are skipped by name; with CI=true that is a failure.
package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// now is when the seeded night was: a Tuesday morning.
var now = time.Date(2026, 11, 24, 7, 26, 40, 0, time.UTC)

var shared struct {
	once  sync.Once
	alloc context.Context
	end   context.CancelFunc
	err   error
}

func TestMain(m *testing.M) {
	localecs.MaybeSupervise()
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	os.Exit(code)
}

// chromium starts one browser for all tests.
func chromium() (context.Context, error) {
	shared.once.Do(func() {
		var path string
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if path, shared.err = exec.LookPath(name); shared.err == nil {
				break
			}
		}
		if shared.err != nil {
			return
		}
		dir, err := os.MkdirTemp("", "batchplane-chromium-")
		if err != nil {
			shared.err = err
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:0:0],
			chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-sync", true), chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"), chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(1280, 900),
		)
		alloc, end := chromedp.NewExecAllocator(context.Background(), options...)
		first, endFirst := chromedp.NewContext(alloc)
		starting, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- chromedp.Run(first) }()
		select {
		case shared.err = <-done:
		case <-starting.Done():
			shared.err = errors.New("chromium did not start within two minutes")
		}
		shared.alloc = first //nolint:fatcontext // one browser for all
		shared.end = func() {
			endFirst()
			end()
			_ = os.RemoveAll(dir)
		}
	})
	return shared.alloc, shared.err
}

// tab is a page of the browser, closed with its test.
type tab struct {
	testing.TB
	ctx context.Context
	// apart is what holds its cookies.
	apart cdp.BrowserContextID
	// complaints are what the browser's console said.
	mu         sync.Mutex
	complaints []string
}

func open(tb testing.TB) *tab {
	tb.Helper()
	root, err := chromium()
	if err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("Chromium: %v", err)
		}
		tb.Skipf("Chromium: %v", err)
	}
	apart, err := target.CreateBrowserContext().Do(browserOf(root))
	if err != nil {
		tb.Fatalf("a new browser context: %v", err)
	}
	return window(root, tb, apart)
}

// browserOf is for what is asked of the browser, not of a tab.
func browserOf(root context.Context) context.Context {
	return cdp.WithExecutor(root, chromedp.FromContext(root).Browser)
}

// window opens a window with the cookies of others or with its own. Chromium opens
// a first tab of a browser context only in a window of its own.
func window(root context.Context, tb testing.TB, apart cdp.BrowserContextID) *tab {
	tb.Helper()
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(apart).WithNewWindow(true).WithWidth(1280).WithHeight(900).Do(browserOf(root))
	if err != nil {
		tb.Fatalf("a new window: %v", err)
	}
	ctx, end := chromedp.NewContext(root, chromedp.WithTargetID(id))
	tb.Cleanup(end)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	tb.Cleanup(cancel)
	b := &tab{TB: tb, ctx: ctx, apart: apart}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError {
				b.complaints = append(b.complaints, fmt.Sprint(e.Args))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
				b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
			}
		}
	})
	b.do("listening", log.Enable())
	return b
}

// do runs actions; a failure of one fails the test.
func (b *tab) do(what string, actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// text is what a page shows.
func (b *tab) text() string {
	b.Helper()
	var s string
	b.do("reading the page", chromedp.Evaluate(`document.body.innerText`, &s))
	return s
}

// until waits until an expression of the page is true.
func (b *tab) until(what, expression string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Poll(expression, nil, chromedp.WithPollingInterval(100*time.Millisecond))); err != nil {
		b.Fatalf("waiting until %s: %v; the page shows:\n%s", what, err, b.text())
	}
}

// served is a console over a seeded store.
type served struct {
	*console.Server
	base  string
	plane *plane.Plane
	// streams is how many pages listen.
	streams *atomic.Int32
	// moody is its reader, where that can fail.
	moody *moody
}

// serve serves pages of a store that was seeded for a time.
func serve(tb testing.TB, at time.Time, change func(*console.Config)) *served {
	tb.Helper()
	db := filepath.Join(tb.TempDir(), "state.db")
	store, err := sqlite.Open(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	if err := seed.Fill(tb.Context(), store, at); err != nil {
		tb.Fatal(err)
	}
	if err := store.Close(); err != nil {
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
	change(&cfg)
	s, err := console.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	streams := &atomic.Int32{}
	go func() {
		done <- console.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	return &served{Server: s, base: cfg.Base, plane: p, streams: streams}
}

// signIn opens the pages with a code.
func (b *tab) signIn(s *served) {
	b.Helper()
	b.do("signing in", chromedp.Navigate(s.Address()), chromedp.WaitVisible("footer"))
}

// visit opens a page.
func (b *tab) visit(s *served, path string) {
	b.Helper()
	b.do("opening "+path, chromedp.Navigate(s.base+path), chromedp.WaitVisible("main h1"))
}

// quiet fails where the browser complained: of a policy, or of the script.
func (b *tab) quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		b.Errorf("the browser complains:\n%s", strings.Join(b.complaints, "\n"))
	}
}

// slotOf is the slot of a job's newest run that was relaunched, else its newest.
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
