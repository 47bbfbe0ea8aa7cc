package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// many returns a program with running tasks.
func many(t *testing.T, tasks int) *Program {
	t.Helper()
	store := &memory.Store{}
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	for n := range tasks {
		slot := at.Add(time.Duration(n) * time.Minute)
		r := run.Run{ID: run.ScheduledID("report", slot), Status: run.Running, ScheduledFor: slot, QueuedAt: slot, DueAt: slot}
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	return &Program{Gate: &Gate{}, Abreast: 8, Control: &control.Control{Store: store}}
}

// TestEveryTaskIsAsked: however many tasks run, all are counted, and each is asked to stop although
// another could not be asked.
func TestEveryTaskIsAsked(t *testing.T) {
	t.Parallel()
	const tasks = 250
	p := many(t, tasks)
	over, end := context.WithCancel(t.Context())
	end()
	var mu sync.Mutex
	asked := map[run.ID]bool{}
	damaged := errors.New("it is damaged")
	left, err := p.await(over, time.Hour, func(r run.Run) error {
		mu.Lock()
		defer mu.Unlock()
		if asked[r.ID] {
			return fmt.Errorf("%s is asked again in one turn", r.ID)
		}
		asked[r.ID] = true
		switch len(asked) {
		case 3:
			return damaged
		case 4:
			panic("poison")
		}
		return nil
	})
	if !errors.Is(err, damaged) || !strings.Contains(err.Error(), "poison") || len(asked) != tasks || left != tasks {
		t.Errorf("%d asked, %d left, %v", len(asked), left, err)
	}
	if n, err := p.Running(t.Context()); n != tasks || err != nil {
		t.Errorf("%d run, %v", n, err)
	}
}

// TestTheTimeToStopBeginsOnceAllWereAsked: many tasks take longer to ask than the time that they get.
func TestTheTimeToStopBeginsOnceAllWereAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const within = 30 * time.Second
		p := many(t, 20)
		var mu sync.Mutex
		var last time.Time
		asked := map[run.ID]bool{}
		left, err := p.await(t.Context(), within, func(r run.Run) error {
			mu.Lock()
			again := asked[r.ID]
			asked[r.ID] = true
			mu.Unlock()
			if again {
				return nil
			}
			time.Sleep(within)
			mu.Lock()
			defer mu.Unlock()
			last = time.Now()
			return nil
		})
		if got := time.Since(last); len(asked) != 20 || left != 20 || err != nil || got < within {
			t.Errorf("%d asked, %d left, %v, %s after the last was asked", len(asked), left, err, got)
		}
	})
}

// unlistable is a store that cannot list runs.
type unlistable struct {
	port.Store
	err error
}

func (s unlistable) Runs(context.Context, port.Query) ([]run.Run, error) { return nil, s.err }

// TestTheEndLaunchesNothing: once the program is to end, nothing more is launched.
func TestTheEndLaunchesNothing(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, p *Program) error{
		"drained": func(ctx context.Context, p *Program) error { _, err := p.DrainTasks(ctx, time.Hour); return err },
		"stopped": func(ctx context.Context, p *Program) error {
			_, err := p.StopTasks(ctx, time.Hour)
			return err
		},
		"its context ends": func(ctx context.Context, p *Program) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return p.Run(ctx, 0)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := many(t, 0)
			p.Control.Now, p.Control.Timing, p.Control.Log = time.Now, run.DefaultTiming, slog.New(slog.DiscardHandler)
			err := end(t.Context(), p)
			synctest.Wait()
			if !p.Gate.Closed() || err != nil {
				t.Errorf("%s: the gate is closed: %v, %v", name, p.Gate.Closed(), err)
			}
		})
	}
}

// TestTasksThatCannotBeCounted: that nobody knows which tasks run does not mean that none does.
func TestTasksThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	p := &Program{Gate: &Gate{}, Control: &control.Control{Store: unlistable{err: broken}}}
	for name, count := range map[string]func() (int, error){
		"running": func() (int, error) { return p.Running(t.Context()) },
		"drained": func() (int, error) { return p.DrainTasks(t.Context(), time.Hour) },
		"stopped": func() (int, error) { return p.StopTasks(t.Context(), time.Hour) },
	} {
		if _, err := count(); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
