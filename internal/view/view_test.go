package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

var now = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

func TestState(t *testing.T) {
	t.Parallel()
	with := func(status run.Status, a run.Attempt) run.Run {
		return run.Run{Status: status, Attempts: []run.Attempt{a}}
	}
	stopping := with(run.Running, run.Attempt{TaskARN: "arn", LastStatus: "RUNNING"})
	stopping.Stopping = &run.StopRequest{}
	looked := func(due time.Duration) run.Run {
		r := with(run.Running, run.Attempt{TaskARN: "arn", LastStatus: "PROVISIONING"})
		r.DueAt = now.Add(due)
		return r
	}
	owing := looked(-time.Hour)
	owing.Owed = []run.Effect{{Kind: run.Tell}}
	for name, c := range map[string]struct {
		r    run.Run
		want view.State
		mark string
	}{
		"queued":                  {run.Run{Status: run.Queued}, "queued", ">"},
		"launching":               {with(run.Launching, run.Attempt{Sends: 1}), "launching", ">"},
		"an answer was lost":      {with(run.Launching, run.Attempt{Sends: 1, Doubt: true}), view.InDoubt, ">"},
		"provisioning":            {with(run.Running, run.Attempt{TaskARN: "arn", LastStatus: "PROVISIONING"}), view.Starting, ">"},
		"pending":                 {with(run.Running, run.Attempt{TaskARN: "arn", LastStatus: "PENDING"}), view.Starting, ">"},
		"a look is due":           {looked(-time.Minute), view.Starting, ">"},
		"a look was due":          {looked(-2 * time.Minute), "running", ">"},
		"a look owes something":   {owing, view.Starting, ">"},
		"ECS stops it":            {with(run.Running, run.Attempt{TaskARN: "arn", LastStatus: "DEPROVISIONING"}), view.Stopping, ">"},
		"nothing seen":            {with(run.Running, run.Attempt{TaskARN: "arn"}), view.Starting, ">"},
		"running":                 {with(run.Running, run.Attempt{TaskARN: "arn", LastStatus: "RUNNING"}), "running", ">"},
		"started, says its start": {with(run.Running, run.Attempt{TaskARN: "arn", StartedAt: now}), "running", ">"},
		"stopping":                {stopping, view.Stopping, ">"},
		"succeeded":               {run.Run{Status: run.Succeeded}, "succeeded", "."},
		"failed":                  {with(run.Failed, run.Attempt{Doubt: true}), "failed", "F"},
		"missed":                  {run.Run{Status: run.Missed}, "missed", "M"},
		"stopped":                 {run.Run{Status: run.Stopped, Stopping: &run.StopRequest{}}, "stopped", "S"},
		"skipped":                 {run.Run{Status: run.Skipped}, "skipped", "-"},
	} {
		if got := view.StateOf(c.r, now); got != c.want || string(got.Mark()) != c.mark || got.Open() != !c.r.Status.Terminal() {
			t.Errorf("%s: %s %c, want %s %s", name, got, got.Mark(), c.want, c.mark)
		}
	}
}

