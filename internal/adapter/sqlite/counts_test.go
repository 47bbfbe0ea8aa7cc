package sqlite_test

import (
	"testing"
	"time"
)

// TestCounts of the runs that were queued since a time.
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

// BenchmarkCountsOfAnHour among a million runs: 60 of them are read.
func BenchmarkCountsOfAnHour(b *testing.B) {
	s := many(b, 1_000_000)
	for b.Loop() {
		if _, err := s.Counts(b.Context(), time.UnixMilli(999_940*60_000)); err != nil {
			b.Fatal(err)
		}
	}
}
