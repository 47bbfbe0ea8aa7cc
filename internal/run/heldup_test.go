package run_test

import (
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestHeldUp: that a run waits for a quarter of an hour is noted once, and by no change of
// where it stands. What waits for another reason is not held up.
func TestHeldUp(t *testing.T) {
	t.Parallel()
	waits := run.Run{ID: "report/20261122T1730Z", Status: run.Queued, QueuedAt: t0, ReadyAt: t0, DueAt: t0, Lacks: stop.NoCapacity, Cause: "waiting", Attempts: []run.Attempt{{N: 1, SentAt: t0}}}
	with := func(change func(*run.Run)) run.Run {
		r := waits
		r.Attempts = slices.Clone(waits.Attempts)
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		r     run.Run
		after time.Duration
		want  bool
	}{
		"for capacity":                {waits, 15 * time.Minute, true},
		"not so long":                 {waits, 15*time.Minute - 1, false},
		"for the quota":               {with(func(r *run.Run) { r.Lacks = stop.NoQuota }), time.Hour, true},
		"for the quota, not so long":  {with(func(r *run.Run) { r.Lacks = stop.NoQuota }), time.Hour - 1, false},
		"for its task definition":     {with(func(r *run.Run) { r.Lacks, r.Renew = "", true }), 15 * time.Minute, true},
		"for the rate":                {with(func(r *run.Run) { r.Lacks = "" }), time.Hour, false},
		"for another's end":           {with(func(r *run.Run) { r.Waits = true }), time.Hour, false},
		"told before":                 {with(func(r *run.Run) { r.HeldUp = t0 }), time.Hour, false},
		"being launched":              {with(func(r *run.Run) { r.Status = run.Launching }), time.Hour, false},
		"since a person retried it":   {with(func(r *run.Run) { r.ReadyAt = t0.Add(time.Hour) }), time.Hour, false},
		"since the attempt before":    {with(func(r *run.Run) { r.Attempts[0].EndedAt = t0.Add(time.Minute) }), 15 * time.Minute, false},
		"long since the one before":   {with(func(r *run.Run) { r.Attempts[0].EndedAt = t0.Add(time.Minute) }), 16 * time.Minute, true},
		"of which nobody knows more ": {with(func(r *run.Run) { r.Attempts = nil }), 15 * time.Minute, true},
	} {
		now := t0.Add(c.after)
		d := decided(plain, c.r, run.Waiting{}, now, run.DefaultTiming)
		if got := d.Result == run.Did; got != c.want || got != c.r.HeldUpNow(now) || got != (d.Next.HeldUp.Equal(now) && !now.Equal(c.r.HeldUp)) {
			t.Errorf("%s: %s, held up at %s", name, d.Result, d.Next.HeldUp)
		}
		if d.Next.Status != c.r.Status || !d.Next.DueAt.Equal(c.r.DueAt) || d.Next.Cause != c.r.Cause {
			t.Errorf("%s: it is %s, due %s", name, d.Next.Status, d.Next.DueAt)
		}
	}
}

// TestHeldUpNoMore: that a run waits is not told once it is not launched any more. A restored table says of
// a run that was launched since that it waits.
func TestHeldUpNoMore(t *testing.T) {
	t.Parallel()
	r := run.Run{ID: "report/20261122T1730Z", Status: run.Queued, ScheduledFor: t0, QueuedAt: t0, ReadyAt: t0, DueAt: t0, Lacks: stop.NoCapacity, Attempts: []run.Attempt{{N: 1, SentAt: t0}}}
	restored := run.DefaultTiming
	restored.NotBefore = t0.Add(time.Hour)
	now := t0.Add(2 * time.Hour)
	if d := decided(plain, r, run.Waiting{}, now, restored); d.Result != run.Ignored {
		t.Errorf("%s: %s", d.Result, d.Why)
	}
	if d := decided(plain, r, run.Due{}, now, restored); d.Next.Status != run.Failed {
		t.Errorf("it is %s", d.Next.Status)
	}
}

// TestHeldUpAgain: a retry waits anew.
func TestHeldUpAgain(t *testing.T) {
	t.Parallel()
	noted := t0.Add(time.Hour)
	r := run.Run{ID: "report/20261122T1730Z", Status: run.Queued, QueuedAt: t0, HeldUp: noted, Attempts: []run.Attempt{{N: 1, SentAt: t0}}}
	r.Status, r.FinishedAt, r.Attempts[0].EndedAt = run.Failed, noted, noted
	d := decided(plain, r, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}, noted, run.DefaultTiming)
	if d.Result != run.Did || !d.Next.HeldUp.IsZero() {
		t.Errorf("retried: %s, held up at %s", d.Result, d.Next.HeldUp)
	}
}
