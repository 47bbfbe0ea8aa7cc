package plane_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestStatusJudges: each thing that is wrong with a control plane is reported in a sentence.
// Nothing is reported if all is well.
func TestStatusJudges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		beat   time.Duration // ago; 0 means never
		health plane.Health
		due    time.Duration // since when a run is due
		want   string
	}{
		"well":                        {time.Minute, plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "a", State: "OK", Heard: true}, {Name: "b", State: "INSUFFICIENT_DATA", Heard: true}}, Queues: []plane.Queue{{Name: "TriggerFailures"}}, Rules: []plane.Rule{{Name: "StoppedTasks", State: "ENABLED", Targets: 1}}}, 0, ""},
		"another version is no fault": {time.Minute, plane.Health{Running: true, Version: "9.9.9"}, 0, ""},
		"not running":                 {time.Minute, plane.Health{}, 0, "the control plane is not running: no job is started"},
		"never swept":                 {0, plane.Health{Running: true}, 0, "the sweep has never finished: a new control plane's first one may take two minutes"},
		"no sweep for long":           {6 * time.Minute, plane.Health{Running: true}, 0, "the sweep last finished 6m0s ago"},
		"a run waits for long":        {time.Minute, plane.Health{Running: true}, 6 * time.Minute, "the oldest run of the launch lane has been due for 6m0s"},
		"an alarm":                    {time.Minute, plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "b-Lag", State: "ALARM", Reason: "late", Rings: true, Heard: true}}}, 0, "the alarm b-Lag is in ALARM: late"},
		"an alarm for want of data":   {time.Minute, plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "b-Heartbeat", State: "INSUFFICIENT_DATA", Reason: "no sweep", Rings: true, Heard: true}}}, 0, "the alarm b-Heartbeat is in INSUFFICIENT_DATA: no sweep"},
		"an alarm is gone":            {time.Minute, plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "b-Lag"}}}, 0, "the alarm b-Lag was deleted, so it notifies nobody: a change set with --deployment-mode REVERT_DRIFT puts back what somebody changed in the stack"},
		"a queue is gone":             {time.Minute, plane.Health{Running: true, Queues: []plane.Queue{{Name: "TriggerFailures", Deleted: true}}}, 0, "the queue TriggerFailures was deleted, so what is given up is lost: a change set with --deployment-mode REVERT_DRIFT puts back what somebody changed in the stack"},
		"alarms are switched off":     {time.Minute, plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "a", State: "OK", Unheard: "x", Silenced: true}, {Name: "b", State: "OK", Unheard: "x", Silenced: true}}}, 0, "the alarm a and 1 other notify nobody: x; `aws cloudwatch enable-alarm-actions --alarm-names a b` switches them on"},
		"alarms notify nobody":        {time.Minute, plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "a", State: "OK", Unheard: "x"}, {Name: "b", State: "OK", Unheard: "y"}, {Name: "c", State: "OK", Unheard: "y"}}}, 0, "the alarm a notifies nobody: x; confirm a subscription, or deploy the stack with AlertEmail or AlarmTopicArn; the alarm b and 1 other notify nobody: y; confirm a subscription, or deploy the stack with AlertEmail or AlarmTopicArn"},
		"failures":                    {time.Minute, plane.Health{Running: true, Queues: []plane.Queue{{Name: "TriggerFailures", Messages: 2}}}, 0, "2 messages in the queue TriggerFailures: `redrive` shows what was given up"},
		"a rule is off":               {time.Minute, plane.Health{Running: true, Rules: []plane.Rule{{Name: "StoppedTasks", On: "b-1", State: "DISABLED", Targets: 1}}}, 0, "the rule StoppedTasks is switched off, so it calls no function: `aws events enable-rule --name b-1` switches it on"},
		"a rule calls nothing":        {time.Minute, plane.Health{Running: true, Rules: []plane.Rule{{Name: "StoppedTasks", State: "ENABLED"}}}, 0, "the rule StoppedTasks has lost its target, so it calls no function: a change set with --deployment-mode REVERT_DRIFT puts back what somebody changed in the stack"},
		"a rule is gone":              {time.Minute, plane.Health{Running: true, Rules: []plane.Rule{{Name: "StoppedTasks"}}}, 0, "the rule StoppedTasks was deleted, so what it did is not done: a change set with --deployment-mode REVERT_DRIFT puts back what somebody changed in the stack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			if c.beat > 0 {
				if err := store.SetMark(t.Context(), port.MarkSweep, now.Add(-c.beat)); err != nil {
					t.Fatal(err)
				}
			}
			if c.due > 0 {
				r := run.Run{ID: "a/20261122T0800Z", Status: run.Queued, DueAt: now.Add(-c.due), ScheduledFor: now, QueuedAt: now}
				if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
					t.Fatal(err)
				}
			}
			p := &plane.Plane{Reader: store, Now: func() time.Time { return now }, Inspect: func(context.Context) (plane.Health, error) { return c.health, nil }}
			st, err := p.Status(t.Context())
			if got := strings.Join(st.Wrong, "; "); err != nil || got != c.want || st.Command != plane.Release {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestStatusHeldUp: runs that have waited long to be launched are reported, longest first, with
// what they wait for. A run in doubt is reported as that. None of it is a fault.
func TestStatusHeldUp(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	store := &memory.Store{}
	if err := store.SetMark(t.Context(), port.MarkSweep, ago(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, r := range []run.Run{
		{ID: "fresh/20261122T0845Z", Status: run.Queued, QueuedAt: ago(15 * time.Minute)},
		{ID: "long/20261122T0838Z", Status: run.Queued, QueuedAt: ago(22 * time.Minute), Cause: "waiting: no capacity"},
		{ID: "longer/20261122T0800Z", Status: run.Queued, QueuedAt: ago(time.Hour), Cause: "waiting: the quota is full"},
		{ID: "retried/20261121T0800Z", Status: run.Launching, QueuedAt: ago(25 * time.Hour), ReadyAt: ago(time.Minute)},
		{ID: "relaunched/20261122T0500Z", Status: run.Queued, QueuedAt: ago(4 * time.Hour), ReadyAt: ago(4 * time.Hour), Attempts: []run.Attempt{{N: 1, EndedAt: ago(time.Minute)}}},
		{ID: "behind/20261122T0801Z", Status: run.Queued, QueuedAt: ago(59 * time.Minute), Waits: true},
		{ID: "doubt/20261122T0800Z", Status: run.Launching, QueuedAt: ago(time.Hour), Attempts: []run.Attempt{{N: 1, Doubt: true, SentAt: ago(time.Hour)}}},
		{ID: "runs/20261122T0800Z", Status: run.Running, QueuedAt: ago(time.Hour)},
	} {
		r.ScheduledFor, r.DueAt = r.QueuedAt, now.Add(time.Minute)
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane.Plane{Reader: store, Now: func() time.Time { return now }, Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }}
	st, err := p.Status(t.Context())
	want := []plane.HeldUp{{"longer/20261122T0800Z", ago(time.Hour), "waiting: the quota is full"}, {"long/20261122T0838Z", ago(22 * time.Minute), "waiting: no capacity"}}
	if err != nil || !slices.Equal(st.HeldUp, want) || len(st.Doubt) != 1 || len(st.Wrong) != 0 {
		t.Errorf("got %+v, in doubt %v, wrong %v, %v", st.HeldUp, st.Doubt, st.Wrong, err)
	}
}

// TestStatusTellsWhatIsNotTold: a notice that a recipient has not accepted for long is reported
// as owed, even if the next try is half an hour away. A recent one is not.
func TestStatusTellsWhatIsNotTold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	store := &memory.Store{}
	if err := store.SetMark(t.Context(), port.MarkSweep, ago(time.Minute)); err != nil {
		t.Fatal(err)
	}
	tell := []run.Effect{{Kind: run.Tell, Notice: "failed"}}
	for _, r := range []run.Run{
		{ID: "fresh/20261122T0845Z", Status: run.Failed, FinishedAt: ago(14 * time.Minute), Owed: tell},
		{ID: "late/20261122T0840Z", Status: run.Failed, FinishedAt: ago(16 * time.Minute), DueAt: now.Add(3 * time.Minute), Owed: tell},
		{ID: "later/20261122T0600Z", Status: run.Missed, FinishedAt: ago(150 * time.Minute), DueAt: now.Add(30 * time.Minute), Owed: tell},
		{ID: "again/20261122T0700Z", Status: run.Running, OwesFrom: ago(20 * time.Minute), Owed: tell},
		{ID: "waits/20261122T0700Z", Status: run.Queued, DueAt: now.Add(2 * time.Hour), OwesFrom: ago(18 * time.Minute), Owed: tell},
		{ID: "stops/20261122T0700Z", Status: run.Running, Stopping: &run.StopRequest{At: ago(time.Hour)}, Owed: []run.Effect{{Kind: run.StopTask}}},
	} {
		r.ScheduledFor, r.QueuedAt = ago(3*time.Hour), ago(3*time.Hour)
		if r.DueAt.IsZero() {
			r.DueAt = now.Add(time.Minute)
		}
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane.Plane{Reader: store, Now: func() time.Time { return now }, Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }}
	st, err := p.Status(t.Context())
	want := []plane.Untold{{"later/20261122T0600Z", ago(150 * time.Minute)}, {"again/20261122T0700Z", ago(20 * time.Minute)}, {"waits/20261122T0700Z", ago(18 * time.Minute)}, {"late/20261122T0840Z", ago(16 * time.Minute)}}
	wrong := []string{"4 notices still owed after 15m, of later/20261122T0600Z for 2h30m0s: not all who should be told have taken it"}
	if err != nil || !slices.Equal(st.Untold, want) || !slices.Equal(st.Wrong, wrong) {
		t.Errorf("got %+v, wrong %q, %v", st.Untold, st.Wrong, err)
	}
}

// TestStatusSaysWhatItDidNotLookAt: if a thousand other runs are due first, it is not known
// whether a later one owes a notice.
func TestStatusSaysWhatItDidNotLookAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for n, want := range map[int]bool{999: false, 1000: true} {
		store := &memory.Store{}
		for i := range n {
			r := run.Run{ID: run.ByHandID("a", fmt.Sprint(i)), Status: run.Running, ScheduledFor: now, DueAt: now, Attempts: []run.Attempt{{N: 1, TaskARN: "t"}}}
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		p := &plane.Plane{Reader: store, Now: func() time.Time { return now }, Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }}
		st, err := p.Status(t.Context())
		for _, unseen := range []string{"open runs beyond the newest 1000", "notices owed by runs beyond the 1000 that are due first"} {
			if got := slices.Contains(st.Unseen, unseen); err != nil || got != want {
				t.Errorf("of %d: %q, %v", n, st.Unseen, err)
			}
		}
	}
}

// TestStatusCountsWhatIsKept: inputs that could not be used are counted and are not a fault.
func TestStatusCountsWhatIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	store := &memory.Store{}
	if err := store.SetMark(t.Context(), port.MarkSweep, now); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := store.Keep(t.Context(), port.Kept{At: now, Reason: "unknown", Body: []byte{'a' + byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane.Plane{Reader: store, Now: func() time.Time { return now }, Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }}
	if st, err := p.Status(t.Context()); err != nil || st.Kept != 3 || len(st.Wrong) > 0 {
		t.Errorf("%d kept, wrong %q, %v", st.Kept, st.Wrong, err)
	}
}

// TestVersions: a stack of another version is distinguished from one of this version.
func TestVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"": "", plane.Release: plane.Release + ", the same as this command",
		"9.9.9": "9.9.9, and this command is " + plane.Release + ": deploy the stack, or use the command of its version",
	} {
		if got := (plane.Health{Version: version}).Versions(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// unreadable is a reader that cannot read one of its items.
type unreadable struct{ port.Reader }

func (u unreadable) Items(ctx context.Context) ([]job.Item, error) {
	items, err := u.Reader.Items(ctx)
	return items, errors.Join(err, &port.UnreadableItemsError{Jobs: map[string]error{"broken": port.ErrUnreadable}})
}

// TestStatusNamesWhatCannotBeRead: status names a job whose item cannot be read, and lists of jobs have it.
func TestStatusNamesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := &plane.Plane{Reader: unreadable{&memory.Store{}}, Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }}
	st, err := p.Status(t.Context())
	if err != nil || !slices.Equal(st.Unreadable, []string{"broken"}) || !slices.ContainsFunc(st.Wrong, func(w string) bool { return strings.Contains(w, "the job broken cannot be read") }) {
		t.Errorf("%v, %v, %v", st.Unreadable, st.Wrong, err)
	}
	for _, f := range []plane.JobFilter{{}, {Failing: true}, {Paused: true}, {Owner: "team"}, {Names: []string{"br*"}}} {
		if jobs, err := p.Jobs(t.Context(), f); err != nil || len(jobs) != 1 || jobs[0].Job != "broken" || !jobs[0].Unreadable {
			t.Errorf("jobs %+v: %+v, %v", f, jobs, err)
		}
	}
	if jobs, err := p.Jobs(t.Context(), plane.JobFilter{Names: []string{"other"}}); err != nil || len(jobs) > 0 {
		t.Errorf("other jobs: %+v, %v", jobs, err)
	}
	for page, want := range map[int]int{1: 1, 2: 0} {
		if jobs, total, err := p.JobPage(t.Context(), plane.JobFilter{}, page, 10); err != nil || len(jobs) != want || total != 1 {
			t.Errorf("page %d of %d: %+v, %v", page, total, jobs, err)
		}
	}
	if err := p.Known(t.Context(), "broken"); !errors.Is(err, port.ErrUnreadable) || strings.Contains(err.Error(), "there is no job") {
		t.Errorf("who asks for it is told: %v", err)
	}
	if err := p.Known(t.Context(), "never"); err == nil || !strings.Contains(err.Error(), "there is no job") {
		t.Errorf("who asks for one that never was is told: %v", err)
	}
}

// newerTable is a reader of a table in which a newer batchplane wrote an open run, one that owes a notice, and two items.
type newerTable struct{ port.Reader }

const (
	newerOpen = run.ID("b/20261122T0800Z")
	newerOwes = run.ID("a/20261122T0800Z")
)

func (n newerTable) Items(ctx context.Context) ([]job.Item, error) {
	items, err := n.Reader.Items(ctx)
	return items, errors.Join(err, &port.UnreadableItemsError{Jobs: map[string]error{"b": port.ErrNewer, "a": port.ErrNewer, "broken": port.ErrUnreadable}})
}

func (n newerTable) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	due, err := n.Reader.Due(ctx, lane, now, limit)
	return due, errors.Join(err, &port.UnreadableError{Runs: map[run.ID]error{newerOpen: port.ErrNewer, newerOwes: port.ErrNewer, "c/20261122T0800Z": port.ErrUnreadable}})
}

