package render_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/render"
	"github.com/batchplane/batchplane/internal/timetable"
)

// scheduled holds the parts of a rendered schedule that decide its times.
type scheduled struct {
	Properties struct {
		Name       string `yaml:"Name"`
		Expression string `yaml:"ScheduleExpression"`
		Zone       string `yaml:"ScheduleExpressionTimezone"`
	} `yaml:"Properties"`
}

// TestEverySlotOnceOverAYear: over a year, in zones that change their clocks, what the rendered
// schedules start, less what the trigger filters, and what the sweep launches are together the job's
// slots. The filter is needed only if both day fields are set.
func TestEverySlotOnceOverAYear(t *testing.T) {
	t.Parallel()
	var jobs []job.Job
	add := func(zone, schedule string, dst job.DST) {
		jobs = append(jobs, job.Job{Name: fmt.Sprintf("j%d", len(jobs)), Schedule: schedule, Timezone: zone, When: job.When{DST: dst}})
	}
	add("Europe/Berlin", "0 0-23 * * *", job.DST{})
	add("Europe/Berlin", "*/15 * * * *", job.DST{Gap: "skip", Overlap: "once"})
	add("America/New_York", "0,30 0-23 * * *", job.DST{})
	add("Australia/Lord_Howe", "5,35 0-11,12-23 * * *", job.DST{})
	add("Europe/Berlin", "0 9 */2 * 1", job.DST{})
	rng := rand.New(rand.NewPCG(5, 6))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	for range 60 {
		add(pick("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Africa/Casablanca"),
			pick("0", "30", "0,30", "*/30", "5,35", "45")+" "+pick("*", "0-23", "0-11,12-23", "2", "1-3", "*/2")+" "+pick("* * *", "* * *", "1-31 * *", "* * 1-5", "1 * 5"),
			job.DST{Gap: pick("", "", "run-late", "skip"), Overlap: pick("", "", "once", "twice")})
	}
	var template struct {
		Resources map[string]scheduled `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(one(t, jobs, nil, render.Options{}), &template); err != nil {
		t.Fatal(err)
	}
	byName := map[string][]scheduled{}
	for _, s := range template.Resources {
		name := s.Properties.Name
		if len(name) > 2 && name[len(name)-2:] == ".2" {
			name = name[:len(name)-2]
		}
		byName[name] = append(byName[name], s)
	}
	for _, j := range jobs {
		everySlot(t, j, byName[j.Name])
	}
}

func everySlot(t *testing.T, j job.Job, schedules []scheduled) {
	t.Helper()
	table, err := timetable.Of(j.Plan())
	if err != nil || len(schedules) == 0 {
		t.Fatal(len(schedules), err)
	}
	name := fmt.Sprintf("%s in %s, %v", j.Schedule, j.Timezone, j.DST)
	translation, err := table.Translate(from)
	if err != nil {
		t.Fatal(err)
	}
	to := from.AddDate(1, 0, 0)
	got := map[time.Time]bool{}
	for _, s := range schedules {
		spec, err := cron.ParseAWS(s.Properties.Expression)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := cron.LoadZone(s.Properties.Zone)
		if err != nil {
			t.Fatal(err)
		}
		for slot := range spec.In(zone, cron.DST{}).All(from, to) {
			switch why := table.Filtered(slot); {
			case why == "":
				got[slot] = true
			case translation.Guard == "":
				t.Errorf("%s: %s in %s starts %s: %s", name, s.Properties.Expression, zone.Name(), slot, why)
			}
		}
	}
	want := 0
	for slot := range table.All(from, to) {
		want++
		if got[slot] == table.SchedulerMisses(slot) {
			t.Errorf("%s: %s is started: %v, and by the look as well: %v", name, slot, got[slot], got[slot])
		}
		delete(got, slot)
	}
	if len(got) > 0 || want == 0 {
		t.Errorf("%s: %d starts more than %d slots", name, len(got), want)
	}
}
