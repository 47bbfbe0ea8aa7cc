package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// hourly is a job at every full hour, which may start 15 minutes late.
var hourly = job.Job{Name: "hourly", TaskDefinition: "report", Schedule: "0 * * * *"}

func with(j job.Job, change func(*job.Job)) job.Job {
	change(&j)
	return j
}

// clockAt returns a time on the day of t0 or on the next day.
func clockAt(hour, minute, second int) time.Time {
	return time.Date(t0.Year(), t0.Month(), t0.Day(), hour, minute, second, 0, time.UTC)
}

// known returns a world that has known jobs since t0 and whose tasks run a minute.
func known(t *testing.T, jobs ...job.Job) *world {
	t.Helper()
	w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
	w.know(jobs...)
	return w
}

// sweepAt lets time pass and checks the slots.
func (w *world) sweepAt(at time.Time) {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	if err := w.ctl.CheckSlots(w.t.Context()); err != nil {
		w.t.Fatalf("sweep at %s: %v", at, err)
	}
}

func (w *world) triggerAt(at time.Time, j job.Job, slot time.Time) port.Reply {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	rep, err := w.ctl.Scheduled(w.t.Context(), "", j, slot)
	if err != nil {
		w.t.Fatalf("trigger at %s: %v", at, err)
	}
	return rep
}

