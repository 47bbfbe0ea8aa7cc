package browser

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/test/browser/driver"
)

// how describes a window: everything that a test could find from the one before it.
const how = `JSON.stringify([innerWidth, innerHeight, devicePixelRatio, location.href, history.length,
	matchMedia('(prefers-color-scheme: dark)').matches, matchMedia('print').matches, getComputedStyle(document.documentElement).fontSize, Object.keys(window).includes('left')])`

// TestWindowsAreHandedOnClean: tests use windows one after another, and none finds in a window
// what another test did there. It runs alone, so that the second window is the first one again.
func TestWindowsAreHandedOnClean(t *testing.T) { //nolint:paralleltest // see above
	s := serve(t, now, nil)
	var before, after string
	t.Run("one test", func(t *testing.T) { //nolint:paralleltest // one after another
		b := open(t)
		b.Do("looking", chromedp.Evaluate(how, &before))
		b.signIn(s)
		b.visit(s, "/jobs")
		b.Do("leaving traces", chromedp.Evaluate(`window.left = 1; console.error('left')`, nil),
			chromedp.EmulateViewport(400, 500, chromedp.EmulateScale(2)), driver.Media("dark", "print"), driver.TextSize(32), emulation.SetScriptExecutionDisabled(true))
	})
	t.Run("the next", func(t *testing.T) { //nolint:paralleltest // one after another
		b := open(t)
		b.Do("looking", chromedp.Evaluate(how, &after))
		if after != before {
			t.Errorf("a window is %s, and was %s", after, before)
		}
		b.Quiet()
		b.Do("going there", chromedp.Navigate(s.base+"/jobs"))
		b.Until("scripts run", `document.documentElement.classList.contains('js')`)
		var cookies []*network.Cookie
		b.Do("asking for cookies", chromedp.ActionFunc(func(ctx context.Context) (err error) {
			cookies, err = network.GetCookies().Do(ctx)
			return err
		}))
		if len(cookies) > 0 {
			t.Errorf("it has the cookies %v", cookies)
		}
	})
}
