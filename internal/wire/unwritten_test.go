package wire_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// byHand is a machine whose tasks end when they are told to.
type byHand struct {
	localecs.ScriptedRunner

	ends chan func(localecs.Exit)
}

func (b *byHand) Start(spec localecs.ContainerSpec, exited func(localecs.Exit)) (localecs.Process, error) {
	b.ends <- exited
	return b.ScriptedRunner.Start(spec, func(localecs.Exit) {}) //nolint:wrapcheck // in its place
}

// TestAnEndThatCannotBeWritten: it is trouble as long as it lasts, whichever of the end's two writes
// fails, even if there is nothing else to do.
func TestAnEndThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{"of the task": "ecs_tasks", "of the run": "runs"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runner := &byHand{ScriptedRunner: localecs.ScriptedRunner{Clock: localecs.RealClock{}}, ends: make(chan func(localecs.Exit), 1)}
			l := mustStart(t, wire.LocalConfig{
				DB: filepath.Join(t.TempDir(), "jobs.db"), Runner: runner, Delays: &localecs.Delays{},
				Jobs: []job.Job{{Name: "report", Command: []string{"x"}}},
			})
			sql := func(text string) {
				t.Helper()
				if _, err := l.Store.DB().ExecContext(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
			reply, err := l.Control.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "1", By: "me"})
			if err != nil {
				t.Fatal(err)
			}
			end := <-runner.ends
			for _, write := range []string{"INSERT", "UPDATE"} {
				sql("CREATE TRIGGER full_" + write + " BEFORE " + write + " ON " + table + " BEGIN INSERT INTO nowhere VALUES (1); END")
			}
			code := int64(0)
			end(localecs.Exit{Code: &code})
			awaitTrouble(t, l, func(trouble string) bool {
				return strings.HasPrefix(trouble, "cannot write what became of 1 task, trying again: ") && strings.Contains(trouble, "no such table: main.nowhere")
			})
			sql("DROP TRIGGER full_INSERT; DROP TRIGGER full_UPDATE")
			awaitTrouble(t, l, func(trouble string) bool { return trouble == "" })
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				r, err := l.Store.Run(t.Context(), reply.Run)
				if err != nil || time.Now().After(deadline) {
					t.Fatalf("it %s, %v", r.Status, err)
				}
				if r.Status == run.Succeeded {
					break
				}
			}
		})
	}
}

// deaf is a terminal at which nobody listens.
type deaf struct{}

func (deaf) Notify(context.Context, notice.Notice) error { return errors.New("nobody listens") }

// TestANoticeThatNobodyTakes: the end of the task is written, so that is not what the trouble is.
func TestANoticeThatNobodyTakes(t *testing.T) {
	t.Parallel()
	runner := &byHand{ScriptedRunner: localecs.ScriptedRunner{Clock: localecs.RealClock{}}, ends: make(chan func(localecs.Exit), 1)}
	l := mustStart(t, wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "jobs.db"), Runner: runner, Delays: &localecs.Delays{}, Notifier: deaf{},
		Jobs: []job.Job{{Name: "report", Command: []string{"x"}}},
	})
	reply, err := l.Control.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "1", By: "me"})
	if err != nil {
		t.Fatal(err)
	}
	code := int64(3)
	(<-runner.ends)(localecs.Exit{Code: &code})
	awaitTrouble(t, l, func(trouble string) bool {
		return strings.Contains(trouble, "not all could be done yet that the ends of 1 task ask for, such as notices; trying again: ") && strings.Contains(trouble, "nobody listens")
	})
	if r, err := l.Store.Run(t.Context(), reply.Run); err != nil || r.Status != run.Failed {
		t.Errorf("it %s, %v", r.Status, err)
	}
}

// TestANoticeBesideAnEndThatCannotBeWritten: neither hides the other.
func TestANoticeBesideAnEndThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	runner := &byHand{ScriptedRunner: localecs.ScriptedRunner{Clock: localecs.RealClock{}}, ends: make(chan func(localecs.Exit), 1)}
	l := mustStart(t, wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "jobs.db"), Runner: runner, Delays: &localecs.Delays{}, Notifier: deaf{},
		Jobs: []job.Job{{Name: "report", Command: []string{"x"}}},
	})
	for n, code := range []int64{3, 0} {
		reply, err := l.Control.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: strconv.Itoa(n), By: "me"})
		if err != nil {
			t.Fatal(err)
		}
		end := <-runner.ends
		if code == 0 {
			if _, err := l.Store.DB().ExecContext(t.Context(), "CREATE TRIGGER full BEFORE UPDATE ON runs WHEN NEW.id = '"+string(reply.Run)+"' BEGIN INSERT INTO nowhere VALUES (1); END"); err != nil {
				t.Fatal(err)
			}
		}
		end(localecs.Exit{Code: &code})
		// The first end is saved before the second run starts: otherwise it would launch that run, and fail with it.
		awaitTrouble(t, l, func(trouble string) bool { return strings.Contains(trouble, "nobody listens") })
	}
	awaitTrouble(t, l, func(trouble string) bool {
		return strings.Contains(trouble, "cannot write what became of 1 task, trying again: ") && strings.Contains(trouble, "no such table: main.nowhere") &&
			strings.Contains(trouble, "that the ends of 1 task ask for, such as notices; trying again: ") && strings.Contains(trouble, "nobody listens")
	})
}

// counting counts how often nobody listened.
type counting struct{ tries *atomic.Int32 }

func (c counting) Notify(context.Context, notice.Notice) error {
	c.tries.Add(1)
	return errors.New("nobody listens")
}

// TestATargetThatIsGone: it is tried within seconds at first, and for hours some times an hour.
func TestATargetThatIsGone(t *testing.T) {
	t.Parallel()
	clock, tries := vclock.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)), &atomic.Int32{}
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "jobs.db"), Clock: clock, Delays: &localecs.Delays{}, Notifier: counting{tries},
		Runner: &localecs.ScriptedRunner{Clock: clock, Script: func(localecs.ContainerSpec) localecs.Script { return localecs.Script{ExitCode: 3} }},
		Jobs:   []job.Job{{Name: "report", Command: []string{"x"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close(context.WithoutCancel(t.Context())) }()
	if _, err := l.Control.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "1", By: "me"}); err != nil {
		t.Fatal(err)
	}
	for range 2 * 60 {
		clock.Advance(time.Second)
	}
	early := tries.Load()
	for range 10 * 60 {
		clock.Advance(time.Minute)
		if _, err := l.Control.Look(t.Context()); err != nil && !errors.Is(err, port.ErrOwed) {
			t.Fatal(err)
		}
	}
	if all := tries.Load(); early < 6 || all > 120 || all < 60 {
		t.Errorf("tried %d times in two minutes, and %d in ten hours", early, all)
	}
}
