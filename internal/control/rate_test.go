package control_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestDeadRate: a rate whose schedule is dead is reported, whatever filters the time at which
// that would be known, and whatever people run by hand.
func TestDeadRate(t *testing.T) {
	t.Parallel()
	day := func(n int) string { return t0.AddDate(0, 0, n).Format(time.DateOnly) }
	ran := func(w *world, j job.Job) { w.triggerAt(clockAt(18, 0, 5), j, clockAt(18, 0, 0)) }
	for name, c := range map[string]struct {
		rate  string
		when  func(*job.Job)
		play  func(w *world, j job.Job)
		daily func(w *world, n int)
		want  string
	}{
		"silent on a day that the calendar skips": {
			"rate(6 hours)", func(j *job.Job) { j.Calendar.Skip = []string{day(1)} }, ran, nil, "24 06:00",
		},
		"silent between days that the calendar names": {
			"rate(6 hours)", func(j *job.Job) { j.Calendar.Only = []string{day(0), day(5)} }, ran, nil, "27 06:00",
		},
		"each second day is skipped": {
			"rate(1 day)", func(j *job.Job) { j.Calendar.Skip = []string{day(2), day(4), day(6)} }, ran, nil, "27 00:00",
		},
		"never ran, and begins in a week": {
			"rate(6 hours)", func(j *job.Job) { j.StartAt = t0.AddDate(0, 0, 7) }, nil, nil, "29 23:31",
		},
		"a person runs it each day": {"rate(1 day)", nil, ran, func(w *world, n int) {
			if _, err := w.ctl.RunByHand(w.t.Context(), port.RunRequest{Job: "hourly", RequestID: fmt.Sprint(n)}); err != nil {
				w.t.Fatal(err)
			}
		}, "24 18:00"},
		"it ended": {"rate(6 hours)", func(j *job.Job) { j.EndAt = t0.AddDate(0, 0, 1) }, func(w *world, j job.Job) {
			w.triggerAt(clockAt(18+18, 0, 5), j, clockAt(18+18, 0, 0))
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := with(hourly, func(j *job.Job) {
				if j.Schedule = c.rate; c.when != nil {
					c.when(j)
				}
			})
			w := known(t, j)
			if c.play != nil {
				c.play(w, j)
			}
			for n := 2; n < 30; n++ {
				if c.daily != nil {
					w.clock.AdvanceTo(clockAt(12, 0, 0).AddDate(0, 0, n))
					c.daily(w, n)
				}
				w.sweepAt(clockAt(18, 16, 0).AddDate(0, 0, n))
			}
			var missed []string
			for _, r := range w.runs() {
				if r.Status == run.Missed {
					missed = append(missed, r.ScheduledFor.Format("02 15:04"))
				}
			}
			if got := strings.Join(missed, ", "); got != c.want || strings.Count(w.kinds(), "missed") != len(missed) {
				t.Errorf("missed %q, want %q; told %s", got, c.want, w.kinds())
			}
		})
	}
}

// TestLiveRate: a rate that fires is never reported as silent, whatever its calendar filters.
func TestLiveRate(t *testing.T) {
	t.Parallel()
	for _, every := range []int{5, 7, 24, 48} {
		for _, skip := range [][]int{{1}, {1, 2}, {1, 3}} {
			j := with(hourly, func(j *job.Job) {
				j.Schedule = fmt.Sprintf("rate(%d hours)", every)
				for _, n := range skip {
					j.Calendar.Skip = append(j.Calendar.Skip, t0.AddDate(0, 0, n).Format(time.DateOnly))
				}
			})
			w := known(t, j)
			for hour := 1; hour < 6*24; hour++ {
				at := t0.Add(time.Duration(hour) * time.Hour)
				if hour%every == 1%every {
					w.triggerAt(at, j, at)
				}
				w.sweepAt(at.Add(30 * time.Minute))
			}
			if i := slices.IndexFunc(w.runs(), func(r run.Run) bool { return r.Status == run.Missed }); i >= 0 {
				t.Errorf("every %d hours, skipping %v: %s is missed", every, skip, w.runs()[i].ID)
			}
		}
	}
}

// TestOneRateIsAskedForOnce: only if there are several are they asked for beforehand, at
// once.
func TestOneRateIsAskedForOnce(t *testing.T) {
	t.Parallel()
	w := known(t, with(hourly, func(j *job.Job) { j.Schedule = "rate(30 minutes)" }))
	w.sweepAt(clockAt(18, 29, 0))
	w.ports.calls = nil
	w.sweepAt(clockAt(18, 46, 0))
	if n := w.calls("Runs"); n != 1 || w.slotsOf("hourly") != "18:30 missed" {
		t.Errorf("it asked %d times for runs: %v; slots %s", n, w.ports.calls, w.slotsOf("hourly"))
	}
}
