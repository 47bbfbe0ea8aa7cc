package console_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestDestructiveNeedsAReason: something that cannot be undone, or may do work twice, is not
// requested without a typed reason, and the reason goes with the request.
func TestDestructiveNeedsAReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target, confirm string
		reason          func(*world) string
	}{
		"stop":         {"/ask/stop?run=thumbnailer/20261124T0720Z", "", func(w *world) string { return w.door.asked[0].Stop.Reason }},
		"skip next":    {"/ask/skip-next?of=fx-rates", "", func(w *world) string { return w.door.asked[0].Skip.Reason }},
		"unsafe retry": {"/ask/retry?run=fraud-scores/20261124T0615Z", "fraud-scores", func(w *world) string { return w.door.asked[0].Retry.Reason }},
		"pause all":    {"/ask/pause?of=*", "all jobs", func(w *world) string { return w.door.asked[0].Pause.Reason }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			cookie := w.signIn()
			form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}, "attempts": {"1"}, "confirm": {c.confirm}, "reason": {" "}}
			if res := w.send(request("POST", c.target, form), cookie); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(res.body, "Say why") || len(w.door.asked) != 0 {
				t.Errorf("without a reason it answered %d, and %d requests were sent", res.StatusCode, len(w.door.asked))
			}
			form.Set("reason", "the input was wrong")
			if res := w.send(request("POST", c.target, form), cookie); len(w.door.asked) != 1 || c.reason(w) != "the input was wrong" {
				t.Errorf("with a reason it answered %d, and %+v was sent", res.StatusCode, w.door.asked)
			}
		})
	}
}

// TestReasonsInAnyScript: a reason may have as many characters as the control plane keeps, whatever their
// number of bytes.
func TestReasonsInAnyScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	for reason, status := range map[string]int{strings.Repeat("表", 500): http.StatusOK, strings.Repeat("a", 1001): http.StatusUnprocessableEntity} {
		form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}, "reason": {reason}}
		if res := w.send(request("POST", "/ask/skip-next?of=fx-rates", form), cookie); res.StatusCode != status {
			t.Errorf("%d characters: it answered %d", len([]rune(reason)), res.StatusCode)
		}
	}
}

// TestRetrySaysWhatWasSeen: a retry says how many attempts the run had when the form was shown,
// whatever became of the run since. A form that does not say so is not sent.
func TestRetrySaysWhatWasSeen(t *testing.T) {
	t.Parallel()
	const target = "/ask/retry?run=invoice-mailer/20261124T0720Z"
	w := newWorld(t, nil)
	cookie := w.signIn()
	body := w.send(request("GET", target, nil), cookie).body
	if !strings.Contains(body, `<input type="hidden" name="attempts" value="1">`) {
		t.Errorf("the form does not say that the run had one attempt:\n%s", body)
	}
	form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}}
	if res := w.send(request("POST", target, form), cookie); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(res.body, "how many attempts") || len(w.door.asked) != 0 {
		t.Errorf("without it: %d, and %+v was sent", res.StatusCode, w.door.asked)
	}
	form.Set("attempts", "7")
	if w.send(request("POST", target, form), cookie); len(w.door.asked) != 1 || *w.door.asked[0].Retry.Attempts != 7 {
		t.Errorf("sent %+v", w.door.asked)
	}
}

