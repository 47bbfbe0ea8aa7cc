package schedules

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// TestTheFirstByNameCounts: of schedules that disagree about their job, the first by name counts each
// time, or the job would change from sweep to sweep.
func TestTheFirstByNameCounts(t *testing.T) {
	t.Parallel()
	g := &group{}
	for i := range 20 {
		name := fmt.Sprintf("s%02d", 19-i)
		g.schedules = append(g.schedules, schedule(name, "rate(1 hour)", input(t, job.Job{Name: "a", Schedule: "0 3 * * *", Command: []string{name}})))
	}
	jobs, err := jobsOf(t.Context(), &Registry{Scheduler: g, Rules: rules{}, Trigger: trigger, Read: entry.Registered})
	if len(jobs) != 1 || jobs[0].Command[0] != "s00" {
		t.Errorf("got %+v", jobs)
	}
	bad, ok := errors.AsType[*ProblemError](err)
	if !ok || len(bad.Problems) != 19 || !strings.HasPrefix(bad.Problems[0].Error(), "schedule s00 and schedule s01 carry different definitions of job a") {
		t.Errorf("problems: %v", err)
	}
}
