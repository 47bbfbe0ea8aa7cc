package wire_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
)

// TestNothingIsLaunchedWhileTheStateIsGone: neither by a slot nor by hand, and people are told. What
// waited runs once when the state is put back.
func TestNothingIsLaunchedWhileTheStateIsGone(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "jobs.db")
	l := mustStart(t, wire.LocalConfig{
		DB: db, AtOnce: true, Runner: &localecs.ScriptedRunner{Clock: localecs.RealClock{}}, Delays: &localecs.Delays{},
		Jobs: []job.Job{{Name: "yearly", Schedule: "* * * * *", Command: []string{"x"}}},
	})
	if err := os.Rename(db, db+".kept"); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- l.Run(ctx, 0) }()
	awaitTrouble(t, l, func(trouble string) bool {
		return strings.Contains(trouble, "nothing is launched: "+db+" was removed, replaced or emptied") && strings.HasSuffix(trouble, "the slots of 1 job wait for that")
	})
	door, err := local.ReadDoor(t.Context(), l.Store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := door.Ask(t.Context(), entry.Request{Run: &port.RunRequest{Job: "yearly", RequestID: "1"}}); err == nil || !strings.Contains(err.Error(), "put it back, or end this program") {
		t.Errorf("by hand: %v", err)
	}
	if wait := l.Gate.Take(time.Now()); wait <= 0 || !strings.Contains(l.Gate.Why(), "nothing is launched: ") { // a run that ends may need another launch
		t.Errorf("a launch must wait for %s, since %q", wait, l.Gate.Why())
	}
	if runs, err := l.Store.Runs(t.Context(), port.Query{}); len(runs) != 0 || err != nil {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if err := os.Rename(db+".kept", db); err != nil {
		t.Fatal(err)
	}
	awaitTrouble(t, l, func(trouble string) bool { return trouble == "" })
	end()
	if err := <-over; err != nil {
		t.Error(err)
	}
	runs, err := l.Store.Runs(t.Context(), port.Query{})
	if err != nil || len(runs) == 0 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	for _, r := range runs {
		if len(r.Attempts) != 1 {
			t.Errorf("%s has %d attempts", r.ID, len(r.Attempts))
		}
	}
}

func awaitTrouble(t *testing.T, l *wire.Local, ok func(trouble string) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(l.Trouble()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("its trouble is %q", l.Trouble())
		}
	}
}
