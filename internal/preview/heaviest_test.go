package preview_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/preview"
)

// TestHeaviest: the minute that weighs most need not be the one with the most jobs. Two jobs, or
// one, can be a peak, too.
func TestHeaviest(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	jobs := []job.Job{
		{Name: "small-a", Schedule: "0 2 * * *"},
		{Name: "small-b", Schedule: "0 2 * * *"},
		{Name: "small-c", Schedule: "0 2 * * *"},
		{Name: "large", Schedule: "30 4 1 * *", CPU: 16384},
		{Name: "pair", Schedule: "30 4 * * *"},
		{Name: "off", Schedule: "0 5 * * *", Disabled: true, CPU: 32768},
		{Name: "by-hand", CPU: 16384},
		{Name: "steady", Schedule: "rate(5 days)"},
	}
	one := func(job.Job) float64 { return 1 }
	cpu := func(j job.Job) float64 { return float64(max(j.CPU, 256)) }
	steady := func(j job.Job) float64 { return float64(strings.Count(j.Name, "steady")) }
	none := func(job.Job) float64 { return 0 }
	got, err := preview.Heaviest(jobs, from.Add(20*time.Second), 30, one, cpu, none, steady)
	if err != nil || len(got) != 4 {
		t.Fatalf("got %v, %v", got, err)
	}
	for i, want := range []struct{ at, jobs string }{
		{"2026-11-22T02:00:00Z", "small-a small-b small-c"}, {"2026-12-01T04:30:00Z", "large pair"}, {"0001-01-01T00:00:00Z", ""}, {"2026-11-22T00:00:00Z", "steady"},
	} {
		if m := got[i]; m.At.Format(time.RFC3339) != want.at || strings.Join(m.Jobs, " ") != want.jobs {
			t.Errorf("%d: %v, want %v", i, m, want)
		}
	}
	if _, err := preview.Heaviest([]job.Job{{Name: "a", Schedule: "x"}}, from, 1, one); err == nil || !strings.Contains(err.Error(), "job a: ") {
		t.Errorf("of a schedule that is none: %v", err)
	}
}
