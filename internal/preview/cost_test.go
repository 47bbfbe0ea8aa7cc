package preview_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/preview"
)

// TestCostOfSizes: what is billed for a task is what the job asks for, or else its definition; what is assumed is
// told.
func TestCostOfSizes(t *testing.T) {
	t.Parallel()
	const unknown, noArm, lasts = "jobs without a size", "the price of arm64", "every run is assumed to last "
	base := func(d job.TaskDefinition) []job.TaskDefinition {
		d.Family = "base"
		return []job.TaskDefinition{{Family: "other", CPU: 4096, Memory: 8192, Architecture: "arm64"}, d}
	}
	sized := job.Job{CPU: 1024, Memory: 2048}
	for name, c := range map[string]struct {
		job  job.Job
		cost preview.CostOptions
		// vCPU-hours and GB-hours of a run, at the price of x86_64 in us-east-1 unless arm
		cpu, memory float64
		arm         bool
		notes       []string
	}{
		"its own":                 {sized, preview.CostOptions{Definitions: base(job.TaskDefinition{CPU: 512, Memory: 1024})}, 1, 2, false, []string{lasts + "1h"}},
		"its definition's":        {job.Job{}, preview.CostOptions{Definitions: base(job.TaskDefinition{CPU: 512, Memory: 1024})}, 0.5, 1, false, []string{lasts + "1h"}},
		"the definition's least":  {job.Job{}, preview.CostOptions{Definitions: base(job.TaskDefinition{})}, 0.25, 0.5, false, []string{lasts + "1h"}},
		"of an arm64 definition":  {sized, preview.CostOptions{Definitions: base(job.TaskDefinition{Architecture: "arm64"})}, 1, 2, true, []string{lasts + "1h"}},
		"unknown":                 {job.Job{}, preview.CostOptions{}, 0.25, 0.5, false, []string{unknown, lasts + "1h"}},
		"of a known duration":     {sized, preview.CostOptions{Durations: map[string]time.Duration{"a": 2 * time.Hour}}, 2, 4, false, nil},
		"of another's duration":   {sized, preview.CostOptions{Durations: map[string]time.Duration{"b": 2 * time.Hour}}, 1, 2, false, nil},
		"less than a minute":      {sized, preview.CostOptions{Duration: time.Second}, 1. / 60, 2. / 60, false, []string{lasts + "1m"}},
		"arm64 without its price": {sized, preview.CostOptions{Region: "ap-northeast-1", Definitions: base(job.TaskDefinition{Architecture: "arm64"})}, 1.24901, 2.48813, false, []string{noArm, lasts + "1h"}},
	} {
		c.job.Name, c.job.Schedule, c.job.TaskDefinition = "a", "0 3 * * *", "base"
		if c.cost.Duration == 0 {
			c.cost.Duration = time.Hour
		}
		if c.cost.Region == "" {
			c.cost.Region = "us-east-1"
		}
		after := job.Job{Name: "z", Schedule: "0 3 1 1 *", CPU: 256, Memory: 512} // with a size, and no run in these days
		r, err := preview.Of([]job.Job{c.job, after}, preview.Options{From: from, Days: 30, Cost: c.cost})
		if err != nil {
			t.Fatal(err)
		}
		cpu, memory := 0.04048, 0.004445
		if c.arm {
			cpu, memory = 0.0000089944*3600, 0.0000009889*3600
		}
		if want := r.Cost.Runs * (c.cpu*cpu + c.memory*memory); math.Abs(r.Cost.Compute-want) > 1e-3 {
			t.Errorf("%s: $%f, want $%f", name, r.Cost.Compute, want)
		}
		idle, err := preview.Of([]job.Job{after}, preview.Options{From: from, Days: 30, Cost: c.cost})
		if runs := r.Cost.Control - idle.Cost.Control; err != nil || runs <= 0 || math.Abs(r.Jobs[0].MonthlyUSD-r.Cost.Compute-runs) > 1e-9 {
			t.Errorf("%s: the job's $%f are not its tasks' $%f and its runs' $%f, %v", name, r.Jobs[0].MonthlyUSD, r.Cost.Compute, runs, err)
		}
		if got := r.Cost.Notes[1:]; !slices.EqualFunc(got, c.notes, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", name, got, c.notes)
		}
	}
}
