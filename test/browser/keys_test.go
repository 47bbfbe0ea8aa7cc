package browser

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/driver"
)

// lone is a console over a state with one job, which has one failed and one open run.
func lone(t *testing.T, name, text string) *served {
	t.Helper()
	db := filepath.Join(t.TempDir(), "state.db")
	store, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if name != "" {
		at, code := time.Date(2026, 11, 24, 7, 20, 0, 0, time.UTC), int64(1)
		d := job.Job{Name: name, Schedule: "20 * * * *", Timezone: "Europe/Berlin", Description: text, Owner: text, Command: []string{text}, Changes: job.Changes{Inputs: map[string]job.Input{"A": {Description: text, Default: text, Pattern: "w*"}}}}
		r := run.Run{
			ID: run.ScheduledID(name, at), ScheduledFor: at, Definition: d.Hash(), QueuedAt: at, StartedAt: at, FinishedAt: at.Add(time.Minute), Status: run.Failed, Cause: text, ExitCode: &code,
			Triggers: []run.Trigger{{At: at, Kind: run.ByHand, By: text, Request: text, Reason: text}},
			Attempts: []run.Attempt{{N: 1, Sends: 1, SentAt: at, TaskARN: text, StartedAt: at, EndedAt: at.Add(time.Minute), StopCode: text, StoppedReason: text, Class: stop.AppFailed, Rule: text, Why: text, Next: text, ExitCode: &code}},
		}
		open := run.Run{
			ID: run.ScheduledID(name, at.Add(5*time.Minute)), ScheduledFor: at.Add(5 * time.Minute), Definition: d.Hash(), QueuedAt: at, Status: run.Running, Cause: text, DueAt: at.Add(time.Hour),
			Attempts: []run.Attempt{{N: 1, Sends: 1, SentAt: at, AcceptedAt: at, TaskARN: text, LastStatus: "RUNNING"}},
		}
		item := job.Item{Name: name, Definition: d.Hash(), Plan: d.Plan(), FailingSince: at, Pauses: []job.Pause{{From: at, By: text, Reason: text}}}
		err = errors.Join(store.Commit(t.Context(), port.Change{Run: &r}), store.Commit(t.Context(), port.Change{Run: &open}), store.Commit(t.Context(), port.Change{Item: &item}), store.PutDefinition(t.Context(), d))
	}
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := wire.LocalPlane(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	p.Now = func() time.Time { return now }
	return serving(t, p, func(c *console.Config) { c.Now = p.Now })
}

// TestNothingAndOne: with no job, and with one, each page is complete and says what there is none
// of.
func TestNothingAndOne(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*served{"nothing": lone(t, "", ""), "one": lone(t, "only", "a text")} {
		b := open(t)
		b.signIn(s)
		for _, path := range []string{"/", "/timeline", "/jobs", "/history", "/schedule", "/problems", "/ask/retry-all"} {
			b.visit(s, path)
			b.Fits(name + " at " + path)
			if n := b.Number("counting", `document.querySelectorAll('main tbody:empty, main table:not(:has(tbody tr))').length`); n > 0 {
				t.Errorf("with %s, %s has an empty table:\n%s", name, path, b.Text())
			}
		}
		b.Quiet()
	}
}

// TestByKeyboard: each page can be walked through without a mouse: its skip link comes first, the
// focused element is visible and marked, the order is the page's, and an action can be requested.
func TestByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	b := open(t)
	b.signIn(s)
	all := paths(t, s)
	for _, name := range []string{"overview", "timeline", "jobs", "job", "run", "history", "schedule", "checked", "ask retry", "ask many"} {
		b.visit(s, all[name])
		b.Do("the first key", chromedp.KeyEvent(kb.Tab))
		b.Until(name+" begins with its skip link, in sight", `document.activeElement.matches('.skip') && document.activeElement.getBoundingClientRect().top >= 0`)
		b.Do("walking on", chromedp.Evaluate(`window.walked = [document.activeElement]; 0`, nil))
		for range 12 {
			b.Do("a key", chromedp.KeyEvent(kb.Tab))
			if b.Number("the end", `document.activeElement === document.body || document.activeElement.matches('.skip') ? 1 : 0`) == 1 {
				break
			}
			// What is wrong, in the page's words; "" if nothing is.
			b.Until(name+" shows what has the focus, and marks it", `(window.wrong = (() => {
				const e = document.activeElement, last = walked[walked.length - 1], box = e.getBoundingClientRect(), s = getComputedStyle(e);
				if (!e.matches(':focus-visible') || !(s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || e.querySelector('rect'))) return 'not marked: ' + e.outerHTML;
				if (box.bottom <= 0 || box.top >= innerHeight) return 'not in sight: ' + e.outerHTML;
				if (last.isConnected && !(last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)) return 'before the last: ' + e.outerHTML;
				return '';
			})()) === ''`)
			b.Do("walking on", chromedp.Evaluate(`walked.push(document.activeElement); 0`, nil))
		}
	}
	b.visit(s, "/jobs/fx-rates")
	b.Do("skipping to the content", chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.Until("the address is the content's", `location.hash === '#main'`)
	for b.Number("looking", `document.activeElement.matches('a[href^="/ask/resume"], a[href^="/ask/pause"]') ? 1 : 0`) == 0 {
		b.Do("a key", chromedp.KeyEvent(kb.Tab))
		b.Until("the walk stays on the page", `document.activeElement !== document.body`)
	}
	b.Do("opening the form", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("form.fields #reason", chromedp.ByQuery), chromedp.Focus("#reason", chromedp.ByQuery))
	b.Do("sending it", chromedp.KeyEvent("a table is restored"+kb.Enter), chromedp.WaitVisible(".answer", chromedp.ByQuery))
	b.Until("it is answered", driver.Shows("It may not have been done"))
	b.Quiet()
}

// TestZoneByKeyboard: whoever chooses a zone by keys can pass over others, and then has a button.
// With a mouse, the choice itself suffices.
func TestZoneByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	b := open(t)
	b.signIn(s)
	b.visit(s, "/jobs")
	b.Until("there is no button", `!document.querySelector('.zone button').checkVisibility()`)
	b.Do("choosing by keys", chromedp.Evaluate(`window.stays = true; document.querySelector('select[name=zone]').focus()`, nil), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown))
	b.Until("the page stays, and has the button", `stays && document.querySelector('.zone button').checkVisibility() && document.querySelector('select[name=zone]').selectedIndex === 2`)
	b.Do("pressing it", chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`a[href*="zone=UTC"]`, chromedp.ByQuery))
	b.Do("choosing without keys", chromedp.Evaluate(`(f => { f.selectedIndex = 1; f.dispatchEvent(new Event('change')) })(document.querySelector('select[name=zone]'))`, nil), chromedp.WaitVisible(`a[href*="zone=job"]`, chromedp.ByQuery))
	b.Quiet()
}

