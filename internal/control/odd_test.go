package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// nightly is a job at 02:30 in Berlin, which in November is 01:30 UTC by our time zone data.
var nightly = job.Job{Name: "nightly", TaskDefinition: "report", Schedule: "30 2 * * *", Timezone: "Europe/Berlin"}

// night returns a time in the nights after t0, counted from 0.
func night(n, hour, minute int) time.Time { return clockAt(24*(n+1)+hour, minute, 0) }

// TestUnexpectedMinutes: a proven schedule is believed. A minute that it should not have runs
// and is reported once, and the slot that was expected in its place is not missed. A slot by
// EventBridge's clock that does not come is missed.
func TestUnexpectedMinutes(t *testing.T) {
	t.Parallel()
	last := with(nightly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	patient := with(nightly, func(j *job.Job) { j.StartWithin = job.Duration(2 * time.Hour) })
	lost := with(nightly, func(j *job.Job) { j.Timezone = "UTC" })
	cron := with(nightly, func(j *job.Job) { j.Schedule = "cron(30 2 * * ? *)" })
	only := with(nightly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "15 0 * * *", []string{"2026-11-23", "2027-06-01"}
	})
	skips := with(nightly, func(j *job.Job) { j.Schedule, j.Calendar.Skip = "15 0 * * *", []string{"2026-11-24"} })
	mondays := with(nightly, func(j *job.Job) { j.Schedule = "0 1-3 * * mon" })
	west := with(nightly, func(j *job.Job) { j.Schedule, j.Timezone = "30 21 * * *", "America/New_York" })
	for name, tc := range map[string]struct {
		job job.Job
		// starts are when a proven schedule starts the job.
		starts []time.Time
		slots  string
		told   string
	}{
		"as expected":                            {nightly, []time.Time{night(0, 1, 30), night(1, 1, 30)}, "01:30 ran, 01:30 ran", ""},
		"an hour early, every night":             {nightly, []time.Time{night(0, 0, 30), night(1, 0, 30)}, "00:30 ran, 00:30 ran", "unexpected-minute"},
		"of cron() too":                          {cron, []time.Time{night(0, 0, 30), night(1, 0, 30)}, "00:30 ran, 00:30 ran", "unexpected-minute"},
		"west of Greenwich":                      {west, []time.Time{night(0, 1, 30), night(1, 1, 30)}, "01:30 ran, 01:30 ran", "unexpected-minute"},
		"half an hour":                           {nightly, []time.Time{night(0, 1, 0), night(1, 1, 0)}, "01:00 ran, 01:00 ran", "unexpected-minute"},
		"early, and then not at all":             {nightly, []time.Time{night(0, 0, 30)}, "00:30 ran, 00:30 missed", "unexpected-minute missed"},
		"an hour late":                           {nightly, []time.Time{night(0, 2, 30), night(1, 2, 30)}, "01:30 missed, 02:30 ran, 02:30 ran", "missed unexpected-minute recovered"},
		"late within its startWithin":            {patient, []time.Time{night(0, 2, 30), night(1, 2, 30)}, "02:30 ran, 02:30 ran", "unexpected-minute"},
		"late, and caught up with before":        {last, []time.Time{night(0, 2, 30)}, "01:30 ran by catch-up, 01:30 ran by catch-up", ""},
		"early once, then as expected":           {nightly, []time.Time{night(0, 0, 30), night(1, 1, 30)}, "00:30 ran, 00:30 missed, 01:30 ran", "unexpected-minute missed recovered"},
		"late once, then as expected":            {patient, []time.Time{night(0, 2, 30), night(1, 1, 30)}, "02:30 ran, 01:30 ran", "unexpected-minute"},
		"another way the next night":             {nightly, []time.Time{night(0, 0, 30), night(1, 0, 0)}, "00:30 ran, 00:00 ran", "unexpected-minute unexpected-minute"},
		"what no offset explains":                {nightly, []time.Time{night(0, 0, 37), night(0, 0, 38), night(1, 1, 30)}, "00:37 ran, 00:38 ran, 01:30 missed, 01:30 ran", "unexpected-minute missed recovered"},
		"what no offset explains, a day later":   {nightly, []time.Time{night(0, 0, 37), night(1, 0, 37)}, "00:37 ran, 01:30 missed, 00:37 ran, 01:30 missed", "unexpected-minute missed unexpected-minute recovered missed"},
		"explained, then what is not":            {nightly, []time.Time{night(0, 0, 30), night(1, 0, 17)}, "00:30 ran, 00:17 ran, 01:30 missed", "unexpected-minute unexpected-minute missed"},
		"what is not, then explained":            {nightly, []time.Time{night(0, 0, 37), night(1, 0, 30)}, "00:37 ran, 01:30 missed, 00:30 ran", "unexpected-minute missed unexpected-minute recovered"},
		"in a zone that nobody changes":          {lost, []time.Time{night(0, 1, 30), night(1, 2, 30)}, "01:30 ran, 02:30 missed, 02:30 ran", "unexpected-minute missed recovered"},
		"several, of which some are also ours":   {mondays, []time.Time{night(0, 1, 0), night(0, 2, 0), night(0, 3, 0)}, "00:00 missed, 01:00 ran, 02:00 ran, 03:00 ran", "missed recovered unexpected-minute"},
		"early, the day before its calendar's":   {only, []time.Time{night(0, -2, 15)}, "22:15 ran", "unexpected-minute"},
		"early, the day before a day off":        {skips, []time.Time{night(0, -2, 15), night(1, -2, 15)}, "22:15 ran", "unexpected-minute"},
		"several, an hour early":                 {mondays, []time.Time{night(0, -1, 0), night(0, 0, 0), night(0, 1, 0)}, "23:00 ran, 00:00 ran, 01:00 ran", "unexpected-minute"},
		"several, an hour early, and one is not": {mondays, []time.Time{night(0, -1, 0), night(0, 1, 0)}, "23:00 ran, 00:00 missed, 01:00 ran", "unexpected-minute missed recovered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, tc.job)
			for at := t0.Truncate(time.Minute); at.Before(night(1, 4, 45)); at = at.Add(time.Minute) {
				w.clock.AdvanceTo(at)
				for _, start := range tc.starts {
					if start.Equal(at) {
						w.prove(tc.job, start)
					}
				}
				if at.Minute()%5 == 0 {
					w.sweepAt(at)
				}
			}
			got := strings.ReplaceAll(strings.ReplaceAll(w.slotsOf(tc.job.Name), "succeeded by schedule", "ran"), "succeeded", "ran")
			if got != tc.slots || w.kinds() != tc.told {
				t.Errorf("slots %s; told %q", got, w.kinds())
			}
		})
	}
}

