package control_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
)

// syncAt reads the registry, as the sweep does before it checks the slots.
func (w *world) syncAt(at time.Time, jobs ...job.Job) {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	if err := w.ctl.Sync(w.t.Context(), jobs); err != nil {
		w.t.Fatal(err)
	}
}

// TestReplanned: a plan is judged up to the time at which it was changed, and its replacement
// from there on, whichever came late: the deploy, the registry or the sweep.
func TestReplanned(t *testing.T) {
	t.Parallel()
	last := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	half := with(hourly, func(j *job.Job) { j.Schedule = "30 * * * *" })
	rated := with(hourly, func(j *job.Job) { j.Schedule = "rate(30 minutes)" })
	once := with(hourly, func(j *job.Job) { j.Schedule, j.CatchUp = "at(2026-11-22T18:00:00)", job.CatchUpLast })
	made := func(j job.Job, hour, minute int) job.Job {
		j.Modified = clockAt(hour, minute, 0)
		return j
	}
	for _, c := range []struct {
		name  string
		job   job.Job
		play  func(w *world)
		slots string
	}{
		{"a deploy ends an outage", hourly, func(w *world) {
			w.sweepAt(clockAt(17, 45, 0))
			w.syncAt(clockAt(22, 10, 0), made(half, 22, 5))
			w.sweepAt(clockAt(22, 10, 1))
			w.sweepAt(clockAt(22, 50, 0))
		}, "18:00 missed, 19:00 missed, 20:00 missed, 21:00 missed, 22:00 missed, 22:30 missed"},
		{"a rate that was silent, and another from that minute on", rated, func(w *world) {
			w.sweepAt(clockAt(18, 45, 0))
			w.syncAt(clockAt(18, 50, 0), made(with(rated, func(j *job.Job) { j.Schedule = "rate(10 minutes)" }), 18, 30))
			w.sweepAt(clockAt(19, 10, 0))
		}, "18:30 missed, 18:50 missed"},
		{"a deploy in the middle of an outage", hourly, func(w *world) {
			w.sweepAt(clockAt(17, 45, 0))
			w.syncAt(clockAt(21, 10, 0), made(half, 19, 10))
			w.sweepAt(clockAt(21, 10, 1))
		}, "18:00 missed, 19:00 missed, 19:30 missed, 20:30 missed"},
		{"a deploy after a lost trigger", hourly, func(w *world) {
			w.sweepAt(clockAt(18, 5, 0))
			w.syncAt(clockAt(18, 6, 0), made(half, 18, 5))
			w.sweepAt(clockAt(18, 20, 0))
		}, "18:00 missed"},
		{"a deploy that was read long after it", hourly, func(w *world) {
			w.sweepAt(clockAt(18, 20, 0))
			w.sweepAt(clockAt(21, 0, 0))
			w.syncAt(clockAt(21, 1, 0), made(half, 18, 10))
			w.sweepAt(clockAt(21, 2, 0))
		}, "18:00 missed, 18:30 missed, 19:00 missed, 19:30 missed, 20:00 missed, 20:30 missed"},
		{"switched off after a lost trigger", hourly, func(w *world) {
			w.syncAt(clockAt(18, 5, 0), made(with(hourly, func(j *job.Job) { j.Disabled = true }), 18, 3))
			w.sweepAt(clockAt(20, 0, 0))
		}, "18:00 missed"},
		{"a rate that was silent becomes a crontab that runs", rated, func(w *world) {
			w.syncAt(clockAt(20, 0, 0), made(hourly, 19, 59))
			w.triggerAt(clockAt(20, 0, 1), hourly, clockAt(20, 0, 0))
			w.sweepAt(clockAt(20, 10, 0))
		}, "18:30 missed, 20:00 succeeded by schedule"},
		{"a rate that ran becomes a crontab that runs", rated, func(w *world) {
			w.triggerAt(clockAt(18, 20, 0), rated, clockAt(18, 20, 0))
			w.syncAt(clockAt(20, 0, 0), made(hourly, 19, 59))
			w.triggerAt(clockAt(20, 0, 1), hourly, clockAt(20, 0, 0))
			w.sweepAt(clockAt(20, 10, 0))
		}, "18:20 succeeded by schedule, 19:20 missed, 20:00 succeeded by schedule"},
		{"a rate that ran in the minute of its change", rated, func(w *world) {
			w.triggerAt(clockAt(19, 0, 0), rated, clockAt(19, 0, 0))
			w.syncAt(clockAt(19, 30, 0), made(hourly, 19, 0))
			w.sweepAt(clockAt(19, 31, 0))
		}, "19:00 succeeded by schedule"},
		{"a slot of the plan before is run late by the new definition", last, func(w *world) {
			w.syncAt(clockAt(19, 40, 0), made(with(last, func(j *job.Job) { j.Schedule = "50 * * * *" }), 19, 30))
			w.sweepAt(clockAt(19, 41, 0))
			w.clock.Advance(5 * time.Minute)
		}, "18:00 missed, 19:00 succeeded by catch-up"},
		{"and not where the new plan does not catch up", last, func(w *world) {
			w.syncAt(clockAt(19, 40, 0), made(half, 19, 35))
			w.sweepAt(clockAt(19, 41, 0))
		}, "18:00 missed, 19:00 missed"},
		{"nor where the job is switched off by now", last, func(w *world) {
			w.syncAt(clockAt(19, 40, 0), made(with(last, func(j *job.Job) { j.Disabled = true }), 19, 30))
			w.sweepAt(clockAt(19, 41, 0))
		}, "18:00 missed, 19:00 missed"},
		{"a slot that the plan before would have had makes nothing up", last, func(w *world) {
			w.syncAt(clockAt(20, 0, 0), made(with(last, func(j *job.Job) { j.Schedule = "50 23 * * *" }), 18, 10))
			w.sweepAt(clockAt(20, 0, 1))
		}, "18:00 running by catch-up"},
		{"nor where the plan before did not", hourly, func(w *world) {
			w.syncAt(clockAt(19, 40, 0), made(with(last, func(j *job.Job) { j.Schedule = "50 * * * *" }), 19, 30))
			w.sweepAt(clockAt(19, 41, 0))
			w.clock.Advance(5 * time.Minute)
		}, "18:00 missed, 19:00 missed"},
		{"nor where a slot of the new plan is up", last, func(w *world) {
			w.syncAt(clockAt(19, 44, 0), made(with(last, func(j *job.Job) { j.Schedule = "30 * * * *" }), 19, 20))
			w.sweepAt(clockAt(19, 45, 0))
			w.clock.Advance(5 * time.Minute)
		}, "18:00 missed, 19:00 missed, 19:30 succeeded by catch-up"},

		{"absent from one answer after an outage", hourly, func(w *world) {
			w.sweepAt(clockAt(17, 45, 0))
			w.syncAt(clockAt(20, 10, 0))
			w.sweepAt(clockAt(20, 10, 1))
			w.syncAt(clockAt(20, 11, 0), made(hourly, 17, 0))
			w.sweepAt(clockAt(20, 11, 1))
			w.sweepAt(clockAt(20, 15, 0))
		}, "18:00 missed, 19:00 missed, 20:00 missed"},
		{"absent while a trigger is lost", hourly, func(w *world) {
			w.syncAt(clockAt(17, 59, 0))
			w.sweepAt(clockAt(17, 59, 1))
			w.syncAt(clockAt(18, 50, 0), hourly)
			w.sweepAt(clockAt(18, 50, 1))
		}, "18:00 missed"},
		{"absent for long and yet unchanged", hourly, func(w *world) {
			w.syncAt(clockAt(17, 59, 0))
			w.sweepAt(clockAt(19, 30, 0))
			w.syncAt(clockAt(19, 31, 0), made(hourly, 17, 0))
			w.sweepAt(clockAt(19, 31, 1))
		}, "18:00 missed, 19:00 missed"},
		{"replaced by a deploy after an outage", hourly, func(w *world) {
			w.sweepAt(clockAt(17, 45, 0))
			w.syncAt(clockAt(19, 10, 0))
			w.sweepAt(clockAt(19, 10, 1))
			w.syncAt(clockAt(19, 11, 0), made(hourly, 19, 11))
			w.sweepAt(clockAt(19, 30, 0))
		}, "18:00 missed, 19:00 missed"},
		{"really away and made anew: nothing was late meanwhile", hourly, func(w *world) {
			w.syncAt(clockAt(17, 50, 0))
			w.sweepAt(clockAt(18, 0, 0))
			w.syncAt(clockAt(20, 5, 0), made(hourly, 20, 4))
			w.sweepAt(clockAt(21, 20, 0))
		}, "21:00 missed"},
		{"nor after it was last seen, however late it was found to have left", last, func(w *world) {
			w.syncAt(clockAt(17, 50, 0), last)
			w.syncAt(clockAt(20, 5, 0))
			w.syncAt(clockAt(21, 30, 0), made(last, 21, 29))
			w.sweepAt(clockAt(21, 31, 0))
		}, ""},
		{"a one-time schedule that deletes itself", once, func(w *world) {
			w.syncAt(clockAt(17, 59, 0), once)
			w.syncAt(clockAt(18, 1, 0))
			w.sweepAt(clockAt(18, 16, 0))
		}, "18:00 missed"},
		{"and one that ran before", once, func(w *world) {
			w.syncAt(clockAt(17, 59, 0), once)
			w.triggerAt(clockAt(18, 0, 1), once, clockAt(18, 0, 0))
			w.syncAt(clockAt(18, 1, 0))
			w.sweepAt(clockAt(18, 16, 0))
		}, "18:00 succeeded by schedule"},
		{"one that was deleted before its time", once, func(w *world) {
			w.syncAt(clockAt(17, 59, 0))
			w.sweepAt(clockAt(18, 16, 0))
		}, ""},
		{"what was due before it left is told, and not caught up with", last, func(w *world) {
			w.syncAt(clockAt(18, 5, 0), last)
			w.syncAt(clockAt(18, 6, 0))
			w.sweepAt(clockAt(18, 30, 0))
			w.sweepAt(clockAt(19, 30, 0))
		}, "18:00 missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
			w.syncAt(t0, c.job)
			c.play(w)
			if got := w.slotsOf("hourly"); got != c.slots {
				t.Errorf("slots\n%s, want\n%s", got, c.slots)
			}
		})
	}
}

