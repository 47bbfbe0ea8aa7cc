package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	ecsstop "github.com/batchplane/batchplane/internal/stop"
)

// throttledECS refuses launches for their rate until it is open.
type throttledECS struct {
	open     bool
	launched int
}

func (e *throttledECS) Resolve(context.Context, job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: "arn:1", Container: "main", Containers: []ecsstop.Defined{{Name: "main", Essential: true}}}, nil
}

func (e *throttledECS) Launch(_ context.Context, l port.Launch) run.Event {
	if !e.open {
		return run.Refused{Attempt: l.Attempt, Stop: ecsstop.Stop{Kind: ecsstop.LaunchException, ErrorCode: "ThrottlingException", Reason: "Rate exceeded"}}
	}
	e.launched++
	return run.Launched{Attempt: l.Attempt, TaskARN: "arn:task/" + string(l.Run), LastStatus: "PROVISIONING"}
}

func (e *throttledECS) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return nil, nil, nil
}
func (e *throttledECS) StopTask(context.Context, string, string, string) error { return nil }
func (e *throttledECS) Find(context.Context, string, string) ([]string, error) {
	return nil, nil
}

// TestLookUntil: one sweep launches a herd at the rate, and stops in time.
func TestLookUntil(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		within   time.Duration
		launched int
		waiting  bool
	}{
		"time enough":     {50 * time.Second, 25, false},
		"not time enough": {3500 * time.Millisecond, 15, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, ecs := t0, &throttledECS{}
			c := &control.Control{
				Stack: stack, Store: &memory.Store{}, Launcher: ecs, Now: func() time.Time { return now }, Timing: run.DefaultTiming,
				Log: slog.New(slog.DiscardHandler), Pace: &control.Window{Rate: 100}, Abreast: 1,
				Wait: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil },
			}
			for i := range 25 {
				if _, err := c.Scheduled(t.Context(), "", job.Job{Name: fmt.Sprintf("job%d", i), TaskDefinition: "x"}, t0); err != nil {
					t.Fatal(err)
				}
			}
			ecs.open, c.Pace = true, &control.Window{Rate: 5}
			now = now.Add(5 * time.Second)
			began := now
			looked, err := c.LookUntil(t.Context(), now.Add(tc.within))
			if err != nil || ecs.launched < tc.launched || looked.Launched != ecs.launched || looked.Waiting != tc.waiting || now.After(began.Add(tc.within)) {
				t.Errorf("launched %d, %+v, %v after %s; want at least %d", ecs.launched, looked, err, now.Sub(began), tc.launched)
			}
			if seconds := int(now.Sub(began)/time.Second) + 1; ecs.launched > 5*seconds {
				t.Errorf("launched %d in %d seconds", ecs.launched, seconds)
			}
		})
	}
}

// noDue is a store that does not say what is due.
type noDue struct{ port.Store }

func (noDue) Due(context.Context, run.Lane, time.Time, int) ([]run.Run, error) {
	return nil, errBroken
}

// TestLookWithoutTime: a look whose time is up begins with nothing, and still says since when
// the oldest run has been due.
func TestLookWithoutTime(t *testing.T) {
	t.Parallel()
	for _, abreast := range []int{0, 1} {
		now, ecs, store := t0, &throttledECS{}, &memory.Store{}
		c := &control.Control{
			Stack: stack, Store: store, Launcher: ecs, Now: func() time.Time { return now }, Timing: run.DefaultTiming,
			Log: slog.New(slog.DiscardHandler), Abreast: abreast,
		}
		for i := range 2 {
			if _, err := c.Scheduled(t.Context(), "", job.Job{Name: fmt.Sprintf("job%d", i), TaskDefinition: "x"}, t0); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Minute)
		}
		first, err := store.Run(t.Context(), run.ScheduledID("job0", t0))
		if err != nil {
			t.Fatal(err)
		}
		ecs.open = true
		if looked, err := c.LookUntil(t.Context(), now); err != nil || looked != (control.Looked{Oldest: first.DueAt}) || ecs.launched > 0 {
			t.Errorf("%+v, %v; want the oldest since %s", looked, err, first.DueAt)
		}
		if err := store.Corrupt(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := c.LookUntil(t.Context(), now); err != nil {
			t.Errorf("one that cannot be read: %v", err)
		}
		c.Store = noDue{store}
		if _, err := c.LookUntil(t.Context(), now); !errors.Is(err, errBroken) {
			t.Errorf("a store that does not answer: %v", err)
		}
	}
}
