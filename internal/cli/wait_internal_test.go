package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// accepts is a door that accepts every request for one run.
type accepts run.ID

func (d accepts) Ask(context.Context, entry.Request) (port.Reply, error) {
	return port.Reply{Outcome: port.Accepted, Run: run.ID(d), Message: "launched " + string(d)}, nil
}

// full is a file on a full disk.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestARunThatThereIs: exit code 125 says that there is no run, so a pipeline may ask again. It is
// not given once there is one, even if the answer cannot be printed or the run cannot be read.
func TestARunThatThereIs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	id := run.ScheduledID("migrate", at)
	ended := &memory.Store{}
	if err := ended.Commit(t.Context(), port.Change{Run: &run.Run{ID: id, ScheduledFor: at, QueuedAt: at, FinishedAt: at.Add(time.Minute), Status: run.Succeeded, Cause: "succeeded"}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		store *memory.Store
		flags waiting
		json  bool
		code  int
		says  string
	}{
		"the answer cannot be printed":     {ended, waiting{Wait: true}, true, 0, "no space left on device"},
		"the run cannot be read":           {&memory.Store{}, waiting{Wait: true}, false, 1, "it is not known how " + string(id) + " ends: run " + string(id) + ": not found"},
		"the run to follow cannot be read": {&memory.Store{}, waiting{Follow: true}, false, 1, "it is not known how " + string(id) + " ends: run " + string(id) + ": not found"},
	} {
		var errs bytes.Buffer
		a := &app{Env: Env{Stdout: full{}, Stderr: &errs}, json: c.json, zone: time.UTC}
		err := c.flags.code(a, c.flags.ask(t.Context(), a, &plane.Plane{Reader: c.store, Door: accepts(id)}, entry.Request{Run: &port.RunRequest{Job: "migrate"}}))
		if code := a.exitCode(err); code != c.code || !strings.Contains(errs.String(), c.says) || !strings.Contains(errs.String(), "launched "+string(id)) {
			t.Errorf("%s: exit code %d, %s", name, code, errs.String())
		}
	}
	var errs bytes.Buffer
	a := &app{Env: Env{Stdout: full{}, Stderr: &errs}}
	if code := a.exitCode(a.ask(t.Context(), &plane.Plane{Door: accepts(id)}, entry.Request{})); code != exitRefused || !strings.Contains(errs.String(), "the answer was: accepted: launched "+string(id)) {
		t.Errorf("without --wait: exit code %d, %s", code, errs.String())
	}
}

// cut is a door that gives no answer.
type cut struct{}

func (cut) Ask(context.Context, entry.Request) (port.Reply, error) {
	return port.Reply{}, errors.New("the line is dead")
}

// TestAStopThatCannotBeAskedFor: a person who interrupts the wait and has the run stopped is told that it
// was not.
func TestAStopThatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	a := &app{Env: Env{Stdin: strings.NewReader("y\n"), Stdout: &bytes.Buffer{}, Stderr: &errs, Screen: Screen{Asks: true}}}
	err := a.interrupted(t.Context(), &plane.Plane{Door: cut{}}, "migrate/manual-1")
	if code := a.exitCode(err); code != exitInterrupted || !strings.HasSuffix(errs.String(), "batchplane: the line is dead\n") {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}

// TestRetryAllGoesOnWithoutPrinting: all runs that a person agreed to are retried, even if an
// answer cannot be printed.
func TestRetryAllGoesOnWithoutPrinting(t *testing.T) {
	t.Parallel()
	p, _, door := failedNight(t, 3)
	chosen, _, err := p.Candidates(t.Context(), plane.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{Env: Env{Stdout: full{}, Stderr: &bytes.Buffer{}, User: "ana"}, zone: time.UTC}
	if err := (&retryCmd{}).retryEach(t.Context(), a, p, chosen); !errors.Is(err, errFull) || len(door.asked) != len(chosen) || len(chosen) < 3 {
		t.Errorf("%v; %d of %d were asked for", err, len(door.asked), len(chosen))
	}
}

// TestMFACode: on a terminal a person is asked for the code, on a line that is free. Elsewhere nobody is.
func TestMFACode(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	a := &app{Env: Env{Stdin: strings.NewReader(" 123456\n"), Stderr: &errs, Screen: Screen{Asks: true}}}
	code, err := a.account(func() { errs.WriteString("free;") }).Code(t.Context(), "arn:mfa/me")
	if err != nil || code != "123456" || errs.String() != "free;MFA code for arn:mfa/me: " {
		t.Errorf("%q, %v; printed %q", code, err, errs.String())
	}
	if _, err := a.account(func() {}).Code(t.Context(), "arn:mfa/me"); !errors.Is(err, io.EOF) {
		t.Errorf("after the end of the input: %v", err)
	}
	a.Screen.Asks, a.stack, a.profile, a.region = false, "s", "p", "r"
	if c := a.account(func() {}); c.Name != "s" || c.Profile != "p" || c.Region != "r" {
		t.Errorf("another account or stack: %+v", c)
	}
	if a.account(func() {}).Code != nil {
		t.Error("somebody would be asked without a terminal")
	}
}

// TestConfirm: only a y or a yes means yes, however it is typed.
func TestConfirm(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{"y\n": true, " Yes \n": true, "Y": true, "\n": false, "": false, "n\n": false, "yep\n": false} {
		var errs bytes.Buffer
		a := &app{Env: Env{Stdin: strings.NewReader(typed), Stderr: &errs}}
		if got := a.confirm("stop it?"); got != want || errs.String() != "stop it? [y/N] " {
			t.Errorf("%q: %v, printed %q", typed, got, errs.String())
		}
	}
}
