package browser

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/browser/driver"
)

const isLive = `document.documentElement.dataset.live === 'yes'`

// ends waits until the store has this end of a run.
func (s *served) ends(t *testing.T, id run.ID, as run.Status) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(2 * time.Minute); ; {
		r, err := s.plane.Run(t.Context(), id)
		if err == nil && r.Status == as {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s is %s, want %s: %v", id, r.Status, as, err)
		}
	}
}

// TestSecondTab: pages that are open in another tab show by themselves what a person does in one
// tab.
func TestSecondTab(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	acts := open(t)
	acts.signIn(s)
	sees := acts.second()
	looks := func(path string) {
		t.Helper()
		sees.visit(s, path)
		sees.Until(path+" is live", isLive)
	}
	asks := func(path string, fields map[string]string) {
		t.Helper()
		acts.visit(s, path)
		acts.Press(fields)
	}
	has := func(link string) string { return "!!document.querySelector('main a[href^=\"" + link + "\"]')" }

	looks("/")
	asks("/ask/run?of=slow", nil)
	sees.Until("the overview has the run", has("/runs/slow/"))
	acts.ToRun()
	var id string
	acts.Do("reading which run it is", chromedp.TextContent("h1.id", &id, chromedp.ByQuery))
	looks("/runs/" + id)
	asks("/ask/stop?run="+id, map[string]string{"reason": "tea"})
	sees.Until("the run says that it was stopped", `document.querySelector('#r-state .lead').innerText.includes('stopped')`)

	looks("/timeline")
	asks("/ask/run?of=broken", nil)
	sees.Until("the timeline has the run", has("/runs/broken/"))
	looks("/history")
	asks("/ask/run?of=hello", nil)
	sees.Until("the history has the run", has("/runs/hello/"))
	looks("/jobs")
	asks("/ask/pause?of=nightly", map[string]string{"reason": "a table is restored"})
	sees.Until("the list of jobs has the pause", driver.Shows("paused"))
	looks("/jobs/nightly")
	sees.Until("there is a button that ends it", has("/ask/resume"))
	asks("/ask/resume?of=nightly", nil)
	sees.Until("the job's page has its end, and the button for another", has("/ask/pause"))
	looks("/problems")
	sees.Quiet()
	acts.Quiet()
}

// TestControlPlaneGoesAndComesBack: each live page says that it is not live, keeps what it shows,
// and continues by itself.
func TestControlPlaneGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := open(t)
	b.signIn(s)
	for path, keeps := range map[string]string{"/": "In the next hour", "/timeline": "nightly", "/jobs": "nightly", "/jobs/nightly": "Next slots", "/history": "Nothing has run yet"} {
		b.visit(s, path)
		b.Until(path+" is live", isLive)
		s.moody.gone.Store(true)
		b.Until("the banner comes", `!document.getElementById('gone').hidden && document.getElementById('gone').innerText.includes('cannot be read')`)
		b.Until(path+" stays", driver.Shows(keeps))
		s.moody.gone.Store(false)
		b.Until("the banner goes", `document.getElementById('gone').hidden`)
	}
	b.Quiet()
}

// TestServerGoesAndComesBack: a page whose server has ended says so, and is live again once the
// server is back.
func TestServerGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	address, ctx := "", t.Context()
	stand := func() (end func()) {
		t.Helper()
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", cmp.Or(address, "127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		address = l.Addr().String()
		own, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		s.Server = console.New(console.Config{Plane: s.plane, Base: "http://" + address, Now: func() time.Time { return now }})
		go func() { done <- console.Serve(own, l, s.Server) }()
		return func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("serving: %v", err)
			}
		}
	}
	end := stand()
	b := open(t)
	b.SignIn(s.Address())
	b.Until("the page is live", isLive)
	end()
	b.Until("the banner comes", `document.getElementById('gone').innerText.includes('does not answer')`)
	b.Until("the page stays", driver.Shows("In the next hour"))
	end = stand()
	defer end()
	// Another process has other sessions: the page says so, and how to come back.
	b.Until("the page says that one is signed out", `document.getElementById('gone').innerText.includes('signed out')`)
	b.SignIn(s.Address())
	b.Until("the page is live again", isLive)
}