// TestRetryManyNeedsAReason: of many runs, those that may do work twice are not retried without a
// reason. With one, each chosen run gets it. Safe runs need none.
func TestRetryManyNeedsAReason(t *testing.T) {
	t.Parallel()
	const safe, unsafe = "retry-all/backup-postgres/20261124T0115Z/0", "retry-all/ledger-close/20261124T0230Z/1"
	for name, c := range map[string]struct {
		chosen []string
		reason string
		status int
		says   string
		sent   int
	}{
		"none chosen":                 {nil, "the disk was full", http.StatusUnprocessableEntity, "Choose at least one run", 0},
		"a safe one":                  {[]string{safe}, " ", http.StatusOK, "", 1},
		"one that may do work twice":  {[]string{unsafe}, " ", http.StatusUnprocessableEntity, "Say why: a retry of ledger-close/20261124T0230Z may do work twice.", 0},
		"it among others":             {[]string{safe, unsafe}, "", http.StatusUnprocessableEntity, "Say why", 0},
		"it among others, and why":    {[]string{safe, unsafe}, " the disk was full ", http.StatusOK, "", 2},
		"one that is no longer there": {[]string{safe, "retry-all/gone/20261124T0115Z/1"}, "", http.StatusOK, "1 run no longer needed a retry", 1},
		"one that was retried since":  {[]string{safe, "retry-all/ledger-close/20261124T0230Z/0"}, "", http.StatusOK, "or was retried in the meantime", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			for _, r := range []run.Run{{ID: "backup-postgres/20261124T0115Z"}, {ID: "ledger-close/20261124T0230Z", Attempts: []run.Attempt{{N: 1, TaskARN: "arn", Started: stop.Yes}}}} {
				r.Status, r.ScheduledFor, r.QueuedAt, r.FinishedAt = run.Failed, night.Add(-2*time.Hour), night.Add(-2*time.Hour), night.Add(-time.Hour)
				if err := errors.Join(store.Commit(t.Context(), port.Change{Item: &job.Item{Name: r.ID.Job()}}), store.Commit(t.Context(), port.Change{Run: &r})); err != nil {
					t.Fatal(err)
				}
			}
			w := newWorld(t, func(c *console.Config) {
				p := *c.Plane
				p.Reader, c.Plane = store, &p
			})
			cookie := w.signIn()
			res := w.send(request("POST", "/ask/retry-all", url.Values{"token": {w.tokenOf("/ask/retry-all", cookie)}, "request": {"page-1"}, "run": c.chosen, "reason": {c.reason}}), cookie)
			if res.StatusCode != c.status || !strings.Contains(res.body, c.says) || len(w.door.asked) != c.sent {
				t.Fatalf("it answered %d, and %d requests were sent:\n%s", res.StatusCode, len(w.door.asked), res.body)
			}
			for _, r := range w.door.asked {
				if r.Retry == nil || r.Retry.Attempts == nil || r.Retry.Reason != strings.TrimSpace(c.reason) {
					t.Errorf("it sent %+v", r)
				}
			}
		})
	}
}

// TestPauseSaysItsZone: the end of a pause is read in the zone that the form names.
func TestPauseSaysItsZone(t *testing.T) {
	t.Parallel()
	noon := func(offset int) time.Time { return time.Date(2026, 11, 24, 12-offset, 0, 0, 0, time.UTC) }
	for target, c := range map[string]struct {
		zone  string
		until time.Time
	}{
		"/ask/pause?of=*":                 {"America/New_York", noon(-5)},
		"/ask/pause?of=*&zone=job":        {"America/New_York", noon(-5)},
		"/ask/pause?of=*&zone=Asia/Tokyo": {"Asia/Tokyo", noon(9).Add(24 * time.Hour)},
		"/ask/pause?of=fx-rates":          {"America/New_York", noon(-5)},
		"/ask/pause?of=fx-rates&zone=job": {"Europe/Berlin", noon(1)},
	} {
		w := newWorld(t, func(c *console.Config) { c.Zone, c.ZoneName = plane.Zone("America/New_York"), "America/New_York" })
		cookie := w.signIn()
		if body := w.send(request("GET", target, nil), cookie).body; !strings.Contains(body, "or a time, in "+c.zone+";") {
			t.Errorf("%s does not say that it is %s:\n%s", target, c.zone, body)
		}
		form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}, "confirm": {"all jobs"}, "reason": {"r"}, "until": {"12:00"}}
		w.send(request("POST", target, form), cookie)
		if len(w.door.asked) != 1 || !w.door.asked[0].Pause.Until.Equal(c.until) {
			t.Errorf("%s: asked %+v, want until %s", target, w.door.asked, c.until)
		}
	}
}

// TestOlderStack: before somebody asks a stack of an earlier version for what it may not know,
// the form says so. It says so beside the refusal, too.
func TestOlderStack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string
		says    bool
	}{
		"an earlier one": {"0.0.9", true}, "the same": {plane.Release, false}, "on one machine": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(cfg *console.Config) { cfg.Plane.Version = c.version })
			cookie := w.signIn()
			const says = "older one refuses what it does not know"
			for _, target := range []string{"/ask/skip-next?of=fx-rates", "/ask/retry?run=fraud-scores/20261124T0615Z", "/ask/retry-all"} {
				if body := w.send(request("GET", target, nil), cookie).body; strings.Contains(body, says) != c.says {
					t.Errorf("%s does not say it, or says it without a cause:\n%s", target, body)
				}
			}
			w.door.answer = port.Reply{Outcome: port.Refused, Message: `refused: not an input of the trigger: unknown field "reason"`}
			form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}, "reason": {"a holiday"}}
			if body := w.send(request("POST", "/ask/skip-next?of=fx-rates", form), cookie).body; !strings.Contains(body, "unknown field") || strings.Contains(body, says) != c.says {
				t.Errorf("beside the refusal:\n%s", body)
			}
		})
	}
}
