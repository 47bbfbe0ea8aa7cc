package cli

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestSilenceSince: of a stack's log, only what came since a time may have been asked for.
func TestSilenceSince(t *testing.T) {
	t.Parallel()
	a := &app{zone: time.UTC}
	since := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got, want := a.silence(run.Attempt{N: 1, Why: "gone"}, since), "has written no output since 2026-11-22 00:00:00 (UTC)"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestLinesOnATerminal: what arrives in pieces is shown as the whole would be.
func TestLinesOnATerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pieces []plane.Line
		want   string
	}{
		"lines of Windows":               {[]plane.Line{{Text: "one\r"}, {Text: "two\r"}}, "one\ntwo\n"},
		"a line break in two pieces":     {[]plane.Line{{Text: "one\r", Open: true}, {Text: ""}}, "one\n"},
		"a progress in one line":         {[]plane.Line{{Text: "1%\r", Open: true}, {Text: "2%"}}, "1%\ufffd2%\n"},
		"a character in three pieces":    {[]plane.Line{{Text: "a\xe2", Open: true}, {Text: "\x82", Open: true}, {Text: "\xac"}}, "a\u20ac\n"},
		"a character that never ends":    {[]plane.Line{{Text: "a\xe2\x82", Open: true}}, "a\ufffd\ufffd"},
		"bytes that are no character":    {[]plane.Line{{Text: "a\xff\xff\xff\xff", Open: true}, {Text: "b"}}, "a\ufffd\ufffd\ufffd\ufffdb\n"},
		"what would control the screen":  {[]plane.Line{{Text: "\x1b[2J", Open: true}, {Text: "\x9b31m"}}, "\ufffd[2J\ufffd31m\n"},
		"a last line without line break": {[]plane.Line{{Text: "end\r", Open: true}}, "end"},
	} {
		var out bytes.Buffer
		l := &linePrinter{a: &app{Env: Env{Stdout: &out, Screen: Screen{Width: 80}}}}
		for _, piece := range c.pieces {
			if err := l.print(piece); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.end(); err != nil || out.String() != c.want {
			t.Errorf("%s: %q, %v, want %q", name, out.String(), err, c.want)
		}
	}
}

// spoken is an Output in which each task wrote its own ARN.
type spoken struct{ plane.Output }

func (spoken) Read(_ context.Context, o port.Output, from string, _ time.Time) (plane.Lines, error) {
	if from != "" {
		return plane.Lines{Next: from}, nil
	}
	return plane.Lines{Lines: []plane.Line{{Text: o.TaskARN}}, Next: "1"}, nil
}

func (spoken) Lag() time.Duration { return 0 }

// TestLogsFollowsTheRun through all attempts, unless one is asked for.
func TestLogsFollowsTheRun(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	id := run.ScheduledID("migrate", at)
	over := func(n int, next string) run.Attempt {
		return run.Attempt{N: n, TaskARN: []string{"", "one", "two"}[n], EndedAt: at, Next: next}
	}
	one := 1
	for name, c := range map[string]struct {
		attempt   *int
		out, errs string
	}{
		"the run":     {nil, "one\ntwo\n", "attempt 2 of " + string(id) + ": relaunch in 2s\n"},
		"one attempt": {&one, "one\n", ""},
	} {
		store := &memory.Store{}
		r := run.Run{ID: id, ScheduledFor: at, QueuedAt: at, Status: run.Queued, Attempts: []run.Attempt{over(1, "relaunch in 2s")}}
		keep := func() {
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		keep()
		p := &plane.Plane{Reader: store, Output: spoken{}, Sleep: func(ctx context.Context, _ time.Duration) {
			var err error
			if r, err = store.Run(ctx, id); err != nil || r.Status.Terminal() {
				return
			}
			r.Attempts, r.Status, r.FinishedAt = append(r.Attempts, over(2, "succeeded")), run.Succeeded, at
			keep()
		}}
		var out, errs bytes.Buffer
		a := &app{Env: Env{Stdout: &out, Stderr: &errs}}
		f := plane.Follow{Run: id, On: true}
		if c.attempt != nil {
			f.Attempt = *c.attempt
		}
		if err := (&logsCmd{Follow: true, Attempt: c.attempt}).print(t.Context(), a, p, f); err != nil || out.String() != c.out || errs.String() != c.errs {
			t.Errorf("%s: %q, %q, %v", name, &out, &errs, err)
		}
	}
}

// TestRepliesSteerNothing: an answer may hold what others wrote.
func TestRepliesSteerNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{Env: Env{Stdout: &out}}
	if err := a.printReply(port.Reply{Outcome: port.Accepted, Message: "it says\n\x1b[2Jred"}); err != nil || out.String() != "it says\n\ufffd[2Jred\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
