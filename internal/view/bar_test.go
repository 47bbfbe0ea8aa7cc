package view_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// TestBarOf: a bar begins when something first began to happen, and is never too short to be seen.
func TestBarOf(t *testing.T) {
	t.Parallel()
	at := func(m int) time.Time { return now.Add(time.Duration(m) * time.Minute) }
	slot := at(-30)
	id := run.ScheduledID("etl", slot)
	for name, c := range map[string]struct {
		r        run.Run
		outline  bool
		from, to time.Time
		again    int
	}{
		"a success": {r: run.Run{Status: run.Succeeded, QueuedAt: at(-30), StartedAt: at(-28), FinishedAt: at(-20)}, outline: true, from: at(-28), to: at(-20)},
		"a missed slot, which has no length": {
			r: run.Run{Status: run.Missed, QueuedAt: at(-30), FinishedAt: at(-30)}, from: at(-30), to: at(-30).Add(time.Second),
		},
		"a run that waits": {r: run.Run{Status: run.Queued, QueuedAt: at(-30)}, from: at(-30), to: now},
		"a task whose start nobody saw": {
			r: run.Run{Status: run.Running, QueuedAt: at(-30), Attempts: []run.Attempt{{N: 1, SentAt: at(-29), AcceptedAt: at(-28)}}}, from: at(-28), to: now,
		},
		"a launch that was accepted": {
			r: run.Run{Status: run.Launching, QueuedAt: at(-30), Attempts: []run.Attempt{{N: 1, SentAt: at(-29), AcceptedAt: at(-28)}}}, from: at(-30), to: now,
		},
		"a launch in doubt": {
			r: run.Run{Status: run.Launching, QueuedAt: at(-30), Attempts: []run.Attempt{{N: 1, SentAt: at(-29), Doubt: true}}}, from: at(-30), to: now,
		},
		"a relaunch that began later": {
			r: run.Run{
				Status: run.Succeeded, QueuedAt: at(-30), StartedAt: at(-10), FinishedAt: at(-5),
				Attempts: []run.Attempt{{N: 1, SentAt: at(-29)}, {N: 2, SentAt: at(-12)}, {N: 3}},
			}, from: at(-29), to: at(-5), again: 1,
		},
		"one attempt that was sent long before it began": {
			r:    run.Run{Status: run.Succeeded, QueuedAt: at(-30), StartedAt: at(-10), FinishedAt: at(-5), Attempts: []run.Attempt{{N: 1, SentAt: at(-29)}}},
			from: at(-10), to: at(-5),
		},
		"an attempt that was never sent": {
			r:    run.Run{Status: run.Failed, QueuedAt: at(-30), StartedAt: at(-10), FinishedAt: at(-5), Attempts: []run.Attempt{{N: 1}, {N: 2, SentAt: at(-11)}}},
			from: at(-10), to: at(-5), again: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.r.ID, c.r.ScheduledFor = id, slot
			o := c.r.Outline()
			if c.outline {
				o.Whole = nil
			}
			line := view.TimelineOf(at(-60), at(60), now, nil, job.Item{}, []view.Bar{view.BarOf(o)})
			if len(line.Tracks) != 1 || len(line.Tracks[0].Bars) != 1 {
				t.Fatalf("got %+v", line)
			}
			b := line.Tracks[0].Bars[0]
			if !b.From.Equal(c.from) || !b.To.Equal(c.to) || len(b.Again) != c.again || b.Run != id || !b.ScheduledFor.Equal(slot) || line.Tracks[0].Job != "etl" {
				t.Errorf("got %+v of %s, want %s to %s", b, line.Tracks[0].Job, c.from, c.to)
			}
			if want := view.StateOf(c.r, now); b.State != want {
				t.Errorf("it is %s, want %s", b.State, want)
			}
		})
	}
}

// TestTimelineEnds: what ends at the first moment, or begins at the last, is not shown.
func TestTimelineEnds(t *testing.T) {
	t.Parallel()
	from, to := now.Add(-time.Hour), now
	item := job.Item{Name: "etl", Plan: job.Plan{Schedule: "0 4 * * *", Timezone: "Asia/Tokyo"}}
	bar := func(a, b time.Time) view.Bar {
		return view.BarOf(run.Outline{ID: run.ScheduledID("etl", a), Status: run.Succeeded, StartedAt: a, FinishedAt: b})
	}
	got := view.TimelineOf(from, to, now, []job.Item{item}, job.Item{}, []view.Bar{
		bar(from.Add(-time.Minute), from), bar(from.Add(-time.Minute), from.Add(time.Nanosecond)), bar(to.Add(-time.Minute), to), bar(to, to.Add(time.Minute)),
	})
	if len(got.Tracks) != 1 || len(got.Tracks[0].Bars) != 2 || got.Tracks[0].Zone != "Asia/Tokyo" || !got.From.Equal(from) || !got.To.Equal(to) || !got.Now.Equal(now) {
		t.Errorf("got %+v", got)
	}
}
