package control

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestWhenATaskEnded: a task ended when ECS says that its containers did, or else when it was
// stopped. If a task had started and has neither the first time nor an exit code, nobody saw
// its end.
func TestWhenATaskEnded(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	ended, stopped := started.Add(time.Minute), started.Add(time.Hour)
	code := int64(1)
	for name, c := range map[string]struct {
		task   ecsevent.Task
		at     time.Time
		unseen bool
	}{
		"as it should":       {ecsevent.Task{StartedAt: started, ExecutionStoppedAt: ended, StoppedAt: stopped}, ended, false},
		"with a code":        {ecsevent.Task{StartedAt: started, StoppedAt: stopped, Containers: []stop.Container{{}, {ExitCode: &code}}}, stopped, false},
		"seen by nobody":     {ecsevent.Task{StartedAt: started, StoppedAt: stopped, Containers: []stop.Container{{}}}, stopped, true},
		"that never started": {ecsevent.Task{StoppedAt: stopped, Containers: []stop.Container{{}}}, stopped, false},
	} {
		c.task.ARN, c.task.Version = "arn", 7
		got := seen(run.RoundID{Run: "report", Attempt: 2, Round: 1}, c.task, true)
		if !got.EndedAt.Equal(c.at) || got.EndUnseen != c.unseen {
			t.Errorf("%s: ended at %s, unseen %t", name, got.EndedAt, got.EndUnseen)
		}
		if got.Attempt != 2 || got.Round != 1 || got.TaskARN != "arn" || got.Version != 7 || !got.Look {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
