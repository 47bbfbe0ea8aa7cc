package control_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestCrowdedSlot: for a second after ECS refused its launch for the rate, a process leaves
// slots to the look and asks ECS for nothing. It launches what a person asks for, and
// whatever comes later. A process that keeps to a rate itself leaves nothing.
func TestCrowdedSlot(t *testing.T) {
	t.Parallel()
	other := with(report, func(j *job.Job) { j.Name = "second" })
	second := func(w *world) (port.Reply, error) {
		return w.ctl.Scheduled(w.t.Context(), "", other, t0)
	}
	for name, c := range map[string]struct {
		pace  port.Pacer
		wait  time.Duration
		ask   func(*world) (port.Reply, error)
		asked int // how many tasks were asked for by RunTask
		want  run.Status
	}{
		"within a second":          {nil, time.Second - 1, second, 1, run.Queued},
		"after a second":           {nil, time.Second, second, 2, run.Running},
		"in a process with a rate": {&control.Window{Rate: 20}, 0, second, 2, run.Running},
		"by hand, within the second": {nil, 0, func(w *world) (port.Reply, error) {
			return w.ctl.RunByHand(w.t.Context(), port.RunRequest{Job: "second", RequestID: "r"})
		}, 2, run.Running},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := map[string]bool{}
			w := newWorld(t, setup{
				inject: func(k localecs.Kind, s localecs.Subject) bool {
					if k == localecs.FaultThrottle {
						asked[s.StartedBy] = true
					}
					return k == localecs.FaultThrottle && len(asked) == 1 && s.Send == 1
				},
				script: func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: time.Minute} },
			})
			w.ctl.Pace = c.pace
			if err := w.ctl.Sync(t.Context(), []job.Job{report, other}); err != nil {
				t.Fatal(err)
			}
			if r, err := w.ctl.Scheduled(t.Context(), "", report, t0); err != nil || r.Status != run.Queued {
				t.Fatalf("the first is %s: %v", r.Status, err)
			}
			w.clock.Advance(c.wait)
			reply, err := c.ask(w)
			if err != nil || reply.Status != c.want || len(asked) != c.asked {
				t.Fatalf("%+v, %v; RunTask was asked for %d tasks", reply, err, len(asked))
			}
			w.clock.Advance(2 * time.Second)
			w.look()
			for _, id := range []run.ID{run.ScheduledID("report", t0), reply.Run} {
				if r, err := w.store.Run(t.Context(), id); err != nil || r.Status != run.Running || len(r.Attempts) != 1 {
					t.Errorf("after the look %s is %s with %d attempts: %v", id, r.Status, len(r.Attempts), err)
				}
			}
		})
	}
}

// TestCrowdedLock: a run that is left to the look holds its job's lock from its claim.
func TestCrowdedLock(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	w := newWorld(t, setup{inject: func(k localecs.Kind, s localecs.Subject) bool {
		asked[s.StartedBy] = true
		return k == localecs.FaultThrottle && s.Send == 1
	}})
	exclusive := with(report, func(j *job.Job) { j.Name, j.Overlap = "second", job.Forbid })
	if err := w.ctl.Sync(t.Context(), []job.Job{report, exclusive}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []run.Status{run.Queued, run.Queued, run.Skipped} {
		j, at := exclusive, t0.Add(time.Duration(i-1)*time.Minute)
		if i == 0 {
			j, at = report, t0
		}
		if i == 2 {
			w.clock.Advance(time.Minute)
		}
		if r, err := w.ctl.Scheduled(t.Context(), "", j, at); err != nil || r.Status != want {
			t.Errorf("%s at %s is %s, want %s: %v", j.Name, at.Format("15:04"), r.Status, want, fmt.Sprint(err, r.Message))
		}
	}
	if len(asked) != 1 {
		t.Errorf("RunTask was asked for %d tasks", len(asked))
	}
}
