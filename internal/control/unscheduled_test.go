package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// unscheduled lets a job run at 18:00, syncs what the registry holds at 18:10, and returns the kinds of
// notices up to each of these times.
func (w *world) unscheduled(ran job.Job, holds []job.Job, times ...time.Time) (told []string) {
	w.t.Helper()
	w.triggerAt(clockAt(18, 0, 1), ran, clockAt(18, 0, 0))
	w.sync(clockAt(18, 10, 0), holds...)
	for _, at := range times {
		w.sweepAt(at)
		told = append(told, w.kinds())
	}
	return told
}

func (w *world) sync(at time.Time, holds ...job.Job) {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	if err := w.ctl.Sync(w.t.Context(), holds); err != nil {
		w.t.Fatal(err)
	}
}

// TestNothingStartsAJob: that somebody deleted a schedule, or switched it off, is told once, a quarter of an
// hour later. What a definition says itself, and what needed no schedule any more, is not.
func TestNothingStartsAJob(t *testing.T) {
	t.Parallel()
	off := with(hourly, func(j *job.Job) { j.Disabled, j.SwitchedOff = true, true })
	meant := with(hourly, func(j *job.Job) { j.Disabled = true })
	over := with(hourly, func(j *job.Job) { j.Schedule = "at(2026-11-22T18:00:00)" })
	until := func(at time.Time, byHand bool) job.Job {
		return with(hourly, func(j *job.Job) { j.EndAt, j.CutShort = at, byHand })
	}
	from := func(at time.Time, byHand bool) job.Job {
		return with(hourly, func(j *job.Job) { j.StartAt, j.Postponed = at, byHand })
	}
	yesterday := clockAt(18, 0, 0).AddDate(0, 0, -2)
	tomorrow := clockAt(8, 0, 0).AddDate(0, 0, 1)
	for name, c := range map[string]struct {
		ran   job.Job
		holds []job.Job
		alone bool // no registry: on one machine
		want  string
		says  string
	}{
		"its schedule was deleted":           {ran: hourly, want: "/unscheduled/unscheduled", says: "nothing starts the job any more, not at 2026-11-22 19:00 UTC either: its schedule was deleted (2026-11-22 18:10 UTC); unless that was meant, put it back: `apply` does, CloudFormation only by a drift-aware change set"},
		"its schedule was switched off":      {ran: hourly, holds: []job.Job{off}, want: "/unscheduled/unscheduled", says: "somebody switched its schedule off"},
		"somebody gave its schedule an end":  {ran: hourly, holds: []job.Job{until(clockAt(18, 5, 0), true)}, want: "/unscheduled/unscheduled", says: "not at 2026-11-22 19:00 UTC either: somebody gave its schedule an end, which has come (2026-11-22 18:10 UTC)"},
		"an end that was long ago":           {ran: hourly, holds: []job.Job{until(yesterday, true)}, want: "/unscheduled/unscheduled", says: "somebody gave its schedule an end"},
		"an end that is to come":             {ran: hourly, holds: []job.Job{until(clockAt(23, 0, 0), true)}, want: "//missed"},
		"somebody gave its schedule a start": {ran: hourly, holds: []job.Job{from(tomorrow, true)}, want: "/unscheduled/unscheduled", says: "nothing starts the job before 2026-11-23 08:00 UTC, not at 2026-11-22 19:00 UTC either: somebody gave its schedule that start (2026-11-22 18:10 UTC)"},
		"a start before its next slot":       {ran: hourly, holds: []job.Job{from(clockAt(18, 50, 0), true)}, want: "//missed"},
		"a start that has passed":            {ran: hourly, holds: []job.Job{from(clockAt(17, 0, 0), true)}, want: "//missed"},
		"its definition has the start":       {ran: hourly, holds: []job.Job{from(tomorrow, false)}, want: "//"},
		"its definition has the end":         {ran: hourly, holds: []job.Job{until(clockAt(18, 5, 0), false)}, want: "//"},
		"its definition is switched off":     {ran: hourly, holds: []job.Job{meant}, want: "//"},
		"a schedule that deleted itself":     {ran: over, want: "//"},
		"a job that was off is deleted":      {ran: meant, want: "//"},
		"a job of a file on one machine":     {ran: hourly, alone: true, want: "//"},
		"a job that is there as it was":      {ran: hourly, holds: []job.Job{hourly}, want: "//missed"},
		"another job, in place of this one":  {ran: hourly, holds: []job.Job{with(hourly, func(j *job.Job) { j.Name = "other" })}, want: "/unscheduled/unscheduled missed"},
		"a paused job's schedule is deleted": {ran: hourly, want: "/unscheduled/unscheduled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.ran)
			if !c.alone {
				w.ctl.Registry = &renewals{}
			}
			if strings.HasPrefix(name, "a paused") {
				w.pause(c.ran.Name)
			}
			told := w.unscheduled(c.ran, c.holds, clockAt(18, 24, 0), clockAt(18, 26, 0), clockAt(19, 20, 0))
			if got := strings.Join(told, "/"); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
			for _, n := range w.told {
				if n.Kind == "unscheduled" && (!strings.Contains(n.Cause, c.says) || n.RetryWith != "" || n.Job != "hourly") {
					t.Errorf("told %+v", n)
				}
			}
		})
	}
}

