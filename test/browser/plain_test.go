package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/browser/driver"
)

// plain is a person whose browser runs no scripts.
func plain(t *testing.T, s *served) *tab {
	t.Helper()
	b := open(t)
	b.Do("no script", emulation.SetScriptExecutionDisabled(true))
	b.signIn(s)
	return b
}

// TestEveryPageWithoutScript: each page is complete without scripts.
func TestEveryPageWithoutScript(t *testing.T) {
	t.Parallel()
	s := serve(t, now, checked)
	b := plain(t, s)
	for name, path := range paths(t, s) {
		b.visit(s, path)
		if n := b.Number("looking", `[...document.querySelectorAll('[hidden]')].filter(e => e.id !== 'gone').length`); n > 0 {
			t.Errorf("%s has %d parts that only a script would show", name, n)
		}
	}
	b.visit(s, "/history")
	b.Do("choosing a zone", chromedp.SetValue(`select[name=zone]`, "UTC", chromedp.ByQuery), chromedp.Click(".zone button", chromedp.ByQuery), chromedp.WaitVisible(`a[href*="zone=UTC"]`, chromedp.ByQuery))
}

// TestActionsWithoutScript: everything that buttons do works without scripts.
func TestActionsWithoutScript(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := plain(t, s)
	asks := func(path string, fields map[string]string) {
		t.Helper()
		b.visit(s, path)
		b.Press(fields)
		b.Do("looking at the answer of "+path, chromedp.WaitVisible(".answer.s-ok", chromedp.ByQuery))
	}
	runs := func(job string) (id run.ID) {
		t.Helper()
		asks("/ask/run?of="+job, nil)
		b.ToRun()
		b.Do("reading which run it is", chromedp.TextContent("h1.id", (*string)(&id), chromedp.ByQuery))
		return id
	}
	first := runs("broken")
	s.ends(t, first, run.Failed)
	asks("/ask/retry?run="+string(first), nil)
	s.ends(t, first, run.Failed)
	b.visit(s, "/ask/retry-all")
	b.Do("choosing it", chromedp.Click("input[name=run]", chromedp.ByQuery))
	b.Press(nil)
	b.Do("looking at the answer", chromedp.WaitVisible(".answer.s-ok", chromedp.ByQuery))
	slow := runs("slow")
	asks("/ask/stop?run="+string(slow), map[string]string{"reason": "tea"})
	s.ends(t, slow, run.Stopped)
	b.visit(s, "/runs/"+string(slow))
	b.Until("the page says so", driver.Shows("tea"))
	asks("/ask/pause?of=nightly", map[string]string{"reason": "a table is restored", "until": "2h"})
	asks("/ask/resume?of=nightly", nil)
	asks("/ask/skip-next?of=nightly", map[string]string{"reason": "a holiday"})
}
