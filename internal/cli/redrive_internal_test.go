package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
)

// redriver is a door that counts how many messages each request has.
type redriver struct{ batches []int }

func (d *redriver) Ask(_ context.Context, r entry.Request) (control.Reply, error) {
	d.batches = append(d.batches, len(r.Redrive.Messages))
	return control.Reply{Outcome: control.Accepted, Message: "done"}, nil
}

// TestRedriveShowsProgress: on a terminal it is said how far many messages are, and
// nowhere else; what is said is gone when the answer is printed.
func TestRedriveShowsProgress(t *testing.T) {
	t.Parallel()
	found := control.Contents{Queue: "trigger"}
	for n := range entry.MostRedriven + 1 {
		found.Failed = append(found.Failed, control.Failed{ID: fmt.Sprintf("m-%d", n)})
	}
	all := entry.MostRedriven + 1
	for name, c := range map[string]struct {
		terminal bool
		errs     string
	}{
		"a terminal": {true, fmt.Sprintf("0 of %d messages …\r\x1b[K%d of %d messages …\r\x1b[K", all, entry.MostRedriven, all)},
		"none":       {false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			door := &redriver{}
			a := &app{Env: Env{Stdout: &out, Stderr: &errs, User: "ana", Screen: Screen{Progress: c.terminal}}, zone: time.UTC}
			err := (&redriveCmd{fate: fate{Again: true, Yes: true}}).carryOut(t.Context(), a, &plane.Plane{Door: door}, found)
			if err != nil || errs.String() != c.errs || out.String() != "done\ndone\n" || len(door.batches) != 2 || door.batches[1] != 1 {
				t.Errorf("got %v, %v, %q, %q", door.batches, err, out.String(), errs.String())
			}
		})
	}
}

// TestGivenUpIsShownWhole: what lies in a queue is cut where it has to fit a
// terminal, and nowhere else.
func TestGivenUpIsShownWhole(t *testing.T) {
	t.Parallel()
	input := `{"job":"` + strings.Repeat("x", 500) + `"}`
	found := []control.Contents{{Queue: "trigger", Failed: []control.Failed{{ID: "m-1", Input: input, Why: "the table was away"}}}}
	for name, c := range map[string]struct {
		width       int
		wide, whole bool
	}{
		"into a pipe":       {0, false, true},
		"wide":              {80, true, true},
		"fits the terminal": {80, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			a := &app{Env: Env{Stdout: &out, Stderr: &out, Screen: Screen{Width: c.width}}, zone: time.UTC, wide: c.wide}
			if err := a.printFailed(found); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); strings.Contains(got, input) != c.whole || !strings.Contains(got, "the table was away") {
				t.Errorf("got %s", got)
			}
		})
	}
}
