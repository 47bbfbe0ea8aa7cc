package browser

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/driver"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// paths lists the pages of the seeded state.
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

// look is a way to look at a page.
type look struct {
	name          string
	width, height int64
	scale         float64
	scheme, media string
	// check is what must then hold.
	check func(b *tab, name, axe string)
}

var looks = []look{
	{"by day", 1280, 900, 1, "light", "", func(b *tab, name, axe string) { b.Judge(name, axe) }},
	// Apart from colours, everything is as by day.
	{"in the dark", 1280, 900, 1, "dark", "", func(b *tab, name, axe string) { b.Judge(name, axe, driver.Colours...) }},
	// A window of 1280 px at 200 % has room for 640.
	{"at twice its size", 640, 450, 2, "dark", "", func(*tab, string, string) {}},
	{"at 768 px", 768, 1024, 1, "light", "", func(b *tab, name, _ string) { b.Still(name, ".tl, .heat") }},
	// The narrowest window in which wide tables stay tables.
	{"at 865 px", 865, 900, 1, "light", "", func(b *tab, name, _ string) { b.Still(name, ".tl") }},
	{"at 400 px", 400, 900, 1, "light", "", func(b *tab, name, axe string) {
		b.Still(name, ".tl, .heat") // which have time across
		b.Judge(name, axe)
	}},
	// A window of 1280 px at 400 % has room for 320.
	{"at 320 px", 320, 256, 1, "light", "", func(*tab, string, string) {}},
	// From a dark screen. A sheet of A4 has 718 px between its margins.
	{"on paper", 718, 1000, 1, "dark", "print", func(b *tab, name, _ string) { b.printed(name) }},
}

// look looks at the open page in every way, and leaves it as it is by day.
func (b *tab) look(name, axe string) {
	b.Helper()
	for _, l := range looks {
		b.turn(l)
		b.Fits(name + " " + l.name)
		b.Apart(name + " " + l.name)
		l.check(b, name+" "+l.name, axe)
	}
	b.turn(looks[0])
}

// turn makes the page be seen in one way.
func (b *tab) turn(l look) {
	b.Helper()
	b.Do(l.name, chromedp.EmulateViewport(l.width, l.height, chromedp.EmulateScale(l.scale)), driver.Media(l.scheme, l.media))
	b.Until("it is seen "+l.name, fmt.Sprintf(`innerWidth === %d && matchMedia('(prefers-color-scheme: dark)').matches === %t && matchMedia('print').matches === %t`, l.width, l.scheme == "dark", l.media == "print"))
}

// printed fails if a page on paper is not light and complete, or has something that works only on
// a screen.
func (b *tab) printed(name string) {
	b.Helper()
	b.Still(name, "nothing")
	for what, found := range map[string]string{
		"buttons":        `[...document.querySelectorAll('button, .button, .top select, .filter, main nav, .top nav, .skip')].filter(e => e.checkVisibility()).length`,
		"parts cut off":  `[...document.querySelectorAll('main *:not(svg *)')].filter(e => e.clientHeight > 1 && getComputedStyle(e).overflowY !== 'visible' && e.scrollHeight > e.clientHeight + 1).length`,
		"colours astray": `(s => s.backgroundColor === 'rgb(255, 255, 255)' && s.color === 'rgb(28, 33, 38)' ? 0 : 1)(getComputedStyle(document.documentElement))`,
	} {
		if n := b.Number("looking for "+what, found); n > 0 {
			b.Errorf("%s has %d %s", name, n, what)
		}
	}
}

// TestEveryPage: by day, in the dark, at 865, 768 and 400 px, at two and four times its size and on paper, each page is
// complete, obeys its policy, and has no accessibility fault that is more than minor. So do the
// answers, and what a person sees who is not signed in.
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
	all := paths(t, s)
	names := slices.Sorted(maps.Keys(all))
	const parts = 2           // as many as there are windows, each of which first loads axe-core
	for part := range parts { // side by side
		t.Run(fmt.Sprintf("part %d of %d", part+1, parts), func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.signIn(s)
			for i := part; i < len(names); i += parts {
				b.visit(s, all[names[i]])
				b.look(names[i], axe)
			}
			b.Quiet()
		})
	}
	t.Run("answers", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		b.signIn(s)
		b.visit(s, "/ask/resume?of=ledger-close")
		b.Press(nil)
		b.look("an answer", axe)
		b.visit(s, "/ask/stop?run=thumbnailer/"+slotOf(t, s, "thumbnailer"))
		b.Do("without a reason", chromedp.Evaluate(`document.querySelector('#reason').required = false`, nil))
		b.Press(nil)
		b.look("what is wrong with a form", axe)
		b.Quiet()
		stranger := open(t)
		stranger.visit(s, "/")
		stranger.look("a stranger's page", axe)
	})
}