// slotsOf returns a job's runs by their slots, the oldest first, with their status and how
// they came about.
func (w *world) slotsOf(name string) string {
	w.t.Helper()
	rs, err := w.store.Runs(w.t.Context(), port.Query{Job: name, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, r := range slices.Backward(rs) {
		how := ""
		if kind := r.Triggers[0].Kind; kind != run.BySweep {
			how = " by " + string(kind)
		}
		out = append(out, r.ScheduledFor.Format("15:04 ")+string(r.Status)+how)
	}
	return strings.Join(out, ", ")
}

// kinds returns the kinds of the notices that were sent, in order.
func (w *world) kinds() string {
	out := make([]string, len(w.told))
	for i, n := range w.told {
		out[i] = string(n.Kind)
	}
	return strings.Join(out, " ")
}

const missedTill23 = "18:00 missed, 19:00 missed, 20:00 missed, 21:00 missed, 22:00 missed, 23:00 missed"

func TestCheckSlots(t *testing.T) {
	t.Parallel()
	last := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	often := with(last, func(j *job.Job) { j.Schedule = "*/5 * * * *" })
	either := with(hourly, func(j *job.Job) { j.Schedule = "0 20 23 * sun" })
	strict := with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(5 * time.Minute) })
	rated := with(hourly, func(j *job.Job) { j.Schedule = "rate(30 minutes)" })
	ratedLast := with(rated, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	late := clockAt(23, 20, 0)
	cases := []struct {
		name  string
		job   job.Job
		play  func(w *world)
		slots string
		told  string
	}{
		{"not missed before its time is up", hourly, func(w *world) { w.sweepAt(clockAt(18, 14, 59)) }, "", ""},
		{"missed when its time is up", hourly, func(w *world) { w.sweepAt(clockAt(18, 15, 0)) }, "18:00 missed", "missed"},
		{"its time is its own startWithin", strict, func(w *world) { w.sweepAt(clockAt(18, 5, 0)) }, "18:00 missed", "missed"},
		{"told once, however often it is swept", hourly, func(w *world) {
			for minute := range 40 {
				w.sweepAt(clockAt(18, 10+minute, 0))
				w.look()
			}
		}, "18:00 missed", "missed"},
		{"what ran is not missed", hourly, func(w *world) {
			w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
			w.sweepAt(clockAt(18, 30, 0))
		}, "18:00 succeeded by schedule", ""},
		{"hours of silence", hourly, func(w *world) { w.sweepAt(late) }, missedTill23, "missed"},
		{"what is not up at the end of a silence is found by the next sweep", hourly, func(w *world) {
			w.sweepAt(clockAt(19, 10, 0))
			w.sweepAt(clockAt(19, 20, 0))
		}, "18:00 missed, 19:00 missed", "missed missed"},
		{"a sweep whose clock was ahead judges again", hourly, func(w *world) {
			if err := w.store.SetMark(t.Context(), port.MarkSlots, clockAt(30, 0, 0)); err != nil {
				w.t.Fatal(err)
			}
			w.sweepAt(clockAt(17, 50, 0))
			w.sweepAt(clockAt(18, 20, 0))
		}, "18:00 missed", "missed"},

		{"paused slots are skipped, others missed", hourly, func(w *world) {
			w.pauseAt(clockAt(18, 30, 0), "hourly", clockAt(20, 30, 0))
			w.sweepAt(late)
		}, "18:00 missed, 19:00 skipped, 20:00 skipped, 21:00 missed, 22:00 missed, 23:00 missed", "missed"},
		{"slots of a pause of all are skipped", hourly, func(w *world) {
			w.pauseAt(clockAt(18, 30, 0), job.All, time.Time{})
			w.sweepAt(clockAt(20, 20, 0))
		}, "18:00 missed, 19:00 skipped, 20:00 skipped", "missed"},
		{"disabled slots are absent", with(hourly, func(j *job.Job) { j.Disabled = true }), func(w *world) { w.sweepAt(late) }, "", ""},
		{"a job that only people run has none", with(hourly, func(j *job.Job) { j.Schedule = "" }), func(w *world) { w.sweepAt(late) }, "", ""},
		{"slots while it was disabled are absent", hourly, func(w *world) {
			w.redeployAt(clockAt(18, 30, 0), with(hourly, func(j *job.Job) { j.Disabled = true }))
			w.redeployAt(clockAt(20, 30, 0), hourly)
			w.sweepAt(clockAt(21, 20, 0))
		}, "18:00 missed, 21:00 missed", "missed"},
		{"slots before the schedule's last change are those of the plan before", hourly, func(w *world) {
			w.redeployAt(clockAt(20, 30, 0), with(hourly, func(j *job.Job) { j.Schedule = "40 * * * *" }))
			w.sweepAt(clockAt(22, 0, 0))
		}, "18:00 missed, 19:00 missed, 20:00 missed, 20:40 missed, 21:40 missed", "missed"},
		{"a change of the command changes no slot", hourly, func(w *world) {
			w.redeployAt(clockAt(20, 30, 0), with(hourly, func(j *job.Job) { j.Command = []string{"x"} }))
			w.sweepAt(late)
		}, missedTill23, "missed"},
		{"a slot of the plan before has its time too", hourly, func(w *world) {
			w.redeployAt(clockAt(18, 5, 0), with(hourly, func(j *job.Job) { j.Schedule = "40 * * * *" }))
			w.sweepAt(clockAt(18, 14, 59))
		}, "", ""},
		{"a job that left the registry is not judged", hourly, func(w *world) {
			w.redeployAt(clockAt(17, 40, 0))
			w.sweepAt(late)
		}, "", ""},
		{"nor the slots before it came back", hourly, func(w *world) {
			w.redeployAt(clockAt(17, 40, 0))
			w.redeployAt(clockAt(22, 30, 0), hourly)
			w.sweepAt(late)
		}, "23:00 missed", "missed"},

		{"the newest of the missed is caught up with", last, func(w *world) { w.sweepAt(late); w.clock.Advance(5 * time.Minute) }, strings.Replace(missedTill23, "23:00 missed", "23:00 succeeded by catch-up", 1), "missed recovered"},
		{"each sweep in its time catches up with its slot", last, func(w *world) {
			w.sweepAt(clockAt(18, 15, 0))
			w.clock.Advance(5 * time.Minute)
		}, "18:00 succeeded by catch-up", ""},
		{"none is caught up with where a later slot ran", last, func(w *world) {
			w.triggerAt(clockAt(20, 0, 1), last, clockAt(20, 0, 0))
			w.sweepAt(clockAt(20, 14, 0))
		}, "18:00 missed, 19:00 missed, 20:00 succeeded by schedule", "missed"},
		{"none is caught up with where a later slot runs that is not up yet", often, func(w *world) {
			w.triggerAt(clockAt(17, 55, 1), often, clockAt(17, 55, 0))
			w.sweepAt(clockAt(17, 56, 0))
		}, "17:35 missed, 17:40 missed, 17:55 running by schedule", "missed"},
		{"the newest whose time is up is caught up with, whatever is about to come", often, func(w *world) { w.sweepAt(clockAt(17, 51, 0)) }, "17:35 running by catch-up", ""},
		{"a run of another job makes nothing up", last, func(w *world) {
			w.triggerAt(clockAt(18, 10, 1), with(last, func(j *job.Job) { j.Name, j.Schedule = "other", "10 * * * *" }), clockAt(18, 10, 0))
			w.sweepAt(clockAt(18, 15, 0))
		}, "18:00 running by catch-up", ""},
		{"one time is caught up with", with(last, func(j *job.Job) { j.Schedule = "at(2026-11-22T18:00:00)" }), func(w *world) { w.sweepAt(clockAt(18, 15, 0)) }, "18:00 running by catch-up", ""},
		{"a run by hand is no run of a later slot", last, func(w *world) {
			w.clock.AdvanceTo(clockAt(18, 10, 0))
			if _, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "hourly", RequestID: "q"}); err != nil {
				w.t.Fatal(err)
			}
			w.sweepAt(clockAt(18, 20, 0))
			w.clock.Advance(5 * time.Minute)
		}, "18:00 succeeded by catch-up, 18:10 succeeded by run", ""},

		{"a trigger that comes too late runs nothing", hourly, func(w *world) {
			if rep := w.triggerAt(clockAt(18, 15, 1), hourly, clockAt(18, 0, 0)); rep.Outcome != port.Refused || !strings.Contains(rep.Message, "its trigger came 15m1s late") {
				w.t.Errorf("%+v", rep)
			}
			w.sweepAt(clockAt(18, 20, 0))
		}, "18:00 missed by schedule", "missed"},
		{"a trigger in the last moment runs it", hourly, func(w *world) {
			w.triggerAt(clockAt(18, 15, 0), hourly, clockAt(18, 0, 0))
			w.clock.Advance(5 * time.Minute)
		}, "18:00 succeeded by schedule", ""},
		{"of late triggers only the newest slot's is caught up with", last, func(w *world) {
			for _, hour := range []int{18, 20, 19} {
				w.triggerAt(clockAt(20, 30, 0), last, clockAt(hour, 0, 0))
			}
			w.clock.Advance(5 * time.Minute)
			w.sweepAt(w.clock.Now())
		}, "18:00 missed by schedule, 19:00 missed by schedule, 20:00 succeeded by schedule", "missed"},
		{"one that comes as the next slot begins is caught up with no more", last, func(w *world) {
			w.triggerAt(clockAt(19, 0, 0), last, clockAt(18, 0, 0))
			w.sweepAt(clockAt(19, 0, 0))
		}, "18:00 missed by schedule", "missed"},
		{"one that comes a moment before it is", last, func(w *world) {
			w.triggerAt(clockAt(18, 59, 59), last, clockAt(18, 0, 0))
		}, "18:00 running by schedule", ""},
		{"a rate's late trigger is caught up with until its period is over", ratedLast, func(w *world) {
			w.triggerAt(clockAt(18, 20, 0), ratedLast, clockAt(18, 0, 0))
		}, "18:00 running by schedule", ""},
		{"a trigger after the sweep is a duplicate", hourly, func(w *world) {
			w.sweepAt(clockAt(18, 15, 0))
			if rep := w.triggerAt(clockAt(18, 15, 0), hourly, clockAt(18, 0, 0)); rep.Outcome != port.Duplicate || rep.Message != "duplicate of hourly/20261122T1800Z, which was missed" {
				w.t.Errorf("%+v", rep)
			}
		}, "18:00 missed", "missed"},
		{"two triggers of an OR crontab are one slot", either, func(w *world) {
			w.triggerAt(clockAt(20, 0, 1), either, clockAt(20, 0, 0))
			w.triggerAt(clockAt(20, 0, 2), either, clockAt(20, 0, 0))
			w.sweepAt(late)
		}, "20:00 succeeded by schedule", ""},
		{"and missed once where both are lost", either, func(w *world) { w.sweepAt(late) }, "20:00 missed", "missed"},

		{"a rate is silent for less than two periods", rated, func(w *world) { w.sweepAt(clockAt(18, 44, 59)) }, "", ""},
		{"a rate is told after two periods, and once", rated, func(w *world) { w.sweepAt(clockAt(18, 46, 0)); w.sweepAt(late) }, "18:30 missed", "missed"},
		{"a rate is told once where the sweep was silent too", rated, func(w *world) { w.sweepAt(late) }, "18:30 missed", "missed"},
		{"a rate is told again when it has run and is silent again", rated, func(w *world) {
			w.sweepAt(clockAt(19, 0, 0))
			w.triggerAt(clockAt(19, 17, 0), rated, clockAt(19, 17, 0))
			w.sweepAt(late)
		}, "18:30 missed, 19:17 succeeded by schedule, 20:17 missed", "missed recovered missed"},
		{"a rate that ran is told as soon as two periods are over", rated, func(w *world) {
			w.triggerAt(clockAt(18, 17, 0), rated, clockAt(18, 17, 0))
			w.sweepAt(clockAt(19, 31, 59))
			w.sweepAt(clockAt(19, 32, 0))
		}, "18:17 succeeded by schedule, 19:17 missed", "missed"},
		{"a rate that is changed has two of its new periods", rated, func(w *world) {
			w.triggerAt(clockAt(17, 35, 0), rated, clockAt(17, 35, 0))
			w.redeployAt(clockAt(18, 20, 0), with(rated, func(j *job.Job) { j.Schedule = "rate(40 minutes)" }))
			w.sweepAt(clockAt(19, 54, 59))
		}, "17:35 succeeded by schedule", ""},
		{"a rate that runs is not told", rated, func(w *world) {
			for hour := 18; hour < 23; hour++ {
				w.triggerAt(clockAt(hour, 20, 0), rated, clockAt(hour, 20, 0))
				w.sweepAt(clockAt(hour, 50, 0))
			}
		}, "18:20 succeeded by schedule, 19:20 succeeded by schedule, 20:20 succeeded by schedule, 21:20 succeeded by schedule, 22:20 succeeded by schedule", ""},
		{"a rate is caught up with", ratedLast, func(w *world) { w.sweepAt(clockAt(19, 30, 0)); w.clock.Advance(5 * time.Minute) }, "18:30 succeeded by catch-up", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.job)
			c.play(w)
			if got := w.slotsOf("hourly"); got != c.slots {
				t.Errorf("slots\n%s, want\n%s", got, c.slots)
			}
			if got := w.kinds(); got != c.told {
				t.Errorf("told %q, want %q", got, c.told)
			}
			told := 0
			for _, n := range w.told {
				told += n.Missed
				if n.Kind == notice.Missed && (n.Status != run.Missed || n.RetryWith == "" || !strings.Contains(n.Cause, "came")) {
					t.Errorf("told %+v", n)
				}
			}
			if missed := strings.Count(c.slots, "missed"); told != missed {
				t.Errorf("%d slots were missed, and %d told", missed, told)
			}
		})
	}
}

