package console_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

// varies lists what differs between runs of the test.
var varies = []struct {
	in  *regexp.Regexp
	out string
}{
	{regexp.MustCompile(`name="token" value="[^"]*"`), `name="token" value="TOKEN"`},
	{regexp.MustCompile(`name="request" value="[^"]*"`), `name="request" value="REQUEST"`},
	{regexp.MustCompile(`/assets/([a-z]+)-[0-9a-f]+\.`), `/assets/$1.`},
}

// TestPages compares whole pages of a seeded state with their golden files.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.signIn()
	for name, path := range map[string]string{
		"overview":          "/",
		"timeline":          "/timeline?job=partner-*,warehouse-sync,sitemap,thumbnailer",
		"timeline-week":     "/timeline?span=7d&class=failed&owner=billing&zone=UTC",
		"timeline-none":     "/timeline?job=nothing-*",
		"jobs":              "/jobs?owner=billing",
		"job":               "/jobs/ledger-close",
		"job-by-hand":       "/jobs/gdpr-export",
		"run-failed":        "/runs/invoice-mailer/20261124T0720Z",
		"run-relaunched":    "/runs/fraud-scores/20261124T0615Z?zone=job",
		"run-doubt":         "/runs/thumbnailer/20261124T0720Z",
		"history":           "/history?status=failed,missed&since=12h",
		"history-none":      "/history?cause=no+such+text",
		"schedule":          "/schedule",
		"problems":          "/problems",
		"ask-run":           "/ask/run?of=invoice-mailer",
		"ask-retry-unsafe":  "/ask/retry?run=fraud-scores/20261124T0615Z",
		"ask-stop":          "/ask/stop?run=thumbnailer/20261124T0720Z",
		"ask-pause-all":     "/ask/pause?of=*",
		"ask-retry-all":     "/ask/retry-all",
		"sorry-bad-address": "/history?since=yesterday",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := text(t, w.send(request("GET", path, nil), c))
			for _, v := range varies {
				got = v.in.ReplaceAllString(got, v.out)
			}
			frame, own := apart(t, got)
			golden.Check(t, "testdata/"+name+".html", own)
			switch {
			case name == "overview":
				golden.Check(t, "testdata/frame.html", frame)
				return
			case strings.HasPrefix(name, "sorry-"): // it has no session's frame
				return
			}
			want, err := os.ReadFile(filepath.Join("testdata", "frame.html"))
			if err != nil {
				t.Fatal(err)
			}
			if plainFrame(frame) != plainFrame(string(want)) {
				t.Errorf("its frame is not that of the overview:\n%s", firstDifference(plainFrame(frame), plainFrame(string(want))))
			}
		})
	}
	t.Run("stranger", func(t *testing.T) {
		t.Parallel()
		got := text(t, w.send(request("GET", "/", nil)))
		for _, v := range varies {
			got = v.in.ReplaceAllString(got, v.out)
		}
		golden.Check(t, "testdata/stranger.html", got)
	})
}

// apart divides a page into its frame and what is its own: its title and the content of <main>.
func apart(t *testing.T, page string) (frame, own string) {
	t.Helper()
	head, rest, ok := strings.Cut(page, "<main ")
	main, foot, end := strings.Cut(rest, "</main>")
	_, title, titled := strings.Cut(head, "<title>")
	title, _, closed := strings.Cut(title, "</title>")
	if !ok || !end || !titled || !closed {
		t.Fatalf("it is no page:\n%s", page)
	}
	return head + "<main></main>" + foot, "<title>" + title + "</title>\n<main " + main + "</main>\n"
}

// ownOf matches the parts of a frame that are a page's own: its title, its address, its entry in
// the navigation, and the zone of its times.
var ownOf = regexp.MustCompile(`<title>[^<]*</title>| aria-current="page"|<form class="zone"(?s:.*?)</form>|href="[^"]*"|Times are in [^.]*\.|<p id="r-made".*| data-events="[^"]*"`)

func plainFrame(frame string) string { return ownOf.ReplaceAllString(frame, "") }

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer"
}

