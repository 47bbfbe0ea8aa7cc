package control_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// writings is the output of all tasks.
type writings struct {
	err   error
	asked []port.Output
}

func (l *writings) Tail(_ context.Context, o port.Output, lines int) ([]string, error) {
	l.asked = append(l.asked, o)
	if l.err != nil {
		return nil, l.err
	}
	return []string{"a", "b", "c"}[:min(lines, 3)], nil
}

func (l *writings) Where(o port.Output) string { return "the log of " + o.TaskARN }

// TestNoticesShowOutput of the last attempt, unless it provably never started. If the log
// cannot be read, the notice goes without, and says so.
func TestNoticesShowOutput(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		inject       func(localecs.Kind, localecs.Subject) bool
		err          error
		lines, warns string
		at           bool
		asked        int
	}{
		"it ran":              {lines: "a b c", at: true, asked: 1},
		"its log is not read": {err: errors.New("denied"), at: true, asked: 1, warns: `"why":"denied"`},
		"it never started":    {inject: strikes(localecs.FaultENI)},
		"a later one ran":     {inject: strikes(localecs.FaultENI, "1"), lines: "a b c", at: true, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{inject: tc.inject, script: func(localecs.ContainerSpec) localecs.Script {
				return localecs.Script{For: time.Second, ExitCode: 3}
			}})
			l, log := &writings{err: tc.err}, &strings.Builder{}
			w.ctl.Logs, w.ctl.Log = l, slog.New(slog.NewJSONHandler(log, nil))
			once(w, report)
			w.live()
			if len(w.told) != 1 {
				t.Fatalf("told %+v", w.told)
			}
			n := w.told[0]
			if strings.Join(n.Logs, " ") != tc.lines || (n.LogsAt != "") != tc.at || len(l.asked) != tc.asked {
				t.Errorf("lines %q at %q, asked %+v", n.Logs, n.LogsAt, l.asked)
			}
			if n.LogsUnread != (tc.err != nil) {
				t.Errorf("the notice says that the log could not be read: %t", n.LogsUnread)
			}
			if !strings.Contains(log.String(), tc.warns) || tc.warns == "" && strings.Contains(log.String(), "without log lines") {
				t.Errorf("logged %s", log)
			}
			for _, o := range l.asked {
				last := n.Attempts[len(n.Attempts)-1]
				if o.Run != n.Run || o.Attempt != last.N || o.TaskARN != last.TaskARN || o.Task.Container != "app" || !slices.Contains([]int{1, 2}, o.Attempt) {
					t.Errorf("asked for %+v", o)
				}
			}
		})
	}
}

// TestOutputOfAnOlderRevision: if a retry has taken another revision before a notice is
// carried, the notice has the log of the revision that it is about.
func TestOutputOfAnOlderRevision(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		attempted *run.TaskDefinition
		container string
	}{
		"the same": {nil, "app"}, "an older one": {&run.TaskDefinition{ARN: "report:1", Container: "old"}, "old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, l, n := &memory.Store{}, &writings{}, &teller{}
			c := &control.Control{
				Stack: stack, Store: store, Notifier: n, Logs: l, Now: func() time.Time { return t0 }, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
			}
			if err := store.PutDefinition(t.Context(), report); err != nil {
				t.Fatal(err)
			}
			r := run.Run{
				ID: slot, Definition: report.Hash(), Status: run.Failed, FinishedAt: t0, DueAt: t0, Task: run.TaskDefinition{ARN: "report:2", Container: "app"},
				Attempts: []run.Attempt{{N: 1, Revision: tc.attempted, TaskARN: "task", EndedAt: t0}},
				Owed:     []run.Effect{{Kind: run.Tell, Attempt: 1, Notice: "failed", Status: run.Failed}},
			}
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
			if err := c.Tell(t.Context(), slot); err != nil {
				t.Fatal(err)
			}
			if len(l.asked) != 1 || l.asked[0].Task.Container != tc.container || l.asked[0].TaskARN != "task" {
				t.Errorf("asked for %+v", l.asked)
			}
		})
	}
}