func (w *world) pauseAt(at time.Time, name string, until time.Time) {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	if rep, err := w.ctl.Pause(w.t.Context(), port.PauseRequest{Job: name, Until: until, By: "ann", Reason: "move"}); err != nil || rep.Outcome != port.Accepted {
		w.t.Fatalf("%+v, %v", rep, err)
	}
}

func (w *world) redeployAt(at time.Time, jobs ...job.Job) {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	w.know(jobs...)
}

// TestCheckSlotsOnNightsOfChange: in the night in which clocks go back a slot comes once, in
// the one in which they go forward it comes after the gap, and an hourly job follows the
// clock.
func TestCheckSlotsOnNightsOfChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, schedule string
		night          time.Time
		want           string
	}{
		{"back, a fixed time", "30 2 * * *", time.Date(2027, 10, 30, 22, 0, 0, 0, time.UTC), "00:30 missed"},
		{"back, every hour", "30 * * * *", time.Date(2027, 10, 30, 22, 40, 0, 0, time.UTC), "23:30 missed, 00:30 missed, 01:30 missed, 02:30 missed, 03:30 missed"},
		{"forward, a time in the gap", "30 2 * * *", time.Date(2027, 3, 27, 22, 0, 0, 0, time.UTC), "01:00 missed by schedule"},
		{"forward, every hour", "30 * * * *", time.Date(2027, 3, 27, 22, 40, 0, 0, time.UTC), "23:30 missed, 00:30 missed, 01:30 missed, 02:30 missed, 03:30 missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			w.clock.AdvanceTo(c.night)
			w.know(with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = c.schedule, "Europe/Berlin" }))
			w.sweepAt(c.night.Truncate(time.Hour).Add(6 * time.Hour))
			if got := w.slotsOf("hourly"); got != c.want {
				t.Errorf("slots %s, want %s", got, c.want)
			}
		})
	}
}

