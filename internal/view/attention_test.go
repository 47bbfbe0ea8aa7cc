package view_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// TestAttentionNamesAThingOnce: it names the run that a person can do something about, and
// describes a pause correctly.
func TestAttentionNamesAThingOnce(t *testing.T) {
	t.Parallel()
	hourly := job.Plan{Schedule: "0 * * * *", Timezone: "UTC"}
	until := func(d time.Duration) []job.Pause {
		p := job.Pause{From: now.Add(-time.Hour), By: "mia"}
		if d > 0 {
			p.To = now.Add(d)
		}
		return []job.Pause{p}
	}
	at := func(h int, s run.Status) run.Run {
		slot := now.Truncate(time.Hour).Add(time.Duration(-h) * time.Hour)
		return run.Run{ID: run.ScheduledID("etl", slot), ScheduledFor: slot, QueuedAt: slot, Status: s, Cause: "why " + string(s)}
	}
	doubt := at(0, run.Launching)
	doubt.Attempts = []run.Attempt{{N: 1, Doubt: true, Sends: 1, SentAt: now}}
	failing := now.Add(-2 * time.Hour)
	var skipped []run.Run
	for h := range view.Recent {
		skipped = append(skipped, at(h, run.Skipped))
	}
	for name, c := range map[string]struct {
		item, all          job.Item
		runs, open, missed []run.Run
		want               string
	}{
		"missed slots alone make it fail": {
			item: job.Item{Plan: hourly, FailingSince: failing}, runs: []run.Run{at(1, run.Missed), at(2, run.Missed)}, missed: []run.Run{at(1, run.Missed), at(2, run.Missed)},
			want: "failing etl/20261122T1600Z: 2 slots were missed, the last: why missed",
		},
		"it failed after it missed some": {
			item: job.Item{Plan: hourly, FailingSince: failing}, runs: []run.Run{at(1, run.Failed), at(2, run.Missed)}, missed: []run.Run{at(2, run.Missed)},
			want: "failing etl/20261122T1600Z: why failed; missed etl/20261122T1500Z: why missed",
		},
		"a run in doubt is not why it fails": {
			item: job.Item{Plan: hourly, FailingSince: failing}, runs: []run.Run{doubt, at(1, run.Failed)}, open: []run.Run{doubt},
			want: "in doubt etl/20261122T1700Z: it is not known whether ECS launched attempt 1; the same request is sent again, which cannot launch a second task; once the request is too old, batchplane searches for the task; failing etl/20261122T1600Z: why failed",
		},
		"the failure is older than what is known": {
			item: job.Item{Plan: hourly, FailingSince: failing}, runs: skipped, want: "failing : has not succeeded since then",
		},
		"who holds the others back is in doubt": {
			item: job.Item{Plan: hourly, Holder: &job.Holder{By: string(doubt.ID)}}, runs: []run.Run{doubt}, open: []run.Run{doubt},
			want: "in doubt etl/20261122T1700Z: it is not known whether ECS launched attempt 1; the same request is sent again, which cannot launch a second task; once the request is too old, batchplane searches for the task; the job's slots are skipped while it is open",
		},
		"who holds the others back runs": {
			item: job.Item{Plan: hourly, Holder: &job.Holder{By: "etl/20261122T1400Z"}}, open: []run.Run{{ID: "etl/20261122T1400Z", QueuedAt: now.Add(-3 * time.Hour), Status: run.Running}},
			want: "held up etl/20261122T1400Z: its slots are skipped while etl/20261122T1400Z is open",
		},
		"a pause ends soon":                {item: job.Item{Plan: hourly, Pauses: until(10 * time.Second)}, want: "pause ends soon : its schedule resumes in less than a minute; paused by mia"},
		"all are paused for longer":        {item: job.Item{Plan: hourly, Pauses: until(10 * time.Minute)}, all: job.Item{Pauses: until(0)}},
		"all go on soon, and this not":     {item: job.Item{Plan: hourly, Pauses: until(0)}, all: job.Item{Pauses: until(time.Hour)}, want: "pause ends soon *: all schedules resume in 1h; paused by mia"},
		"there is no schedule to go on":    {item: job.Item{Pauses: until(time.Minute)}},
		"its schedule is switched off":     {item: job.Item{Plan: job.Plan{Schedule: "0 * * * *", Disabled: true}, Pauses: until(time.Minute)}},
		"a pause that another one follows": {item: job.Item{Plan: hourly, Pauses: append(until(time.Minute), job.Pause{From: now.Add(time.Minute)})}},
	} {
		c.item.Name, c.all.Name = "etl", job.All
		s := view.SummaryOf(c.item, c.all, job.Job{}, run.Outlines(c.runs), now)
		var got []string
		for _, a := range view.AttentionOf([]view.Summary{s}, c.open, c.missed, now) {
			who := string(a.Run)
			if a.Job == job.All {
				who = a.Job
			}
			got = append(got, string(a.Kind)+" "+who+": "+a.Words)
			if a.Since.IsZero() {
				t.Errorf("%s: it is not said since when: %+v", name, a)
			}
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: got %s, want %s", name, strings.Join(got, "; "), c.want)
		}
	}
}

