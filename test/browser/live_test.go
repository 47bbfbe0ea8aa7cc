package browser

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/driver"
)

// living is a console over a running control plane.
func living(t *testing.T, inject func(localecs.Kind, localecs.Subject) bool) *served {
	t.Helper()
	db := filepath.Join(t.TempDir(), "state.db")
	sh := func(script string) []string { return []string{"/bin/sh", "-c", script} }
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: db, Listen: "127.0.0.1:0", Inject: inject, Delays: &localecs.Delays{},
		Jobs: []job.Job{
			{Name: "hello", Command: sh(`echo "hello $NAME"; sleep 1; printf 'bye \033[31mred\033[0m <b>bold</b> \342\200\256txt\n'`), Changes: job.Changes{Inputs: map[string]job.Input{"NAME": {Description: "Whom.", Default: "world", Pattern: "[a-z]+"}}}},
			{Name: "broken", Command: sh(`echo "no such table" >&2; exit 3`)},
			{Name: "slow", Command: sh(`i=0; while [ $i -lt 300 ]; do echo step $i; i=$((i+1)); sleep 1; done`)},
			{Name: "nightly", Schedule: "30 2 * * *", Timezone: "Europe/Berlin", Command: sh("true")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, 0) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, l.Close(context.WithoutCancel(ctx))); err != nil {
			t.Errorf("the control plane: %v", err)
		}
	})
	p, err := wire.LocalPlane(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	m := newMoody(p.Reader)
	p.Reader = m
	out := serving(t, p, func(*console.Config) {})
	out.moody = m
	return out
}

// TestActions does everything that the buttons offer on a running control plane, some of whose
// tasks do not get their network, and sees each page change by itself.
func TestActions(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := living(t, func(k localecs.Kind, _ localecs.Subject) bool {
		return k == "eni" && asked.Add(1)%2 == 1 // every other task, so that no run fails because of it
	})
	b := open(t)
	b.signIn(s)

	b.visit(s, "/jobs/hello")
	b.Do("run now", chromedp.Click(`a[href^="/ask/run"]`, chromedp.ByQuery), chromedp.WaitVisible("form.fields", chromedp.ByQuery))
	b.Press(map[string]string{"input-NAME": "NOT FOR IT"})
	if shown := b.Text(); !strings.Contains(shown, "refused") || !strings.Contains(shown, "NAME") {
		t.Errorf("a value that the job does not take:\n%s", shown)
	}
	b.visit(s, "/ask/run?of=hello")
	b.Press(map[string]string{"input-NAME": "chromium"})
	b.ToRun()
	b.Until("the run succeeds on the page", driver.Shows("succeeded"))
	b.Until("its output comes", driver.Shows("hello chromium"))
	b.Until("its last line comes", driver.Shows("<b>bold</b>"))
	if shown := b.Text(); strings.ContainsAny(shown, "\x1b\u202e") {
		t.Errorf("the page has what could steer a terminal or turn text around:\n%q", shown)
	}

	b.visit(s, "/ask/run?of=slow")
	b.Press(nil)
	b.ToRun()
	b.Until("output comes while it runs", driver.Shows("step 1"))
	b.Do("stop", chromedp.Click(`a[href^="/ask/stop"]`, chromedp.ByQuery), chromedp.WaitVisible("#reason", chromedp.ByQuery))
	b.Do("without a reason", chromedp.Evaluate(`document.querySelector('#reason').required = false`, nil))
	b.Press(nil)
	if shown := b.Text(); !strings.Contains(shown, "Say why") {
		t.Errorf("a stop without a reason:\n%s", shown)
	}
	b.Press(map[string]string{"reason": "tea"})
	b.ToRun()
	b.Until("it stops", `document.querySelector('#r-state .lead').innerText.includes('stopped')`)

	b.visit(s, "/ask/run?of=broken")
	b.Press(nil)
	b.ToRun()
	b.Until("it fails", driver.Shows("Only you know"))
	b.Do("retry", chromedp.Click(`a[href^="/ask/retry"]`, chromedp.ByQuery), chromedp.WaitVisible("form.fields", chromedp.ByQuery))
	b.Press(nil)
	b.visit(s, "/")
	b.Until("the overview says so", driver.Shows("broken"))

	b.visit(s, "/ask/pause?of=nightly")
	b.Press(map[string]string{"reason": "a table is restored", "until": "2h"})
	b.visit(s, "/jobs/nightly")
	b.Until("the pause shows", driver.Shows("a table is restored"))
	b.visit(s, "/ask/resume?of=nightly")
	b.Press(nil)
	b.visit(s, "/ask/skip-next?of=nightly")
	b.Press(map[string]string{"reason": "a holiday"})
	b.visit(s, "/jobs/nightly")
	b.Until("the skip shows", driver.Shows("skipped at the request of tester"))
	b.Quiet()
}