// TestCheckSlotsCutOff: a sweep after hours of silence that runs out of time keeps what it
// did and says that it did not finish, and the next one goes on there.
func TestCheckSlotsCutOff(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(23, 20, 0))
	ctx, cancel := context.WithCancel(t.Context())
	marks := 0
	w.ports.onCall = func(name string) {
		if name == "SetMark" {
			if marks++; marks == 3 {
				cancel()
			}
		}
	}
	if err := w.ctl.CheckSlots(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := w.slotsOf("hourly"); got != "18:00 missed, 19:00 missed, 20:00 missed" {
		t.Errorf("cut off after %s", got)
	}
	if at, err := w.store.Mark(t.Context(), port.MarkSweep); err != nil || !at.IsZero() {
		t.Errorf("it finished at %s, %v", at, err)
	}
	at, err := w.store.Mark(t.Context(), port.MarkSlots)
	if err != nil || !at.Equal(t0.Add(3*time.Hour)) {
		t.Errorf("checked up to %s, %v", at, err)
	}
	w.ports.onCall, marks = nil, len(w.ports.calls)
	w.sweepAt(clockAt(23, 20, 0))
	if got := w.slotsOf("hourly"); got != missedTill23 || len(w.told) != 1 || w.told[0].Missed != 6 {
		t.Errorf("after the next: %s, told %s", got, w.kinds())
	}
	if exist := strings.Count(strings.Join(w.ports.calls[marks:], " "), "Exist"); exist != 3*2 { // for each hour, what has no run twice
		t.Errorf("the next sweep looked for slots %d times, want 6: %v", exist, w.ports.calls[marks:])
	}
}

