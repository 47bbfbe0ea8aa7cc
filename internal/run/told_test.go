package run_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestTold: a run remembers its newest notices, what they said and who took them. A notice
// that nobody took was given up.
func TestTold(t *testing.T) {
	t.Parallel()
	r := run.Run{ID: "etl/20261122T0900Z", Status: run.Failed, Cause: "exit code 3", FinishedAt: t0, DueAt: t0}
	owed := run.Effect{Kind: run.Tell, Attempt: 1, Notice: "failed", Status: run.Failed, Cause: "exit code 3"}
	stuck := run.Effect{Kind: run.Tell, Attempt: 1, About: 1, Notice: "stuck"}
	r.Owed = []run.Effect{owed, stuck}
	d := decide(t, plain, r, run.Done{Effect: owed, To: []string{"slack/ops", "sns"}}, t0.Add(time.Second))
	d = decide(t, plain, d, run.Done{Effect: stuck}, t0.Add(2*time.Second))
	want := []run.Told{
		{At: t0.Add(time.Second), Notice: "failed", Cause: "exit code 3", To: []string{"slack/ops", "sns"}},
		{At: t0.Add(2 * time.Second), Notice: "stuck", Attempt: 1, Cause: "exit code 3"},
	}
	if len(d.Owed) != 0 || fmt.Sprint(d.Told) != fmt.Sprint(want) {
		t.Errorf("got %+v", d.Told)
	}
	before := d
	for i := range 9 {
		e := owed
		e.Count = i
		d.Owed, d.DueAt = []run.Effect{e}, t0
		d = decide(t, plain, d, run.Done{Effect: e, To: []string{"sns"}}, t0)
	}
	if len(d.Told) != 5 || d.Told[4].Count != 8 || d.Told[0].Count != 4 || !slices.Equal(before.Told[0].To, want[0].To) || before.Told[1].Notice != "stuck" {
		t.Errorf("got %+v, and before %+v", d.Told, before.Told)
	}
	if d := decide(t, plain, r, run.Done{Effect: run.Effect{Kind: run.Tell, Notice: "x"}, To: []string{"sns"}}, t0); len(d.Told) != 0 {
		t.Errorf("what was not owed: %+v", d.Told)
	}
}
