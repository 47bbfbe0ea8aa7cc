package preview_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/preview"
)

var from = time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC)

func of(t *testing.T, days int, jobs ...job.Job) preview.Report {
	t.Helper()
	r, err := preview.Of(jobs, preview.Options{From: from, Days: days, Cost: preview.CostOptions{Region: "us-east-1", Duration: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCost: 0.25 vCPU and 0.5 GB for a minute, every minute of a month.
func TestCost(t *testing.T) {
	t.Parallel()
	r := of(t, 30, job.Job{Name: "a", Schedule: "* * * * *", CPU: 256, Memory: 512})
	runs := 365.25 / 12 * 24 * 60
	want := runs * (0.25*0.04048 + 0.5*0.004445) / 60
	if math.Abs(r.Cost.Runs-runs) > 1 || math.Abs(r.Cost.Compute-want) > 0.01 || r.Cost.Compute < 8.9 || r.Cost.Compute > 9.1 {
		t.Errorf("%+v; want %f", r.Cost, want)
	}
	if r.Cost.NAT < 32 || r.Cost.NAT > 34 {
		t.Errorf("NAT %f", r.Cost.NAT)
	}
}

// TestChains: three jobs a few minutes apart on the same days are a chain; two
// are not, nor are jobs on other days, or in the same minute.
func TestChains(t *testing.T) {
	t.Parallel()
	job := func(name, schedule string) job.Job { return job.Job{Name: name, Schedule: schedule} }
	for name, c := range map[string]struct {
		jobs []oneJob
		want int
	}{
		"three":                {[]oneJob{job("a", "32 3 * * *"), job("b", "33 3 * * *"), job("c", "50 3 * * *")}, 1},
		"over midnight":        {[]oneJob{job("a", "58 23 * * 1"), job("b", "59 23 * * 1"), job("c", "3 0 * * 2")}, 0},
		"two":                  {[]oneJob{job("a", "32 3 * * *"), job("b", "33 3 * * *")}, 0},
		"on other days":        {[]oneJob{job("a", "32 3 * * 1"), job("b", "33 3 * * 2"), job("c", "34 3 * * 3")}, 0},
		"in one minute":        {[]oneJob{job("a", "32 3 * * *"), job("b", "32 3 * * *"), job("c", "32 3 * * *")}, 0},
		"too far":              {[]oneJob{job("a", "0 3 * * *"), job("b", "21 3 * * *"), job("c", "42 3 * * *")}, 0},
		"more than every hour": {[]oneJob{job("a", "*/30 * * * *"), job("b", "1-59/30 * * * *"), job("c", "2-59/30 * * * *")}, 0},
	} {
		if r := of(t, 14, c.jobs...); len(r.Chains) != c.want {
			t.Errorf("%s: %v", name, r.Chains)
		}
	}
}

type oneJob = job.Job

func TestMeeting(t *testing.T) {
	t.Parallel()
	r := of(t, 2,
		job.Job{Name: "a", Schedule: "0 3 * * *"}, job.Job{Name: "b", Schedule: "0 3 * * *"}, job.Job{Name: "c", Schedule: "0 * * * *"},
		job.Job{Name: "d", Schedule: "0 3 * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2027-03-20"}}}},
	)
	if r.Peak != 4 || len(r.Busy) != 2 || len(r.Busy[0].Jobs) != 4 || len(r.Busy[1].Jobs) != 3 || r.Launch != 2+2+48+1 {
		t.Errorf("peak %d, %d launches, %+v", r.Peak, r.Launch, r.Busy)
	}
}

func BenchmarkPreview1000(b *testing.B) {
	var jobs []job.Job
	for i := range 1000 {
		schedule := fmt.Sprintf("%d %d * * *", i%60, i%24)
		if i%10 == 0 {
			schedule = fmt.Sprintf("%d * * * *", i%60)
		}
		jobs = append(jobs, job.Job{Name: fmt.Sprintf("job-%d", i), Schedule: schedule, Timezone: "Europe/Berlin"})
	}
	for b.Loop() {
		if _, err := preview.Of(jobs, preview.Options{From: from, Days: 30, Cost: preview.CostOptions{Region: "us-east-1"}}); err != nil {
			b.Fatal(err)
		}
	}
}