// TestCheckSlotsStruck: whichever call of a sweep dies or fails, the next sweep completes it:
// each slot has one run, the newest ran late, and all was reported.
func TestCheckSlotsStruck(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	play := func(f fault) *world {
		w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true, fault: f})
		w.know(j)
		w.clock.AdvanceTo(clockAt(20, 20, 0))
		for range 2 {
			_ = w.process(w.ctl.CheckSlots)
		}
		for range 3 {
			w.clock.Advance(time.Minute)
			w.look()
		}
		w.clock.Advance(2 * time.Minute)
		w.look()
		return w
	}
	const want = "18:00 missed, 19:00 missed, 20:00 succeeded by catch-up"
	calls := play(fault{}).ports.calls
	for k, name := range calls {
		for _, f := range faultsOf(name, k+1) {
			w := play(f)
			told := map[string]bool{}
			for _, n := range w.told {
				told[n.ID] = true
			}
			if got := w.slotsOf("hourly"); got != want || len(told) != 2 || len(w.told) > 2+w.ports.again || len(w.made) != 1 {
				t.Fatalf("%s (%s): %s, told %s: %s", f, name, got, w.kinds(), w.story())
			}
		}
	}
}

// TestTwoSweepsAtOnce: a whole second sweep comes between two calls of the first, at every
// place.
func TestTwoSweepsAtOnce(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	for k := 1; ; k++ {
		w := known(t, j)
		w.clock.AdvanceTo(clockAt(20, 20, 0))
		n, met := 0, false
		w.ports.onCall = func(string) {
			if n++; n == k {
				w.ports.onCall, met = nil, true
				if err := w.ctl.CheckSlots(t.Context()); err != nil {
					t.Errorf("the second, at call %d: %v", k, err)
				}
			}
		}
		if err := w.ctl.CheckSlots(t.Context()); err != nil {
			t.Errorf("the first, met at call %d: %v", k, err)
		}
		w.ports.onCall = nil
		w.clock.Advance(5 * time.Minute)
		if got := w.slotsOf("hourly"); got != "18:00 missed, 19:00 missed, 20:00 succeeded by catch-up" || len(w.made) != 1 {
			t.Fatalf("met at call %d: %s", k, w.story())
		}
		// A sweep that finds a notice owed may send what the other is just sending.
		told := map[string]int{}
		for _, n := range w.told {
			told[n.ID]++
		}
		if len(told) != 2 {
			t.Fatalf("met at call %d: told %v", k, told)
		}
		if !met {
			if k < 20 {
				t.Errorf("only %d calls", k)
			}
			return
		}
	}
}

