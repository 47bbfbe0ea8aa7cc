package control

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// answering is a launcher that gives one answer.
type answering struct {
	port.Launcher

	launch run.Event
	arns   []string
	err    error
	sought string
}

func (a *answering) Launch(context.Context, port.Launch) run.Event { return a.launch }

func (a *answering) Find(_ context.Context, _, startedBy string) ([]string, error) {
	a.sought = startedBy
	return a.arns, a.err
}

// TestAnAnswerSaysWhichSendItIsOf: what an answer proves depends on the send and the round
// that it answers. A search that ECS refuses differs from one that fails.
func TestAnAnswerSaysWhichSendItIsOf(t *testing.T) {
	t.Parallel()
	r := run.Run{ID: "hourly/20261122T1730Z", Attempts: []run.Attempt{{N: 1}, {N: 2, Sends: 3, Round: 4}}}
	launch, find := run.Effect{Kind: run.Launch, Attempt: 2}, run.Effect{Kind: run.Find, Attempt: 2}
	refused := fmt.Errorf("finding: %w", port.ErrRefused)
	failed := errors.New("the line broke")
	for name, c := range map[string]struct {
		effect run.Effect
		answer answering
		want   run.Event
	}{
		"a refusal": {launch, answering{launch: run.Refused{Attempt: 2, Stop: stop.Stop{Reason: "RESOURCE:CPU"}}}, run.Refused{Attempt: 2, Send: 3, Stop: stop.Stop{Reason: "RESOURCE:CPU"}}},
		"no answer": {launch, answering{launch: run.NoAnswer{Attempt: 2, Err: "why"}}, run.NoAnswer{Attempt: 2, Send: 3, Err: "why"}},
		"a task":    {launch, answering{launch: run.Launched{Attempt: 2, TaskARN: "arn"}}, run.Launched{Attempt: 2, Round: 4, TaskARN: "arn"}},
		"tasks":     {find, answering{arns: []string{"arn"}}, run.Found{Attempt: 2, Round: 4, TaskARNs: []string{"arn"}}},
		"none":      {find, answering{}, run.Found{Attempt: 2, Round: 4}},
		"refused":   {find, answering{err: refused}, run.Unseen{Attempt: 2, Refused: true, Err: refused.Error()}},
		"failed":    {find, answering{err: failed}, run.Unseen{Attempt: 2, Err: failed.Error()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctl := &Control{Stack: "prod", Launcher: &c.answer, Now: time.Now}
			got, err := ctl.effect(t.Context(), &r, &job.Job{Cluster: "jobs"}, c.effect)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
			if want := r.RoundID(2).StartedBy("prod"); c.effect == find && c.answer.sought != want {
				t.Errorf("looked for %q, want %q", c.answer.sought, want)
			}
		})
	}
}
