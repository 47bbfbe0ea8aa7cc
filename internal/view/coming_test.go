package view_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
	"github.com/batchplane/batchplane/internal/view"
)

// TestSlotsAreAsAdmitDecides: what pages say about each future slot is what becomes of it when
// its time comes, whatever is paused and whatever was to be skipped.
func TestSlotsAreAsAdmitDecides(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		schedule := rapid.SampledFrom([]string{"*/30 * * * *", "7 * * * *", "30 2 * * *", "cron(15 3 ? * * *)", "at(2026-11-23T01:30:00)"})
		item, all := job.Item{Name: "a", Plan: job.Plan{
			Schedule: schedule.Draw(t, "schedule"), Timezone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe"}).Draw(t, "zone"),
			StartWithin: job.Duration(15 * time.Minute),
		}}, job.Item{Name: job.All}
		if rapid.Bool().Draw(t, "calendar") {
			item.Plan.Calendar.Skip = []string{"2026-11-23"}
		}
		for _, i := range []*job.Item{&item, &all} {
			for range rapid.IntRange(0, 3).Draw(t, "pauses") {
				i.Pauses = append(i.Pauses, pauseOf(t))
			}
		}
		if rapid.Bool().Draw(t, "skip") {
			old := item.Plan
			old.Schedule = schedule.Draw(t, "schedule then")
			if table, err := timetable.Of(old); err == nil {
				if at, ok := table.Next(now.Add(-time.Duration(rapid.IntRange(0, 50).Draw(t, "asked hours ago")) * time.Hour)); ok {
					item.SkipNext = &job.Skip{At: at, By: "ana"}
				}
			}
		}
		first := view.SummaryOf(item, all, job.Job{}, nil, now).Next
		shown := view.TimelineOf(now, now.Add(48*time.Hour), now, []job.Item{item}, all, nil).Tracks[0]
		var planned []time.Time
		_, end := timetable.Skipped(&item)
		j, was := job.Job{Name: "a", Schedule: item.Plan.Schedule, Timezone: item.Plan.Timezone, When: item.Plan.When}, item
		for s := range view.SlotsOf(&was, &all, now) {
			if !s.At.Before(now.Add(48 * time.Hour)) {
				break
			}
			a := run.Admit(j, run.Request{ID: run.ScheduledID("a", s.At), ScheduledFor: s.At, Trigger: run.Trigger{Kind: run.BySchedule, At: s.At}}, run.Situation{Now: s.At, Item: item, All: all, Newest: true, SkipEnd: end})
			if (a.As == run.Launching) != (s.Why == "") {
				t.Fatalf("%s is said %q, and it is %s: %s", s.At, s.Why, a.As, a.Why)
			}
			if a.UsesSkip {
				item.SkipNext, end = nil, time.Time{}
			}
			if a.As == run.Launching {
				planned = append(planned, s.At)
			}
		}
		if fmt.Sprint(planned) != fmt.Sprint(shown.Slots) {
			t.Fatalf("the timeline plans %v, and %v will run", shown.Slots, planned)
		}
		if len(planned) > 0 && (first == nil || !first.Equal(planned[0]) || !shown.Next.Equal(planned[0])) {
			t.Fatalf("the next is %v and %s, and %s will run", first, shown.Next, planned[0])
		}
	})
}

// pauseOf is a pause in the past, in force or in the future, with or without an end.
func pauseOf(t *rapid.T) job.Pause {
	half := func(name string, from, to int) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, name)) * 15 * time.Minute
	}
	p := job.Pause{From: now.Add(half("from", -100, 150)), By: "mia"}
	if rapid.IntRange(0, 9).Draw(t, "ends") > 0 {
		p.To = p.From.Add(half("for", 0, 120))
	}
	return p
}