func (n newerTable) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		if w.Newer == nil {
			yield(run.Run{}, port.ErrNewer)
			return
		}
		w.Newer(newerOpen)
		n.Reader.Walk(ctx, w)(yield)
	}
}

// TestStatusOfANewerTable: status shows what it can read, and says what it does not show.
func TestStatusOfANewerTable(t *testing.T) {
	t.Parallel()
	p, store := runsOf(t, run.Run{
		ID: "d/20261122T0800Z", Status: run.Launching, ScheduledFor: evening, QueuedAt: evening, DueAt: evening.Add(time.Hour),
		Attempts: []run.Attempt{{N: 1, Doubt: true, SentAt: evening.Add(-time.Hour)}},
	})
	p.Reader, p.Now = newerTable{store}, func() time.Time { return evening }
	p.Inspect = func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }
	if err := store.SetMark(t.Context(), port.MarkSweep, evening); err != nil {
		t.Fatal(err)
	}
	st, err := p.Status(t.Context())
	const then = ", left out here: use a command of that version; if the stack itself is older, deploy the newer one again, since until then nobody "
	want := []string{
		"the item of the job broken cannot be read: its slots are not watched until somebody puts it back as it was",
		"a newer batchplane wrote 2 runs (a/20261122T0800Z first)" + then + "handles them",
		"a newer batchplane wrote 2 jobs (a first)" + then + "watches their slots",
	}
	if err != nil || !slices.Equal(st.Wrong, want) || len(st.Doubt) != 1 {
		t.Errorf("wrong %q, in doubt %v, %v", st.Wrong, st.Doubt, err)
	}
	if !slices.Equal(st.NewerRuns, []run.ID{newerOwes, newerOpen}) || !slices.Equal(st.NewerJobs, []string{"a", "b"}) || !slices.Equal(st.Unreadable, []string{"broken"}) {
		t.Errorf("newer %v, %v, unreadable %v", st.NewerRuns, st.NewerJobs, st.Unreadable)
	}
}