// TestLargerText: text is as large as a person has set it in the browser, and pages make room for it.
func TestLargerText(t *testing.T) {
	t.Parallel()
	s := serve(t, now, checked)
	b := open(t)
	b.signIn(s)
	all := paths(t, s)
	b.Do("twice the size", driver.TextSize(32))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.visit(s, all[name])
		for _, width := range []int64{1280, 768} {
			b.Do("a window", chromedp.EmulateViewport(width, 900))
			b.Until(fmt.Sprintf("%s has large text at %d px", name, width), fmt.Sprintf(`innerWidth === %d && getComputedStyle(document.documentElement).fontSize === '28px'`, width))
			b.Fits(fmt.Sprintf("%s at %d px", name, width))
			b.Apart(fmt.Sprintf("%s at %d px", name, width))
		}
	}
	b.Quiet()
}

// TestRowsStayRows: if a table is shown as a list for lack of room, a screen reader still finds
// its rows and cells.
func TestRowsStayRows(t *testing.T) {
	t.Parallel()
	s := serve(t, now, nil)
	b := open(t)
	b.signIn(s)
	b.Do("a narrow window", chromedp.EmulateViewport(400, 900))
	for _, path := range []string{"/history", "/jobs", "/ask/retry-all"} {
		b.visit(s, path)
		b.Until(path+" has a list", `getComputedStyle(document.querySelector('main tbody tr')).display === 'flex'`)
		roles := b.Roles()
		if rows := b.Number("counting", `document.querySelectorAll('main tr').length`); roles["row"] < rows || roles["cell"] == 0 || roles["rowheader"] == 0 || roles["columnheader"] == 0 {
			t.Errorf("%s has %d rows, and a screen reader finds %v", path, rows, roles)
		}
	}
}

// TestOfOneJob: on a telephone, hours without launches do not make the page wider than it is.
func TestOfOneJob(t *testing.T) {
	t.Parallel()
	s := serving(t, of(t, func(ctx context.Context, store *sqlite.Store) error {
		j := job.Job{Name: "report", Schedule: "30 2 * * *", Timezone: seed.Zone, Command: []string{"true"}}
		return errors.Join(store.PutDefinition(ctx, j), store.Commit(ctx, port.Change{Item: &job.Item{Name: j.Name, Definition: j.Hash(), Plan: j.Plan()}}))
	}), func(c *console.Config) { c.Now = func() time.Time { return now } })
	b := open(t)
	b.signIn(s)
	b.Do("a telephone", chromedp.EmulateViewport(360, 800))
	for _, path := range []string{"/", "/timeline", "/jobs", "/jobs/report", "/history", "/schedule", "/problems"} {
		b.visit(s, path)
		b.Fits(path)
	}
	b.Quiet()
}

// of returns the plane of a state that is filled so.
func of(tb testing.TB, fill func(ctx context.Context, store *sqlite.Store) error) *plane.Plane {
	tb.Helper()
	db := filepath.Join(tb.TempDir(), "state.db")
	store, err := sqlite.Open(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(fill(tb.Context(), store), store.Close()); err != nil {
		tb.Fatal(err)
	}
	p, err := wire.LocalPlane(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.Close() })
	p.Now, p.Inspect = func() time.Time { return now }, func(context.Context) (plane.Health, error) {
		return plane.Health{Running: true, Where: "a state"}, nil
	}
	return p
}

// TestClockChanges: on the days on which the clocks change, pages say so, and a time that comes
// twice shows which of the two it is. One window sees all of them, because a new window takes the
// browser longer than six pages.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	b := open(t)
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
		s := serve(t, c.at, nil)
		b.signIn(s)
		b.visit(s, c.path)
		shown := b.Text()
		for _, want := range c.want {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: the page does not show %q:\n%s", name, want, shown)
			}
		}
	}
	b.Quiet()
}

// TestReaderSeesNoButton: a person who may only read sees the same pages.
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
