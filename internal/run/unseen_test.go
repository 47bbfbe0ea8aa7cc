package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestUnseen: refusals end a run only when they outlast ECS's memory. A state in between
// starts that time anew.
func TestUnseen(t *testing.T) {
	t.Parallel()
	refused := run.Unseen{Attempt: 1, Refused: true, Err: "AccessDeniedException: no"}
	lost := run.Unseen{Attempt: 1, Err: "EOF"}
	state := seen(1, 1, spotWarning)
	state.Stop.Code, state.Look = "", true
	type step struct {
		after time.Duration
		event run.Event
		want  run.Status
		what  run.Result
	}
	for name, steps := range map[string][]step{
		"for an hour":           {{5 * time.Minute, refused, run.Running, run.Did}, {60 * time.Minute, refused, run.Failed, run.Did}, {time.Minute, refused, run.Failed, run.Ignored}},
		"not quite an hour":     {{5 * time.Minute, refused, run.Running, run.Did}, {59 * time.Minute, refused, run.Running, run.Did}},
		"lost answers":          {{5 * time.Minute, lost, run.Running, run.Did}, {9 * time.Hour, lost, run.Running, run.Did}, {time.Hour, refused, run.Running, run.Did}},
		"seen in between":       {{5 * time.Minute, refused, run.Running, run.Did}, {50 * time.Minute, state, run.Running, run.Did}, {50 * time.Minute, refused, run.Running, run.Did}},
		"somebody else looked":  {{5 * time.Minute, refused, run.Running, run.Did}, {time.Second, refused, run.Running, run.Ignored}},
		"an attempt of nothing": {{5 * time.Minute, run.Unseen{Attempt: 2, Refused: true}, run.Running, run.Ignored}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := t0
			r := decided(plain, newRun(), run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}, now, run.DefaultTiming).Next
			for i, s := range steps {
				now = now.Add(s.after)
				d := decided(plain, r, s.event, now, run.DefaultTiming)
				if r = d.Next; r.Status != s.want || d.Result != s.what {
					t.Fatalf("step %d: %s, %s: %s", i+1, r.Status, d.Result, d.Why)
				}
				if _, unseen := s.event.(run.Unseen); !unseen || r.Status.Terminal() || d.Result != run.Did {
					continue
				}
				if wait := r.DueAt.Sub(now); wait < time.Minute || wait > 10*time.Minute {
					t.Errorf("step %d: asked again in %s", i+1, wait)
				}
			}
		})
	}
}

// TestNoAnswerAmongRefusals: after a missing answer ECS is asked again a minute later, even
// if it has refused for long.
func TestNoAnswerAmongRefusals(t *testing.T) {
	t.Parallel()
	r := decided(plain, newRun(), run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}, t0, run.DefaultTiming).Next
	for _, s := range []struct {
		after   time.Duration
		refused bool
		wait    time.Duration
	}{{5 * time.Minute, true, time.Minute}, {15 * time.Minute, true, 10 * time.Minute}, {25 * time.Minute, false, time.Minute}, {26 * time.Minute, true, 10 * time.Minute}} {
		now := t0.Add(s.after)
		r = decided(plain, r, run.Unseen{Attempt: 1, Refused: s.refused, Err: "no"}, now, run.DefaultTiming).Next
		if wait := r.DueAt.Sub(now); wait != s.wait {
			t.Errorf("after %s, refused %t: asked again in %s, want %s", s.after, s.refused, wait, s.wait)
		}
	}
}
