// Package storetest is the contract of port.Store as tests: every store
// passes the same ones, each case on a fresh store.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Store is a port.Store that also shows what it kept and can be damaged.
type Store interface {
	port.Store
	Corrupt(ctx context.Context, id run.ID) error
	CorruptItem(ctx context.Context, name string) error
	CorruptPending(ctx context.Context, id string) error
	CorruptAsked(ctx context.Context, a port.Asked) error
	Asked(ctx context.Context, q port.AskedQuery) ([]port.Asked, error)
}

var t0 = time.Date(2026, 11, 22, 17, 30, 2, 345_000_000, time.UTC)

// Run tests the stores that open makes. open must return an empty store that
// nobody else uses and clean it up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	cases := []struct {
		name string
		test func(t *testing.T, s Store)
	}{
		{"a run comes back as it was written", roundTrip},
		{"what is absent is ErrNotFound", absent},
		{"a run is claimed once", claimOnce},
		{"many claim at once and one wins", claimRace},
		{"an older revision is refused", olderRevision},
		{"run and item are written together or not at all", atomic},
		{"only open runs that are due are due", due},
		{"due runs come earliest first, up to the limit", dueOrder},
		{"an ended run that owes is still due", dueOwed},
		{"runs that wait to be launched are in a lane of their own", lanes},
		{"an unreadable run is named and can be set aside", unreadable},
		{"a run that has ended is not set aside", endedAside},
		{"which runs exist", exist},
		{"runs are listed newest first", listOrder},
		{"runs are selected", listSelect},
		{"runs by hand are listed among the others", listByHand},
		{"an ended run is listed whether or not it owes", listOwing},
		{"items", items},
		{"an unreadable item is named beside the others", unreadableItem},
		{"definitions", definitions},
		{"kept inputs", kept},
		{"marks", marks},
		{"marks that move", movedMarks},
		{"requests of people are listed newest first, by time, job and person", asked},
		{"a request is written again with its answer", askedAgain},
		{"an unreadable request is listed with the others", unreadableAsked},
		{"pending slots are listed until they are done", pending},
		{"an unreadable pending slot is named beside the others", unreadablePending},
		{"nothing is shared with the caller", noSharing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

func commit(t *testing.T, s Store, r run.Run) {
	t.Helper()
	if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatalf("committing %s: %v", r.ID, err)
	}
}

func load(t *testing.T, s Store, id run.ID) run.Run {
	t.Helper()
	r, err := s.Run(t.Context(), id)
	if err != nil {
		t.Fatalf("loading %s: %v", id, err)
	}
	return r
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func wantIDs(t *testing.T, what string, got []run.Run, want []run.ID) {
	t.Helper()
	ids := make([]run.ID, 0, len(got))
	for _, r := range got {
		ids = append(ids, r.ID)
	}
	if len(ids) != len(want) || len(want) > 0 && !reflect.DeepEqual(ids, want) {
		t.Errorf("%s: got %v, want %v", what, ids, want)
	}
}