// TestCheckSlotsGoesOn: a job whose slots cannot be checked keeps no other from being
// checked, in all spans. Its own are found once it is mended.
func TestCheckSlotsGoesOn(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, bad, hourly)
	w.spoil("bad")
	w.clock.AdvanceTo(clockAt(23, 20, 0))
	for range 2 {
		if err := w.ctl.CheckSlots(t.Context()); err == nil || strings.Count(err.Error(), "job bad") != 1 {
			t.Errorf("error %v", err)
		}
	}
	if got := w.slotsOf("hourly"); got != missedTill23 || len(w.told) != 1 {
		t.Errorf("the other: %s, told %s", got, w.kinds())
	}
	if at, err := w.store.Mark(t.Context(), port.MarkSweep); err != nil || !at.IsZero() {
		t.Errorf("it finished at %s, %v", at, err)
	}
	w.know(bad, hourly)
	w.sweepAt(clockAt(23, 21, 0))
	if got := w.slotsOf("bad"); got != missedTill23 || len(w.told) != 2 {
		t.Errorf("mended: %s, told %s", got, w.kinds())
	}
}

// TestManySlots: more slots, of many jobs, than one question to the store may name.
func TestManySlots(t *testing.T) {
	t.Parallel()
	var jobs []job.Job
	for i := range 5 {
		jobs = append(jobs, with(hourly, func(j *job.Job) { j.Name, j.Schedule = fmt.Sprintf("often-%d", i), "* * * * *" }))
	}
	w := known(t, jobs...)
	w.sweepAt(t0.Add(15*time.Minute + 3*time.Hour))
	for _, j := range jobs {
		if n := strings.Count(w.slotsOf(j.Name), "missed"); n != 180 {
			t.Errorf("%s missed %d slots, want 180", j.Name, n)
		}
	}
}

// TestTheFirstCheck: if no check has finished yet, it begins with the job that became known
// first, whichever that is.
func TestTheFirstCheck(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{"a", "b"}, {"b", "a"}} {
		one, other := with(hourly, func(j *job.Job) { j.Name = names[0] }), with(hourly, func(j *job.Job) { j.Name = names[1] })
		w := known(t, one)
		w.clock.AdvanceTo(clockAt(20, 10, 0))
		w.know(one, other)
		w.sweepAt(clockAt(20, 20, 0))
		if got, want := w.slotsOf(one.Name)+"; "+w.slotsOf(other.Name), "18:00 missed, 19:00 missed, 20:00 missed; "; got != want {
			t.Errorf("%s first: %s, want %s", one.Name, got, want)
		}
	}
}

// TestAMarkOfAClockLongPast: a check begins no earlier than the first plan that is known, also if the
// definition of a job changed and its plan did not, or an item has no plan.
func TestAMarkOfAClockLongPast(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.know(with(hourly, func(j *job.Job) { j.Command = []string{"other"} }))
	unplanned := w.store.Commit(t.Context(), port.Change{Item: &job.Item{Name: "unplanned"}})
	if err := errors.Join(unplanned, w.store.SetMark(t.Context(), port.MarkSlots, t0.AddDate(-1, 0, 0))); err != nil {
		t.Fatal(err)
	}
	w.ports.calls = nil
	w.sweepAt(clockAt(20, 20, 0))
	if n := len(w.ports.calls); w.slotsOf("hourly") != "18:00 missed, 19:00 missed, 20:00 missed" || n > 40 {
		t.Errorf("%s, after %d calls", w.slotsOf("hourly"), n)
	}
}

// TestASweepOfAnHour is one step: the mark moves once, and the sweep is noted once.
func TestASweepOfAnHour(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.sweepAt(clockAt(18, 30, 0))
	w.ports.calls = nil
	w.sweepAt(clockAt(19, 30, 0))
	if n := w.calls("SetMark"); n != 2 {
		t.Errorf("it set %d marks: %v", n, w.ports.calls)
	}
}

func (w *world) calls(name string) (n int) {
	for _, call := range w.ports.calls {
		if call == name {
			n++
		}
	}
	return n
}
