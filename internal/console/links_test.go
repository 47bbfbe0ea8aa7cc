package console_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

var (
	hrefs   = regexp.MustCompile(` (?:href|action)="(/[^"]*)"`)
	refresh = regexp.MustCompile(`<a href="([^"]*)">Refresh`)
	heading = regexp.MustCompile(`(?s)<h1.*</h1>`)
)

// TestLinksLead: each link of each page leads to a page, and Refresh to the same page. Of links
// that differ only in a job or a run, it follows three.
func TestLinksLead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	names, from := regexp.MustCompile(`[a-z-]+/[0-9]{8}T[0-9]{4}Z|(/jobs/|of=|job=)[a-z-]+|[0-9]{4}-[0-9T%A-F:.-]+Z?`), map[string]string{"/": "nowhere"}
	alike, followed := map[string]int{}, 0
	for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		if strings.HasPrefix(path, "/code") || strings.HasPrefix(path, "/assets/") {
			continue
		}
		followed++
		res := w.send(request("GET", path, nil), cookie)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s on %s leads to %d", path, from[path], res.StatusCode)
			continue
		}
		if m := refresh.FindStringSubmatch(res.body); m == nil {
			t.Errorf("%s has no Refresh", path)
		} else if again := w.send(request("GET", html.UnescapeString(m[1]), nil), cookie); heading.FindString(again.body) != heading.FindString(res.body) {
			t.Errorf("on %s Refresh leads to %s, another page", path, m[1])
		}
		for _, m := range hrefs.FindAllStringSubmatch(res.body, -1) {
			to := html.UnescapeString(m[1])
			kind := names.ReplaceAllString(to, "$1")
			if from[to] != "" || alike[kind] >= 3 || strings.Count(to, "&") > 1 {
				continue
			}
			from[to] = path
			alike[kind]++
			queue = append(queue, to)
		}
	}
	if followed < 60 {
		t.Errorf("only %d links were found", followed)
	}
}

// TestRetryManyKeepsTheFilter: the list to retry is about the runs that history shows.
func TestRetryManyKeepsTheFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	for filter, want := range map[string][]string{
		"status=missed,succeeded": {"The newest missed run of each job", "/ask/retry-all?status=missed"},
		"hand=yes":                {"The newest failed run of each job", "/ask/retry-all?hand=yes"},
		"until=2026-11-24&zone=UTC&before=fx-rates/20261124T0700Z&hand=yes": {"The newest failed run of each job", "/ask/retry-all?hand=yes&until=2026-11-24&zone=UTC"},
	} {
		to := regexp.MustCompile(`href="(/ask/retry-all[^"]*)"`).FindStringSubmatch(w.send(request("GET", "/history?"+filter, nil), cookie).body)
		if to == nil || html.UnescapeString(to[1]) != want[1] {
			t.Errorf("from %s it leads to %v, want %s", filter, to, want[1])
			continue
		}
		if body := w.send(request("GET", want[1], nil), cookie).body; !strings.Contains(body, want[0]) || strings.Contains(want[1], "hand=yes") && strings.Contains(body, `name="run" value="`) {
			t.Errorf("%s does not say %q, or lists others:\n%s", want[1], want[0], body)
		}
	}
}

// TestKeptNeedsSomebody: an input that could not be used may mean a missing run.
func TestKeptNeedsSomebody(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "1 input", 19: "19 inputs", 25: "20 inputs or more"} {
		store := &memory.Store{}
		done := run.Run{ID: "a/20261124T0700Z", ScheduledFor: night, QueuedAt: night, FinishedAt: night, Status: run.Succeeded}
		if err := errors.Join(store.Commit(t.Context(), port.Change{Run: &done}), store.SetMark(t.Context(), port.MarkSweep, night)); err != nil {
			t.Fatal(err)
		}
		for i := n - 1; i >= 0; i-- {
			if err := store.Keep(t.Context(), port.Kept{At: night.Add(-time.Duration(i) * time.Hour), Reason: fmt.Sprintf("it is not <JSON> %d", i)}); err != nil {
				t.Fatal(err)
			}
		}
		w := newWorld(t, func(c *console.Config) {
			p := *c.Plane
			p.Reader, c.Plane = store, &p
		})
		cookie := w.signIn()
		overview := text(t, w.send(request("GET", "/", nil), cookie))
		says(t, fmt.Sprintf("the overview of %d", n), overview, []string{"Needs attention", ">1 problem<", want, "it is not &lt;JSON&gt; 0", `href="/problems"`}, []string{"All is well"})
		says(t, fmt.Sprintf("the problems of %d", n), text(t, w.send(request("GET", "/problems", nil), cookie)), []string{want}, nil)
	}
}

// TestTimesOfAnAddress: whoever opens an address sees the same, wherever they are: a time
// without a zone becomes one with it.
func TestTimesOfAnAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil) // in Europe/Berlin
	cookie := w.signIn()
	for path, want := range map[string]string{
		"/history?job=etl&since=2026-11-22T08:00&until=2026-11-23": "/history?job=etl&since=2026-11-22T07%3A00Z&until=2026-11-22T23%3A00Z",
		"/history?since=2026-11-22+08:00&zone=job":                 "/history?since=2026-11-22T07%3A00Z&zone=job",
		"/ask/retry-all?since=2026-11-22":                          "/ask/retry-all?since=2026-11-21T23%3A00Z",
		"/history?since=24h":                                       "",
		"/history?since=2026-11-22T07:00Z":                         "",
		"/history?since=2026-11-22T08:00&zone=UTC":                 "",
	} {
		res := w.send(request("GET", path, nil), cookie)
		if to := res.Header.Get("Location"); to != want || (want != "") != (res.StatusCode == http.StatusSeeOther) {
			t.Errorf("%s: %d, %q, want %q", path, res.StatusCode, to, want)
		}
	}
}
