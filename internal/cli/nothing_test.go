package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
)

// TestNothingToList: on a terminal a list without rows is a sentence; a program gets the heading.
func TestNothingToList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	for says, args := range map[string][]string{
		"no runs found\n":      {"history"},
		"no requests found\n":  {"audit"},
		"no inputs are kept\n": {"kept"},
		"nothing is paused\n":  {"pauses"},
		"no jobs found\n":      {"jobs", "--owner", "nobody"},
	} {
		if r := w.on(cli.Screen{Width: 80}, args...); r.code != 0 || r.out != "" || !strings.HasPrefix(r.err, says) {
			t.Errorf("%q on a terminal: %+v", args, r)
		}
		if r := w.run(args...); r.code != 0 || r.err != "" || strings.Count(r.out, "\n") != 1 {
			t.Errorf("%q in a pipe: %+v", args, r)
		}
	}
	if r := w.on(cli.Screen{Width: 80}, "history", "--json"); r != (result{}) {
		t.Errorf("as JSON: %+v", r)
	}
}

// TestStackOfTheEnvironment: where BATCHPLANE_STACK is set, --db still means this machine.
func TestStackOfTheEnvironment(t *testing.T) {
	w := past(t)
	t.Setenv("BATCHPLANE_STACK", "prod")
	if r := w.run("history", "--status", "failed"); r.code != 0 || !strings.Contains(r.out, "broken/") {
		t.Errorf("--db: %+v", r)
	}
	if r := w.run("history", "--stack", "prod"); r.code != 2 || !strings.Contains(r.err, "give one of them") {
		t.Errorf("--db and --stack: %+v", r)
	}
}
