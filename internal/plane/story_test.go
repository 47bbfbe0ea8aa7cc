package plane_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// TestStoryWithoutSweeps: looks that find a task as it should be leave no trace, so a run without
// a trace of them is not one that nobody looks at. A run that nobody looks at is reported as
// such.
func TestStoryWithoutSweeps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	running := run.Run{ID: "a/20261122T0700Z", Status: run.Running, DueAt: ago(2*time.Hour - 5*time.Minute), Attempts: []run.Attempt{{N: 1, TaskARN: "task", LastStatus: "PROVISIONING"}}}
	queued := run.Run{ID: "b/20261122T0700Z", Status: run.Queued, DueAt: ago(time.Hour)}
	waits := run.Run{ID: "c/20261122T0700Z", Status: run.Queued, DueAt: ago(time.Hour), Waits: true}
	ended := run.Run{ID: "d/20261122T0700Z", Status: run.Failed, FinishedAt: ago(time.Hour)}
	const looks, old = "its task runs, as far as is known", "nothing looks at this run or launches it"
	for name, c := range map[string]struct {
		r     run.Run
		swept time.Duration // ago; 0 means never
		state view.State
		next  string
	}{
		"a sweep has looked":             {running, time.Minute, view.State(run.Running), looks},
		"none has come since the launch": {running, 2 * time.Hour, view.Starting, "the sweep last finished 2h0m0s ago: " + old},
		"none comes any more":            {running, time.Hour, view.State(run.Running), old},
		"none launches what waits":       {queued, time.Hour, view.State(run.Queued), old},
		"an end launches what waits":     {waits, time.Hour, view.State(run.Queued), "it is launched when that run ends"},
		"what has ended needs none":      {ended, time.Hour, view.State(run.Failed), ""},
		"a stack whose first is to come": {running, 0, view.State(run.Running), looks},
		"one that is a little late":      {queued, 4 * time.Minute, view.State(run.Queued), "it is launched"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			if c.swept > 0 {
				if err := store.SetMark(t.Context(), port.MarkSweep, ago(c.swept)); err != nil {
					t.Fatal(err)
				}
			}
			clock := now
			s, err := (&plane.Plane{Reader: store, Now: func() time.Time { clock = clock.Add(time.Nanosecond); return clock }}).Story(t.Context(), c.r)
			if err != nil || s.State != c.state || !strings.Contains(s.Next, c.next) || (c.next == "") != (s.Next == "") || strings.Contains(s.Next, old) && s.DueAt != nil {
				t.Errorf("%s, next %q at %v, %v", s.State, s.Next, s.DueAt, err)
			}
		})
	}
}
