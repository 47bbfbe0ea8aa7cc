package cli_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/batchplane/batchplane/internal/cli"
)

// TestCtrlC: on a terminal, a person who interrupts the wait is asked whether to stop the run.
// Without one, or where a program ends the wait, such as timeout(1), nothing is asked, and the run continues.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		screen      cli.Screen
		by          os.Signal
		answer      string
		asks, stops bool
	}{
		"yes":                 {cli.Screen{Asks: true}, os.Interrupt, "y\n", true, true},
		"no":                  {cli.Screen{Asks: true}, os.Interrupt, "n\n", true, false},
		"no answer":           {cli.Screen{Asks: true}, os.Interrupt, "", true, false},
		"without a terminal":  {cli.Screen{}, os.Interrupt, "y\n", false, false},
		"into a pipe, in one": {cli.Screen{Progress: true}, os.Interrupt, "y\n", false, false},
		"by a program":        {cli.Screen{Asks: true}, syscall.SIGTERM, "y\n", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := past(t)
			var out bytes.Buffer
			errs := &syncBuffer{}
			ctx, end := context.WithCancelCause(t.Context())
			interrupt := func() { end(cli.EndedBy(c.by)) }
			env := cli.Env{Stdin: strings.NewReader(c.answer), Stdout: &out, Stderr: interrupting{errs, interrupt}, User: "ana", Now: w.clock.Now, Zone: berlin, Screen: c.screen}
			code := cli.Main(ctx, []string{"--db", w.db, "run", "endless", "--wait"}, env)
			got := errs.String()
			if code != 130 || strings.Contains(got, "[y/N]") != c.asks || strings.Contains(got, "goes on") == c.stops {
				t.Errorf("exit code %d: %s%s", code, out.String(), got)
			}
			if r := w.must("history", "endless", "--json", "--limit", "1"); strings.Contains(r, "stopping, at the request of ana: Ctrl-C") != c.stops {
				t.Errorf("the run: %s", r)
			}
		})
	}
}

// interrupting is a person who presses Ctrl-C at the first sign of the run.
type interrupting struct {
	*syncBuffer
	press func()
}

func (i interrupting) Write(p []byte) (int, error) {
	defer i.press()
	return i.syncBuffer.Write(p)
}

// TestClosedPipe: a reader that has seen enough, as in `| head -1`, is not an error.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, args := range []string{"history", "history --json", "jobs", "jobs --json", "show report", "status", "pauses", "audit", "kept", "logs broken"} {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		code := cli.Main(t.Context(), append([]string{"--db", w.db}, strings.Fields(args)...), cli.Env{Stdout: out, Stderr: &errs, Now: w.clock.Now, Zone: berlin})
		if said := errs.String(); code != 0 || strings.Contains(said, "pipe") {
			t.Errorf("%s: exit code %d, %s", args, code, said)
		}
		_ = out.Close()
	}
}
