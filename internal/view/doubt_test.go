package view

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestStatesThatNeedAPerson: which states are bad, and which are of open runs.
func TestStatesThatNeedAPerson(t *testing.T) {
	t.Parallel()
	for state, want := range map[State]struct{ bad, open bool }{
		State(run.Failed): {true, false}, State(run.Missed): {true, false}, InDoubt: {true, true},
		State(run.Succeeded): {}, State(run.Skipped): {}, State(run.Stopped): {},
		State(run.Queued): {false, true}, State(run.Running): {false, true}, Starting: {false, true}, Stopping: {false, true},
	} {
		if state.Bad() != want.bad || state.Open() != want.open {
			t.Errorf("%s: bad %t, open %t", state, state.Bad(), state.Open())
		}
	}
}

// TestDoubt: a run is in doubt while its launch is not known, and not once somebody has it stopped.
func TestDoubt(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 11, 22, 18, 30, 0, 0, time.FixedZone("", 3600))
	const again, seeks = "the same request is sent again", "batchplane searches for the task"
	for name, c := range map[string]struct {
		change func(*run.Run)
		says   string
		sought bool
	}{
		"just sent":                {func(*run.Run) {}, again, false},
		"sought":                   {func(r *run.Run) { r.Attempts[0].SoughtAt = sent }, seeks, true},
		"to be sought":             {func(r *run.Run) { r.Owed = []run.Effect{{Kind: run.Find, Attempt: 1}} }, seeks, false},
		"answered":                 {func(r *run.Run) { r.Attempts[0].Doubt = false }, "", false},
		"its task is known to run": {func(r *run.Run) { r.Status = run.Running }, "", false},
		"a person has it stopped":  {func(r *run.Run) { r.Stopping = &run.StopRequest{} }, "", false},
		"not yet launched":         {func(r *run.Run) { r.Attempts = nil }, "", false},
	} {
		r := run.Run{ID: "a/20261122T1730Z", Status: run.Launching, Attempts: []run.Attempt{{N: 1, Doubt: true, SentAt: sent}}}
		c.change(&r)
		d := DoubtOf(r)
		if (d != nil) != (c.says != "") {
			t.Errorf("%s: %+v", name, d)
		} else if d != nil && (d.Attempt != 1 || d.Since != sent.UTC() || !strings.HasPrefix(d.Next, c.says) || (d.Sought != nil) != c.sought || d.Sought != nil && *d.Sought != sent.UTC()) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestPausesThatNeedAPerson: one that nobody ends, after a while, and one whose end is near.
func TestPausesThatNeedAPerson(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		pause  job.Pause
		goesOn time.Time
		want   string
	}{
		"for long, without an end":      {job.Pause{From: now.Add(-pausedLong - 1), By: "mia", Reason: "a move"}, time.Time{}, "paused for long: by mia: a move"},
		"not yet for long":              {job.Pause{From: now.Add(-pausedLong)}, time.Time{}, ""},
		"it ends soon":                  {job.Pause{From: now, To: now.Add(endsSoon)}, now.Add(endsSoon), "pause ends soon: its schedule resumes in 1h; paused by a person"},
		"it ends later":                 {job.Pause{From: now, To: now.Add(endsSoon + 1)}, now.Add(endsSoon + 1), ""},
		"for long, and nothing follows": {job.Pause{From: now.Add(-2 * pausedLong), To: now.Add(time.Minute)}, time.Time{}, ""},
	} {
		got := ""
		for _, a := range pauseAttention("a", c.pause, c.goesOn, now) {
			got += string(a.Kind) + ": " + a.Words
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
