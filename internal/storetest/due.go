package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func open(id run.ID, dueAt time.Time) run.Run {
	return run.Run{ID: id, ScheduledFor: t0, Status: run.Running, DueAt: dueAt, QueuedAt: t0}
}

func due(t *testing.T, s Store) {
	commit(t, s, open("a/20261122T1730Z", t0))
	commit(t, s, open("b/20261122T1730Z", t0.Add(time.Millisecond)))
	ended := run.Run{ID: "c/20261122T1730Z", ScheduledFor: t0, Status: run.Succeeded, QueuedAt: t0}
	commit(t, s, ended)
	wantDue(t, s, t0, 10, "a/20261122T1730Z")
	r := load(t, s, "a/20261122T1730Z")
	r.Status, r.DueAt = run.Failed, time.Time{}
	commit(t, s, r)
	wantDue(t, s, t0, 10)
	wantDue(t, s, t0.Add(time.Second), 10, "b/20261122T1730Z")
}

func dueOrder(t *testing.T, s Store) {
	for i, id := range []run.ID{"c/20261122T1730Z", "a/20261122T1730Z", "b/20261122T1730Z"} {
		commit(t, s, open(id, t0.Add(time.Duration(i)*time.Second)))
	}
	wantDue(t, s, t0.Add(time.Minute), 2, "c/20261122T1730Z", "a/20261122T1730Z")
	wantDue(t, s, t0.Add(time.Minute), 9, "c/20261122T1730Z", "a/20261122T1730Z", "b/20261122T1730Z")
}

func dueOwed(t *testing.T, s Store) {
	r := run.Run{
		ID: "a/20261122T1730Z", ScheduledFor: t0, Status: run.Failed, QueuedAt: t0, DueAt: t0,
		Owed: []run.Effect{{Kind: run.Tell, Notice: "failed"}},
	}
	commit(t, s, r)
	wantDue(t, s, t0, 10, r.ID)
}

func lanes(t *testing.T, s Store) {
	r := open("a/20261122T1730Z", t0)
	r.Status = run.Queued
	commit(t, s, r)
	commit(t, s, open("b/20261122T1730Z", t0))
	wantLane := func(lane run.Lane, want ...run.ID) {
		t.Helper()
		got, err := s.Due(t.Context(), lane, t0, 10)
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, string(lane), got, want)
	}
	wantLane(run.LaunchLane, "a/20261122T1730Z")
	wantLane(run.LookLane, "b/20261122T1730Z")
	r = load(t, s, "a/20261122T1730Z")
	r.Status = run.Launching
	commit(t, s, r)
	wantLane(run.LaunchLane)
	wantLane(run.LookLane, "a/20261122T1730Z", "b/20261122T1730Z")
}

func unreadable(t *testing.T, s Store) {
	commit(t, s, open("a/20261122T1730Z", t0))
	commit(t, s, open("b/20261122T1730Z", t0))
	if err := s.Corrupt(t.Context(), "a/20261122T1730Z"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Due(t.Context(), run.LookLane, t0, 10)
	var ue *port.UnreadableError
	if !errors.As(err, &ue) || len(ue.Runs) != 1 || ue.Runs["a/20261122T1730Z"] == nil {
		t.Fatalf("got %v", err)
	}
	wantIDs(t, "the others", got, []run.ID{"b/20261122T1730Z"})
	if _, err := s.Run(t.Context(), "a/20261122T1730Z"); !errors.Is(err, port.ErrUnreadable) {
		t.Errorf("Run of an unreadable run: %v", err)
	}
	wantRuns(t, s, port.Query{}, "b/20261122T1730Z")
	for range 2 { // two looks at once
		if err := s.SetAside(t.Context(), "a/20261122T1730Z", "why"); err != nil {
			t.Fatal(err)
		}
	}
	wantDue(t, s, t0, 10, "b/20261122T1730Z")
	if k, err := s.Kept(t.Context(), 9); err != nil || len(k) != 1 || string(k[0].Body) != `{"id":` {
		t.Errorf("kept %+v, %v", k, err)
	}
	if known, err := s.Exist(t.Context(), []run.ID{"a/20261122T1730Z"}); err != nil || !known["a/20261122T1730Z"] {
		t.Errorf("a run that was set aside does not exist any more: %v, %v", known, err)
	}
}

// endedAside: a run that somebody has mended and that has ended by the time it is to be set
// aside stays as it is, and is listed.
func endedAside(t *testing.T, s Store) {
	r := open("a/20261122T1730Z", t0)
	commit(t, s, r)
	r = load(t, s, r.ID)
	r.Status, r.Owed, r.DueAt, r.FinishedAt = run.Failed, nil, time.Time{}, t0
	commit(t, s, r)
	if err := s.SetAside(t.Context(), r.ID, "why"); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Kept(t.Context(), 9); err != nil || len(k) > 0 {
		t.Errorf("kept %+v, %v", k, err)
	}
	wantRuns(t, s, port.Query{Status: run.Failed}, r.ID)
	if rev := load(t, s, r.ID).Rev; rev != 2 {
		t.Errorf("it was written: at revision %d", rev)
	}
}

func wantDue(t *testing.T, s Store, now time.Time, limit int, want ...run.ID) {
	t.Helper()
	got, err := s.Due(t.Context(), run.LookLane, now, limit)
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, "due", got, want)
}