// TestANewJobIsNotLate, whatever the registry says about its age.
func TestANewJobIsNotLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.syncAt(clockAt(18, 5, 0), with(hourly, func(j *job.Job) { j.Modified = clockAt(17, 35, 0) }))
	w.sweepAt(clockAt(18, 20, 0))
	w.sweepAt(clockAt(19, 20, 0))
	if got := w.slotsOf("hourly"); got != "19:00 missed" {
		t.Errorf("slots %s", got)
	}
}

// TestADepartureIsSaid: that a job left the registry, and that it is back, is logged with its
// name. The status shows since when it is gone.
func TestADepartureIsSaid(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	var log bytes.Buffer
	w.ctl.Log = slog.New(slog.NewJSONHandler(&log, nil))
	w.syncAt(clockAt(17, 40, 0))
	w.syncAt(clockAt(17, 41, 0))
	if got := w.status().Gone; len(got) != 1 || !got["hourly"].Equal(clockAt(17, 40, 0)) {
		t.Errorf("gone: %v", got)
	}
	w.syncAt(clockAt(17, 42, 0), hourly)
	if got := w.status().Gone; len(got) != 0 {
		t.Errorf("back, and gone: %v", got)
	}
	for _, want := range []string{"a job left the registry", "a job came back into the registry"} {
		if strings.Count(log.String(), want+`","job":"hourly"`) != 1 {
			t.Errorf("%q is not said once:\n%s", want, &log)
		}
	}
	if old, err := plane.ReadStanding(t.Context(), w.store, clockAt(17, 40, 0).AddDate(0, 2, 0)); err != nil || len(old.Gone) != 0 {
		t.Errorf("after two months: %v, %v", old.Gone, err)
	}
}

