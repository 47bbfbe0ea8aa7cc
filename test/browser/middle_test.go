package browser

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/browser/driver"
)

// started starts a run of a job with the pages, and returns its id with its page open.
func (b *tab) started(s *served, job string) (id run.ID) {
	b.Helper()
	b.visit(s, "/ask/run?of="+job)
	b.Press(nil)
	b.ToRun()
	b.Do("reading which run it is", chromedp.TextContent("h1.id", (*string)(&id), chromedp.ByQuery))
	return id
}

// TestMiddleOfAPage: what a person has selected on a page stays while the page is refreshed, and
// becomes as current as the rest once it is no longer selected. The focused element keeps the
// focus.
func TestMiddleOfAPage(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := open(t)
	b.signIn(s)
	id := b.started(s, "slow")
	b.Until("output comes", driver.Shows("step 0"))
	b.Do("choosing the state, and looking at the output by keys", chromedp.Evaluate(`document.querySelector('.log').focus();
		getSelection().selectAllChildren(document.querySelector('#r-state .lead')); window.chosen = String(getSelection()); 0`, nil))
	acts := b.second()
	acts.visit(s, "/ask/stop?run="+string(id))
	acts.Press(map[string]string{"reason": "tea"})
	s.ends(t, id, run.Stopped)
	b.Until("the story goes on", `document.querySelector('#r-story').innerText.includes('Ended')`)
	b.Until("what is chosen stays", `chosen !== '' && String(getSelection()) === chosen && !chosen.includes('stopped')`)
	b.Until("the output keeps the focus", `document.activeElement.matches('.log')`)
	b.Do("choosing nothing", chromedp.Evaluate(`getSelection().removeAllRanges()`, nil))
	b.Until("what was chosen is as new as the rest", `document.querySelector('#r-state .lead').innerText.includes('stopped')`)
	b.Quiet()
}

// TestSightStays: if a refresh adds rows above those that a person looks at, these stay at their
// place on the screen, also sideways.
func TestSightStays(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := open(t)
	b.signIn(s)
	const before = 6
	for range before {
		s.ends(t, b.started(s, "hello"), run.Succeeded)
	}
	b.Do("a small window", chromedp.EmulateViewport(880, 200))
	b.visit(s, "/history")
	b.Until("it is live", isLive)
	b.Do("looking at a row of a table that is wider than its place", chromedp.Evaluate(`(() => {
		document.styleSheets[0].insertRule('table.wide { min-width: 80rem !important }', document.styleSheets[0].cssRules.length);
		const link = document.querySelectorAll('main tbody th > a')[3];
		scrollBy(0, link.getBoundingClientRect().top - 40);
		window.region = () => link.isConnected ? link.closest('.scroll') : document.querySelector('main .scroll');
		region().scrollLeft = 30;
		window.row = link.getAttribute('href');
		window.seen = [link.getBoundingClientRect().top, region().scrollLeft, scrollY];
		return 0;
	})()`, nil))
	b.Until("it is scrolled both ways", `seen[1] === 30 && seen[2] > 0`)
	acts := b.second()
	acts.started(s, "hello")
	b.Until("the new run is there", fmt.Sprintf(`document.querySelectorAll('main tbody th > a').length === %d`, before+1))
	b.Until("the row is where it was", `Math.abs(document.querySelector('main tbody th > a[href="' + row + '"]').getBoundingClientRect().top - seen[0]) < 2`)
	b.Until("sideways, too", `region().scrollLeft === 30`)
	b.Quiet()
}

// TestSlowToListen: what changes after a page was made and before its stream is open appears on
// the page, too, in all of its parts.
func TestSlowToListen(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	opens := make(chan struct{})
	slow := serving(t, s.plane, nil)
	slow.before = func(r *http.Request) {
		if r.URL.Path == "/events" {
			select {
			case <-opens:
			case <-r.Context().Done():
			}
		}
	}
	b := open(t)
	b.signIn(s)
	id := b.started(s, "slow")
	b.signIn(slow)
	b.visit(slow, "/runs/"+string(id))
	acts := b.second()
	acts.visit(s, "/ask/stop?run="+string(id))
	acts.Press(map[string]string{"reason": "tea"})
	s.ends(t, id, run.Stopped)
	begun := time.Now()
	close(opens)
	b.Until("the run has ended on the page, in all parts", `document.querySelector('#r-state .lead').innerText.includes('stopped') && document.querySelector('#r-story').innerText.includes('Ended')`)
	if took := time.Since(begun); took > 25*time.Second {
		t.Errorf("it took %s: the page waited until it is read again for its times, after 30 s", took)
	}
	b.Quiet()
}

// TestPartsComeAndGo: a part of a page for which there was no reason appears by itself once there
// is one, and disappears with it.
func TestPartsComeAndGo(t *testing.T) {
	t.Parallel()
	s := living(t, nil)
	b := open(t)
	b.signIn(s)
	b.visit(s, "/")
	b.Until("the page is live", isLive)
	acts := b.second()
	acts.visit(s, "/ask/pause?of=nightly")
	acts.Press(map[string]string{"reason": "a table is restored"})
	b.Until("the pause is there", `!!document.querySelector('#r-pauses table')`)
	acts.visit(s, "/ask/resume?of=nightly")
	acts.Press(nil)
	b.Until("the pause is gone", `!document.querySelector('#r-pauses table')`)
	acts.started(s, "broken")
	b.Until("the heading counts what needs attention", `document.querySelector('h1 .meta')?.innerText === '1 problem'`)
	b.Quiet()
}
