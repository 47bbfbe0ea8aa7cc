package preview_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/preview"
)

// TestNotes: what is said about a job's runs, and what its own conditions leave out.
func TestNotes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job            job.Job
		runs, filtered int
		shortest       time.Duration
		notes          []string
	}{
		"every day":         {job.Job{Schedule: "0 3 * * *"}, 10, 0, 24 * time.Hour, nil},
		"a gap, then close": {job.Job{Schedule: "0 0,23 * * *"}, 20, 0, time.Hour, nil},
		"close, then a gap": {job.Job{Schedule: "0 3,4 * * *"}, 20, 0, time.Hour, nil},
		"close":             {job.Job{Schedule: "*/4 3 * * *"}, 150, 0, 4 * time.Minute, []string{"runs are 4m apart"}},
		"just not close":    {job.Job{Schedule: "*/5 3 * * *"}, 120, 0, 5 * time.Minute, nil},
		"once":              {job.Job{Schedule: "0 3 21 * *"}, 1, 0, 0, nil},
		"not in these days": {job.Job{Schedule: "0 3 1 1 *"}, 0, 0, 0, []string{"it does not run in these days"}},
		"never again":       {job.Job{Schedule: "at(2020-01-01T00:00:00)"}, 0, 0, 0, []string{"schedule: the last time of at(2020-01-01T00:00:00) lies in the past"}},
		"a day is skipped":  {job.Job{Schedule: "0 3 * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2027-03-21"}}}}, 9, 1, 24 * time.Hour, nil},
		"from a day on":     {job.Job{Schedule: "0 3 * * *", When: job.When{StartAt: from.AddDate(0, 0, 2)}}, 8, 2, 24 * time.Hour, nil},
		"up to a day":       {job.Job{Schedule: "0 3 * * *", When: job.When{EndAt: from.AddDate(0, 0, 3)}}, 3, 7, 24 * time.Hour, nil},
		"a warning":         {job.Job{Schedule: "0 3 31 3,4 *"}, 0, 0, 0, []string{"it does not run in these days", "not in April, which has no such day"}},
		"a rate":            {job.Job{Schedule: "rate(12 hours)"}, 20, 0, 12 * time.Hour, nil},
		"switched off":      {job.Job{Schedule: "* * * * *", Disabled: true}, 0, 0, 0, nil},
	} {
		c.job.Name = "a"
		r := of(t, 10, c.job)
		j := r.Jobs[0]
		if j.Runs != c.runs || j.Filtered != c.filtered || j.Shortest != c.shortest || !slices.EqualFunc(j.Notes, c.notes, strings.HasPrefix) || len(j.Next) != min(3, c.runs) {
			t.Errorf("%s: %d runs, %d filtered, %s, %q, next %v", name, j.Runs, j.Filtered, j.Shortest, j.Notes, j.Next)
		}
		if all, _ := r.Between(r.From, r.To); all != c.runs {
			t.Errorf("%s: %d launches", name, all)
		}
	}
	if _, err := preview.Of([]job.Job{{Name: "a", Schedule: "x"}}, preview.Options{From: from, Days: 1}); err == nil || !strings.HasPrefix(err.Error(), "job a: ") {
		t.Errorf("of a schedule that is none: %v", err)
	}
	if b, err := json.Marshal(of(t, 10, job.Job{Name: "a"})); err != nil || strings.Contains(string(b), "null") {
		t.Errorf("a list that is none: %s, %v", b, err)
	}
}

// TestBetween: the launches of a part of the time, and its busiest minute.
func TestBetween(t *testing.T) {
	t.Parallel()
	r := of(t, 2, job.Job{Name: "a", Schedule: "0 0,3 * * *"}, job.Job{Name: "b", Schedule: "0 3 * * *"})
	for _, c := range []struct {
		from, to       time.Duration
		launches, peak int
	}{
		{0, 48 * time.Hour, 6, 2}, {0, 3 * time.Hour, 1, 1}, {3 * time.Hour, 4 * time.Hour, 2, 2}, {time.Minute, 3 * time.Hour, 0, 0}, {-time.Hour, 100 * time.Hour, 6, 2},
	} {
		if launches, peak := r.Between(from.Add(c.from), from.Add(c.to)); launches != c.launches || peak != c.peak {
			t.Errorf("%s to %s: %d, %d at most", c.from, c.to, launches, peak)
		}
	}
}

// TestZonesOfJobs: the changes of the clocks where jobs run, in order, each once.
func TestZonesOfJobs(t *testing.T) {
	t.Parallel()
	jobs := []job.Job{
		{Name: "a", Schedule: "0 3 * * *", Timezone: "Europe/Berlin"},
		{Name: "b", Schedule: "0 3 * * *", Timezone: "Europe/Berlin"},
		{Name: "c", Schedule: "0 3 * * *", Timezone: "America/Santiago"},
		{Name: "d", Schedule: "0 3 * * *", Timezone: "America/Havana", Disabled: true},
		{Name: "e", Schedule: "0 3 * * *"},
	}
	var got []string
	for _, c := range of(t, 30, jobs...).Clocks {
		got = append(got, c.At.Format("2006-01-02T15:04Z ")+c.Zone+" "+c.Shift)
	}
	if want := []string{"2027-03-28T01:00Z Europe/Berlin go forward by 1h", "2027-04-04T03:00Z America/Santiago go back by 1h"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	slices.Reverse(jobs)
	if reversed := of(t, 30, jobs...).Clocks; len(reversed) != 2 || reversed[0].Zone != "Europe/Berlin" {
		t.Errorf("of the jobs in another order: %+v", reversed)
	}
}
