package control_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func pause(req port.PauseRequest) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.Pause(ctx, req) }
}

func resume(name string) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		return w.ctl.Resume(ctx, port.ResumeRequest{Job: name, By: "ann"})
	}
}

func skipNext(name string) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		return w.ctl.SkipNext(ctx, port.SkipRequest{Job: name, By: "ann"})
	}
}

func because(name, reason string) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		return w.ctl.SkipNext(ctx, port.SkipRequest{Job: name, By: "ann", Reason: reason})
	}
}

func wait(until time.Time) ask {
	return func(_ context.Context, w *world) (port.Reply, error) {
		w.clock.AdvanceTo(until)
		return port.Reply{}, nil
	}
}

// fired triggers the slot of hourly at an hour, on time.
func fired(hour int) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		w.clock.AdvanceTo(clockAt(hour, 0, 1))
		return w.ctl.Scheduled(ctx, "", hourly, clockAt(hour, 0, 0))
	}
}

// deployed is a deploy that changes jobs.
func deployed(jobs ...job.Job) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		return port.Reply{}, w.ctl.Sync(ctx, jobs)
	}
}

// TestPauses asks for one thing after others. It checks the answer, and which runs there are
// in the end.
func TestPauses(t *testing.T) {
	t.Parallel()
	open := pause(port.PauseRequest{Job: "hourly", By: "ann", Reason: "db move"})
	till20 := pause(port.PauseRequest{Job: "hourly", Until: clockAt(20, 0, 0), By: "ann"})
	all := pause(port.PauseRequest{Job: job.All, By: "ann"})
	handed := hand(port.RunRequest{Job: "hourly", RequestID: "q"})
	forced := hand(port.RunRequest{Job: "hourly", RequestID: "q", Force: true})
	changed := with(hourly, func(j *job.Job) { j.Command = []string{"x"} })
	moved := with(hourly, func(j *job.Job) { j.Schedule = "0,30 * * * *" })
	rated := with(hourly, func(j *job.Job) { j.Schedule = "rate(37 minutes)" })
	disabled := with(hourly, func(j *job.Job) { j.Disabled = true })
	unscheduled := with(hourly, func(j *job.Job) { j.Schedule = "" })
	past := with(hourly, func(j *job.Job) { j.Schedule = "at(2026-11-22T10:00:00)" })
	cases := []struct {
		name   string
		before []ask
		ask    ask
		want   string
		slots  string
	}{
		{"pause", nil, open, "accepted: hourly is paused until `resume`; slots until then are recorded as skipped", ""},
		{"pause until", nil, till20, "accepted: hourly is paused until 2026-11-22 20:00 UTC; slots until then are recorded as skipped", ""},
		{"pause until a second", nil, pause(port.PauseRequest{Job: "hourly", Until: clockAt(20, 0, 30)}), "accepted: hourly is paused until 2026-11-22 20:00:30 UTC; *", ""},
		{"pause all", nil, all, "accepted: all jobs are paused until `resume`; slots until then are recorded as skipped", ""},
		{"pause until a time that is past", nil, pause(port.PauseRequest{Job: "hourly", Until: t0.Add(-time.Second)}), "refused: refused: 2026-11-22T17:30:01Z is in the past: give --until a future time", ""},
		{"pause until now", nil, pause(port.PauseRequest{Job: "hourly", Until: t0}), "refused: refused: 2026-11-22T17:30:02Z is in the past*", ""},
		{"pause what nobody knows", nil, pause(port.PauseRequest{Job: "nope"}), `refused: refused: there is no job "nope"`, ""},
		{"pause what is gone", []ask{deployed()}, open, `refused: refused: there is no job "hourly" any more: it left the registry`, ""},
		{"a slot in a pause", []ask{open}, fired(18), "refused: hourly/20261122T1800Z was not launched: it was skipped: paused by ann: db move", "18:00 skipped by schedule"},
		{"its trigger again after the resume", []ask{open, fired(18), resume("hourly")}, fired(18), "duplicate: duplicate of hourly/20261122T1800Z, which was skipped", "18:00 skipped by schedule"},
		{"a request by hand that comes again in a pause", []ask{handed, open}, handed, "duplicate: duplicate of hourly/manual-*", "17:30 running by run"},
		{"its first trigger after the resume", []ask{open, wait(clockAt(18, 0, 5)), resume("hourly")}, fired(18), "refused: *was skipped: paused by ann until 2026-11-22 18:00:05 UTC: db move", "18:00 skipped by schedule"},
		{"a slot after the resume", []ask{open, fired(18), resume("hourly")}, fired(19), "accepted: launched hourly/20261122T1900Z", "18:00 skipped by schedule, 19:00 running by schedule"},
		{"the last slot before an automatic resume", []ask{till20}, fired(19), "refused: *it was skipped: paused by ann until 2026-11-22 20:00 UTC", "19:00 skipped by schedule"},
		{"the slot of an automatic resume", []ask{till20}, fired(20), "accepted: launched hourly/20261122T2000Z", "20:00 running by schedule"},
		{"a slot while all are paused", []ask{all}, fired(18), "refused: *it was skipped: paused by ann", "18:00 skipped by schedule"},
		{"a slot while all were resumed but not this", []ask{all, open, resume(job.All)}, fired(18), "refused: *it was skipped: paused by ann: db move", "18:00 skipped by schedule"},
		{"a slot while this was resumed but not all", []ask{all, open, resume("hourly")}, fired(18), "refused: *it was skipped: paused by ann", "18:00 skipped by schedule"},
		{"what was claimed before goes on", []ask{fired(18), open}, wait(clockAt(18, 5, 0)), "", "18:00 succeeded by schedule"},
		{"a shorter pause takes the place of a longer", []ask{open, till20}, fired(20), "accepted: launched hourly/20261122T2000Z", "20:00 running by schedule"},
		{"resume what is not paused", nil, resume("hourly"), "refused: refused: hourly has no pause of its own: `pauses` lists those in force", ""},
		{"resume what resumed by itself", []ask{till20, wait(clockAt(20, 0, 0))}, resume("hourly"), "refused: refused: hourly has no pause of its own: `pauses` lists those in force", ""},
		{"resume", []ask{open}, resume("hourly"), "accepted: hourly is resumed", ""},
		{"resume all", []ask{all}, resume(job.All), "accepted: all jobs are resumed", ""},
		{"a deploy keeps a pause", []ask{open, deployed(changed), deployed(moved)}, fired(18), "refused: *it was skipped: paused by ann: db move", "18:00 skipped by schedule"},
		{"so does one that takes the job away and back", []ask{open, deployed(), deployed(hourly)}, fired(18), "refused: *it was skipped: paused by ann: db move", "18:00 skipped by schedule"},
		{"a deploy keeps the pause of all", []ask{all, deployed(), deployed(changed)}, fired(18), "refused: *it was skipped: paused by ann", "18:00 skipped by schedule"},
		{"by hand while paused", []ask{open}, handed, "refused: refused: hourly is paused by ann: db move: use --force to run it anyway", ""},
		{"by hand all at once", []ask{all}, hand(port.RunRequest{Job: job.All, RequestID: "q"}), `refused: refused: there is no job "*": use a name of the jobs file; one deployed just now is known within a minute`, ""},
		{"by hand while all are paused", []ask{all}, handed, "refused: refused: hourly is paused by ann: use --force to run it anyway", ""},
		{"by hand while paused, by force", []ask{open}, forced, "accepted: launched hourly/manual-*", "17:30 running by run"},
		{"by hand while disabled", []ask{deployed(disabled)}, handed, "accepted: launched hourly/manual-*", "17:30 running by run"},
		{"a retry while paused", []ask{fired(18), wait(clockAt(18, 5, 0)), open}, retry(port.RetryRequest{Run: run.ScheduledID("hourly", clockAt(18, 0, 0)), RequestID: "r", Force: true}), "accepted: launched attempt 2*", "18:00 running by schedule"},

		{"skip next", nil, skipNext("hourly"), "accepted: the slot of hourly at 2026-11-22 18:00 UTC will be skipped", ""},
		{"skip next twice", []ask{skipNext("hourly")}, skipNext("hourly"), "duplicate: the next slot of hourly will already be skipped", ""},
		{"skip next while the slot after it may yet start", []ask{skipNext("hourly"), wait(clockAt(19, 15, 0))}, skipNext("hourly"), "duplicate: *", ""},
		{"skip next once that is over", []ask{skipNext("hourly"), wait(clockAt(19, 15, 1))}, skipNext("hourly"), "accepted: the slot of hourly at 2026-11-22 20:00 UTC will be skipped", ""},
		{"the next slot", []ask{skipNext("hourly")}, fired(18), "refused: *it was skipped: skipped at the request of ann", "18:00 skipped by schedule"},
		{"the one after it", []ask{skipNext("hourly"), fired(18)}, fired(19), "accepted: launched*", "18:00 skipped by schedule, 19:00 running by schedule"},
		{"an earlier slot whose trigger comes late", []ask{wait(clockAt(18, 0, 1)), skipNext("hourly")}, fired(18), "accepted: launched*", "18:00 running by schedule"},
		{"by hand before the next", []ask{skipNext("hourly"), handed}, fired(18), "refused: *it was skipped*", "17:30 succeeded by run, 18:00 skipped by schedule"},
		{"a deploy keeps it", []ask{skipNext("hourly"), deployed(changed)}, fired(18), "refused: *it was skipped*", "18:00 skipped by schedule"},
		{"a paused slot uses it up", []ask{skipNext("hourly"), open, fired(18), resume("hourly")}, fired(19), "accepted: launched*", "18:00 skipped by schedule, 19:00 running by schedule"},
		{"a paused slot before it does not", []ask{fired(18), wait(clockAt(18, 30, 0)), skipNext("hourly"), deployed(moved), open, fired(18), resume("hourly")}, fired(19), "refused: *skipped at the request of ann", "18:00 succeeded by schedule, 19:00 skipped by schedule"},
		{"a resume takes it back", []ask{skipNext("hourly")}, resume("hourly"), "accepted: the next slot of hourly will not be skipped", ""},
		{"the slot that was to be skipped", []ask{skipNext("hourly"), resume("hourly")}, fired(18), "accepted: launched*", "18:00 running by schedule"},
		{"a resume of what is paused leaves it", []ask{skipNext("hourly"), open}, resume("hourly"), "accepted: hourly is resumed; its next slot will still be skipped, unless you `resume` again", ""},
		{"a resume once the skipped slot is over", []ask{skipNext("hourly"), wait(clockAt(19, 15, 1))}, resume("hourly"), "refused: refused: hourly has no pause of its own: `pauses` lists those in force", ""},
		{"a resume of what is paused since", []ask{skipNext("hourly"), wait(clockAt(19, 15, 1)), open}, resume("hourly"), "accepted: hourly is resumed", ""},
		{"its reason is kept", []ask{because("hourly", "stocktaking")}, fired(18), "refused: *skipped at the request of ann: stocktaking", "18:00 skipped by schedule"},
		{"the reason for a rate is kept", []ask{deployed(rated), because("hourly", "stocktaking")}, fired(18), "refused: *skipped at the request of ann: stocktaking", "18:00 skipped by schedule"},
		{"a slot of a rate that has begun", []ask{deployed(rated), wait(clockAt(18, 0, 1)), skipNext("hourly")}, fired(18), "accepted: launched*", "18:00 running by schedule"},
		{"skip next of a rate", []ask{deployed(rated)}, skipNext("hourly"), "accepted: the next slot of hourly will be skipped", ""},
		{"the next slot of a rate", []ask{deployed(rated), skipNext("hourly")}, fired(18), "refused: *skipped at the request of ann", "18:00 skipped by schedule"},
		{"skip next in a pause with an end", []ask{till20}, skipNext("hourly"), "accepted: the slot of hourly at 2026-11-22 20:00 UTC will be skipped", ""},
		{"the slot after a pause", []ask{till20, skipNext("hourly"), fired(18), fired(20)}, fired(21), "accepted: launched*", "18:00 skipped by schedule, 20:00 skipped by schedule, 21:00 running by schedule"},
		{"skip next in a pause", []ask{open}, skipNext("hourly"), "refused: refused: hourly is paused until somebody resumes it*", ""},
		{"skip next in a pause of all", []ask{all}, skipNext("hourly"), "refused: refused: hourly is paused until somebody resumes it*", ""},
		{"skip next of a rate in a pause", []ask{deployed(rated), open}, skipNext("hourly"), "refused: refused: hourly is paused until somebody resumes it*", ""},
		{"a rate after a pause", []ask{deployed(rated), till20, skipNext("hourly"), fired(18), fired(20)}, fired(21), "accepted: launched*", "18:00 skipped by schedule, 20:00 skipped by schedule, 21:00 running by schedule"},
		{"skip next of what is disabled", []ask{deployed(disabled)}, skipNext("hourly"), "refused: refused: hourly has no active schedule, so there is no slot to skip", ""},
		{"skip next of what has no schedule", []ask{deployed(unscheduled)}, skipNext("hourly"), "refused: refused: hourly has no active schedule*", ""},
		{"skip next of what has no slot to come", []ask{deployed(past)}, skipNext("hourly"), "refused: refused: hourly has no future slot", ""},
		{"skip next of what nobody knows", nil, skipNext("nope"), `refused: refused: there is no job "nope"`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			for _, before := range c.before {
				if _, err := before(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			written := w.calls("Commit")
			rep, err := c.ask(t.Context(), w)
			if strings.HasPrefix(c.want, "refused: refused: ") && w.calls("Commit") != written {
				t.Error("what was refused was written")
			}
			if got := string(rep.Outcome) + ": " + rep.Message; err != nil || c.want != "" && !like(c.want, got) {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
			if got := w.slotsOf("hourly"); got != c.slots {
				t.Errorf("slots %s, want %s", got, c.slots)
			}
			if len(w.told) != 0 {
				t.Errorf("told %s", w.kinds())
			}
		})
	}
}

// TestSkipUsedOnce: the write that skips a slot uses up the request, even if it dies or is
// repeated.
func TestSkipUsedOnce(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		for _, f := range []fault{{mode: dies, at: []int{k}}, {mode: dies, at: []int{k}, after: true}, {mode: conflicts, at: []int{k}}, {mode: conflicts, at: []int{k}, after: true}} {
			w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
			w.know(hourly)
			if _, err := w.ctl.SkipNext(t.Context(), port.SkipRequest{Job: "hourly"}); err != nil {
				t.Fatal(err)
			}
			w.ports.calls, w.ports.fault = nil, f
			for _, hour := range []int{18, 18, 19, 19} {
				_ = w.process(func(ctx context.Context) error { _, err := fired(hour)(ctx, w); return err })
			}
			if got := w.slotsOf("hourly"); !strings.HasPrefix(got, "18:00 skipped by schedule, 19:00 ") || strings.Contains(got, "19:00 skipped") {
				t.Errorf("%s: %s", f, got)
			}
			if !w.run("hourly/20261122T1800Z").UsedSkip || w.run("hourly/20261122T1900Z").UsedSkip {
				t.Errorf("%s: what used the request up is not known", f)
			}
			if w.ports.struck == 0 && k > len(w.ports.calls) {
				return
			}
		}
	}
}

// TestWhoPausedIsLogged: who paused, resumed and skipped what, and why, is one line of the
// log each.
func TestWhoPausedIsLogged(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	var log bytes.Buffer
	w.ctl.Log = slog.New(slog.NewJSONHandler(&log, nil))
	w.pauseAt(clockAt(17, 40, 0), job.All, clockAt(19, 0, 0))
	if _, err := w.ctl.Resume(t.Context(), port.ResumeRequest{Job: job.All, By: "bob"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ctl.SkipNext(t.Context(), port.SkipRequest{Job: "hourly", By: "cleo"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"job":"*","by":"ann","what":"all jobs are paused until 2026-11-22 19:00 UTC; slots until then are recorded as skipped","reason":"move"`,
		`"job":"*","by":"bob","what":"all jobs are resumed"`, `"job":"hourly","by":"cleo","what":"the slot of hourly at 2026-11-22 18:00 UTC will be skipped"`,
	} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log lacks %s:\n%s", want, &log)
		}
	}
}

// TestPausesOfAnUnreadableItem: an item that cannot be read is an error, not a job that
// nobody knows.
func TestPausesOfAnUnreadableItem(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	if err := w.store.CorruptItem(t.Context(), "hourly"); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]ask{"pause": pause(port.PauseRequest{Job: "hourly"}), "resume": resume("hourly"), "skip": skipNext("hourly")} {
		if rep, err := do(t.Context(), w); err == nil || rep != (port.Reply{}) {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
	}
}

// TestAPauseBetweenReadAndWrite: a slot whose job's item is written meanwhile is decided
// anew, by what the item says then.
func TestAPauseBetweenReadAndWrite(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) { j.Overlap = job.Forbid })
	w := known(t, j)
	paused := false
	w.ports.onCall = func(name string) {
		if name == "Commit" && !paused {
			paused = true
			w.pauseAt(w.clock.Now(), "hourly", time.Time{})
		}
	}
	if rep := w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &j, Schedule: own}); !paused || rep.Outcome != port.Refused || !strings.Contains(rep.Message, "paused by ann") {
		t.Errorf("%+v", rep)
	}
}
