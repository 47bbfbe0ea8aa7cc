package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestSlotOfTheFuture: a slot whose time has not come is not claimed, so that its own trigger
// is the first.
func TestSlotOfTheFuture(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	slot := clockAt(18, 0, 0)
	if rep := w.triggerAt(clockAt(17, 40, 0), hourly, slot.Add(24*time.Hour)); rep.Outcome != port.Refused {
		t.Errorf("a day ahead: %+v", rep)
	}
	if rep := w.triggerAt(slot.Add(-121*time.Second), hourly, slot); rep.Outcome != port.Refused || !strings.Contains(rep.Message, "future") {
		t.Errorf("121 seconds ahead: %+v", rep)
	}
	if kept, err := w.store.Kept(t.Context(), 10); err != nil || len(kept) == 0 || !strings.Contains(kept[0].Reason, "hourly") {
		t.Errorf("kept: %+v, %v", kept, err)
	}
	// A clock that is a little behind EventBridge's is no reason to lose a run.
	if rep := w.triggerAt(slot.Add(-2*time.Minute), hourly, slot); rep.Outcome != port.Accepted {
		t.Errorf("two minutes before: %+v", rep)
	}
}

// TestSlotThatIsNone: a start that nothing proves runs only at the schedule's own minutes.
func TestSlotThatIsNone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		schedule string
		at       []time.Time
		// slots are the runs that there are in the end.
		slots string
	}{
		"a rule that starts twice, the second time past the minute": {"0 * * * *", []time.Time{clockAt(18, 0, 2), clockAt(18, 1, 2)}, "18:00"},
		"the same, of cron()":                             {"cron(0 * * * ? *)", []time.Time{clockAt(18, 0, 2), clockAt(18, 1, 2)}, "18:00"},
		"only the late event came":                        {"0 * * * *", []time.Time{clockAt(18, 1, 2)}, "18:00"},
		"an event just before its minute":                 {"0 * * * *", []time.Time{clockAt(17, 59, 58), clockAt(18, 0, 3)}, "18:00"},
		"every minute is its own":                         {"* * * * *", []time.Time{clockAt(18, 0, 2), clockAt(18, 1, 2)}, "18:00 18:01"},
		"a minute that the schedule does not have":        {"0 * * * *", []time.Time{clockAt(18, 17, 0)}, ""},
		"of cron() too":                                   {"cron(0 * * * ? *)", []time.Time{clockAt(18, 17, 0)}, ""},
		"a rate has every minute":                         {"rate(5 minutes)", []time.Time{clockAt(18, 17, 52)}, "18:17"},
		"a rate that starts twice":                        {"rate(5 minutes)", []time.Time{clockAt(18, 17, 52), clockAt(18, 18, 1), clockAt(18, 22, 52)}, "18:17 18:22"},
		"a rate of two minutes that starts twice":         {"rate(2 minutes)", []time.Time{clockAt(18, 17, 52), clockAt(18, 18, 1)}, "18:17"},
		"a rate of one minute":                            {"rate(1 minute)", []time.Time{clockAt(18, 17, 52), clockAt(18, 18, 52)}, "18:17 18:18"},
		"a job without a schedule, which a rule may name": {"", []time.Time{clockAt(18, 17, 0)}, "18:17"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := with(hourly, func(j *job.Job) { j.Schedule = tc.schedule })
			w := known(t, j)
			var last port.Reply
			for _, at := range tc.at {
				last = w.triggerAt(at.Add(2*time.Second), j, at)
			}
			var slots []string
			for _, r := range w.runs() {
				slots = append([]string{r.ScheduledFor.Format("15:04")}, slots...)
			}
			if got := strings.Join(slots, " "); got != tc.slots || (got == "") != (last.Outcome == port.Refused) {
				t.Errorf("got runs of %q, want %q; the last reply was %+v", got, tc.slots, last)
			}
		})
	}
}

// TestARateThatWasSilent: the run that the sweep recorded for the silence is no event, and takes none away.
func TestARateThatWasSilent(t *testing.T) {
	t.Parallel()
	for catchUp, want := range map[job.CatchUp]port.Reply{
		job.CatchUpNone: {Outcome: port.Accepted, Run: "hourly/20261122T1828Z"},
		job.CatchUpLast: {Outcome: port.Duplicate, Run: "hourly/20261122T1827Z"}, // the sweep started it, and the event is late
	} {
		t.Run(string(catchUp), func(t *testing.T) {
			t.Parallel()
			rated := with(hourly, func(j *job.Job) {
				j.Schedule, j.StartWithin, j.CatchUp = "rate(5 minutes)", job.Duration(time.Minute), catchUp
			})
			w := known(t, rated)
			w.triggerAt(clockAt(18, 17, 2), rated, clockAt(18, 17, 0))
			w.clock.AdvanceTo(clockAt(18, 28, 5))
			if err := w.ctl.CheckSlots(t.Context()); err != nil {
				t.Fatal(err)
			}
			rep := w.triggerAt(clockAt(18, 28, 10), rated, clockAt(18, 28, 0))
			if rep.Run != want.Run || rep.Outcome != want.Outcome {
				t.Errorf("%+v; there are %s", rep, w.slotsOf("hourly"))
			}
		})
	}
}

// TestSlotOfThePast: whoever may write a rule cannot make slots be reported as missed, or
// caught up with, from a time in which nobody looked for them.
func TestSlotOfThePast(t *testing.T) {
	t.Parallel()
	last := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	yearly := with(last, func(j *job.Job) { j.Schedule = "0 9 1 1 *" })
	for name, tc := range map[string]struct {
		job       job.Job
		now, slot time.Time
		says      port.Outcome
		why       string
	}{
		"before its deploy":                 {hourly, clockAt(18, 0, 30), clockAt(9, 0, 0), port.Refused, "before the job was deployed"},
		"its newest, which would be caught": {yearly, clockAt(18, 0, 30), time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), port.Refused, "more than 14 days ago"},
		"the one that the deploy met":       {hourly, clockAt(17, 35, 0), clockAt(17, 0, 0), port.Refused, "before the job was deployed"},
		"within its time":                   {hourly, clockAt(18, 14, 0), clockAt(18, 0, 0), port.Accepted, "launched"},
		"late, as ever":                     {hourly, clockAt(20, 14, 0), clockAt(18, 0, 0), port.Refused, "was missed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, tc.job)
			w.clock.AdvanceTo(tc.now)
			rep, err := w.ctl.Fire(t.Context(), port.Slot{Name: "hourly", At: tc.slot})
			if err != nil || rep.Outcome != tc.says || !strings.Contains(rep.Message, tc.why) {
				t.Errorf("%+v, %v", rep, err)
			}
			if got := len(w.runs()); (got == 0) != strings.Contains(rep.Message, "refused: the slot") {
				t.Errorf("%d runs", got)
			}
		})
	}
}