// TestADeploymentIsOver: a job that is away for minutes is not told; one that is away again is told again.
func TestADeploymentIsOver(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.ctl.Registry = &renewals{}
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	w.sync(clockAt(18, 10, 0))
	w.sweepAt(clockAt(18, 20, 0))
	w.sync(clockAt(18, 21, 0), hourly)
	w.sweepAt(clockAt(18, 40, 0))
	if got := w.kinds(); got != "" {
		t.Errorf("away for eleven minutes: told %q", got)
	}
	for n, at := range []time.Time{clockAt(18, 41, 0), clockAt(19, 30, 0)} {
		w.sync(at)
		w.sweepAt(at.Add(16 * time.Minute))
		w.sync(at.Add(17*time.Minute), hourly)
		if got, want := strings.Count(w.kinds(), "unscheduled"), n+1; got != want {
			t.Errorf("told %d times, want %d", got, want)
		}
	}
}

// TestAwayAgainWithoutARun: whoever keeps notices apart by their ids hears of it both times.
func TestAwayAgainWithoutARun(t *testing.T) {
	t.Parallel()
	weekly := with(hourly, func(j *job.Job) { j.Schedule = "0 18 * * 0" })
	w := known(t, weekly)
	w.ctl.Registry = &renewals{}
	w.triggerAt(clockAt(18, 0, 1), weekly, clockAt(18, 0, 0))
	for _, at := range []time.Time{clockAt(18, 10, 0), clockAt(19, 10, 0)} {
		w.sync(at)
		w.sweepAt(at.Add(16 * time.Minute))
		w.sync(at.Add(17*time.Minute), weekly)
	}
	if len(w.told) != 2 || w.told[0].Run != w.told[1].Run || w.told[0].ID == w.told[1].ID {
		t.Errorf("told %+v", w.told)
	}
}

// TestSwitchedOffAndDeleted: who does both within minutes is told of the first, and only once.
func TestSwitchedOffAndDeleted(t *testing.T) {
	t.Parallel()
	off := with(hourly, func(j *job.Job) { j.Disabled, j.SwitchedOff = true, true })
	for name, deleted := range map[string]time.Time{"before it is told": clockAt(18, 14, 0), "after it was": clockAt(18, 30, 0)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			w.ctl.Registry = &renewals{}
			w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
			w.sync(clockAt(18, 10, 0), off)
			for at := clockAt(18, 11, 0); at.Before(clockAt(19, 10, 0)); at = at.Add(5 * time.Minute) {
				if w.sweepAt(at); at.Before(deleted) {
					continue
				}
				w.sync(at)
			}
			if len(w.told) != 1 || !strings.Contains(w.told[0].Cause, "somebody switched its schedule off (2026-11-22 18:10 UTC)") {
				t.Errorf("told %+v", w.told)
			}
		})
	}
}

