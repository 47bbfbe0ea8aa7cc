package control_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// handlings are the inputs whose every call TestAFailedCallIsSaid makes fail.
var handlings = []handling{
	{name: "a slot", job: report, input: slotOf(report, 0), quiet: []string{"Commit 1 after", "Resolve 1"}},
	{name: "a slot that comes again", job: report, before: []ask{slotOf(report, 0)}, input: slotOf(report, 0), quiet: []string{"Item 1", "Item 2", "Resolve 1", "Commit 1", "Commit 1 after"}},
	{name: "a slot that comes again before its launch was asked for", job: report, before: []ask{unlaunched(report)}, input: slotOf(report, 0), quiet: []string{"Item 1", "Item 2", "Resolve 1", "Commit 1", "Commit 1 after"}},
	{name: "a slot while another is open", job: forbidding, before: []ask{slotOf(forbidding, 0), later(time.Minute)}, input: slotOf(forbidding, 1), quiet: []string{"Commit 1 after"}},
	{name: "a slot that waits for another", job: queueing, before: []ask{slotOf(queueing, 0)}, input: slotOf(queueing, 1), quiet: []string{"Commit 1 after"}},
	{name: "a slot while another waits", job: queueing, before: []ask{slotOf(queueing, 0), slotOf(queueing, 1)}, input: slotOf(queueing, 2), quiet: []string{"Commit 1 after", "Run 3"}},
	{
		name: "the end of what another waits for", job: queueing, before: []ask{slotOf(queueing, 0), slotOf(queueing, 1)}, input: stopOf(minute(0)),
		quiet: []string{"Run 2", "Run 3", "Resolve 1"},
	},
	{
		name: "a slot after its time", job: hourly, before: []ask{fired(19)},
		input: func(ctx context.Context, w *world) (port.Reply, error) {
			return w.ctl.Scheduled(ctx, "", hourly, clockAt(18, 0, 0))
		},
		quiet: []string{"Commit 1 after"},
	},
	{
		name: "a minute of a rate", job: rated,
		input: slotOf(rated, 0), quiet: []string{"Commit 1 after", "Resolve 1"},
	},
	{name: "a run by hand", job: report, input: hand(port.RunRequest{Job: "report", RequestID: "q"}), quiet: []string{"Commit 1 after", "Resolve 1"}},
	{
		name: "a retry", job: forbidding, code: 3, before: []ask{slotOf(forbidding, 0), later(5 * time.Minute)},
		input: retry(port.RetryRequest{Run: minute(0), RequestID: "r"}),
	},
	{
		name: "a retry as it was", job: report, code: 3, before: []ask{slotOf(report, 0), later(5 * time.Minute)},
		input: retry(port.RetryRequest{Run: minute(0), RequestID: "r", Same: true}),
		quiet: []string{"Item 1"},
	},
	{name: "a stop", job: report, before: []ask{slotOf(report, 0)}, input: halt(port.StopRequest{Run: minute(0)})},
	{name: "a stop of what waits", job: queueing, before: []ask{slotOf(queueing, 0), slotOf(queueing, 1)}, input: halt(port.StopRequest{Run: minute(1)})},
	{
		name: "a schedule that is not known yet", job: report, before: []ask{holding(own, hourly), wait(clockAt(18, 0, 1))},
		input: fires(port.Slot{Name: "hourly", At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own}), quiet: []string{"Commit 2 after", "Resolve 1"},
		yields: true,
	},
	{
		name: "a minute that is not expected", job: nightly, before: []ask{wait(night(0, 0, 30))}, input: proves(nightly, night(0, 0, 30)), quiet: []string{"Commit 1 after", "Resolve 1"},
	},
	{
		name: "a minute of a slot that was caught up with", job: caughtUp,
		before: []ask{wait(night(0, 1, 0)), checks, wait(night(0, 1, 50)), checks, wait(night(0, 2, 30))}, input: proves(caughtUp, night(0, 2, 30)),
	},
	{name: "a notice", job: report, code: 3, before: []ask{failingAlone}, input: tells(minute(0))},
	{name: "a notice that is given up", job: report, code: 3, before: []ask{failsUnheard, deadLine}, input: tells(minute(0)), quiet: []string{"Item 1"}},
	{name: "missed slots", job: hourly, before: []ask{checks, wait(clockAt(18, 20, 0))}, input: checks, quiet: []string{"Exist 1", "Commit 1 after", "Commit 3", "Commit 3 after", "Notify 1", "Notify 1 after"}},
	{name: "missed slots that wait to be told", job: hourly, before: []ask{wait(clockAt(18, 20, 0)), checks, missedAgain}, input: checks, quiet: []string{"Notify 1", "Notify 1 after", "Commit 2", "Commit 2 after"}},
	{name: "missed slots of which people know", job: firstOnly, before: []ask{wait(clockAt(18, 20, 0)), checks, missedAgain, wait(clockAt(18, 59, 0))}, input: checks},
	{name: "missed slots of which the last makes no sense", job: hourly, before: []ask{wait(clockAt(18, 20, 0)), checks, missedAgain, senseless(run.ScheduledID("hourly", clockAt(18, 0, 0)))}, input: checks},
	{name: "a calendar that ends", job: calendared, before: []ask{wait(clockAt(18, 0, 0)), slotAt(calendared, clockAt(18, 0, 0)), later(5 * time.Minute)}, input: checks, quiet: []string{"Commit 2", "Commit 2 after", "Notify 1", "Notify 1 after"}, yields: true},
	{
		name: "a pending slot", job: report,
		before: []ask{wait(clockAt(18, 0, 1)), fires(port.Slot{Name: "hourly", At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own}), deployed(hourly)},
		input:  plain((*control.Control).TryPending), quiet: []string{"Commit 1 after", "Commit 2", "Commit 2 after", "Resolve 1", "Launch 1", "Launch 1 after"},
	},
	{
		name: "a pending slot that is given up", job: report,
		before: []ask{wait(clockAt(18, 0, 1)), fires(port.Slot{Name: "hourly", At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own}), later(time.Hour)},
		input:  plain((*control.Control).TryPending), quiet: []string{"Item 1"},
	},
	{
		name: "a slot that nobody knows", job: report, before: []ask{wait(clockAt(18, 0, 1))},
		input: fires(port.Slot{Name: "hourly", At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own}),
	},
	{name: "a pause", job: hourly, input: pause(port.PauseRequest{Job: "hourly", By: "ann"})},
	{name: "its end", job: hourly, before: []ask{pause(port.PauseRequest{Job: "hourly", By: "ann"})}, input: resume("hourly")},
	{name: "a skip", job: hourly, input: skipNext("hourly")},
	{name: "an event that cannot be used", job: report, input: events("{")},
	{name: "a kept input that is dropped", job: report, before: []ask{events("{")}, input: settles(false)},
	{name: "a kept end", job: report, before: []ask{slotOf(report, 0), keptEnd}, input: settles(true)},
	{name: "a run that was set aside", job: report, before: []ask{slotOf(report, 0), asideAt(minute(0))}, input: settles(true), answers: true},
	{name: "a run that cannot be read", job: forbidding, before: []ask{slotOf(forbidding, 0), corrupted(minute(0)), later(5 * time.Minute)}, input: lookup},
	{
		name: "a clock that is put back", job: report, before: []ask{slotOf(report, 0)}, yields: true,
		input: plain(func(c *control.Control, ctx context.Context) error { return c.PutBack(ctx, time.Minute) }),
	},
	{name: "an end that the look finds", job: report, code: 3, before: []ask{slotOf(report, 0), unheard(6 * time.Minute)}, input: lookup},
	{name: "a launch of the look", job: report, before: []ask{unresolved(slotOf(report, 0)), later(2 * time.Minute)}, input: lookup, quiet: []string{"Resolve 1"}},
	{name: "a launch that has waited for long", job: report, before: []ask{unresolved(slotOf(report, 0)), later(16 * time.Minute)}, input: unresolved(lookup)},
	{name: "a slot that is far ahead", job: hourly, input: fires(port.Slot{Name: "hourly", At: clockAt(20, 0, 0)})},
	{name: "a job that left", job: report, before: []ask{deployed(report)}, input: deployed(), yields: true},
	{name: "a part of the registry", job: report, input: plain(func(c *control.Control, ctx context.Context) error { return c.SyncSome(ctx, []job.Job{hourly}) }), quiet: []string{"Definitions 1"}, yields: true},
	{name: "the status", job: report, before: []ask{slotOf(report, 0)}, input: plain(func(c *control.Control, ctx context.Context) error {
		_, err := plane.ReadStanding(ctx, c.Store, c.Now())
		return err
	})},
	{name: "since when a notice is owed", job: report, code: 3, before: []ask{failsUnheard, seesUnheard}, input: plain(func(c *control.Control, ctx context.Context) error {
		_, err := c.Untold(ctx)
		return err
	})},
	{name: "a definition that is the first to forbid overlaps", job: report, before: []ask{slotOf(report, 0)}, input: deployed(forbidding), quiet: []string{"Definitions 1"}, yields: true},
}

