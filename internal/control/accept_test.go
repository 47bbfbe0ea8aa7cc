package control_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// group is the stack's schedule group: jobs by the ARNs of their schedules. An ARN that is
// not in jobs belongs to no schedule of the group.
type group struct {
	jobs map[string]job.Job
	// err, if not nil, is what EventBridge Scheduler answers: a throttle, for example.
	err  error
	asks int
}

func (g *group) Schedule(_ context.Context, arn string) (job.Job, error) {
	g.asks++
	if g.err != nil {
		return job.Job{}, g.err
	}
	if j, ok := g.jobs[arn]; ok {
		return j, nil
	}
	return job.Job{}, fmt.Errorf("no schedule %s: %w", arn, port.ErrNotFound)
}

func (*group) Ours(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws:scheduler:") && strings.Contains(arn, ":schedule/prod/")
}

const own = "arn:aws:scheduler:eu-central-1:123456789012:schedule/prod/hourly"

func (w *world) fire(at time.Time, s port.Slot) port.Reply {
	w.t.Helper()
	w.clock.AdvanceTo(at)
	s.Name = "hourly"
	if s.Carried != nil {
		s.Name = s.Carried.Name
	}
	rep, err := w.ctl.Fire(w.t.Context(), s)
	if err != nil {
		w.t.Fatalf("firing at %s: %v", at, err)
	}
	return rep
}

// ran returns the commands that were launched.
func (w *world) ran() string {
	w.t.Helper()
	var out []string
	for _, r := range w.runs() {
		j, err := w.store.Definition(w.t.Context(), r.Definition)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(r.Attempts) > 0 {
			out = append([]string{r.ScheduledFor.Format("15:04") + " " + strings.Join(r.Effective(j).Command, " ")}, out...)
		}
	}
	return strings.Join(out, ", ")
}

// TestWhatIsDeployedRuns: what came along is a hint. Each honest firing runs, and a slot of a
// job that nobody deployed does not.
func TestWhatIsDeployedRuns(t *testing.T) {
	t.Parallel()
	slot := clockAt(18, 0, 0)
	command := func(c string) job.Job { return with(hourly, func(j *job.Job) { j.Command = []string{c} }) }
	v1, v2, evil := command("v1"), command("v2"), command("evil")
	// bare is v1 as a schedule written by hand carries it: without expression, zone and
	// state, which are the schedule's own.
	bare := with(v1, func(j *job.Job) { j.Schedule = "" })
	cronned := with(v1, func(j *job.Job) { j.Schedule, j.Timezone = "cron(0 * * * ? *)", "UTC" })
	once := with(v1, func(j *job.Job) { j.Schedule = "at(2026-11-22T18:00:00)" })
	throttled := errors.New("ThrottlingException: Rate exceeded")
	for name, tc := range map[string]struct {
		// known is what the sweep knew at 17:30, later what it finds at 17:59:30.
		known, later []job.Job
		group        map[string]job.Job
		err          error
		slot         port.Slot
		outcome      port.Outcome
		ran          string
	}{
		"what is deployed":                     {known: []job.Job{v1}, slot: port.Slot{Carried: &v1, Schedule: own}, outcome: port.Accepted, ran: "18:00 v1"},
		"the form of before sync completed it": {known: []job.Job{cronned}, slot: port.Slot{Carried: &bare, Schedule: own}, outcome: port.Accepted, ran: "18:00 v1"},
		"its schedule's dates are the schedule's": {
			known: []job.Job{with(v1, func(j *job.Job) { j.StartAt, j.EndAt = t0.Add(-time.Hour), t0.Add(24*time.Hour) })},
			slot:  port.Slot{Carried: &v1}, outcome: port.Accepted, ran: "18:00 v1",
		},
		"a name alone, as of a rule":            {known: []job.Job{v1}, slot: port.Slot{}, outcome: port.Accepted, ran: "18:00 v1"},
		"an earlier version's, without an ARN":  {known: []job.Job{v1}, slot: port.Slot{Carried: &v1}, outcome: port.Accepted, ran: "18:00 v1"},
		"the first firing right after a deploy": {group: map[string]job.Job{own: v1}, slot: port.Slot{Carried: &v1, Schedule: own}, outcome: port.Accepted, ran: "18:00 v1"},
		"a change that the sweep did not see yet": {
			known: []job.Job{v1}, group: map[string]job.Job{own: v2}, slot: port.Slot{Carried: &v2, Schedule: own}, outcome: port.Accepted, ran: "18:00 v2",
		},
		"a change since it fired, which the sweep has seen": {
			known: []job.Job{v1}, later: []job.Job{v2}, group: map[string]job.Job{own: v2}, slot: port.Slot{Carried: &v1, Schedule: own}, outcome: port.Accepted, ran: "18:00 v2",
		},
		"a one-time schedule that has deleted itself": {known: []job.Job{once}, slot: port.Slot{Carried: &once, Schedule: own}, outcome: port.Accepted, ran: "18:00 v1"},
		"nobody can tell while it is known":           {known: []job.Job{v1}, err: throttled, slot: port.Slot{Carried: &v1, Schedule: own}, outcome: port.Accepted, ran: "18:00 v1"},
		"a replaced command":                          {known: []job.Job{v1}, slot: port.Slot{Carried: &evil}, outcome: port.Waits},
		"a replaced command with a true ARN":          {known: []job.Job{v1}, group: map[string]job.Job{own: v1}, slot: port.Slot{Carried: &evil, Schedule: own}, outcome: port.Accepted, ran: "18:00 v1"},
		"a forged ARN":                                {known: []job.Job{v1}, group: map[string]job.Job{own: v1}, slot: port.Slot{Carried: &evil, Schedule: own + "-x"}, outcome: port.Waits},
		"a schedule of another group":                 {group: map[string]job.Job{own: v1}, slot: port.Slot{Carried: &evil, Schedule: strings.Replace(own, "/prod/", "/default/", 1)}, outcome: port.Waits},
		"a job that nobody deployed":                  {slot: port.Slot{Carried: &evil}, outcome: port.Waits},
		"a name that nobody deployed":                 {slot: port.Slot{}, outcome: port.Waits},
		"a throttle while nothing is known":           {err: throttled, slot: port.Slot{Carried: &v1, Schedule: own}, outcome: port.Waits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
			if tc.known != nil {
				w.know(tc.known...)
			}
			if tc.later != nil {
				w.clock.AdvanceTo(clockAt(17, 59, 30))
				w.know(tc.later...)
			}
			w.ctl.Schedules = &group{jobs: tc.group, err: tc.err}
			tc.slot.At = slot
			rep := w.fire(slot.Add(time.Second), tc.slot)
			if rep.Outcome != tc.outcome || w.ran() != tc.ran {
				t.Errorf("got %+v and ran %q, want %s and %q", rep, w.ran(), tc.outcome, tc.ran)
			}
			if tc.outcome == port.Accepted {
				// What was learned is stored, so people and the sweep know the job.
				if item, err := w.store.Item(t.Context(), "hourly"); err != nil || item.Definition == "" {
					t.Errorf("the item is %+v, %v", item, err)
				}
			}
		})
	}
}