// prove makes a schedule of the stack start its job.
func (w *world) prove(j job.Job, at time.Time) {
	w.t.Helper()
	if err := w.input(func(ctx context.Context) error {
		_, err := w.ctl.Fire(ctx, port.Slot{Name: j.Name, At: at, Carried: &j, Schedule: "arn:aws:scheduler:r:1:schedule/prod/" + j.Name})
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
}

// TestUnexpectedAfterTheGap: 02:30 on 28 March does not exist in Berlin, so the sweep starts
// the job at 03:00. By zone data without summer time EventBridge starts it after all; that is
// the same run.
func TestUnexpectedAfterTheGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	gap := time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC)
	w.clock.AdvanceTo(gap.Add(-time.Minute))
	w.know(nightly)
	w.sweepAt(gap)
	w.clock.AdvanceTo(gap.Add(30 * time.Minute))
	w.prove(nightly, gap.Add(30*time.Minute))
	if got := w.slotsOf("nightly"); got != "01:00 succeeded by schedule" || w.runs()[0].Duplicates != 1 {
		t.Errorf("slots %s, %d duplicates", got, w.runs()[0].Duplicates)
	}
}

// TestMissedAfterTheGap: if nobody started the job at 03:00 in time, a start that comes after
// all is a run.
func TestMissedAfterTheGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	gap := time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC)
	w.clock.AdvanceTo(gap.Add(-time.Minute))
	w.know(nightly)
	w.sweepAt(gap.Add(-time.Minute))
	w.sweepAt(gap.Add(20 * time.Minute))
	w.clock.AdvanceTo(gap.Add(30 * time.Minute))
	w.prove(nightly, gap.Add(30*time.Minute))
	w.clock.AdvanceTo(gap.Add(40 * time.Minute))
	if got := w.slotsOf("nightly"); got != "01:00 missed by schedule, 01:30 succeeded by schedule" {
		t.Errorf("slots %s", got)
	}
}

// TestShiftEndsWithThePlan: what a start showed about one plan says nothing about the next.
func TestShiftEndsWithThePlan(t *testing.T) {
	t.Parallel()
	w := known(t, nightly)
	w.clock.AdvanceTo(night(0, 0, 30))
	w.prove(nightly, night(0, 0, 30))
	w.clock.AdvanceTo(night(0, 12, 0))
	w.know(with(nightly, func(j *job.Job) { j.Description = "the same plan" }))
	if item, err := w.store.Item(t.Context(), "nightly"); err != nil || item.Shift == nil || !item.Shift.Known {
		t.Errorf("after a deploy that changes nothing of it: %+v, %v", item.Shift, err)
	}
	w.know(with(nightly, func(j *job.Job) { j.Schedule = "30 3 * * *" }))
	if item, err := w.store.Item(t.Context(), "nightly"); err != nil || item.Shift != nil {
		t.Errorf("after another plan: %+v, %v", item.Shift, err)
	}
}

// TestSlotOfAPlanThatNobodySaw: a schedule fires and is changed before its trigger asks what
// is deployed. The minute belongs to a plan that is over. It says nothing about the offset of
// the plan that replaced it, whose own terms alone filter it.
func TestSlotOfAPlanThatNobodySaw(t *testing.T) {
	t.Parallel()
	slot := night(0, 18, 45) // 23:45 in Karachi, on the calendar's last day
	every := func(schedule string, modified time.Time) job.Job {
		return with(nightly, func(j *job.Job) {
			j.Schedule, j.Timezone, j.Calendar.Only, j.Modified = schedule, "Asia/Karachi", []string{"2026-11-23"}, modified
		})
	}
	arn := strings.Replace(own, "hourly", "nightly", 1)
	then := every("*/5 * * * *", slot.Add(-time.Minute))
	for name, tc := range map[string]struct {
		modified time.Time
		outcome  port.Outcome
		told     string
	}{
		"changed since it fired":     {slot.Add(30 * time.Second), port.Accepted, ""},
		"changed just before it":     {slot.Add(-30 * time.Second), port.Accepted, ""},
		"changed long before it did": {slot.Add(-2 * time.Minute), port.Filtered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, every("*/15 * * * *", time.Time{}))
			w.ctl.Schedules = &group{jobs: map[string]job.Job{arn: every("*/20 * * * *", tc.modified)}}
			rep := w.fire(slot.Add(time.Minute), port.Slot{At: slot, Carried: &then, Schedule: arn})
			item, err := w.store.Item(t.Context(), "nightly")
			if rep.Outcome != tc.outcome || w.kinds() != tc.told || err != nil || item.Shift != nil {
				t.Errorf("%+v, told %q; shift %+v, %v", rep, w.kinds(), item.Shift, err)
			}
		})
	}
}