var (
	firstOnly  = with(hourly, func(j *job.Job) { j.Notify.FirstOnly = true })
	rated      = job.Job{Name: "report", TaskDefinition: "report", Schedule: "rate(1 hour)"}
	caughtUp   = with(nightly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	calendared = with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{t0.Format(time.DateOnly), t0.AddDate(0, 0, 2).Format(time.DateOnly)}
	})
	checks = plain((*control.Control).CheckSlots)
	lookup = plain(func(c *control.Control, ctx context.Context) error { _, err := c.Look(ctx); return err })
)

// plain returns an input that has no answer.
func plain(do func(*control.Control, context.Context) error) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return port.Reply{}, do(w.ctl, ctx) }
}

func slotAt(j job.Job, at time.Time) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.Scheduled(ctx, "", j, at) }
}

func slotOf(j job.Job, n int) ask { return slotAt(j, t0.Add(time.Duration(n)*time.Minute)) }

func later(d time.Duration) ask {
	return func(_ context.Context, w *world) (port.Reply, error) {
		w.clock.Advance(d)
		return port.Reply{}, nil
	}
}

func fires(s port.Slot) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.Fire(ctx, s) }
}

func proves(j job.Job, at time.Time) ask {
	return fires(port.Slot{Name: j.Name, At: at, Carried: &j, Schedule: "arn:aws:scheduler:r:1:schedule/prod/" + j.Name})
}