// TestALaterSlotOfAFormerPlan: a slot is not run late if its own plan has a later one, up to
// and including the plan's end.
func TestALaterSlotOfAFormerPlan(t *testing.T) {
	t.Parallel()
	first := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	then := with(first, func(j *job.Job) { j.Schedule = "50 23 * * *" })
	for name, c := range map[string]struct {
		replanned time.Time
		want      string
	}{
		"its plan ends before the next slot": {clockAt(18, 59, 0), "18:00 running by catch-up"},
		"its plan ends at a slot":            {clockAt(19, 0, 0), "18:00 missed, 19:00 running by catch-up"},
		"its plan ends after a slot":         {clockAt(19, 30, 0), "18:00 missed, 19:00 running by catch-up"},
	} {
		w := known(t, first)
		w.redeployAt(c.replanned, then)
		w.sweepAt(clockAt(20, 20, 0))
		if got := w.slotsOf("hourly"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestAFormerRateThatRan is not silent because newer runs belong to the plan after it, however
// many they are.
func TestAFormerRateThatRan(t *testing.T) {
	t.Parallel()
	rated := with(hourly, func(j *job.Job) { j.Schedule = "rate(5 minutes)" })
	then := with(hourly, func(j *job.Job) { j.Schedule = "* * * * *" })
	w := known(t, rated)
	for _, minute := range []int{36, 41, 46} {
		w.triggerAt(clockAt(17, minute, 0), rated, clockAt(17, minute, 0))
	}
	w.redeployAt(clockAt(17, 50, 0), then)
	const newer = 110
	for minute := range newer {
		w.triggerAt(clockAt(17, 51+minute, 1), then, clockAt(17, 51+minute, 0))
	}
	w.sweepAt(clockAt(17, 51+newer, 0))
	if got, want := w.slotsOf("hourly"), "17:36 succeeded by schedule, 17:41 succeeded by schedule, 17:46 succeeded by schedule, 17:51 succeeded by schedule"; !strings.HasPrefix(got, want) || strings.Contains(got, "missed") {
		t.Errorf("slots %s, want %s first and none missed", got, want)
	}
}
