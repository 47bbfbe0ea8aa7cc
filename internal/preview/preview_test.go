package preview_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
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

// TestCostOfMetrics has the stack's parameters, and jobs with their own metrics.
func TestCostOfMetrics(t *testing.T) {
	t.Parallel()
	jobs := []job.Job{{Name: "a", Schedule: "0 3 * * *"}, {Name: "b", Schedule: "0 3 * * *", Metrics: true}}
	of := func(o preview.CostOptions) preview.Cost {
		t.Helper()
		o.Region = "us-east-1"
		r, err := preview.Of(jobs, preview.Options{From: from, Days: 30, Cost: o})
		if err != nil {
			t.Fatal(err)
		}
		return r.Cost
	}
	plain := of(preview.CostOptions{})
	if !slices.ContainsFunc(plain.Notes, func(n string) bool { return strings.Contains(n, "metrics: true") }) {
		t.Errorf("nobody says that the job's metrics are off: %q", plain.Notes)
	}
	for name, tc := range map[string]struct {
		o    preview.CostOptions
		more float64
	}{
		"metrics":   {preview.CostOptions{Metrics: true}, 2 * 7 * 0.30},
		"dashboard": {preview.CostOptions{Dashboard: true}, 3 + 2*7*0.30},
		"both":      {preview.CostOptions{Dashboard: true, Metrics: true}, 3 + 2*7*0.30},
	} {
		if c := of(tc.o); math.Abs(c.Control-plain.Control-tc.more) > 1e-9 || len(c.Notes) != len(plain.Notes)-1 {
			t.Errorf("%s: $%.2f, and $%.2f without; %q", name, c.Control, plain.Control, c.Notes)
		}
	}
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

// TestChains: three jobs a few minutes apart on the same days are a chain. Two are not, nor are
// jobs on other days or in the same minute.
func TestChains(t *testing.T) {
	t.Parallel()
	job := func(name, schedule string) job.Job { return job.Job{Name: name, Schedule: schedule} }
	for name, c := range map[string]struct {
		jobs []oneJob
		want int
	}{
		"three":                {[]oneJob{job("a", "32 3 * * *"), job("b", "33 3 * * *"), job("c", "50 3 * * *")}, 1},
		"written in any order": {[]oneJob{job("c", "50 3 * * *"), job("a", "32 3 * * *"), job("b", "33 3 * * *")}, 1},
		"just near enough":     {[]oneJob{job("a", "0 3 * * *"), job("b", "20 3 * * *"), job("c", "40 3 * * *")}, 1},
		"every hour":           {[]oneJob{job("a", "0 * * * *"), job("b", "1 * * * *"), job("c", "2 * * * *")}, 1},
		"once":                 {[]oneJob{job("a", "at(2027-03-21T03:00:00)"), job("b", "at(2027-03-21T03:01:00)"), job("c", "at(2027-03-21T03:02:00)")}, 1},
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

// TestClocks: what a change of the clocks drops or repeats is reported, also for jobs that run
// often. Nothing is reported for runs that it leaves alone.
func TestClocks(t *testing.T) {
	t.Parallel()
	spring, autumn := time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC), time.Date(2027, 10, 20, 0, 0, 0, 0, time.UTC)
	once := job.DST{Gap: "skip", Overlap: "once"}
	for _, c := range []struct {
		name, schedule, zone string
		dst                  job.DST
		from                 time.Time
		want                 string
	}{
		{"late", "30 2 * * *", "Europe/Berlin", job.DST{}, spring, "its local time is skipped, so it runs right after"},
		{"several late", "0,30 2 * * *", "Europe/Berlin", job.DST{}, spring, "2 of its local times are skipped, and one run right after stands for them"},
		{"late on a run of its own", "0 2,3 * * *", "Europe/Berlin", job.DST{}, spring, "its local time is skipped, so it runs right after"},
		{"skipped", "30 2 * * *", "Europe/Berlin", once, spring, "its local time is skipped, and so is its run"},
		{"a wildcard skipped", "*/15 2 * * *", "Europe/Berlin", job.DST{}, spring, "4 of its local times are skipped, and so are their runs"},
		{"the rhythm goes on", "*/15 * * * *", "Europe/Berlin", job.DST{}, spring, ""},
		{"all hours", "0 0-23 * * *", "Europe/Berlin", job.DST{}, spring, ""},
		{"far from it", "0 9 * * *", "Europe/Berlin", job.DST{}, spring, ""},
		{"half an hour", "0 * * * *", "Australia/Lord_Howe", job.DST{}, time.Date(2027, 9, 25, 0, 0, 0, 0, time.UTC), "its local time is skipped, and so is its run"},
		{"once", "30 2 * * *", "Europe/Berlin", job.DST{}, autumn, "its local time comes twice, and it runs the first time only"},
		{"twice", "30 2 * * *", "Europe/Berlin", job.DST{Overlap: "twice"}, autumn, "its local time comes twice, and it runs both times"},
		{"all hours, once", "0,30 0-23 * * *", "Europe/Berlin", job.DST{}, autumn, "2 of its local times come twice, and it runs the first time only"},
		{"often, once", "*/15 * * * *", "Europe/Berlin", once, autumn, "4 of its local times come twice, and it runs the first time only"},
		{"some hours, twice", "*/15 1-3 * * *", "Europe/Berlin", job.DST{}, autumn, "4 of its local times come twice, and it runs both times"},
		{"often, both", "*/15 * * * *", "Europe/Berlin", job.DST{}, autumn, ""},
		{"EventBridge's own", "cron(0/15 * * * ? *)", "Europe/Berlin", job.DST{}, autumn, "4 of its local times come twice, and it runs the first time only"},
		{"a rate", "rate(7 minutes)", "Europe/Berlin", job.DST{}, autumn, ""},
	} {
		j := job.Job{Name: "a", Schedule: c.schedule, Timezone: c.zone, When: job.When{DST: c.dst}}
		r, err := preview.Of([]job.Job{j}, preview.Options{From: c.from, Days: 20, Cost: preview.CostOptions{Region: "us-east-1"}})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Jobs[0].Changed
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasSuffix(got[0], ": "+c.want)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		j.Calendar.Only = []string{"2027-03-22", "2027-09-30", "2027-10-25"}
		if r, err = preview.Of([]job.Job{j}, preview.Options{From: c.from, Days: 20, Cost: preview.CostOptions{Region: "us-east-1"}}); err != nil || len(r.Jobs[0].Changed) > 0 {
			t.Errorf("%s, on a day that the calendar leaves out: %q, %v", c.name, r.Jobs[0].Changed, err)
		}
	}
}

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