func holding(arn string, j job.Job) ask {
	return func(_ context.Context, w *world) (port.Reply, error) {
		w.ctl.Schedules = &group{jobs: map[string]job.Job{arn: j}}
		return port.Reply{}, nil
	}
}

func events(body string) ask {
	return plain(func(c *control.Control, ctx context.Context) error { return c.OnStopped(ctx, []byte(body)) })
}

// endOf returns the event that the task of a run's first attempt has ended well.
func (w *world) endOf(id run.ID) string {
	body := fmt.Sprintf(stoppedEvent, "STOPPED", stack+"/"+string(id)+"/1", "")
	return strings.Replace(body, "arn:x", w.run(id).Attempts[0].TaskARN, 1)
}

func stopOf(id run.ID) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return events(w.endOf(id))(ctx, w) }
}

func keptEnd(ctx context.Context, w *world) (port.Reply, error) {
	return port.Reply{}, w.store.Keep(ctx, port.Kept{At: t0, Reason: "why", Body: []byte(w.endOf(minute(0)))})
}

func settles(again bool) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		kept, err := w.store.Kept(ctx, 1)
		if err != nil || len(kept) == 0 { // it is settled
			return port.Reply{}, err
		}
		rep, err := w.ctl.SettleKept(ctx, port.KeptRequest{ID: kept[0].ID(), Again: again})
		if rep.Outcome == port.Refused {
			err = errors.New(rep.Message)
		}
		return rep, err
	}
}