// TestOwedWords: what is owed has words, whatever it is.
func TestOwedWords(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]run.Effect{
		"a launch": {Kind: run.Launch}, "the stop of its task": {Kind: run.StopTask}, "a search for its task": {Kind: run.Find},
		"a notice: timed out": {Kind: run.Tell, Notice: "timed-out"}, "of a newer kind": {Kind: "of a newer kind"},
	} {
		if got := view.OwedWords(e); got != want {
			t.Errorf("%+v: %q", e, got)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	item := job.Item{Name: "report", Plan: job.Plan{Schedule: "30 2 * * *", Timezone: "Europe/Berlin"}, FailingSince: now.Add(-time.Hour)}
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 0, 0, time.UTC) }
	var runs []run.Run
	for i := range 25 {
		r := run.Run{ID: run.ScheduledID("report", at(22-i, 1)), Status: run.Succeeded, StartedAt: now, FinishedAt: now.Add(time.Duration(i+1) * time.Second)}
		switch i {
		case 0:
			r.Status = run.Failed
		case 1:
			r.Status = run.Skipped
		case 2:
			r.Status = run.Missed
		}
		runs = append(runs, r)
	}
	s := view.SummaryOf(item, job.Item{}, job.Job{Owner: "team-a"}, run.Outlines(runs), now)
	if s.Strip != "................."+"M-F" || s.Succeeded != 17 || s.Judged != 19 || s.Last.Status != run.Failed || s.When != "at 02:30 every day" {
		t.Errorf("got %+v", s)
	}
	if s.Job != "report" || s.Owner != "team-a" || s.Zone != "Europe/Berlin" || s.Gone || s.Unforeseen || s.Skip != nil {
		t.Errorf("got %+v", s)
	}
	if *s.P50Ms != 12_000 || *s.P95Ms != 20_000 { // of 4 to 20 seconds
		t.Errorf("p50 %d, p95 %d", *s.P50Ms, *s.P95Ms)
	}
	if s.FailingSince == nil || !s.Next.Equal(at(23, 1)) {
		t.Errorf("failing since %v, next %v", s.FailingSince, s.Next)
	}
	until := at(24, 0)
	pause := job.Pause{From: now.Add(-time.Minute), To: until, By: "mia"}
	for name, c := range map[string]struct {
		item, all job.Item
		next      time.Time
	}{
		"paused":                 {job.Item{Pauses: []job.Pause{pause}}, job.Item{}, at(24, 1)},
		"all are paused":         {job.Item{}, job.Item{Pauses: []job.Pause{pause}}, at(24, 1)},
		"paused for ever":        {job.Item{Pauses: []job.Pause{{From: now}}}, job.Item{}, time.Time{}},
		"the next is skipped":    {job.Item{SkipNext: &job.Skip{At: at(23, 1)}}, job.Item{}, at(24, 1)},
		"one was to be skipped":  {job.Item{SkipNext: &job.Skip{At: at(21, 1)}}, job.Item{}, at(23, 1)},
		"the next is paused":     {job.Item{Pauses: []job.Pause{{From: at(23, 0), To: at(23, 2)}}}, job.Item{Pauses: []job.Pause{{From: at(24, 0), To: at(24, 2)}}}, at(25, 1)},
		"in ten years":           {job.Item{Plan: job.Plan{Schedule: "at(2036-01-01T00:00:00)", Timezone: "UTC"}}, job.Item{}, time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)},
		"no longer deployed":     {job.Item{Gone: true}, job.Item{}, time.Time{}},
		"it has no usable clock": {job.Item{Plan: job.Plan{Schedule: "nonsense", Timezone: "UTC"}}, job.Item{}, time.Time{}},
		"a rate":                 {job.Item{Plan: job.Plan{Schedule: "rate(5 minutes)", Timezone: "UTC"}}, job.Item{}, time.Time{}},
		"disabled":               {job.Item{Plan: job.Plan{Schedule: "30 2 * * *", Timezone: "UTC", Disabled: true}}, job.Item{}, time.Time{}},
		"switched off":           {job.Item{SwitchedOff: true, Plan: job.Plan{Schedule: "30 2 * * *", Timezone: "UTC", Disabled: true}}, job.Item{}, time.Time{}},
	} {
		c.item.FailingSince = now
		if c.item.Plan.Schedule == "" {
			c.item.Plan = item.Plan
		}
		s := view.SummaryOf(c.item, c.all, job.Job{}, nil, now)
		if (s.Next == nil) != c.next.IsZero() || s.Next != nil && !s.Next.Equal(c.next) || (s.FailingSince == nil) != c.item.Gone || s.Strip != "" || s.Last != nil {
			t.Errorf("%s: %+v, want next %s", name, s, c.next)
		}
		if s.Gone != c.item.Gone || s.SwitchedOff != c.item.SwitchedOff || s.Unforeseen != (name == "a rate") || (s.Skip != nil) != (name == "the next is skipped") {
			t.Errorf("%s: gone %v, unforeseen %v, skip %v", name, s.Gone, s.Unforeseen, s.Skip)
		}
	}
}