// TestHighContrast: where a person's own colours replace the page's, as in a contrast theme of
// Windows, the chosen page and the chosen part of a page are still marked, and no legend explains
// colours that are not there.
func TestHighContrast(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	b := open(t)
	b.signIn(s)
	b.Do("their own colours", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}))
	b.visit(s, "/timeline")
	b.Until("their colours are on", `matchMedia('(forced-colors: active)').matches`)
	b.Until("what is chosen has a frame", `(all => all.length === 2 && all.every(e => getComputedStyle(e).outlineStyle === 'solid'))([...document.querySelectorAll('[aria-current]')])`)
	b.Do("going on by keys", chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.querySelector('nav [aria-current]').focus()`, nil))
	b.Until("where the keys are has another frame", `document.activeElement.matches('[aria-current]:focus-visible') && getComputedStyle(document.activeElement).outlineStyle === 'double'`)
	if b.Number("looking at the legend", `getComputedStyle(document.querySelector('.shade-key')).backgroundColor === getComputedStyle(document.querySelector('.track .shade')).fill ? 1 : 0`) == 0 {
		t.Error("the legend does not show a pause as the timeline does")
	}
	b.visit(s, "/schedule")
	if n := b.Number("looking for keys", `[...document.querySelectorAll('.heat-key span')].filter(e => e.checkVisibility()).length`); n > 0 {
		t.Errorf("the heat map has no colours, and %d of them are explained", n)
	}
	b.Quiet()
}
