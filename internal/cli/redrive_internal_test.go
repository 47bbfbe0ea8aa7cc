package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
)

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
