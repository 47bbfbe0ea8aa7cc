package sqlite_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
)

// TestCounts: the runs that were queued since a time.
func TestCounts(t *testing.T) {
	t.Parallel()
	s := many(t, 5000) // one a minute since 1970, of 100 jobs
	for since, want := range map[int]int{4999: 1, 4750: 250, 0: 5000, 5000: 0} {
		counts, err := s.Counts(t.Context(), time.UnixMilli(int64(since)*60_000))
		if err != nil {
			t.Fatal(err)
		}
		runs, last := 0, ""
		for _, c := range counts {
			runs += c.Runs
			if key := c.Job + string(c.Status); key <= last {
				t.Errorf("%s is behind %s", key, last)
			} else {
				last = key
			}
		}
		if runs != want || want == 5000 && len(counts) != 100+1 {
			t.Errorf("since minute %d: %d runs in %d counts, want %d", since, runs, len(counts), want)
		}
	}
}

// TestCountsOfWhatWasQueuedAgain: a run counts by when it was queued last, wherever its row stands.
func TestCountsOfWhatWasQueuedAgain(t *testing.T) {
	t.Parallel()
	s := many(t, 50)
	exec(t, s.DB(), "UPDATE runs SET queued_at = 48 * 60000, body = json_set(body, '$.attempts', json('[{}, {}]')) WHERE id = 'job-007/000000007'")
	exec(t, s.DB(), "UPDATE runs SET queued_at = 0 WHERE id = 'job-049/000000049'") // by a clock that was wrong
	counts, err := s.Counts(t.Context(), time.UnixMilli(47*60_000))
	if err != nil || len(counts) != 3 || counts[0].Job != "job-007" || counts[0].Attempts != 2 || counts[1].Job != "job-047" || counts[2].Job != "job-048" {
		t.Errorf("got %+v, %v", counts, err)
	}
	var plan string
	if err := s.DB().QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN SELECT job, body FROM runs WHERE queued_at >= 5 AND json_valid(body)").Scan(new(int), new(int), new(int), &plan); err != nil || !strings.Contains(plan, "runs_queued") {
		t.Errorf("the plan is %q, %v", plan, err)
	}
}

// BenchmarkCountsOfAnHour counts 60 runs among a million, in turn with 60 among a thousand: what came
// before the hour costs nothing.
func BenchmarkCountsOfAnHour(b *testing.B) {
	files := [2]*sqlite.Store{many(b, 1_000_000), many(b, 1000)}
	since := [2]time.Time{time.UnixMilli(999_940 * 60_000), time.UnixMilli(940 * 60_000)}
	var took [2]time.Duration
	for b.Loop() {
		for i, s := range files {
			at := time.Now()
			if _, err := s.Counts(b.Context(), since[i]); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(at)
		}
	}
	b.ReportMetric(0, "ns/op") // it would be of both together
	b.ReportMetric(float64(took[0].Microseconds())/1000/float64(b.N), "ms")
	b.ReportMetric(float64(took[0])/float64(took[1]), "million/thousand")
}