// TestReplacedAndDeparted: a schedule that is changed or deleted while it fires still runs
// what it fired with, but not for later slots.
func TestReplacedAndDeparted(t *testing.T) {
	t.Parallel()
	v1 := with(hourly, func(j *job.Job) { j.Command = []string{"v1"} })
	v2 := with(hourly, func(j *job.Job) { j.Command = []string{"v2"} })
	for name, tc := range map[string]struct {
		then []job.Job
		ran  string
	}{
		"replaced": {[]job.Job{v2}, "18:00 v1"},
		"departed": {nil, "18:00 v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, v1)
			w.ctl.Schedules = &group{}
			w.clock.AdvanceTo(clockAt(18, 0, 20))
			w.know(tc.then...)
			if rep := w.fire(clockAt(18, 0, 40), port.Slot{At: clockAt(18, 0, 0), Carried: &v1, Schedule: own}); rep.Outcome != port.Accepted || w.ran() != tc.ran {
				t.Errorf("got %+v and ran %q", rep, w.ran())
			}
			if rep := w.fire(clockAt(19, 0, 1), port.Slot{At: clockAt(19, 0, 0), Carried: &v1, Schedule: own}); rep.Outcome != port.Waits || w.ran() != tc.ran {
				t.Errorf("the next slot: %+v, ran %q", rep, w.ran())
			}
		})
	}
}

// interrupted is a store whose first request for an item outlasts the handler's time.
type interrupted struct {
	port.Store

	end   context.CancelFunc
	asked int
}

func (s *interrupted) Item(ctx context.Context, _ string) (job.Item, error) {
	s.asked++
	s.end()
	return job.Item{}, ctx.Err() //nolint:wrapcheck // as it is
}

// noKeep is a store that keeps nothing.
type noKeep struct{ port.Store }

func (noKeep) Keep(context.Context, port.Kept) error { return errBroken }

// faulty is a registry that meets something its author did not think of.
type faulty struct {
	group

	none []job.Job
}

func (f *faulty) Schedule(context.Context, string) (job.Job, error) {
	return f.none[0], nil
}