// TestSummaryOfASpan: an end that somebody gave a schedule counts once it has passed, and a start while it
// is to come.
func TestSummaryOfASpan(t *testing.T) {
	t.Parallel()
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	for at, past := range map[time.Time]bool{before: true, after: false} {
		item := job.Item{CutShort: true, Postponed: true, Plan: job.Plan{Schedule: "30 2 * * *", Timezone: "UTC"}}
		item.Plan.StartAt, item.Plan.EndAt = at, at
		s := view.SummaryOf(item, job.Item{}, job.Job{}, nil, now)
		if (s.Ended != nil) != past || (s.Awaits == nil) != past || past && !s.Ended.Equal(at) || !past && !s.Awaits.Equal(at) {
			t.Errorf("at %s: ended %v, awaits %v", at, s.Ended, s.Awaits)
		}
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	item := job.Item{Name: "report", Plan: job.Plan{Schedule: "0 * * * *", Timezone: "UTC"}, Pauses: []job.Pause{{From: now.Add(-10 * time.Hour), To: now.Add(-9 * time.Hour)}, {From: now, To: now.Add(time.Hour)}}}
	hour := func(h int) time.Time { return now.Truncate(time.Hour).Add(time.Duration(h) * time.Hour) }
	runs := []run.Run{
		{ID: "report/20261122T1700Z", Status: run.Running, QueuedAt: hour(0), StartedAt: hour(0)},
		{ID: "report/20261122T1600Z", Status: run.Succeeded, QueuedAt: hour(-1), StartedAt: hour(-1), FinishedAt: hour(-1)},
		{ID: "report/20261122T0100Z", Status: run.Succeeded, StartedAt: hour(-16), FinishedAt: hour(-15)},
		{ID: "gone/20261122T1630Z", Status: run.Failed, QueuedAt: hour(-1), FinishedAt: hour(0)},
	}
	var bars []view.Bar
	for _, r := range runs {
		bars = append(bars, view.BarOf(r.Outline()))
	}
	got := view.TimelineOf(hour(-2), hour(3), now, []job.Item{item}, job.Item{}, bars)
	if len(got.Tracks) != 2 || got.Tracks[0].Job != "gone" || len(got.Tracks[0].Bars) != 1 {
		t.Fatalf("got %+v", got)
	}
	l := got.Tracks[1]
	if len(l.Bars) != 2 || l.Bars[0].Run != "report/20261122T1600Z" || !l.Bars[0].To.After(l.Bars[0].From) || !l.Bars[1].To.Equal(now) {
		t.Errorf("bars %+v", l.Bars)
	}
	if len(l.Slots) != 1 || !l.Slots[0].Equal(hour(2)) || len(l.Paused) != 1 || !l.Paused[0].To.Equal(now.Add(time.Hour)) {
		t.Errorf("slots %v, paused %v", l.Slots, l.Paused)
	}
	for at, want := range map[time.Time]bool{now.Add(-time.Second): false, now: true, now.Add(time.Hour): false} {
		got.Now = at
		if paused := view.ChartOf(got).Rows[1].Paused; paused != want {
			t.Errorf("at %s: paused %t", at, paused)
		}
	}
}

func TestAttention(t *testing.T) {
	t.Parallel()
	long := now.Add(-30 * 24 * time.Hour)
	failing := view.Summary{Job: "broken", FailingSince: &long, Runs: []view.Row{{State: "succeeded"}, {State: "failed", Status: run.Failed, Run: "broken/1", Cause: "exit code 3"}}}
	paused := view.Summary{Job: "paused", Paused: &job.Pause{From: long, By: "mia", Reason: "db"}}
	ends := view.Summary{Job: "ends", Schedule: "0 * * * *", GoesOn: now.Add(20 * time.Minute), Paused: &job.Pause{From: long, To: now.Add(20 * time.Minute), By: "mia"}}
	later := view.Summary{Job: "later", Paused: &job.Pause{From: now, To: now.Add(3 * time.Hour)}}
	held := view.Summary{Job: "locked", HeldBy: "locked/20261122T1500Z"}
	missed := []run.Run{{ID: "missed/20261122T1700Z", Status: run.Missed, Cause: "no trigger came", ScheduledFor: now.Add(-time.Hour)}, {ID: "missed/20261122T1600Z", Status: run.Missed, ScheduledFor: now.Add(-2 * time.Hour)}}
	all := job.Pause{From: long}
	one, two := view.Summary{Job: "one", Paused: &all, PausedAll: true, OfAll: &all}, view.Summary{Job: "two", Paused: &all, PausedAll: true, OfAll: &all}
	open := []run.Run{
		{ID: "waits/20261122T1700Z", Status: run.Queued, Waits: true, QueuedAt: long},
		{ID: "held/20261122T1700Z", Status: run.Queued, QueuedAt: now.Add(-time.Hour), Cause: "capacity"},
		{ID: "fresh/20261122T1700Z", Status: run.Queued, QueuedAt: now},
		{ID: "patient/20261122T1700Z", Status: run.Queued, Waits: true, QueuedAt: now.Add(-30 * time.Minute)},
		{ID: "long/20261121T1200Z", Status: run.Running, StartedAt: now.Add(-30 * time.Hour), Attempts: []run.Attempt{{N: 1, TaskARN: "arn", LastStatus: "RUNNING", Long: true}}},
		{ID: "hung/20261122T1700Z", Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "arn", SentAt: now.Add(-11 * time.Minute), LastStatus: "PROVISIONING"}}},
		{ID: "starts/20261122T1700Z", Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "arn", SentAt: now.Add(-9 * time.Minute), LastStatus: "PENDING"}}},
		{ID: "stuck/20261122T1700Z", Status: run.Running, Stopping: &run.StopRequest{At: now}, Attempts: []run.Attempt{{N: 1, TaskARN: "arn", Stuck: true}}},
		{ID: "untaken/20261122T1700Z", Status: run.Running, Stopping: &run.StopRequest{At: now, Reason: "wrong day"}, Owed: []run.Effect{{Kind: run.StopTask, Attempt: 1}}, Attempts: []run.Attempt{{N: 1, TaskARN: "arn", Stuck: true}}},
		{ID: "ending/20261122T1700Z", Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "arn", LastStatus: "DEPROVISIONING", EndingSince: now.Add(-40 * time.Minute), Stuck: true}}},
		{ID: "doubt/20261122T1700Z", Status: run.Launching, Attempts: []run.Attempt{{N: 1, Doubt: true, SentAt: now}}},
	}
	var kinds []string
	for _, a := range view.AttentionOf([]view.Summary{paused, failing, ends, later, held, one, two}, open, missed, now) {
		kinds = append(kinds, string(a.Kind)+" "+a.Job)
		for job, words := range map[string]string{"missed": "2 slots were missed, the last: no trigger came", "locked": "skipped while locked/20261122T1500Z is open", "hung": "reports PROVISIONING", "ending": "it is still DEPROVISIONING", "stuck": "was asked to stop", "untaken": "ECS has not confirmed the request to stop its task: wrong day", "ends": "its schedule resumes in 20m", "broken": "exit code 3"} {
			if a.Job == job && !strings.Contains(a.Words, words) {
				t.Errorf("%s: %q", job, a.Words)
			}
		}
	}
	want := "in doubt doubt|will not stop ending|will not stop stuck|will not stop untaken|hangs hung|held up locked|held up waits|held up held|runs for long long|failing broken|missed missed|paused for long *|paused for long paused|pause ends soon ends"
	if got := strings.Join(kinds, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestStoryTells: for each notice, the story says what it said and who accepted it.
func TestStoryTells(t *testing.T) {
	t.Parallel()
	r := run.Run{ID: "etl/20261122T0900Z", Status: run.Succeeded, Cause: "succeeded", Told: []run.Told{
		{Notice: "failed", Cause: "exit code \x1b3", To: []string{"slack/ops", "sns"}},
		{Notice: "timed-out", Cause: "after 1h"},
		{Notice: "missed", Cause: "no trigger came", Count: 1},
		{Notice: "missed", Cause: "no trigger came", Count: 2},
	}}
	s := view.StoryOf(r, job.Job{Name: "etl"}, now)
	for i, want := range []string{
		"FAILED etl: exit code \ufffd3; taken by slack/ops, sns", "TIMED OUT etl: after 1h; given up: it reached nobody",
		"MISSED etl: no trigger came; given up: it reached nobody", "MISSED etl: 2 slots, the last: no trigger came; given up: it reached nobody",
	} {
		if got := s.Told[i].Says + "; " + view.ToldWords(s.Told[i].Told); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestATaskThatLooksFoundRunning: the task is shown as running, although nothing is stored about
// that.
func TestATaskThatLooksFoundRunning(t *testing.T) {
	t.Parallel()
	accepted := now.Add(-time.Hour)
	r := run.Run{
		ID: "etl/20261122T0900Z", Status: run.Running, QueuedAt: accepted.Add(-time.Minute), DueAt: accepted.Add(5 * time.Minute),
		Attempts: []run.Attempt{{N: 1, TaskARN: "arn", LastStatus: "PROVISIONING", SentAt: accepted, AcceptedAt: accepted}},
	}
	s := view.StoryOf(r, job.Job{Name: "etl"}, now)
	if s.State != "running" || s.Tries[0].LastStatus != "RUNNING" || s.DueAt != nil || s.AcceptedAt == nil || !s.AcceptedAt.Equal(accepted) {
		t.Errorf("%+v", s)
	}
	if r.Attempts[0].LastStatus != "PROVISIONING" {
		t.Error("the run itself was changed")
	}
	if needs := view.AttentionOf(nil, []run.Run{r}, nil, now); len(needs) != 0 {
		t.Errorf("it needs somebody: %+v", needs)
	}
	line := view.TimelineOf(now.Add(-2*time.Hour), now, now, nil, job.Item{}, []view.Bar{view.BarOf(r.Outline())})
	if b := line.Tracks[0].Bars[0]; b.State != "running" || !b.From.Equal(accepted) {
		t.Errorf("its bar: %+v", b)
	}
}

// TestTaskStatus: what ECS answered to the launch does not pass for what is known now.
func TestTaskStatus(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]run.Attempt{
		"":                                   {},
		"provisioning, when it was launched": {LastStatus: "PROVISIONING"},
		"pending":                            {LastStatus: "PENDING", Version: 2},
		"running":                            {LastStatus: run.TaskRunning},
	} {
		if got := (view.Attempt{Attempt: a}).TaskStatus(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
