package jobdiff_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
)

// BenchmarkDiff moves every job's schedule by some minutes. Its peer in the same run is the bare
// walk over the slots of a year, twice. A comparison cannot do without that if no schedule is
// like another.
func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			was, is := jobsOf(n, 0), jobsOf(n, 7)
			var diff, bare time.Duration
			for b.Loop() {
				at := time.Now()
				if got := jobdiff.Of(was, is, from); len(got) != n {
					b.Fatalf("%d changes", len(got))
				}
				diff += time.Since(at)
				at = time.Now()
				for _, jobs := range [][]job.Job{was[:100], is[:100]} {
					for _, j := range jobs {
						walk(b, j)
					}
				}
				bare += time.Since(at) * time.Duration(n/100)
			}
			b.ReportMetric(0, "ns/op") // of both, so it is left out
			b.ReportMetric(diff.Seconds()/float64(b.N), "s")
			b.ReportMetric(float64(diff)/float64(bare), "diff/bare")
		})
	}
}

// jobsOf gives jobs of many kinds. A tenth of them share a schedule with others.
func jobsOf(n, shift int) []job.Job {
	jobs := make([]job.Job, n)
	for i := range jobs {
		minute := (i + shift) % 60
		jobs[i] = job.Job{Name: fmt.Sprintf("job-%d", i), Timezone: []string{"Europe/Berlin", "UTC", "America/New_York"}[i%3], Schedule: []string{
			fmt.Sprintf("%d %d * * *", minute, i/60%24), fmt.Sprintf("%d %d * * 1-5", minute, i/60%24), fmt.Sprintf("%d * * * *", minute),
			fmt.Sprintf("%d %d 1 * *", minute, i/60%24), fmt.Sprintf("%d,%d 8-18 * * 1-5", minute, (minute+30)%60),
		}[i%5]}
	}
	return jobs
}

func walk(b *testing.B, j job.Job) {
	b.Helper()
	spec, err := cron.Parse(j.Schedule)
	if err != nil {
		b.Fatal(err)
	}
	zone, err := cron.LoadZone(j.Timezone)
	if err != nil {
		b.Fatal(err)
	}
	for range spec.In(zone, cron.DST{}).All(from, from.AddDate(1, 0, 0)) {
		continue
	}
}