// TestPagesWithAJobThatCannotBeRead: the job takes a place on its page, so that no page is empty.
func TestPagesWithAJobThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p, store := planeWith(t, []string{"a", "c"})
	p.Reader = unreadable{store}
	for page, want := range map[int][]string{1: {"broken", "a"}, 2: {"c"}, 3: nil} {
		jobs, total, err := p.JobPage(t.Context(), plane.JobFilter{}, page, 2)
		var got []string
		for _, j := range jobs {
			got = append(got, j.Job)
		}
		if err != nil || total != 3 || !slices.Equal(got, want) {
			t.Errorf("page %d of %d: %v, %v, want %v", page, total, got, err, want)
		}
	}
}

// allUnreadable is a reader that cannot read the item of all jobs.
type allUnreadable struct{ port.Reader }

func (allUnreadable) Items(context.Context) ([]job.Item, error) {
	return nil, &port.UnreadableItemsError{Jobs: map[string]error{job.All: port.ErrUnreadable}}
}

// TestTheItemOfAllJobsIsNoJob: no list has it as one if it cannot be read.
func TestTheItemOfAllJobsIsNoJob(t *testing.T) {
	t.Parallel()
	p := &plane.Plane{Reader: allUnreadable{&memory.Store{}}}
	if jobs, err := p.Jobs(t.Context(), plane.JobFilter{}); err != nil || len(jobs) > 0 {
		t.Errorf("%+v, %v", jobs, err)
	}
}