// TestServerFallsSilent: a connection that ends without a word, as that of a tunnel that hangs or of a
// machine that was asleep, is not taken for one on which nothing happens.
func TestServerFallsSilent(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	hangs, goesOn := atomic.Bool{}, make(chan struct{})
	s.before = func(r *http.Request) {
		if hangs.Load() {
			select {
			case <-goesOn:
			case <-r.Context().Done():
			}
		}
	}
	b := open(t)
	b.signIn(s)
	b.visit(s, "/")
	b.Until("the page is live", isLive)
	b.Do("reading far down", chromedp.EmulateViewport(400, 500), chromedp.Evaluate(`scrollTo(0, document.body.scrollHeight)`, nil))
	hangs.Store(true)
	b.Do("a minute passes without a word", chromedp.Evaluate(`(() => { const now = Date.now; Date.now = () => now() + 60000; })()`, nil))
	b.Until("the banner comes", `document.getElementById('gone').innerText.includes('does not answer')`)
	if top := b.Number("looking for the banner", `document.getElementById('gone').getBoundingClientRect().top`); top != 0 {
		b.Errorf("the banner is %d px from the top of the window", top)
	}
	b.Until("the page stays", driver.Shows("In the next hour"))
	hangs.Store(false)
	close(goesOn)
	b.Until("the page is live again", isLive)
	b.Until("the banner goes", `document.getElementById('gone').hidden`)
	b.Quiet()
}

// TestServerSpeaks: a page that hears of changes is live, however long ago its stream was opened.
func TestServerSpeaks(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := open(t)
	b.signIn(s)
	b.visit(s, "/")
	b.Until("the page is live", isLive)
	later := func(seconds string) {
		t.Helper()
		b.Do(seconds+" s later", chromedp.Evaluate(`Date.now = (now => () => { asked++; return now() + `+seconds+`000; })(Date.now); asked = 0;`, nil))
	}
	b.Do("counting who asks for the time", chromedp.Evaluate(`asked = 0; silences = 0; new MutationObserver(() => silences++).observe(document.documentElement, { attributes: true, attributeFilter: ['data-live'] });`, nil))
	later("40")
	acts := b.second()
	acts.visit(s, "/ask/pause?of=nightly")
	acts.Press(map[string]string{"reason": "a table is restored"})
	b.Until("the page has heard of it", `!!document.querySelector('#r-pauses table')`)
	later("40")
	b.Until("it has looked whether the stream is silent", `asked > 0`)
	if n := b.Number("counting silences", `silences`); n > 0 {
		b.Errorf("it took the stream for silent though it had just heard of a change")
	}
	b.Quiet()
}

// TestLongNames: with the longest names and texts, every page is still as wide as its window.
func TestLongNames(t *testing.T) {
	t.Parallel()
	s := lone(t, strings.Repeat("abcdefghijk-", 4), strings.Repeat("w", 300))
	b := open(t)
	b.signIn(s)
	name := strings.Repeat("abcdefghijk-", 4)
	for _, path := range []string{"/", "/timeline", "/jobs", "/jobs/" + name, "/runs/" + name + "/20261124T0720Z", "/history", "/schedule", "/problems", "/ask/retry?run=" + name + "/20261124T0720Z", "/ask/retry-all", "/ask/run?of=" + name} {
		b.visit(s, path)
		for _, width := range []int64{1280, 1000, 400} {
			b.Do("a window", chromedp.EmulateViewport(width, 900))
			b.Until("it has that width", fmt.Sprintf("innerWidth === %d", width))
			b.Fits(fmt.Sprintf("%s at %d px", path, width))
			b.Apart(fmt.Sprintf("%s at %d px", path, width))
		}
		if path == "/timeline" || path == "/jobs" {
			b.Until(path+" has its name whole where it is cut, and no end of it is out of sight", fmt.Sprintf(`(a => a.title === %q && a.textContent.endsWith('-') && a.closest('th').scrollWidth <= a.closest('th').clientWidth)(document.querySelector('main th a'))`, name))
		}
	}
}
