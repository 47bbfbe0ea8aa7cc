package local_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
	"github.com/batchplane/batchplane/internal/wire"
)

// TestATaskThatRunsIsSeenToRun: on one machine, ten seconds after its start, with the time since when.
func TestATaskThatRunsIsSeenToRun(t *testing.T) {
	t.Parallel()
	clock := vclock.New(start)
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "local.db"), Clock: clock, Delays: &localecs.Delays{},
		Runner: &localecs.ScriptedRunner{Clock: clock, Script: func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: time.Hour} }},
		Jobs:   []job.Job{{Name: "minutely", Schedule: "* * * * *", Command: []string{"x"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, l) })
	clock.AdvanceTo(start.Add(30 * time.Second))
	id := fire(t, l)[0]
	at := func(after time.Duration) (run.Run, view.State) {
		clock.AdvanceTo(start.Add(30*time.Second + after))
		if _, err := l.Control.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		rs, err := l.Store.Runs(t.Context(), port.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			if r.ID == id {
				return r, view.StateOf(r, clock.Now())
			}
		}
		t.Fatalf("%s is gone", id)
		return run.Run{}, ""
	}
	if _, state := at(9 * time.Second); state != view.Starting {
		t.Errorf("after 9 s: %s", state)
	}
	r, state := at(10 * time.Second)
	if state != view.State(run.Running) || !r.StartedAt.Equal(start.Add(30*time.Second)) {
		t.Errorf("after 10 s: %s, since %s", state, r.StartedAt)
	}
	if again, _ := at(40 * time.Minute); again.Rev != r.Rev {
		t.Errorf("it was written again: revision %d after %d", again.Rev, r.Rev)
	}
}

// TestALostEndIsSeenWithinFiveMinutes: on one machine a task that runs is looked at each
// five minutes, so that is how long the end of one is not known whose event was lost.
func TestALostEndIsSeenWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	const lasts = 17 * time.Minute
	clock := vclock.New(start)
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "local.db"), Clock: clock, Delays: &localecs.Delays{},
		Runner: &localecs.ScriptedRunner{Clock: clock, Script: func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: lasts} }},
		Inject: func(k localecs.Kind, _ localecs.Subject) bool { return k == localecs.FaultLostEvent },
		Jobs:   []job.Job{{Name: "minutely", Schedule: "* * * * *", Command: []string{"x"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, l) })
	clock.AdvanceTo(start.Add(30 * time.Second))
	id := fire(t, l)[0]
	for began := clock.Now(); ; {
		clock.Advance(10 * time.Second)
		if _, err := l.Control.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := l.Store.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		since := clock.Now().Sub(began)
		if r.Status == run.Succeeded && since < lasts {
			t.Fatalf("it %s after %s", r.Status, since)
		}
		if r.Status == run.Succeeded {
			break
		}
		if since > lasts+5*time.Minute+10*time.Second {
			t.Fatalf("%s after its start it is %s, due at %s", since, r.Status, r.DueAt)
		}
	}
}
