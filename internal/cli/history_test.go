package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/test/golden"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	w := past(t)
	golden.Check(t, "testdata/history.txt", w.must("history"))
	golden.Check(t, "testdata/history.jsonl", w.must("history", "--json"))
	if got := w.must("history", "never"); !strings.HasPrefix(got, "RUN") || strings.Count(got, "\n") != 1 {
		t.Errorf("a job that never ran: %q", got)
	}
	if got := w.must("history", "never", "--json"); got != "" {
		t.Errorf("a job that never ran, as JSON: %q", got)
	}
}

// ids returns the runs that history --json lists.
func ids(t *testing.T, out string) []string {
	t.Helper()
	var got []string
	for line := range strings.Lines(out) {
		var row struct{ Run string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		got = append(got, row.Run)
	}
	return got
}

func TestHistorySelects(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, c := range []struct{ args, want string }{
		{"", "broken/20261122T0200Z report/20261122T0130Z broken/20261121T0200Z report/20261121T0130Z broken/20261120T0200Z report/20261120T0130Z"},
		{"report", "report/20261122T0130Z report/20261121T0130Z report/20261120T0130Z"},
		{"--status failed,missed --since 2026-11-21", "broken/20261122T0200Z broken/20261121T0200Z"},
		{"--until 2026-11-20T02:30", "report/20261120T0130Z"},
		{"re* --since 2026-11-22", "report/20261122T0130Z"},
		{"--job re* --since 2026-11-22", "report/20261122T0130Z"},
		{"report broken --since 2026-11-22", "broken/20261122T0200Z report/20261122T0130Z"},
		{"--owner team-a --since 2026-11-22", "broken/20261122T0200Z report/20261122T0130Z"},
		{"--owner team-b", ""},
		{"--cause CODE --since 2026-11-22", "broken/20261122T0200Z"},
		{"--by-hand", ""},
		{"--limit 1", "broken/20261122T0200Z"},
		{"broken --before broken/20261122T0200Z --limit 1", "broken/20261121T0200Z"},
		{"--before report/20261121T0130Z", "broken/20261120T0200Z report/20261120T0130Z"},
		{"--status running", ""},
		{"report --status failed", ""},
		{"broken --since 2026-11-21T02:00Z", "broken/20261122T0200Z broken/20261121T0200Z"},
		{"broken --since 2026-11-21T02:00:01Z", "broken/20261122T0200Z"},
		{"broken --since 2026-11-21T03:00:00+01:00", "broken/20261122T0200Z broken/20261121T0200Z"},
		{"--since 2030-01-01", ""},
	} {
		r := w.run(strings.Fields("history --json " + c.args)...)
		if got := strings.Join(ids(t, r.out), " "); r.code != 0 || got != c.want {
			t.Errorf("history %s: %s, want %s; %s", c.args, got, c.want, r.err)
		}
	}
	w.must("run", "never", "--request-id", "x")
	if got := ids(t, w.must("history", "--json", "--by-hand")); len(got) != 1 || !strings.HasPrefix(got[0], "never/manual-") {
		t.Errorf("by hand: %v", got)
	}
}

// TestHistoryPages: a page says that there is more, and how to get it.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := past(t)
	var all []string
	args := []string{"history", "--json", "--limit", "2"}
	for page := 1; ; page++ {
		r := w.run(args...)
		all = append(all, ids(t, r.out)...)
		rest, more := strings.CutPrefix(r.err, "there are more: add --before ")
		if r.code != 0 || more == (page == 3) {
			t.Fatalf("page %d: %+v", page, r)
		}
		if !more {
			break
		}
		args = append(args[:4:4], "--before", strings.TrimSpace(rest))
	}
	if want := ids(t, w.must("history", "--json")); strings.Join(all, " ") != strings.Join(want, " ") {
		t.Errorf("got %v, want %v", all, want)
	}
}

// TestSince: durations count back from now; times without a zone are in the caller's, here Berlin,
// where the next day has begun.
func TestSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 23, 4, 0, 0, time.UTC)
	w := newWorld(t, now.AddDate(0, 0, -3))
	for _, slot := range []time.Time{now.AddDate(0, 0, -3), now.Add(-25 * time.Hour), now.Add(-2 * time.Hour)} {
		w.clock.AdvanceTo(slot)
		w.claim(job.Job{Name: "report", Schedule: "* * * * *"}, slot)
		w.clock.Advance(5 * time.Minute)
	}
	w.clock.AdvanceTo(now)
	for since, want := range map[string]int{
		"90m": 0, "1h59m": 0, "2h2m": 1, "1d": 1, "1d2h": 2, "7d": 3, "0s": 0,
		"2026-11-27T23:04:00Z": 2, "2026-11-26T23:04:01Z": 2, "2026-11-26T23:04:00Z": 3,
		"2026-11-29T22:04": 1, "2026-11-29 22:04": 1, "2026-11-29T22:05": 0,
		"2026-11-27": 3, "2026-11-28": 2, "2026-11-27T00:04:01+01:00": 2, "2026-11-26T02:00:00+02:00": 3,
	} {
		if got := ids(t, w.must("history", "--json", "--since", since)); len(got) != want {
			t.Errorf("--since %s: %v, want %d", since, got, want)
		}
	}
}
