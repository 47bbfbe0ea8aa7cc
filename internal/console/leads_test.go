package console_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
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

// TestFailingJobOffersItsRetry: the page of a failing job leads to its newest failure, with the button that
// retries it; that of another job does not.
func TestFailingJobOffersItsRetry(t *testing.T) {
	t.Parallel()
	var changes []port.Change
	retried := []run.Trigger{{Kind: run.ByRetry, By: "ana", At: night}}
	for name, first := range map[string]run.Run{"fails": {Status: run.Skipped}, "works": {Status: run.Skipped}, "retried": {Status: run.Running, Triggers: retried}, "runs": {Status: run.Running}, "stopped": {Status: run.Stopped, Triggers: retried}} {
		item := itemOf(name, "0 * * * *")
		if name != "works" {
			item.FailingSince = night.Add(-3 * time.Hour)
		}
		changes = append(changes, port.Change{Item: &item})
		for n, r := range []run.Run{first, {Status: run.Failed}, {Status: run.Failed}} {
			at := night.Truncate(time.Hour).Add(-time.Duration(n) * time.Hour)
			r.ID, r.ScheduledFor, r.QueuedAt = run.ScheduledID(name, at), at, at
			if r.Status.Terminal() {
				r.FinishedAt = at.Add(time.Minute)
			}
			changes = append(changes, port.Change{Run: &r})
		}
	}
	get := pagesOf(t, changes...)
	leads := []string{`The newest failure: <a href="/runs/fails/20261124T0600Z">fails/20261124T0600Z</a>`, `<a class="button" href="/ask/retry?run=fails%2F20261124T0600Z">Retry…</a>`}
	says(t, "the page of a failing job", get("/jobs/fails"), leads, nil)
	says(t, "the page of another", get("/jobs/works"), nil, []string{"The newest failure", "Retry…"})
	says(t, "the page of one whose newest failure is being retried", get("/jobs/retried"), []string{"Failing since"}, []string{"The newest failure", "Retry…"})
	says(t, "the page of one whose newer run somebody stopped", get("/jobs/stopped"), []string{"The newest failure", "Retry…"}, nil)
	says(t, "the page of one that runs", get("/jobs/runs"), []string{"The newest failure", "Retry…"}, nil)
}

// TestABoundThatSomebodyGave: the page of a job and that of all jobs say that somebody gave its schedule an end or
// a start, or switched it off.
func TestABoundThatSomebodyGave(t *testing.T) {
	t.Parallel()
	ended, awaits, own := itemOf("ended", "0 * * * *"), itemOf("awaits", "0 * * * *"), itemOf("own", "0 * * * *")
	ended.CutShort, ended.Plan.EndAt = true, night.Add(-time.Hour)
	awaits.Postponed, awaits.Plan.StartAt = true, night.Add(time.Hour)
	own.Plan.EndAt, own.Plan.Disabled = ended.Plan.EndAt, true
	off := itemOf("off", "0 * * * *")
	off.SwitchedOff, off.Plan.Disabled = true, true
	get := pagesOf(t, port.Change{Item: &ended}, port.Change{Item: &awaits}, port.Change{Item: &own}, port.Change{Item: &off})
	const end, start, switched = "Somebody gave its schedule an end, which has come", "Somebody gave its schedule a start", "Somebody switched its schedule off"
	says(t, "one with an end", get("/jobs/ended"), []string{end}, []string{start, switched})
	says(t, "one with a start", get("/jobs/awaits"), []string{start}, []string{end, switched})
	says(t, "one that somebody switched off", get("/jobs/off"), []string{switched}, []string{end, start})
	says(t, "one whose definition has the end and is off", get("/jobs/own"), nil, []string{end, start, switched})
	for job, note := range map[string]string{"ended": "somebody gave its schedule an end: <time", "awaits": "somebody gave its schedule a start: <time", "off": "somebody switched its schedule off", "own": "disabled"} {
		says(t, "all jobs, "+job, get("/jobs?job="+job), []string{`<td class="whole">` + note}, nil)
	}
}

// TestManyPauses: the overview has the first pauses and says how to see the others.
func TestManyPauses(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]string{20: nil, 21: {"<p>and 1 more pause: <code>batchplane pauses</code></p>"}} {
		var changes []port.Change
		for i := range n {
			item := itemOf(fmt.Sprintf("job-%02d", i), "0 * * * *")
			item.Pauses = []job.Pause{{From: night.Add(-time.Hour), By: "mia", Reason: "moves"}}
			changes = append(changes, port.Change{Item: &item})
		}
		page := pagesOf(t, changes...)("/")
		if rows := strings.Count(page, "by mia: moves"); rows != 20 {
			t.Errorf("of %d pauses, the overview lists %d", n, rows)
		}
		says(t, "the overview", page, want, map[bool][]string{true: {"more pause"}}[n == 20])
	}
}

// TestZoneIsSaidOnce: a schedule's zone stands beside it where it is not that of the page's times, which the page
// names.
func TestZoneIsSaidOnce(t *testing.T) {
	t.Parallel()
	item := itemOf("etl", "30 * * * *")
	get := pagesOf(t, port.Change{Item: &item})
	const own, other = `at minute 30 of every hour</td>`, `at minute 30 of every hour <span`
	for _, path := range []string{"/", "/jobs"} {
		says(t, path, get(path), []string{own, "Times are in Europe/Berlin."}, []string{other})
		says(t, path+" in UTC", get(path+"?zone=UTC"), []string{other, ">Europe/Berlin</span>"}, []string{own})
		says(t, path+" in each job's zone", get(path+"?zone=job"), []string{other, ">Europe/Berlin</span>"}, []string{own})
	}
}
