package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

func items(t *testing.T, s Store) {
	for _, name := range []string{"b", "a"} {
		if err := s.Commit(t.Context(), port.Change{Item: &job.Item{Name: name, Definition: "d-" + name}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Items(t.Context())
	if err != nil || len(got) != 2 || got[0].Name != "a" || got[1].Definition != "d-b" || got[1].Rev != 1 {
		t.Fatalf("items: %+v, %v", got, err)
	}
	stale := got[0]
	got[0].Gone = true
	if err := s.Commit(t.Context(), port.Change{Item: &got[0]}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "an item at an older revision", s.Commit(t.Context(), port.Change{Item: &stale}), port.ErrConflict)
	if a, err := s.Item(t.Context(), "a"); err != nil || !a.Gone || a.Rev != 2 {
		t.Errorf("item: %+v, %v", a, err)
	}
}

func unreadableItem(t *testing.T, s Store) {
	for _, name := range []string{"c", "b", "a"} {
		if err := s.Commit(t.Context(), port.Change{Item: &job.Item{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CorruptItem(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Items(t.Context())
	var ue *port.UnreadableItemsError
	if !errors.As(err, &ue) || len(ue.Jobs) != 1 || ue.Jobs["b"] == nil {
		t.Errorf("got error %v", err)
	}
	if len(got) != 2 || got[0].Name != "a" || got[1].Name != "c" {
		t.Errorf("the others: %+v", got)
	}
	if _, err := s.Item(t.Context(), "b"); err == nil || errors.Is(err, port.ErrNotFound) {
		t.Errorf("Item of an unreadable item: %v", err)
	}
}

func definitions(t *testing.T, s Store) {
	j := job.Job{Name: "report", Schedule: "30 2 * * *", Command: []string{"a"}, Environment: map[string]string{"A": "1"}, Retry: job.Retry{Attempts: 2, Idempotent: true}}
	for range 2 {
		if err := s.PutDefinition(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Definition(t.Context(), j.Hash())
	if err != nil || !reflect.DeepEqual(got, j) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func kept(t *testing.T, s Store) {
	for _, reason := range []string{"first", "second"} {
		if err := s.Keep(t.Context(), port.Kept{At: t0, Reason: reason, Body: []byte("\x00{")}); err != nil {
			t.Fatal(err)
		}
	}
	// A slot that was refused has nothing but its reason.
	if err := s.Keep(t.Context(), port.Kept{At: t0, Reason: "third"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Kept(t.Context(), 10)
	if err != nil || len(got) != 3 || got[0].Reason != "third" || len(got[0].Body) != 0 || got[1].Reason != "second" || string(got[2].Body) != "\x00{" || !got[1].At.Equal(t0) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := s.Settle(t.Context(), got[1]); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), got[1]); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("settled twice: %v", err)
	}
	left, err := s.Kept(t.Context(), 2)
	if err != nil || len(left) != 2 || left[0].ID() != got[0].ID() || left[1].ID() != got[2].ID() {
		t.Errorf("left are %+v, %v", left, err)
	}
	// What is kept in the place of one that was settled is another.
	if err := errors.Join(s.Settle(t.Context(), got[0]), s.Keep(t.Context(), port.Kept{At: t0, Reason: "fourth"})); err != nil {
		t.Fatal(err)
	}
	for _, k := range got[:2] {
		if err := s.Settle(t.Context(), k); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s: settled in place of another: %v", k.Reason, err)
		}
	}
}

func marks(t *testing.T, s Store) {
	for _, at := range []time.Time{t0, t0.Add(time.Hour)} {
		if err := s.SetMark(t.Context(), "watermark", at); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Mark(t.Context(), "watermark"); err != nil || !got.Equal(at) {
			t.Errorf("got %v, %v, want %v", got, err, at)
		}
	}
}

// movedMarks: a mark moves only from where it is.
func movedMarks(t *testing.T, s Store) {
	first, second := t0, t0.Add(1500*time.Millisecond)
	for _, move := range []struct {
		from, to, stands time.Time
		conflict         bool
	}{
		{first, second, time.Time{}, true},
		{time.Time{}, first, first, false},
		{time.Time{}, second, first, true},
		{second, first, first, true},
		{first, second, second, false},
		{first, first, second, true},
		{second, first, first, false},
	} {
		err := s.MoveMark(t.Context(), "turn", move.from, move.to)
		if errors.Is(err, port.ErrConflict) != move.conflict || err != nil && !move.conflict {
			t.Errorf("from %v to %v: %v", move.from, move.to, err)
		}
		if got, err := s.Mark(t.Context(), "turn"); err != nil || !got.Equal(move.stands) {
			t.Errorf("after %+v it is at %v, %v", move, got, err)
		}
	}
}
