package notice_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

var t0 = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

const id = run.ID("report/20261122T1730Z")

func at(s run.Status, attempts int) run.Run {
	r := run.Run{ID: id, ScheduledFor: t0, Status: s, First: 1, Rev: 3}
	for n := range attempts {
		r.Attempts = append(r.Attempts, run.Attempt{N: n + 1})
	}
	return r
}

func with(r run.Run, change func(*run.Run)) run.Run {
	change(&r)
	return r
}

func asked(by stop.Asker) func(*run.Run) {
	return func(r *run.Run) { r.Stopping = &run.StopRequest{Asker: by} }
}

func stuck(r *run.Run) { r.Last().Stuck = true }

func long(r *run.Run) { r.Last().Long = true }

func longFirst(r *run.Run) { r.Attempts[0].Long = true }

func heldUp(r *run.Run) { r.HeldUp = t0 }

func ran(n int) func(*run.Run) {
	return func(r *run.Run) { r.Attempts[n-1].RanAfterAll = true }
}

func TestOf(t *testing.T) {
	t.Parallel()
	failing := job.Item{FailingSince: t0}
	also := func(words ...string) job.Job { return job.Job{Notify: job.Notify{Also: words}} }
	muted := job.Job{Notify: job.Notify{FirstOnly: true}}
	none := run.Run{}
	for name, c := range map[string]struct {
		before, after run.Run
		job           job.Job
		item          job.Item
		want          []notice.Kind
	}{
		"a claim":                   {none, at(run.Launching, 1), job.Job{}, job.Item{}, nil},
		"a claim that failed":       {none, at(run.Failed, 0), job.Job{}, job.Item{}, []notice.Kind{notice.Failed}},
		"a claim that is missed":    {none, at(run.Missed, 0), job.Job{}, job.Item{}, nil}, // reported with others
		"a claim that is skipped":   {none, at(run.Skipped, 0), job.Job{}, job.Item{}, nil},
		"accepted":                  {at(run.Launching, 1), at(run.Running, 1), also("succeeded", "relaunched"), job.Item{}, nil},
		"success":                   {at(run.Running, 1), at(run.Succeeded, 1), job.Job{}, job.Item{}, nil},
		"success that is asked for": {at(run.Running, 1), at(run.Succeeded, 1), also("succeeded"), job.Item{}, []notice.Kind{notice.Succeeded}},
		"success after a failure":   {at(run.Running, 1), at(run.Succeeded, 1), job.Job{}, failing, []notice.Kind{notice.Recovered}},

		"success after a failure, both asked for": {at(run.Running, 1), at(run.Succeeded, 1), also("succeeded"), failing, []notice.Kind{notice.Recovered}},
		"success after a muted failure":           {at(run.Running, 1), at(run.Succeeded, 1), muted, failing, []notice.Kind{notice.Recovered}},
		"held up":                                 {at(run.Queued, 1), with(at(run.Queued, 1), heldUp), job.Job{}, job.Item{}, []notice.Kind{notice.HeldUp}},
		"held up, as is known":                    {with(at(run.Queued, 1), heldUp), with(at(run.Launching, 1), heldUp), job.Job{}, job.Item{}, nil},
		"success of what was held up":             {with(at(run.Running, 1), heldUp), with(at(run.Succeeded, 1), heldUp), also("succeeded"), job.Item{}, []notice.Kind{notice.Recovered}},
		"failure of what was held up":             {with(at(run.Queued, 1), heldUp), with(at(run.Failed, 1), heldUp), job.Job{}, job.Item{}, []notice.Kind{notice.Failed}},
		"failure":                                 {at(run.Running, 1), at(run.Failed, 1), job.Job{}, job.Item{}, []notice.Kind{notice.Failed}},
		"a further failure":                       {at(run.Running, 1), at(run.Failed, 1), job.Job{}, failing, []notice.Kind{notice.Failed}},
		"the first failure of a muted job":        {at(run.Running, 1), at(run.Failed, 1), muted, job.Item{}, []notice.Kind{notice.Failed}},
		"a further failure of a muted job":        {at(run.Running, 1), at(run.Failed, 1), muted, failing, nil},
		"a further miss of a muted job":           {none, at(run.Missed, 0), muted, failing, nil},
		"what was owed is done":                   {at(run.Failed, 1), at(run.Failed, 1), also("succeeded", "relaunched"), failing, nil},
		"a failure by the job's own timeout":      {at(run.Running, 1), with(at(run.Failed, 1), asked(stop.AskedByTimeout)), job.Job{}, job.Item{}, []notice.Kind{notice.TimedOut}},
		"a further one of a muted job":            {at(run.Running, 1), with(at(run.Failed, 1), asked(stop.AskedByTimeout)), muted, failing, nil},
		"a failure by the launch's timeout":       {at(run.Running, 1), with(at(run.Failed, 1), asked(stop.AskedByLaunchTimeout)), job.Job{}, job.Item{}, []notice.Kind{notice.Failed}},
		"stopped by a person through us":          {at(run.Running, 1), with(at(run.Stopped, 1), asked(stop.AskedByPerson)), job.Job{}, job.Item{}, nil},
		"stopped in ECS":                          {at(run.Running, 1), at(run.Stopped, 1), job.Job{}, job.Item{}, []notice.Kind{notice.Stopped}},
		"stopped in ECS while we had asked too":   {at(run.Running, 1), with(at(run.Stopped, 1), asked(stop.AskedByTimeout)), job.Job{}, job.Item{}, []notice.Kind{notice.Stopped}},
		"asked to stop":                           {at(run.Running, 1), with(at(run.Running, 1), asked(stop.AskedByTimeout)), job.Job{}, job.Item{}, nil},
		"does not stop for long":                  {at(run.Running, 1), with(at(run.Running, 1), stuck), muted, failing, []notice.Kind{notice.Stuck}},
		"runs for long":                           {at(run.Running, 1), with(at(run.Running, 1), long), muted, failing, []notice.Kind{notice.StillRuns}},
		"runs for longer":                         {with(at(run.Running, 1), long), with(at(run.Running, 1), long), job.Job{}, job.Item{}, nil},
		"a further attempt runs for long":         {with(at(run.Running, 1), long), with(at(run.Running, 2), long), job.Job{}, job.Item{}, []notice.Kind{notice.StillRuns}},
		"success after what ran for long":         {with(at(run.Launching, 2), longFirst), with(at(run.Succeeded, 2), longFirst), job.Job{}, job.Item{}, []notice.Kind{notice.Recovered}},
		"success of what ran for long":            {with(at(run.Running, 1), long), with(at(run.Succeeded, 1), long), job.Job{}, job.Item{}, []notice.Kind{notice.Recovered}},
		"and for longer":                          {with(at(run.Running, 1), stuck), with(at(run.Running, 1), stuck), job.Job{}, job.Item{}, nil},
		"a further attempt does not stop":         {with(at(run.Running, 1), stuck), with(at(run.Running, 2), stuck), job.Job{}, job.Item{}, []notice.Kind{notice.Stuck}},
		"relaunched":                              {at(run.Running, 1), at(run.Launching, 2), job.Job{}, job.Item{}, nil},
		"relaunched, asked for":                   {at(run.Running, 1), at(run.Launching, 2), also("relaunched"), job.Item{}, []notice.Kind{notice.Relaunched}},
		"put off, asked for":                      {at(run.Running, 1), at(run.Queued, 1), also("relaunched"), job.Item{}, nil},
		"the first launch from the queue":         {at(run.Queued, 0), at(run.Launching, 1), also("relaunched"), job.Item{}, nil},
		"a person's retry is no relaunch":         {at(run.Failed, 1), with(at(run.Launching, 2), func(r *run.Run) { r.First = 2 }), also("relaunched"), failing, nil},
		"an older attempt ran after all":          {at(run.Running, 2), with(at(run.Running, 2), ran(1)), job.Job{}, job.Item{}, []notice.Kind{notice.RanAfterAll}},
		"an attempt of an ended run did":          {at(run.Failed, 2), with(at(run.Failed, 2), ran(2)), muted, failing, []notice.Kind{notice.RanAfterAll}},
		"that is known": {
			with(at(run.Running, 2), ran(1)), with(at(run.Running, 2), ran(1)), job.Job{}, job.Item{}, nil,
		},
		"a failure in which one ran after all": {
			at(run.Queued, 1), with(at(run.Failed, 1), ran(1)), job.Job{}, job.Item{}, []notice.Kind{notice.Failed, notice.RanAfterAll},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []notice.Kind
			for _, o := range notice.Of(&c.before, &c.after, &c.job, &c.item) {
				if got = append(got, o.Kind); (o.Kind == notice.RanAfterAll) != (o.Attempt > 0) || o.Attempt > 0 && !c.after.Attempts[o.Attempt-1].RanAfterAll {
					t.Errorf("%s is about attempt %d", o.Kind, o.Attempt)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAfterEnd(t *testing.T) {
	t.Parallel()
	later, never, first := t0.Add(time.Hour), time.Time{}, job.Notify{FirstOnly: true}
	for name, c := range map[string]struct {
		status                 run.Status
		notify                 job.Notify
		since, want, recovered time.Time
		changed                bool
	}{
		"a first failure":                          {run.Failed, job.Notify{}, never, later, never, true},
		"a further failure":                        {run.Failed, job.Notify{}, t0, t0, never, false},
		"a further failure, of which none is told": {run.Failed, first, t0, t0, never, true},
		"a success after it":                       {run.Succeeded, job.Notify{}, t0, never, later, true},
		"a success":                                {run.Succeeded, job.Notify{}, never, never, never, false},
		"a stop proves nothing":                    {run.Stopped, job.Notify{}, t0, t0, never, false},
		"a skip proves nothing":                    {run.Skipped, job.Notify{}, t0, t0, never, false},
		"a stop is no failure":                     {run.Stopped, job.Notify{}, never, never, never, false},
	} {
		item := job.Item{Name: "report", Definition: "h", FailingSince: c.since, Rev: 4}
		want := item
		want.FailingSince, want.RecoveredAt = c.want, c.recovered
		got, changed := notice.AfterEnd(item, &run.Run{Status: c.status, FinishedAt: later}, &job.Job{Notify: c.notify})
		if !reflect.DeepEqual(got, want) || changed != c.changed {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, changed, want, c.changed)
		}
	}
}

// TestAnEndLetsGo: however a run that held others back ends, it no longer holds them back.
func TestAnEndLetsGo(t *testing.T) {
	t.Parallel()
	for _, status := range []run.Status{run.Failed, run.Succeeded, run.Stopped} {
		item := job.Item{Name: "report", FailingSince: t0, Holder: &job.Holder{By: string(id)}}
		if got, changed := notice.AfterEnd(item, &run.Run{ID: id, Status: status}, &job.Job{}); got.Holder != nil || !changed {
			t.Errorf("%s: %+v, %v", status, got.Holder, changed)
		}
	}
}

// TestNewestThatRanAfterAll: a notice that an attempt ran after all is about that attempt,
// and there is one for each.
func TestNewestThatRanAfterAll(t *testing.T) {
	t.Parallel()
	r := with(at(run.Running, 3), func(r *run.Run) { ran(1)(r); ran(2)(r); r.Cause = "attempt 3 was accepted by ECS" })
	const cause = "attempt 2: its task ran after all; the run: attempt 3 was accepted by ECS"
	if n := notice.New(notice.RanAfterAll, "prod", &r, &job.Job{}, time.UTC); n.ID != "ran-after-all:prod/"+string(id)+"/2" || n.Cause != cause {
		t.Errorf("its id is %s, its cause %s", n.ID, n.Cause)
	}
	first := with(at(run.Running, 2), func(r *run.Run) { ran(1)(r); r.Cause = "attempt 2 was accepted by ECS" })
	if n := notice.New(notice.RanAfterAll, "prod", &first, &job.Job{}, time.UTC); n.Cause != "attempt 1: its task ran after all; the run: attempt 2 was accepted by ECS" {
		t.Errorf("of the first attempt: %s", n.Cause)
	}
	if n := notice.New(notice.Failed, "prod", &r, &job.Job{}, time.UTC); n.ID != "failed:prod/"+string(id)+"/3" {
		t.Errorf("of another kind it is %s", n.ID)
	}
}

// TestStillFails: when a failure is reported, the job fails, unless a success ended after it.
func TestStillFails(t *testing.T) {
	t.Parallel()
	r := run.Run{Status: run.Failed, FinishedAt: t0}
	for name, c := range map[string]struct {
		since, recovered, want time.Time
	}{
		"it is failing":                         {t0.Add(-time.Hour), time.Time{}, t0.Add(-time.Hour)},
		"nothing is known":                      {time.Time{}, time.Time{}, t0},
		"a success that ended before it":        {time.Time{}, t0.Add(-time.Second), t0},
		"a success at the same time":            {time.Time{}, t0, time.Time{}},
		"a success after it":                    {time.Time{}, t0.Add(time.Minute), time.Time{}},
		"it failed again after a later success": {t0.Add(time.Hour), t0.Add(time.Minute), t0.Add(time.Hour)},
	} {
		item := job.Item{Name: "report", FailingSince: c.since, RecoveredAt: c.recovered}
		got, changed := notice.StillFails(item, &r)
		if !got.FailingSince.Equal(c.want) || changed == c.since.Equal(c.want) {
			t.Errorf("%s: failing since %s, %v, want %s", name, got.FailingSince, changed, c.want)
		}
	}
}

// TestMissedAreToldTogether: a missed slot is kept to be reported. The newest owes the notice
// about all of them, and the job fails since the oldest was recorded.
func TestMissedAreToldTogether(t *testing.T) {
	t.Parallel()
	item := job.Item{Name: "report"}
	runs := map[run.ID]run.Run{}
	for _, minute := range []int{2, 0, 1} {
		r := with(at(run.Missed, 0), func(r *run.Run) {
			r.ScheduledFor = t0.Add(time.Duration(minute) * time.Minute)
			r.ID, r.Cause, r.FinishedAt = run.ScheduledID("report", r.ScheduledFor), "no trigger came", t0.Add(time.Hour)
		})
		runs[r.ID] = r
		var changed bool
		if item, changed = notice.AfterEnd(item, &r, &job.Job{}); !changed || !item.FailingSince.IsZero() {
			t.Errorf("kept: %+v", item)
		}
	}
	now := t0.Add(61 * time.Minute)
	newest := runs[run.ID(item.Missed.Last)]
	next, after, owed := notice.OweMissed(item, newest, &job.Job{}, now, run.DefaultTiming)
	want := []run.Effect{{Kind: run.Tell, Notice: "missed", Status: run.Missed, Cause: "no trigger came", Count: 3, First: "report/20261122T1730Z"}}
	if !owed || newest.ID != "report/20261122T1732Z" || !slices.Equal(after.Owed, want) || after.DueAt.IsZero() {
		t.Errorf("%s owes %+v, due %s", newest.ID, after.Owed, after.DueAt)
	}
	if next.Missed != nil || !next.FailingSince.Equal(t0.Add(time.Hour)) || !next.ToldMissed.Equal(now) {
		t.Errorf("the item: %+v", next)
	}
	retried := newest
	retried.Status, retried.Cause = run.Succeeded, "succeeded"
	if next, _, owed := notice.OweMissed(item, retried, &job.Job{}, now, run.DefaultTiming); !owed || next.Missed != nil || !next.FailingSince.IsZero() || !next.ToldMissed.Equal(now) {
		t.Errorf("of one that was retried and has succeeded: %v, %+v", owed, next)
	}
	muted := job.Job{Notify: job.Notify{FirstOnly: true}}
	if _, after, owed := notice.OweMissed(item, newest, &muted, now, run.DefaultTiming); !owed || !slices.Equal(after.Owed, want) {
		t.Errorf("the first of a muted job: %v, %+v", owed, after.Owed)
	}
	item.FailingSince = t0
	if next, after, owed := notice.OweMissed(item, newest, &muted, now, run.DefaultTiming); owed || len(after.Owed) > 0 || next.Missed != nil || !next.FailingSince.Equal(t0) {
		t.Errorf("muted: %v, %+v, %+v", owed, after.Owed, next)
	}
}