// TestNextOfARun: a run that waits for another run is not said to continue at a certain time.
func TestNextOfARun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		r    run.Run
		want string
		due  bool
	}{
		"it waits for another":  {run.Run{Status: run.Queued, Waits: true, DueAt: now}, "it is launched when that run ends", false},
		"it waits for its time": {run.Run{Status: run.Queued, DueAt: now}, "it is launched", true},
		"it is launched now":    {run.Run{Status: run.Launching, DueAt: now}, "it is looked at again", true},
		"a notice is owed":      {run.Run{Status: run.Failed, DueAt: now, Owed: []run.Effect{{Kind: run.Tell}}}, "what is owed is tried again", true},
		"nothing is":            {run.Run{Status: run.Failed}, "", false},
	} {
		if s := view.StoryOf(c.r, job.Job{}, now); s.Next != c.want || (s.DueAt != nil) != c.due {
			t.Errorf("%s: %q at %v", name, s.Next, s.DueAt)
		}
	}
}

// TestSince: a running run runs since its task started; a waiting one since it began to wait.
func TestSince(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	retried := run.Run{Status: run.Launching, QueuedAt: at(-5000), ReadyAt: at(-3), Attempts: []run.Attempt{{N: 1, EndedAt: at(-4000)}, {N: 2, SentAt: at(-3)}}}
	for name, c := range map[string]struct {
		r    run.Run
		want time.Time
	}{
		"it waits":               {run.Run{Status: run.Queued, QueuedAt: at(-9), ReadyAt: at(-9)}, at(-9)},
		"a person retried it":    {retried, at(-3)},
		"it is to be relaunched": {run.Run{Status: run.Queued, QueuedAt: at(-90), ReadyAt: at(-90), Attempts: []run.Attempt{{N: 1, StartedAt: at(-80), EndedAt: at(-2)}}}, at(-2)},
		"its task was accepted":  {run.Run{Status: run.Running, QueuedAt: at(-9), Attempts: []run.Attempt{{N: 1, AcceptedAt: at(-8), TaskARN: "arn"}}}, at(-8)},
		"its task runs":          {run.Run{Status: run.Running, QueuedAt: at(-9), StartedAt: at(-7), Attempts: []run.Attempt{{N: 1, AcceptedAt: at(-8), TaskARN: "arn"}}}, at(-7)},
	} {
		if got := view.RowOf(c.r, now).Since; !got.Equal(c.want) {
			t.Errorf("%s: since %s, want %s", name, got, c.want)
		}
	}
}

// TestMissedOfJobs: the missed slots of a job are told together, since the oldest of them.
func TestMissedOfJobs(t *testing.T) {
	t.Parallel()
	missed := func(name string, h int) run.Run {
		slot := now.Truncate(time.Hour).Add(time.Duration(-h) * time.Hour)
		return run.Run{ID: run.ScheduledID(name, slot), ScheduledFor: slot, Status: run.Missed, Cause: fmt.Sprintf("missed %d hours ago", h)}
	}
	var got []string
	for _, a := range view.AttentionOf(nil, nil, []run.Run{missed("etl", 1), missed("mail", 2), missed("etl", 3), missed("etl", 4)}, now) {
		got = append(got, fmt.Sprintf("%s %s since %s: %s", a.Kind, a.Run, a.Since.Format("15:04"), a.Words))
	}
	want := []string{
		"missed etl/20261122T1600Z since 13:00: 3 slots were missed, the last: missed 1 hours ago",
		"missed mail/20261122T1500Z since 15:00: missed 2 hours ago",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAttentionOfARun: what is said of an open run that waits too long is why it waits.
func TestAttentionOfARun(t *testing.T) {
	t.Parallel()
	r := run.Run{ID: run.ByHandID("etl", "r1"), Status: run.Queued, QueuedAt: now.Add(-24 * time.Hour), ReadyAt: now.Add(-24 * time.Hour), Cause: "waiting for room"}
	got := view.AttentionOf(nil, []run.Run{r}, nil, now)
	if len(got) != 1 || got[0].Kind != view.NeedsHeldUp || got[0].Words != "waiting for room" || got[0].Pause() {
		t.Errorf("got %+v", got)
	}
	for kind, want := range map[view.AttentionKind]bool{view.NeedsPaused: true, view.NeedsResumed: true, view.NeedsHeldUp: false} {
		if (view.Attention{Kind: kind}).Pause() != want {
			t.Errorf("whether %q is about a pause: %v", kind, !want)
		}
	}
}

// TestFailsSinceNow: a job does not fail since a time that is still to come, which a clock that was ahead left.
func TestFailsSinceNow(t *testing.T) {
	t.Parallel()
	item := job.Item{Name: "etl", Plan: job.Plan{Schedule: "0 * * * *", Timezone: "UTC"}, FailingSince: now.Add(time.Hour)}
	if s := view.SummaryOf(item, job.Item{}, job.Job{}, nil, now); s.FailingSince == nil || !s.FailingSince.Equal(now) {
		t.Errorf("it fails since %v, want %v", s.FailingSince, now)
	}
}