// TestProvenMinute: a minute that a schedule of the stack asks for runs, however we read its
// expression, because the zone data of AWS may be newer.
func TestProvenMinute(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.ctl.Schedules = &group{jobs: map[string]job.Job{own: hourly}}
	if rep := w.fire(clockAt(18, 17, 1), port.Slot{At: clockAt(18, 17, 0), Carried: &hourly}); rep.Outcome != port.Waits {
		t.Errorf("without a schedule: %+v", rep)
	}
	for _, elsewhere := range []string{strings.Replace(own, "/prod/", "/default/", 1), strings.Replace(own, "/prod/", "/prod-2/", 1), "x"} {
		if rep := w.fire(clockAt(18, 17, 1), port.Slot{At: clockAt(18, 17, 0), Carried: &hourly, Schedule: elsewhere}); rep.Outcome != port.Waits {
			t.Errorf("with %s: %+v", elsewhere, rep)
		}
	}
	if rep := w.fire(clockAt(18, 17, 1), port.Slot{At: clockAt(18, 17, 0), Carried: &hourly, Schedule: own}); rep.Outcome != port.Accepted {
		t.Errorf("with one: %+v", rep)
	}
	if rep := w.fire(clockAt(18, 17, 2), port.Slot{At: clockAt(19, 0, 0), Carried: &hourly, Schedule: own}); rep.Outcome != port.Refused {
		t.Errorf("of the future: %+v", rep)
	}
}

// TestSlotsAhead: a slot further ahead than clocks differ is refused at once, whoever
// deployed it, and not kept for later.
func TestSlotsAhead(t *testing.T) {
	t.Parallel()
	for _, jobs := range [][]job.Job{nil, {hourly}} {
		w := known(t, jobs...)
		if rep := w.fire(clockAt(17, 57, 59), port.Slot{At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own}); rep.Outcome != port.Refused || !strings.Contains(rep.Message, "hourly at 2026-11-22T18:00:00Z: it is in the future") {
			t.Errorf("%d jobs are known: %+v", len(jobs), rep)
		}
		if ps, err := w.store.Pending(t.Context(), 10); err != nil || len(ps) > 0 {
			t.Errorf("it waits: %+v, %v", ps, err)
		}
	}
	w := known(t, hourly)
	if rep := w.fire(clockAt(17, 58, 0), port.Slot{At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own}); rep.Status != run.Running {
		t.Errorf("two minutes before: %+v", rep)
	}
}

// TestWhoProvesAMinute: the definition of a schedule of the stack proves its minute, whether
// it was already known or is looked up; a name alone does not.
func TestWhoProvesAMinute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		known   []job.Job
		carried *job.Job
		want    port.Outcome
	}{
		"a schedule that is known": {[]job.Job{hourly}, &hourly, port.Accepted},
		"one that is found":        {nil, &hourly, port.Accepted},
		"a name alone":             {[]job.Job{hourly}, nil, port.Waits},
	} {
		w := known(t, c.known...)
		w.ctl.Schedules = &group{jobs: map[string]job.Job{own: hourly}}
		if rep := w.fire(clockAt(18, 7, 2), port.Slot{At: clockAt(18, 7, 0), Carried: c.carried, Schedule: own}); rep.Outcome != c.want {
			t.Errorf("%s: %+v", name, rep)
		}
	}
}

// TestWhatIsKnownIsNotWrittenAgain: a schedule that again carries an earlier definition of
// the job writes only the item.
func TestWhatIsKnownIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(17, 40, 0))
	w.know(with(hourly, func(j *job.Job) { j.Command = []string{"between"} }))
	w.ctl.Schedules = &group{jobs: map[string]job.Job{own: with(hourly, func(j *job.Job) { j.Modified = clockAt(17, 50, 0) })}}
	w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0), Carried: &job.Job{Name: "hourly", TaskDefinition: "report", Command: []string{"none"}}, Schedule: own})
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || item.Definition != hourly.Hash() || w.calls("PutDefinition") != 0 {
		t.Errorf("%+v, %v; calls %v", item, err, w.ports.calls)
	}
}

// changing is a registry in which a job changes just after it was asked about.
type changing struct {
	group
	then func()
}

func (c *changing) Schedule(ctx context.Context, arn string) (job.Job, error) {
	defer c.then()
	return c.group.Schedule(ctx, arn)
}

// TestWhatWasFoundOutSinceStands: if a trigger's schedule is changed or deleted just after
// the trigger asked about it, the trigger runs what it was told and does not overwrite what
// the sweep has found meanwhile.
func TestWhatWasFoundOutSinceStands(t *testing.T) {
	t.Parallel()
	made := func(command string, minute int) job.Job {
		return with(hourly, func(j *job.Job) { j.Command, j.Modified = []string{command}, clockAt(17, minute, 0) })
	}
	first, then := made("first", 50), made("then", 59)
	for name, tc := range map[string]struct {
		then []job.Job
		is   string
		gone bool
	}{
		"changed": {[]job.Job{then}, then.Hash(), false},
		"deleted": {nil, hourly.Hash(), true},
	} {
		w := known(t, hourly)
		w.clock.AdvanceTo(clockAt(18, 0, 2))
		w.ctl.Schedules = &changing{group{jobs: map[string]job.Job{own: first}}, func() {
			w.clock.Advance(time.Second)
			w.know(tc.then...)
		}}
		rep := w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0), Carried: &first, Schedule: own})
		if item, err := w.store.Item(t.Context(), "hourly"); err != nil || item.Definition != tc.is || item.Gone != tc.gone || rep.Status != run.Running {
			t.Errorf("%s: %s of %+v, %v", name, rep.Status, item, err)
		}
	}
}
