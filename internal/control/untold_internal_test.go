package control

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestUntoldRemembers: of the runs that owe a notice the oldest is known, of several at one
// time the first by id. Never more than a thousand are kept.
func TestUntoldRemembers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	owes := func(id run.ID, since time.Time) run.Run {
		return run.Run{ID: id, Status: run.Queued, OwesFrom: since, Owed: []run.Effect{{Kind: run.Tell}}}
	}
	var u untold
	u.note(&run.Run{ID: "told"})
	if id, _ := u.oldest(); id != "" {
		t.Errorf("%s owes nothing", id)
	}
	for _, r := range []run.Run{owes("c", at.Add(time.Hour)), owes("b", at), owes("d", at), owes("a", at.Add(time.Minute))} {
		u.note(&r)
	}
	for _, want := range []run.ID{"b", "d", "a", "c", ""} {
		if id, since := u.oldest(); id != want || id == "b" && !since.Equal(at) {
			t.Errorf("the oldest is %q, since %s; want %q", id, since, want)
		}
		u.note(&run.Run{ID: want, Owed: []run.Effect{{Kind: run.Launch}}})
	}
	for i := range maxUntold + 5 {
		u.note(new(owes(run.ID(fmt.Sprint(i)), at)))
	}
	if len(u.runs) != maxUntold {
		t.Errorf("%d are kept", len(u.runs))
	}
}

// noRun is a store that answers each request for a run with an error.
type noRun struct {
	port.Store
	err error
}

func (s noRun) Run(context.Context, run.ID) (run.Run, error) { return run.Run{}, s.err }

// TestUntoldOfWhatIsGone: a run that no longer exists owes nothing. One that cannot be read
// still does.
func TestUntoldOfWhatIsGone(t *testing.T) {
	t.Parallel()
	broken := errors.New("no answer")
	for _, c := range []struct{ answer, err error }{{port.ErrNotFound, nil}, {broken, broken}} {
		ctl := &Control{Store: noRun{err: c.answer}}
		ctl.untold.note(&run.Run{ID: "a", Status: run.Queued, OwesFrom: launchTime, Owed: []run.Effect{{Kind: run.Tell}}})
		since, err := ctl.Untold(t.Context())
		if !errors.Is(err, c.err) || since.IsZero() != (c.err == nil) {
			t.Errorf("%v: since %s, %v", c.answer, since, err)
		}
	}
}
