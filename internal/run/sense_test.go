package run_test

import (
	"testing"

	"github.com/batchplane/batchplane/internal/run"
)

func TestNonsense(t *testing.T) {
	t.Parallel()
	one := []run.Attempt{{N: 1}}
	for name, c := range map[string]struct {
		run  run.Run
		want string
	}{
		"launching":                    {run.Run{Status: run.Launching, Attempts: one, Owed: []run.Effect{{Kind: run.Launch, Attempt: 1}}}, ""},
		"missed, and owes a notice":    {run.Run{Status: run.Missed, Owed: []run.Effect{{Kind: run.Tell}}}, ""},
		"queued for the first time":    {run.Run{Status: run.Queued}, ""},
		"launching without attempt":    {run.Run{Status: run.Launching}, "it is launching and has no attempt"},
		"running without attempt":      {run.Run{Status: run.Running}, "it is running and has no attempt"},
		"owes what it does not have":   {run.Run{Status: run.Running, Attempts: one, Owed: []run.Effect{{Kind: run.StopTask, Attempt: 2}}}, "it owes a stop-task of attempt 2, which it does not have"},
		"attempts that lack one":       {run.Run{Status: run.Running, Attempts: []run.Attempt{{N: 2}}}, "attempt 2 stands where attempt 1 should"},
		"owes what nobody here can do": {run.Run{Status: run.Running, Attempts: one, Owed: []run.Effect{{Kind: "archive", Attempt: 1}}}, `it owes a "archive", which this version does not know`},
		"no status":                    {run.Run{Status: "paused"}, `"paused" is no status`},
	} {
		if got := c.run.Nonsense(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