// hostile are texts that a page must show unchanged.
const hostile = `"><script>document.title='taken'</script><img src=x onerror="document.title='taken'">{{.}}` + "\u202e\x1b[2J"

// TestHostileTexts: everything from outside is text.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "state.db")
	store, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	d := job.Job{Name: "bad", Description: hostile, Owner: hostile, Command: []string{hostile}, Changes: job.Changes{Inputs: map[string]job.Input{"A": {Description: hostile, Default: hostile, Choices: []string{hostile}}}, Args: true}}
	code := int64(1)
	r := run.Run{
		ID: run.ScheduledID("bad", now), ScheduledFor: now, Definition: d.Hash(), QueuedAt: now, StartedAt: now, FinishedAt: now.Add(time.Minute), Status: run.Failed, Cause: hostile, ExitCode: &code, Environment: map[string]string{hostile: hostile},
		Triggers: []run.Trigger{{At: now, Kind: run.ByHand, By: hostile, Request: hostile}},
		Attempts: []run.Attempt{{N: 1, Sends: 1, SentAt: now, TaskARN: "x", StartedAt: now, EndedAt: now.Add(time.Minute), StopCode: hostile, StoppedReason: hostile, ContainerReason: hostile, Class: stop.AppFailed, Rule: hostile, Why: hostile, Next: hostile}},
	}
	item := job.Item{Name: "bad", Definition: d.Hash(), Plan: d.Plan(), FailingSince: now, Pauses: []job.Pause{{From: now, By: hostile, Reason: hostile}}}
	odd := job.Item{Name: hostile, FailingSince: now}
	for _, c := range []port.Change{{Run: &r}, {Item: &item}, {Item: &odd}} {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(store.PutDefinition(t.Context(), d), store.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := wire.LocalPlane(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	later := func() time.Time { return now.Add(time.Hour) }
	p.Now = later
	s := serving(t, p, func(c *console.Config) { c.Now = later })
	b := open(t)
	b.signIn(s)
	for _, path := range []string{"/", "/timeline", "/jobs", "/jobs/bad", "/runs/" + string(r.ID), "/history", "/history?cause=%3Cscript%3E", "/schedule", "/problems", "/ask/run?of=bad", "/ask/retry?run=" + string(r.ID), "/ask/retry-all?since=7d", "/nowhere/%3Cscript%3E"} {
		b.Do("opening "+path, chromedp.Navigate(s.base+path), chromedp.WaitVisible("main h1", chromedp.ByQuery))
		var title string
		var strange int
		b.Do("looking", chromedp.Title(&title), chromedp.Evaluate(`document.querySelectorAll('img[src=x], script:not([src]), [onerror]').length`, &strange))
		if strings.Contains(title, "taken") || strange > 0 {
			t.Errorf("%s: a text became part of the page (%s)", path, title)
		}
		if shown := b.Text(); strings.ContainsAny(shown, "\x1b\u202e") {
			t.Errorf("%s has characters that steer", path)
		}
	}
}

// TestForeignPages: a page of another site, or on another port, that a signed-in person opens can
// neither request nor read anything.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>evil</title><iframe id=frame src="%[1]s/"></iframe>
<form id=f method=post action="%[1]s/ask/run?of=hello"><input name=token value=x><input name=request value=page-1></form>
<script>window.read = 'pending'; fetch('%[1]s/history', {credentials: 'include'}).then(r => r.Text()).then(t => { window.read = t }, () => { window.read = 'refused' });
window.events = 'pending'; const e = new EventSource('%[1]s/events', {withCredentials: true}); e.onerror = () => { window.events = 'refused'; e.close() }; e.onopen = () => { window.events = 'open' };</script>`, s.base)
	}))
	t.Cleanup(evil.Close)
	b := open(t)
	b.signIn(s)
	for name, at := range map[string]string{"another port": evil.URL, "another site": strings.Replace(evil.URL, "127.0.0.1", "evil.test", 1)} {
		b.Do("opening "+name, chromedp.Navigate(at))
		b.Until(name+" has tried", `window.read !== 'pending' && window.events !== 'pending'`)
		var read, events string
		b.Do("looking", chromedp.Evaluate(`window.read`, &read), chromedp.Evaluate(`window.events`, &events))
		if read != "refused" || events != "refused" {
			t.Errorf("%s read %.80q and the stream was %s", name, read, events)
		}
		b.Do("sending the form", chromedp.Evaluate(`document.getElementById('f').submit()`, nil), chromedp.WaitVisible("main h1", chromedp.ByQuery))
		if shown := b.Text(); !strings.Contains(shown, "another site sent this request") {
			t.Errorf("the form of %s is answered by:\n%s", name, shown)
		}
	}
	// Another name for this address is not ours.
	b.Do("a stranger's name", chromedp.Navigate(strings.Replace(s.base, "127.0.0.1", "evil.test", 1)+"/"), chromedp.WaitVisible("main h1", chromedp.ByQuery))
	if shown := b.Text(); !strings.Contains(shown, "does not go by that name") {
		t.Errorf("by a stranger's name the page shows:\n%s", shown)
	}
	page, err := s.plane.OpenRuns(t.Context(), 10)
	if err != nil || len(page) > 0 {
		t.Errorf("%d runs, %v", len(page), err)
	}
	// The person's own tab is still signed in, and so is a second one.
	b.visit(s, "/jobs")
	second := b.second()
	second.visit(s, "/jobs/hello")
}

// moody is a reader that fails for as long as it is told to.
type moody struct {
	port.Reader
	feed port.Feed
	gone atomic.Bool
}

func newMoody(r port.Reader) *moody {
	feed, _ := r.(port.Feed)
	return &moody{Reader: r, feed: feed}
}

func (m *moody) Place(ctx context.Context) (int64, error) {
	if m.gone.Load() {
		return 0, errGone
	}
	return m.feed.Place(ctx)
}

func (m *moody) Changed(ctx context.Context, after int64, limit int) ([]run.Run, int64, error) {
	if m.gone.Load() {
		return nil, after, errGone
	}
	return m.feed.Changed(ctx, after, limit)
}

var errGone = errors.New("the table does not answer")

func (m *moody) Items(ctx context.Context) ([]job.Item, error) {
	if m.gone.Load() {
		return nil, errGone
	}
	return m.Reader.Items(ctx)
}

func (m *moody) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	if m.gone.Load() {
		return func(yield func(run.Run, error) bool) { yield(run.Run{}, errGone) }
	}
	return m.Reader.Walk(ctx, w)
}

// TestStreamsEndWhileHidden: a browser has six connections to a server, so a page that nobody
// sees gives its connection back, and listens again once somebody sees it.
func TestStreamsEndWhileHidden(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	b := open(t)
	b.signIn(s)
	b.visit(s, "/")
	b.Until("the page listens", `document.documentElement.dataset.live === 'yes'`)
	second := b.second()
	second.visit(s, "/timeline")
	second.Until("the second page listens", `document.documentElement.dataset.live === 'yes'`)
	turn := func(hidden bool) chromedp.Action {
		return chromedp.Evaluate(fmt.Sprintf(`Object.defineProperty(document, 'hidden', { value: %t, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`, hidden), nil)
	}
	b.Do("hiding the first page", turn(true))
	s.listening(t, 1)
	second.Do("hiding the second", turn(true))
	s.listening(t, 0)
	b.Do("looking at the first again", turn(false))
	s.listening(t, 1)
	b.Quiet()
}

// listening waits until that many pages listen.
func (s *served) listening(t *testing.T, n int32) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); s.streams.Load() != n; {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%d pages listen, want %d", s.streams.Load(), n)
		}
	}
}

// TestManyAreRetried: the list comes first, the chosen runs are retried, and the answers stay on
// the page.
func TestManyAreRetried(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := open(t)
	b.signIn(s)
	b.visit(s, "/ask/run?of=broken")
	b.Press(nil)
	b.ToRun()
	b.Until("it fails", driver.Shows("Only you know"))
	b.visit(s, "/ask/retry-all")
	b.Until("it is on the list and not chosen by itself", `document.querySelectorAll('input[name=run]').length === 1 && !document.querySelector('input[name=run]').checked`)
	b.Press(nil)
	if shown := b.Text(); !strings.Contains(shown, "Choose at least one run") {
		t.Errorf("with nothing chosen:\n%s", shown)
	}
	b.Do("choosing it", chromedp.Click("input[name=run]", chromedp.ByQuery))
	b.Press(nil)
	if shown := b.Text(); !strings.Contains(shown, "accepted") {
		t.Errorf("the retry is answered:\n%s", shown)
	}
	b.ToRun()
	b.Until("the second attempt is there", driver.Shows("Attempt 2"))
	b.Quiet()
}

// TestKeptInputs: inputs that could not be used are shown with their reason.
func TestKeptInputs(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "state.db")
	store, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Keep(t.Context(), port.Kept{At: now, Reason: "it is not a JSON object " + hostile, Body: []byte("x")}), store.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := wire.LocalPlane(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	s := serving(t, p, func(*console.Config) {})
	b := open(t)
	b.signIn(s)
	b.visit(s, "/problems")
	if shown := b.Text(); !strings.Contains(shown, "it is not a JSON object \"><script>") {
		t.Errorf("the page shows:\n%s", shown)
	}
	b.Quiet()
}