// TestSlotsThatAreNotDrawn: the timeline says so if a job has more future slots than are drawn,
// and only then.
func TestSlotsThatAreNotDrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	for target, cut := range map[string]bool{"/timeline": false, "/timeline?span=7d": true, "/timeline?span=7d&job=backup-postgres": false} {
		if body := w.send(request("GET", target, nil), cookie).body; strings.Contains(body, "the next 500 slots of a job are drawn and counted") != cut {
			t.Errorf("%s does not say it, or says it without a cause", target)
		}
	}
}

// TestAddressIsTheState: what is written into an address is read back unchanged.
func TestAddressIsTheState(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-z0-9][a-z0-9 <>&"'é-]{0,20}[a-z0-9]`)
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9_-]{0,10}\*?`), 0, 4, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		q := console.Query{
			Zone:  rapid.SampledFrom([]string{"", "job", "UTC", "Europe/Berlin", "America/Sao_Paulo"}).Draw(t, "zone"),
			Owner: rapid.OneOf(rapid.Just(""), word).Draw(t, "owner"), Cause: rapid.OneOf(rapid.Just(""), word).Draw(t, "cause"),
			Class: rapid.SampledFrom([]string{"", "failed", "planned"}).Draw(t, "class"), Since: rapid.SampledFrom([]string{"", "24h", "2026-11-22"}).Draw(t, "since"),
			ByHand: rapid.Bool().Draw(t, "hand"), Page: rapid.IntRange(0, 9).Draw(t, "page"), Attempt: rapid.IntRange(0, 9).Draw(t, "attempt"),
		}
		if list := names.Draw(t, "jobs"); len(list) > 0 {
			q.Jobs = list
		}
		if rapid.Bool().Draw(t, "has statuses") {
			q.Statuses = []run.Status{run.Failed, run.Missed}
		}
		if rapid.Bool().Draw(t, "has a time") {
			q.At = night
		}
		back, err := console.ParseQuery(q.Values())
		if err != nil {
			t.Fatal(err)
		}
		if back.Values().Encode() != q.Values().Encode() || back.Zone != q.Zone || back.Cause != q.Cause || len(back.Jobs) != len(q.Jobs) || !back.At.Equal(q.At) {
			t.Fatalf("%+v came back as %+v", q, back)
		}
	})
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"zone=Mars/Olympus", "span=5h", "at=yesterday", "at=9999-01-01T00:00:00Z", "job=a%20b/c", "class=odd", "status=odd", "hand=maybe", "before=x", "page=-1", "attempt=1e9", "cause=" + strings.Repeat("x", 300)} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := console.ParseQuery(v); err == nil {
			t.Errorf("%s is read as %+v", query, q)
		}
	}
	var names []string
	for i := range 101 {
		names = append(names, fmt.Sprintf("job-%d", i))
	}
	if q, err := console.ParseQuery(url.Values{"job": {strings.Join(names[:100], ","), names[0]}}); err != nil || len(q.Jobs) != 100 {
		t.Errorf("of 100 jobs, %d are read: %v", len(q.Jobs), err)
	}
	if q, err := console.ParseQuery(url.Values{"job": names}); err == nil {
		t.Errorf("of 101 jobs, %d are read", len(q.Jobs))
	}
}

// TestPagesThatAreNoMore: an address of a page that existed while there were more jobs leads to the
// last page there is, not to one that says that there are no jobs.
func TestPagesThatAreNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	for _, path := range []string{"/jobs?page=9", "/timeline?page=9"} {
		if body := text(t, w.send(request("GET", path, nil), cookie)); !strings.Contains(body, `href="/jobs/fx-rates"`) || strings.Contains(body, "There are no jobs yet") {
			t.Errorf("%s shows no job", path)
		}
	}
}

// TestNothingToRetrySince: the form says since when it looked, be that a duration or a time.
func TestNothingToRetrySince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	for since, want := range map[string]string{"1h": "since 1h ago.", "2026-11-24T07:00Z": "since 2026-11-24T07:00Z."} {
		if body := text(t, w.send(request("GET", "/ask/retry-all?job=none&since="+since, nil), cookie)); !strings.Contains(body, "No run is there to be retried "+want) {
			t.Errorf("%s: %s", since, body)
		}
	}
}
