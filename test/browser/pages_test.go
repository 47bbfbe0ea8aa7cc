package browser

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/test/browser/driver"
)

// paths are the pages of the seeded state.
func paths(t *testing.T, s *served) map[string]string {
	t.Helper()
	return map[string]string{
		"overview": "/", "timeline": "/timeline", "week": "/timeline?span=7d&zone=job", "jobs": "/jobs", "job": "/jobs/invoice-mailer", "by hand": "/jobs/gdpr-export",
		"run": "/runs/fraud-scores/" + slotOf(t, s, "fraud-scores"), "doubt": "/runs/thumbnailer/" + slotOf(t, s, "thumbnailer"),
		"history": "/history", "nothing": "/history?cause=nothing", "schedule": "/schedule", "problems": "/problems", "checked": "/problems/check",
		"ask run": "/ask/run?of=invoice-mailer", "ask retry": "/ask/retry?run=fraud-scores/" + slotOf(t, s, "fraud-scores"), "ask pause": "/ask/pause?of=*", "ask many": "/ask/retry-all",
		"near": "/timeline?span=3h", "relaunched": "/runs/fraud-scores/" + slotOf(t, s, "fraud-scores") + "?attempt=1", "ask stop": "/ask/stop?run=thumbnailer/" + slotOf(t, s, "thumbnailer"),
		"ask skip": "/ask/skip-next?of=fx-rates", "ask resume": "/ask/resume?of=ledger-close", "no such page": "/nowhere", "no such run": "/runs/nobody/20261124T0700Z", "bad address": "/timeline?span=1y",
	}
}

// TestEveryPage: by day, in the dark, at 400 px and at twice its size each page is
// whole, obeys its policy, and has no serious fault of accessibility; so has what is
// answered, and what somebody sees who is not signed in.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	axe, err := driver.Axe("../..")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("axe-core: make tools-axe installs it")
	}
	s := serve(t, now, checked)
	for look, actions := range map[string][]chromedp.Action{
		"light":  {chromedp.EmulateViewport(1280, 900), driver.Media("light")},
		"dark":   {chromedp.EmulateViewport(1280, 900), driver.Media("dark")},
		"narrow": {chromedp.EmulateViewport(400, 900), driver.Media("light")},
		// A window of 1280 px at 200 % has room for 640.
		"zoomed": {chromedp.EmulateViewport(640, 450, chromedp.EmulateScale(2)), driver.Media("dark")},
	} {
		t.Run(look, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.signIn(s)
			b.Do(look, actions...)
			for name, path := range paths(t, s) {
				b.visit(s, path)
				b.Fits(name)
				if look != "zoomed" { // which has the layout of one of the others
					b.Judge(name, axe)
				}
			}
			b.visit(s, "/ask/resume?of=ledger-close")
			b.Press(nil)
			b.Judge("an answer", axe)
			b.visit(s, "/ask/stop?run=thumbnailer/"+slotOf(t, s, "thumbnailer"))
			b.Do("without a reason", chromedp.Evaluate(`document.querySelector('#reason').required = false`, nil))
			b.Press(nil)
			b.Judge("what is wrong with a form", axe)
			b.Quiet()
			stranger := open(t)
			stranger.Do(look, actions...)
			stranger.visit(s, "/")
			stranger.Fits("a stranger's page")
			stranger.Judge("a stranger's page", axe)
		})
	}
}

// TestClockChanges: on the days on which the clocks change, pages say so, and a
// time that comes twice shows which of both it is.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   time.Time
		path string
		want []string
	}{
		"the hour that comes twice": {time.Date(2026, 10, 25, 1, 40, 0, 0, time.UTC), "/history?job=orders-import", []string{"02:30 CET (+01:00)", "02:30 CEST (+02:00)"}},
		"the next slots before it":  {time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), "/jobs/backup-postgres", []string{"the clocks change on that day in Europe/Berlin: it has 25 h"}},
		"the hour that is left out": {time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC), "/jobs/backup-postgres", []string{"it has 23 h", "28 Mar 03:00"}},
		"the week with it":          {time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC), "/schedule", []string{"the clocks go forward by 1h", "backup-postgres"}},
		"the week with both hours":  {time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), "/schedule", []string{"the clocks go back by 1h", "backup-postgres"}},
		"a timeline over both":      {time.Date(2026, 10, 25, 1, 40, 0, 0, time.UTC), "/timeline", []string{"Sun 25 Oct", "Mon 26 Oct"}},
		"a timeline over none":      {time.Date(2027, 3, 28, 5, 40, 0, 0, time.UTC), "/timeline", []string{"Sun 28 Mar", "Mon 29 Mar"}},
		"runs around the left out":  {time.Date(2027, 3, 28, 1, 40, 0, 0, time.UTC), "/history?job=orders-import", []string{"01:50", "03:00", "03:30"}},
		"the next slots after it":   {time.Date(2026, 10, 25, 0, 10, 0, 0, time.UTC), "/jobs/orders-import", []string{"02:20 CEST (+02:00)", "02:00 CET (+01:00)"}},
		"a run of the first hour":   {time.Date(2026, 10, 25, 1, 40, 0, 0, time.UTC), "/runs/orders-import/20261025T0030Z", []string{"02:30 CEST (+02:00)"}},
		"a run of the second hour":  {time.Date(2026, 10, 25, 2, 40, 0, 0, time.UTC), "/runs/orders-import/20261025T0130Z", []string{"02:30 CET (+01:00)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.at, nil)
			b := open(t)
			b.signIn(s)
			b.visit(s, c.path)
			shown := b.Text()
			for _, want := range c.want {
				if !strings.Contains(shown, want) {
					t.Errorf("the page does not show %q:\n%s", want, shown)
				}
			}
			b.Quiet()
		})
	}
}

// TestReaderSeesNoButton: who may only read sees the same pages.
func TestReaderSeesNoButton(t *testing.T) {
	t.Parallel()
	s := serve(t, now, func(c *console.Config) { c.ReadOnly = true })
	b := open(t)
	b.signIn(s)
	for name, path := range paths(t, s) {
		b.visit(s, path)
		if n := b.Number("counting", `document.querySelectorAll('form[method=post], main a.button[href^="/ask"]').length`); n > 0 {
			t.Errorf("%s has %d buttons", name, n)
		}
	}
	b.Quiet()
}
