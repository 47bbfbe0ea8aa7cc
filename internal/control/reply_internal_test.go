package control

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWhatWasNotLaunched: the reply says that a run was not launched if ECS refused it for
// good, and not if an answer was lost or a task ran.
func TestWhatWasNotLaunched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempts []run.Attempt
		want     port.Outcome
	}{
		"ECS refused it":        {[]run.Attempt{{N: 1, Sends: 1, Refusals: 1}}, port.Refused},
		"an answer was lost":    {[]run.Attempt{{N: 1, Sends: 2, Refusals: 1, Doubt: true}}, port.Accepted},
		"its task has failed":   {[]run.Attempt{{N: 1, Sends: 1, TaskARN: "arn"}}, port.Accepted},
		"the one before it ran": {[]run.Attempt{{N: 1, Sends: 1, TaskARN: "arn"}, {N: 2, Sends: 1, Refusals: 1}}, port.Refused},
	} {
		r := run.Run{ID: "report/20261122T1730Z", Status: run.Failed, Attempts: c.attempts}
		got := reply(&r)
		if said := strings.Contains(got.Message, "was not launched"); got.Outcome != c.want || said != (c.want == port.Refused) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