// TestSwitchedOffAndDeployedSo: who deploys as off, or with its bounds, what they switched off or bounded by hand
// minutes ago needs no notice.
func TestSwitchedOffAndDeployedSo(t *testing.T) {
	t.Parallel()
	cut := with(hourly, func(j *job.Job) { j.EndAt, j.CutShort = clockAt(18, 5, 0), true })
	ends := with(hourly, func(j *job.Job) { j.EndAt = clockAt(18, 5, 0) })
	late := with(hourly, func(j *job.Job) { j.StartAt, j.Postponed = clockAt(22, 0, 0), true })
	starts := with(hourly, func(j *job.Job) { j.StartAt = clockAt(22, 0, 0) })
	off := with(hourly, func(j *job.Job) { j.Disabled, j.SwitchedOff = true, true })
	meant := with(hourly, func(j *job.Job) { j.Disabled = true })
	for name, c := range map[string]struct {
		holds []job.Job
		fresh bool // another process sees what is deployed
		want  int
	}{
		"by hand":                          {[]job.Job{off, off}, false, 1},
		"by hand, then deployed":           {[]job.Job{off, meant}, false, 0},
		"by hand, then deployed, restarts": {[]job.Job{off, meant}, true, 0},
		"deployed":                         {[]job.Job{meant, meant}, false, 0},
		"an end by hand":                   {[]job.Job{cut, cut}, false, 1},
		"an end by hand, then deployed":    {[]job.Job{cut, ends}, false, 0},
		"the same, restarts":               {[]job.Job{cut, ends}, true, 0},
		"a start by hand":                  {[]job.Job{late, late}, false, 1},
		"a start by hand, then deployed":   {[]job.Job{late, starts}, false, 0},
		"that start, restarts":             {[]job.Job{late, starts}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			w.ctl.Registry = &renewals{}
			w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
			w.sync(clockAt(18, 10, 0), c.holds[0])
			w.sync(clockAt(18, 11, 0), c.holds[0])
			if c.fresh {
				was := w.ctl
				w.ctl = &control.Control{Stack: was.Stack, Store: was.Store, Launcher: was.Launcher, Notifier: was.Notifier, Now: was.Now, Timing: was.Timing, Log: was.Log, Registry: was.Registry, Abreast: 1}
			}
			w.sync(clockAt(18, 15, 0), c.holds[1])
			w.sweepAt(clockAt(18, 40, 0))
			if got := strings.Count(w.kinds(), "unscheduled"); got != c.want {
				t.Errorf("told %q: %+v", w.kinds(), w.told)
			}
		})
	}
}

// TestPostponedAndDeleted: a schedule that somebody postponed and that somebody else deletes before it starts
// is told both times: the job would have started again.
func TestPostponedAndDeleted(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.ctl.Registry = &renewals{}
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	start := clockAt(18, 0, 0).AddDate(0, 0, 7)
	w.sync(clockAt(18, 10, 0), with(hourly, func(j *job.Job) { j.StartAt, j.Postponed = start, true }))
	w.sweepAt(clockAt(18, 40, 0))
	deleted := clockAt(18, 0, 0).AddDate(0, 0, 3)
	w.sync(deleted)
	w.sweepAt(deleted.Add(20 * time.Minute))
	if len(w.told) != 2 || !strings.Contains(w.told[1].Cause, "its schedule was deleted (2026-11-25 18:00 UTC)") {
		t.Errorf("told %+v", w.told)
	}
}

