package local

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/port"
)

// TestTrouble: several errors become one line, and a long one is cut between characters. That it is being
// stopped is told, too.
func TestTrouble(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	owed := fmt.Errorf("tell is %w: it answered 404", port.ErrOwed)
	p := &Program{Control: &control.Control{Now: func() time.Time { return at }}}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"none":                       {nil, ""},
		"several":                    {errors.Join(errors.New("claiming: disk full"), errors.New("checking: disk full")), "it cannot do its work since 02:00:00 UTC and tries again: claiming: disk full; checking: disk full"},
		"a list":                     {errors.New("2 problems:\none\ntwo"), "it cannot do its work since 02:00:00 UTC and tries again: 2 problems: one; two"},
		"long":                       {errors.New(strings.Repeat("x", maxTrouble-1) + "é"), "it cannot do its work since 02:00:00 UTC and tries again: " + strings.Repeat("x", maxTrouble-1) + "…"},
		"a notice that nobody takes": {fmt.Errorf("looking: %w", errors.Join(owed, owed)), "it cannot do what runs owe, such as notices, since 02:00:00 UTC and tries again: looking: tell is owed: it answered 404; tell is owed: it answered 404"},
		"a notice, and a full disk":  {errors.Join(owed, errors.New("disk full")), "it cannot do its work since 02:00:00 UTC and tries again: tell is owed: it answered 404; disk full"},
	} {
		p.note(c.err)
		if got := p.Trouble(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	p.Gate = &Gate{}
	p.note(nil)
	if got := p.Trouble(); got != "" {
		t.Errorf("with an open gate: %q", got)
	}
	p.Gate.Close()
	if got, want := p.Trouble(), "it is being stopped: it launches nothing more, and ends when its tasks have ended"; got != want {
		t.Errorf("while tasks are drained: %q, want %q", got, want)
	}
}
