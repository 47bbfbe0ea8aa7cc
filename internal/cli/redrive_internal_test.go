package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// redriver is a door that notes how many messages each request has, and refuses the first ones.
type redriver struct {
	batches []int
	refuses int
}

func (d *redriver) Ask(_ context.Context, r entry.Request) (port.Reply, error) {
	d.batches = append(d.batches, len(r.Redrive.Messages))
	if len(d.batches) <= d.refuses {
		return port.Reply{Outcome: port.Refused, Message: "refused: not now"}, nil
	}
	return port.Reply{Outcome: port.Accepted, Message: "done"}, nil
}

// TestRedriveRefusedInPart: the other batches are asked for, and the command fails.
func TestRedriveRefusedInPart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	door := &redriver{refuses: 1}
	a := &app{Env: Env{Stdout: &out, Stderr: &out, User: "ana"}, zone: time.UTC}
	found := port.Contents{Queue: "trigger", Failed: make([]port.Failed, entry.MostRedriven+1)}
	err := (&redriveCmd{fate: fate{Again: true, Yes: true}}).carryOut(t.Context(), a, &plane.Plane{Door: door}, found)
	if !errors.Is(err, errRefused) || out.String() != "refused: not now\ndone\n" || len(door.batches) != 2 {
		t.Errorf("%v, %q, %v", err, out.String(), door.batches)
	}
}

// TestRedriveAsks: nothing is dropped unless somebody agrees, nobody is asked about an empty queue, and an error
// says how far it came.
func TestRedriveAsks(t *testing.T) {
	t.Parallel()
	some := port.Contents{Queue: "trigger", Failed: make([]port.Failed, 2)}
	for name, c := range map[string]struct {
		found port.Contents
		yes   bool
		door  plane.Door
		says  string
	}{
		"nobody agrees":  {some, false, &redriver{}, "nothing was done: there is no terminal to ask on; give --yes"},
		"an empty queue": {port.Contents{Queue: "trigger"}, false, &redriver{}, ""},
		"no answer":      {some, true, cut{}, "the line is dead; 0 of 2 messages were asked for before; `redrive trigger` lists what is left"},
	} {
		a := &app{Env: Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, User: "ana"}}
		err := (&redriveCmd{fate: fate{Drop: true, Yes: c.yes}}).carryOut(t.Context(), a, &plane.Plane{Door: c.door}, c.found)
		if (err == nil) != (c.says == "") || err != nil && err.Error() != c.says {
			t.Errorf("%s: %v", name, err)
		}
		if d, ok := c.door.(*redriver); ok && len(d.batches) != 0 {
			t.Errorf("%s: asked for %v", name, d.batches)
		}
	}
}

// TestRedriveShowsProgress: progress is shown on a terminal and nowhere else, and is cleared
// before the answer is printed.
func TestRedriveShowsProgress(t *testing.T) {
	t.Parallel()
	found := port.Contents{Queue: "trigger"}
	for n := range entry.MostRedriven + 1 {
		found.Failed = append(found.Failed, port.Failed{ID: fmt.Sprintf("m-%d", n)})
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

// TestGivenUpIsShownWhole: the contents of a queue are cut only where they must fit a terminal.
func TestGivenUpIsShownWhole(t *testing.T) {
	t.Parallel()
	input := `{"job":"` + strings.Repeat("x", 500) + `"}`
	found := []port.Contents{{Queue: "trigger", Failed: []port.Failed{{ID: "m-1", Input: input, Why: "the table was away"}}}}
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

// hiding is a door behind which somebody else looks at the queue for the first few looks.
type hiding struct{ looks, hidden int }

func (d *hiding) Ask(context.Context, entry.Request) (port.Reply, error) {
	c := port.Contents{Queue: "trigger", Failed: []port.Failed{{ID: "m-1"}}}
	if d.looks++; d.looks > d.hidden {
		c.Failed = append(c.Failed, port.Failed{ID: "m-2"})
	}
	return port.Reply{Outcome: port.Accepted, Contents: &c}, nil
}

// TestAQueueThatCannotBeRead is an error, and not an empty queue.
func TestAQueueThatCannotBeRead(t *testing.T) {
	t.Parallel()
	a := &app{Env: Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, User: "ana"}}
	if found, err := (&redriveCmd{}).find(t.Context(), a, &plane.Plane{Door: cut{}}, port.Queues); err == nil || found != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

// TestAMessageIsLookedForAgain: a message that is hidden by somebody else's look is found later.
// A message that does not exist is an error, not an empty answer.
func TestAMessageIsLookedForAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hidden, looks int
		ids           []string
		found         int
	}{
		"there":             {0, 1, []string{"m-2"}, 1},
		"seen by another":   {2, 3, []string{"m-2"}, 1},
		"one of two hidden": {1, 2, []string{"m-1", "m-2"}, 2},
		"not there":         {9, 3, []string{"m-1", "m-2"}, -1},
		"all that there is": {9, 1, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			door := &hiding{hidden: c.hidden}
			a := &app{Env: Env{Stdout: &out, Stderr: &out, User: "ana"}, zone: time.UTC}
			found, err := (&redriveCmd{Queue: "trigger", Message: c.ids}).find(t.Context(), a, &plane.Plane{Door: door}, []port.Queue{"trigger"})
			switch {
			case c.found < 0:
				if err == nil || !strings.Contains(err.Error(), "nothing was done: the queue trigger has no message m-2") {
					t.Errorf("got %v, %v", found, err)
				}
			case err != nil || len(found) != 1 || len(found[0].Failed) != c.found:
				t.Errorf("got %v, %v", found, err)
			}
			if door.looks != c.looks {
				t.Errorf("it was looked for %d times", door.looks)
			}
		})
	}
}
