package console

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/run"
)

// TestStopSays: what the page says about a stop is what happens.
func TestStopSays(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]run.Run{
		"SIGTERM":               {Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "arn:aws:ecs:eu-central-1:1:task/c/1"}}},
		"not known whether ECS": {Status: run.Launching, Attempts: []run.Attempt{{N: 1, Doubt: true}}},
		"No further task of it": {Status: run.Queued},
	} {
		says := strings.Join(stopSays(r), " ")
		if doubt := strings.Contains(says, "may have run"); !strings.Contains(says, want) || doubt == strings.Contains(says, "ends as stopped") || doubt != (r.Last() != nil && r.Last().Doubt) {
			t.Errorf("%s: %s", want, says)
		}
	}
}
