// Package driver lets tests look at pages as people do: in Chromium. If Chromium is not
// installed, such a test is skipped by name; with CI=true it fails.
package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The longest times that one step, and one wait, take on a busy machine.
const (
	stepLimit = 2 * time.Minute
	waitLimit = 3 * time.Minute
)

var shared struct {
	once  sync.Once
	alloc context.Context
	end   context.CancelFunc
	err   error
}

// Close ends the browser, if one was started. TestMain calls it after the tests.
func Close() {
	if shared.end != nil {
		shared.end()
	}
}

// browsers are programs of Chromium. The headless shell comes first: it is the same engine
// without the parts around the pages, and uses half as much processor time. It is called at the
// path where Debian has it: otherwise only the script of that name in the PATH would be ended.
var browsers = []string{"/usr/lib/chromium/chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// chromium starts one browser for all tests of a package.
func chromium() (context.Context, error) {
	shared.once.Do(func() {
		var path string
		for _, name := range browsers {
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
			// No process in advance for a page that may come, and none for a page that was left;
			// no machine code for scripts that run once per page.
			chromedp.Flag("disable-features", "SpareRendererForSitePerProcess,BackForwardCache"), chromedp.Flag("js-flags", "--no-turbofan,--no-maglev"),
		)
		alloc, end := chromedp.NewExecAllocator(context.Background(), options...)
		first, endFirst := chromedp.NewContext(alloc)
		starting, cancel := context.WithTimeout(context.Background(), stepLimit)
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

// Tab is a page of the browser. It belongs to one test until that test ends.
type Tab struct {
	testing.TB
	*window
}

// Open returns a window whose person has no cookies: one with which another test is done, or else
// a new one.
func Open(tb testing.TB) *Tab {
	tb.Helper()
	root, err := chromium()
	if err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("Chromium: %v", err)
		}
		tb.Skipf("Chromium: %v", err)
	}
	w, err := idle.take(root)
	if err != nil {
		tb.Fatalf("a window: %v", err)
	}
	tb.Cleanup(func() {
		if err := w.clear(); err != nil {
			tb.Errorf("a window that the next test would find as this one left it: %v", err)
			w.close()
			return
		}
		idle.give(w)
	})
	return &Tab{TB: tb, window: w}
}

// Second opens another window with the cookies of this one. It is closed with its test.
func (b *Tab) Second() *Tab {
	b.Helper()
	w, err := newWindow(shared.alloc, b.person)
	if err != nil {
		b.Fatalf("a new window: %v", err)
	}
	b.Cleanup(w.close)
	return &Tab{TB: b.TB, window: w}
}

// Do runs actions; a failure of one fails the test.
func (b *Tab) Do(what string, actions ...chromedp.Action) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.Fatalf("%s: %v; the page shows:\n%s", what, err, b.shown(b.ctx))
	}
}

// shown returns what a page shows, as far as possible. An expression that is waited for may say
// in window.wrong why it is not true.
func (b *Tab) shown(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, stepLimit/4)
	defer cancel()
	var s string
	if err := chromedp.Run(ctx, chromedp.Evaluate(`location.href + '\n' + (window.wrong || '') + '\n' + document.body.innerText`, &s)); err != nil {
		return err.Error()
	}
	return s
}

// Text returns what a page shows.
func (b *Tab) Text() string {
	b.Helper()
	var s string
	b.Do("reading the page", chromedp.Evaluate(`document.body.innerText`, &s))
	return s
}

// Number returns a number that the page computes.
func (b *Tab) Number(what, expression string) int {
	b.Helper()
	var n int
	b.Do(what, chromedp.Evaluate(expression, &n))
	return n
}

// Until waits until an expression of the page is true.
func (b *Tab) Until(what, expression string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, waitLimit)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Poll(expression, nil, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(0))); err != nil {
		b.Fatalf("waiting until %s: %v; the page shows:\n%s", what, err, b.shown(b.ctx))
	}
}

// Shows returns an expression which says that the page shows this text.
func Shows(text string) string { return fmt.Sprintf("document.body.innerText.includes(%q)", text) }

// Visit opens a page.
func (b *Tab) Visit(address string) {
	b.Helper()
	b.Do("opening "+address, chromedp.Navigate(address), chromedp.WaitVisible("main h1", chromedp.ByQuery))
}

// SignIn opens the pages at an address with a code.
func (b *Tab) SignIn(address string) {
	b.Helper()
	b.Do("signing in", chromedp.Navigate(address), chromedp.WaitVisible("footer", chromedp.ByQuery))
}

// Follow clicks a link to another page, and waits for something there.
func (b *Tab) Follow(what, link, there string) {
	b.Helper()
	b.Do(what, chromedp.Click(link, chromedp.ByQuery), chromedp.WaitVisible(there, chromedp.ByQuery))
}

// Press sends the page's form, with values for its fields by id, and waits for the answer or for
// what is wrong with it.
func (b *Tab) Press(fields map[string]string) {
	b.Helper()
	var actions []chromedp.Action
	for id, value := range fields {
		actions = append(actions, chromedp.SetValue("#"+id, value, chromedp.ByQuery))
	}
	// The page that is left may still show an earlier error.
	const next = "main:not([data-left]) "
	b.Do("sending the form", append(
		actions, chromedp.SetAttributeValue("main", "data-left", "yes", chromedp.ByQuery), chromedp.Click("main form.fields button", chromedp.ByQuery),
		chromedp.WaitVisible(next+".answer, "+next+".banner.bad", chromedp.ByQuery),
	)...)
}

// ToRun follows the answer's link to its run.
func (b *Tab) ToRun() {
	b.Helper()
	b.Follow("to the run", `.answer a[href^="/runs/"]`, "h1.id")
}

// Quiet fails if the browser complained about a policy or the script.
func (b *Tab) Quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		b.Errorf("the browser complains:\n%s", strings.Join(b.complaints, "\n"))
	}
}
