package console_test

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// counted matches the figures of the overview, with the address that each leads to.
var counted = regexp.MustCompile(`<b>(\d+)</b><a[^>]* href="([^"]+)"`)

// TestFiguresLeadToTheirRuns: a figure of the overview, or a mark of the timeline, leads to as
// many runs as it says.
func TestFiguresLeadToTheirRuns(t *testing.T) {
	t.Parallel()
	item := itemOf("etl", "* * * * *")
	changes := []port.Change{{Item: &item}}
	for n := range 60 {
		at := night.Truncate(time.Minute).Add(-time.Duration(n) * time.Minute)
		r := run.Run{ID: run.ScheduledID("etl", at), ScheduledFor: at, QueuedAt: at, FinishedAt: at.Add(10 * time.Second), Status: run.Statuses[n%len(run.Statuses)]}
		if !r.Status.Terminal() {
			r.FinishedAt = time.Time{}
		}
		changes = append(changes, port.Change{Run: &r})
	}
	by := run.Run{ID: "etl/manual-abcdefgh", ScheduledFor: night.Add(-30*time.Minute - 17*time.Second + 350*time.Millisecond), QueuedAt: night.Add(-30 * time.Minute), FinishedAt: night.Add(-29 * time.Minute), Status: run.Failed}
	get := pagesOf(t, append(changes, port.Change{Run: &by})...)
	rows := func(href string) int {
		href = strings.ReplaceAll(href, "&amp;", "&")
		return strings.Count(get(href), `<tr><th scope="row"><a class="id"`)
	}
	figures := counted.FindAllStringSubmatch(get("/"), -1)
	if len(figures) != 6 { // five ends, and the total
		t.Errorf("figures: %q", figures)
	}
	for _, f := range figures {
		if n, err := strconv.Atoi(f[1]); err != nil || rows(f[2]) != n {
			t.Errorf("%s leads to %d runs, not %d", f[2], rows(f[2]), n)
		}
	}
	marks := regexp.MustCompile(`<a href="(/history\?[^"]+)"><rect[^>]*><title>(\d+) runs`).FindAllStringSubmatch(get("/timeline"), -1)
	if len(marks) < 5 {
		t.Fatalf("marks: %q", marks)
	}
	for _, m := range marks {
		if n, err := strconv.Atoi(m[2]); err != nil || rows(m[1]) < n || rows(m[1]) > n+5 { // in other lanes, of the same minutes
			t.Errorf("%s leads to %d runs, and stands for %d", m[1], rows(m[1]), n)
		}
	}
}

// TestPagesOfOneMoment: runs of the same time are each on one page of history.
func TestPagesOfOneMoment(t *testing.T) {
	t.Parallel()
	var changes []port.Change
	for n := range 250 {
		name := "job-" + strconv.Itoa(n)
		r := run.Run{ID: run.ScheduledID(name, night), ScheduledFor: night, QueuedAt: night, FinishedAt: night, Status: run.Succeeded}
		changes = append(changes, port.Change{Run: &r})
	}
	get := pagesOf(t, changes...)
	row, older := regexp.MustCompile(`<tr><th scope="row"><a class="id" href="([^"]+)"`), regexp.MustCompile(`href="([^"]+)" rel="next"`)
	seen, pages := map[string]int{}, 0
	for path := "/history?until=" + url.QueryEscape(night.Format(time.RFC3339)) + "&since=1h"; path != ""; pages++ {
		page := get(path)
		for _, m := range row.FindAllStringSubmatch(page, -1) {
			seen[m[1]]++
		}
		path = ""
		if m := older.FindStringSubmatch(page); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(seen) != 250 || pages != 3 {
		t.Errorf("%d runs on %d pages", len(seen), pages)
	}
	for href, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", href, n)
		}
	}
}
