package notice_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestEachRoundThatHangsHasANotice: each round has a task of its own, so the notices that two of
// them do not stop are not the same one.
func TestEachRoundThatHangsHasANotice(t *testing.T) {
	t.Parallel()
	for round, want := range []string{"stuck:prod/report/20261122T1730Z/1", "stuck:prod/report/20261122T1730Z/1-1"} {
		before := run.Run{ID: "report/20261122T1730Z", Status: run.Running, Attempts: []run.Attempt{{N: 1, Round: round}}}
		after := before
		after.Attempts = []run.Attempt{{N: 1, Round: round, Stuck: true}}
		owed := notice.Of(&before, &after, &job.Job{}, &job.Item{})
		if len(owed) != 1 || owed[0].Round != round {
			t.Fatalf("round %d owes %v", round, owed)
		}
		if n := notice.New(owed[0].Kind, "prod", &after, &job.Job{}, time.UTC).OfRound(owed[0].Round); n.ID != want {
			t.Errorf("round %d: %s", round, n.ID)
		}
	}
}