func asideAt(id run.ID) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		return port.Reply{}, w.store.SetAside(ctx, id, "an odd field")
	}
}

func corrupted(id run.ID) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		w.deaf = true
		return port.Reply{}, w.store.Corrupt(ctx, id)
	}
}

func tells(id run.ID) ask {
	return plain(func(c *control.Control, ctx context.Context) error { return c.Tell(ctx, id) })
}

// failingAlone makes a run fail whose end is written without its job's item, to which an
// earlier success has been written since.
func failingAlone(ctx context.Context, w *world) (port.Reply, error) {
	set := func(change func(*job.Item)) error {
		item, err := w.store.Item(ctx, "report")
		if err != nil {
			return err
		}
		change(&item)
		return w.store.Commit(ctx, port.Change{Item: &item})
	}
	notifier := w.ctl.Notifier
	w.ctl.Notifier = nil
	err := set(func(i *job.Item) { i.FailingSince = t0.Add(-time.Hour) })
	_, asked := slotOf(report, 0)(ctx, w)
	w.clock.Advance(5 * time.Minute)
	w.ctl.Notifier = notifier
	return port.Reply{}, errors.Join(err, asked, set(func(i *job.Item) { i.FailingSince, i.RecoveredAt = time.Time{}, t0 }))
}

// deadLine keeps everybody from being told anything for a day.
func deadLine(_ context.Context, w *world) (port.Reply, error) {
	w.ctl.Notifier = &teller{err: errors.New("the line is dead")}
	w.clock.Advance(control.TellFor + time.Hour)
	return port.Reply{}, nil
}

// failsUnheard makes a run fail about which nobody is told yet.
func failsUnheard(ctx context.Context, w *world) (port.Reply, error) {
	notifier := w.ctl.Notifier
	w.ctl.Notifier = nil
	_, err := slotOf(report, 0)(ctx, w)
	w.clock.Advance(5 * time.Minute)
	w.ctl.Notifier = notifier
	return port.Reply{}, err
}

// seesUnheard is a look in which others carry what is owed.
func seesUnheard(ctx context.Context, w *world) (port.Reply, error) {
	notifier := w.ctl.Notifier
	w.ctl.Notifier = nil
	w.clock.Advance(2 * time.Minute)
	_, err := w.ctl.Look(ctx)
	w.ctl.Notifier = notifier
	return port.Reply{}, err
}

// missedAgain makes the slot of 18:00 wait once more to be reported.
func missedAgain(ctx context.Context, w *world) (port.Reply, error) {
	item, err := w.store.Item(ctx, "hourly")
	if err != nil {
		return port.Reply{}, err
	}
	id := string(run.ScheduledID("hourly", clockAt(18, 0, 0)))
	item.Missed, item.ToldMissed = &job.Missed{Count: 1, First: id, Last: id, Since: item.FailingSince}, time.Time{}
	return port.Reply{}, w.store.Commit(ctx, port.Change{Item: &item})
}

// senseless damages a run that has ended.
func senseless(id run.ID) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		r := w.run(id)
		r.Attempts = []run.Attempt{{N: 2}}
		return port.Reply{}, w.store.Commit(ctx, port.Change{Run: &r})
	}
}

// unheard lets time pass in which no event comes.
func unheard(d time.Duration) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		w.deaf = true
		return later(d)(ctx, w)
	}
}

// unlaunched makes a slot come whose first call of RunTask fails.
func unlaunched(j job.Job) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		w.ports.onCall = func(name string) {
			if name == "Launch" {
				w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
			}
		}
		rep, err := slotOf(j, 0)(ctx, w)
		w.ports.onCall, w.ports.fault, w.ports.struck = nil, fault{}, 0
		if !errors.Is(err, port.ErrOwed) {
			return rep, fmt.Errorf("the launch was asked for: %w", err)
		}
		return rep, nil
	}
}

// unresolved is an input during which no task definition can be resolved.
func unresolved(input ask) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		w.ports.unresolvable = true
		defer func() { w.ports.unresolvable = false }()
		return input(ctx, w)
	}
}