// TestSkipThatPeopleSee: it shows the slot that is meant, if there still is one that it may be.
func TestSkipThatPeopleSee(t *testing.T) {
	t.Parallel()
	hourly := job.Plan{Schedule: "0 * * * *", Timezone: "UTC", StartWithin: job.Duration(15 * time.Minute)}
	at := now.Truncate(time.Hour).Add(time.Hour)
	for name, c := range map[string]struct {
		item job.Item
		want time.Time
	}{
		"none":                       {job.Item{Plan: hourly}, time.Time{}},
		"the next slot":              {job.Item{Plan: hourly, SkipNext: &job.Skip{At: at}}, at},
		"the plan has changed since": {job.Item{Plan: hourly, SkipNext: &job.Skip{At: at.Add(-20 * time.Minute)}}, at},
		"it has lapsed":              {job.Item{Plan: hourly, SkipNext: &job.Skip{At: at.Add(-5 * time.Hour)}}, time.Time{}},
		"the job is gone":            {job.Item{Plan: hourly, Gone: true, SkipNext: &job.Skip{At: at}}, time.Time{}},
		"only people run it now":     {job.Item{SkipNext: &job.Skip{At: at}}, time.Time{}},
		"a rate":                     {job.Item{Plan: job.Plan{Schedule: "rate(1 hour)", Timezone: "UTC"}, SkipNext: &job.Skip{At: at.Add(-50 * time.Hour)}}, at.Add(-50 * time.Hour)},
	} {
		got := view.SkipOf(&c.item, now)
		if (got == nil) != c.want.IsZero() || got != nil && !got.At.Equal(c.want) {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// TestTimelineOfAnotherTime: a window in the future has its own slots but shows what is next from
// now on. A pause is as long as it is, not as long as the window.
func TestTimelineOfAnotherTime(t *testing.T) {
	t.Parallel()
	item := job.Item{Name: "often", Plan: job.Plan{Schedule: "* * * * *", Timezone: "UTC"}, Pauses: []job.Pause{{From: now.Add(-100 * time.Hour), To: now.Add(-99 * time.Hour)}}}
	all := job.Item{Name: job.All, Pauses: []job.Pause{{From: now.Add(-time.Hour), To: now.Add(30 * time.Minute)}}}
	l := view.TimelineOf(now.Add(72*time.Hour), now.Add(73*time.Hour), now, []job.Item{item}, all, nil).Tracks[0]
	if len(l.Slots) != 60 || !l.Slots[0].Equal(now.Add(72*time.Hour)) || !l.Next.Equal(now.Add(30*time.Minute)) || len(l.Paused) != 0 {
		t.Errorf("%d slots from %v on, next %s, paused %v", len(l.Slots), l.Slots[:min(1, len(l.Slots))], l.Next, l.Paused)
	}
	all.Pauses[0].To = time.Time{}
	l = view.TimelineOf(now, now.Add(time.Hour), now, []job.Item{item}, all, nil).Tracks[0]
	if len(l.Slots) != 0 || !l.Next.IsZero() || len(l.Paused) != 1 || l.Paused[0] != (view.Span{From: now.Add(-time.Hour)}) {
		t.Errorf("slots %v, next %s, paused %v", l.Slots, l.Next, l.Paused)
	}
	c := view.ChartOf(view.Timeline{From: now, To: now.Add(time.Hour), Now: now, Tracks: []view.Track{l}})
	if r := c.Rows[0]; !r.Paused || len(r.Shades) != 1 || r.Shades[0].X != 0 || r.Shades[0].Width != float64(c.Width) || !r.Shades[0].To.IsZero() {
		t.Errorf("drawn as %+v", r)
	}
	rate := job.Item{Name: "rate", Plan: job.Plan{Schedule: "rate(5 minutes)", Timezone: "UTC"}}
	if l := view.TimelineOf(now, now.Add(time.Hour), now, []job.Item{rate}, job.Item{}, nil).Tracks[0]; len(l.Slots) != 0 || !l.Unforeseen {
		t.Errorf("a rate: %+v", l)
	}
}