// TestOneOfTwoIsOff: of a job that another schedule started until it was deleted, that is told; and after a day,
// nothing.
func TestOneOfTwoIsOff(t *testing.T) {
	t.Parallel()
	half := with(hourly, func(j *job.Job) { j.SwitchedOff, j.Command = true, []string{"x"} })
	for after, want := range map[time.Duration]int{16 * time.Minute: 1, 24*time.Hour + time.Minute: 0} {
		w := known(t, hourly)
		w.ctl.Registry = &renewals{}
		w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
		w.sync(clockAt(18, 10, 0), half)
		w.sync(clockAt(18, 20, 0))
		w.sweepAt(clockAt(18, 20, 0).Add(after))
		if got := strings.Count(w.kinds(), "unscheduled"); got != want || want > 0 && !strings.Contains(w.told[0].Cause, "its schedule was deleted (2026-11-22 18:20 UTC)") {
			t.Errorf("after %s told %q: %+v", after, w.kinds(), w.told)
		}
	}
}

// TestManyJobsAreGone: one notice is about all of them, and a job that never ran needs none. If somebody else
// writes the one that is to be told, another is told in its place.
func TestManyJobsAreGone(t *testing.T) {
	t.Parallel()
	var jobs []job.Job
	for n := range 25 {
		jobs = append(jobs, with(hourly, func(j *job.Job) { j.Name = fmt.Sprintf("job-%02d", n) }))
	}
	for name, c := range map[string]struct {
		conflict bool
		want     int
	}{"at once": {false, 1}, "after a conflict": {true, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, jobs...)
			w.ctl.Registry = &renewals{}
			for _, j := range jobs[1:] {
				w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
			}
			w.sync(clockAt(18, 10, 0))
			w.clock.AdvanceTo(clockAt(18, 26, 0))
			commits := 0
			w.ports.onCall = func(call string) {
				if call == "Commit" {
					commits++
				}
				if c.conflict && commits == 2 { // the first notes that job-00 needs no notice
					w.ports.fault = fault{mode: conflicts, at: []int{len(w.ports.calls)}}
				}
			}
			w.sweepAt(clockAt(18, 26, 0))
			w.sweepAt(clockAt(18, 27, 0))
			if len(w.told) != c.want || w.told[0].Kind != "unscheduled" || !strings.Contains(w.told[0].Cause, "; so it is with 24 other jobs: see `status` and `jobs`") {
				t.Errorf("told %+v", w.told)
			}
			for _, j := range jobs {
				if item, err := w.store.Item(t.Context(), j.Name); err != nil || item.EndTold == "" {
					t.Errorf("%s: %q, %v", j.Name, item.EndTold, err)
				}
			}
		})
	}
}

func (w *world) pause(name string) {
	w.t.Helper()
	if _, err := w.ctl.Pause(w.t.Context(), port.PauseRequest{Job: name, Reason: "r"}); err != nil {
		w.t.Fatal(err)
	}
}

// TestWhatIsOffByAnOldReading: where another process has read since that the job is deployed as off, that counts,
// and an old reading is not remembered as what the item holds.
func TestWhatIsOffByAnOldReading(t *testing.T) {
	t.Parallel()
	off := with(hourly, func(j *job.Job) { j.Disabled, j.SwitchedOff = true, true })
	meant := with(hourly, func(j *job.Job) { j.Disabled = true })
	w := known(t, hourly)
	is := func(want bool) {
		t.Helper()
		if item, err := w.store.Item(t.Context(), hourly.Name); err != nil || item.SwitchedOff != want {
			t.Errorf("switched off: %t, %v", item.SwitchedOff, err)
		}
	}
	w.ctl.Registry = &renewals{}
	w.sync(clockAt(18, 10, 0), off)
	is(true)
	m := port.Register(meant)
	w.ctl.Registry = &renewals{answers: []port.Renewal{{Job: &m}}}
	w.sync(clockAt(18, 11, 0), hourly) // as it was before
	is(false)
	w.sync(clockAt(18, 12, 0), off)
	is(false)
	w.ctl.Registry = &renewals{}
	w.sync(clockAt(18, 13, 0), off) // and again, by hand
	is(true)
}
