package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func exist(t *testing.T, s Store) {
	commit(t, s, open("a/20261122T1730Z", t0))
	ids := make([]run.ID, 0, 100)
	for i := range 99 {
		ids = append(ids, run.ScheduledID("b", t0.Add(time.Duration(i)*time.Minute)))
	}
	got, err := s.Exist(t.Context(), append(ids, "a/20261122T1730Z"))
	if err != nil || len(got) != 1 || !got["a/20261122T1730Z"] {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := s.Exist(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("of none: %v, %v", got, err)
	}
}

func listOrder(t *testing.T, s Store) {
	for i, id := range []run.ID{"a/20261122T1730Z", "b/20261122T1732Z", "a/20261122T1731Z"} {
		r := run.Run{ID: id, Status: run.Succeeded, QueuedAt: t0.Add(time.Duration(i) * time.Second)}
		r.ScheduledFor, _ = time.Parse("20060102T1504Z", id.Slot())
		commit(t, s, r)
	}
	wantRuns(t, s, port.Query{}, "b/20261122T1732Z", "a/20261122T1731Z", "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Limit: 1}, "b/20261122T1732Z")
}

func listSelect(t *testing.T, s Store) {
	add := func(id run.ID, status run.Status, at time.Time) {
		commit(t, s, run.Run{ID: id, Status: status, ScheduledFor: at, QueuedAt: t0, DueAt: t0})
	}
	add("a/20261122T1730Z", run.Failed, t0)
	add("a/20261122T1731Z", run.Succeeded, t0.Add(time.Minute))
	add("b/20261122T1730Z", run.Failed, t0)
	wantRuns(t, s, port.Query{Job: "a"}, "a/20261122T1731Z", "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Status: run.Failed, Job: "b"}, "b/20261122T1730Z")
	wantRuns(t, s, port.Query{Status: run.Skipped})
	wantRuns(t, s, port.Query{Since: t0.Add(time.Second)}, "a/20261122T1731Z")
	wantRuns(t, s, port.Query{Since: t0.Add(time.Minute)}, "a/20261122T1731Z")
	wantRuns(t, s, port.Query{Until: t0}, "b/20261122T1730Z", "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Until: t0.Add(-time.Second)})
	wantRuns(t, s, port.Query{Status: run.Failed, Until: t0.Add(-time.Second)})
	for _, q := range []port.Query{{}, {Job: "a"}, {Job: "a", Scheduled: true}, {Status: run.Failed}, {Status: run.Succeeded, Job: "a"}} { // none can be since a time after until
		q.Since, q.Until = t0.Add(time.Minute), t0
		wantRuns(t, s, q)
	}
	wantRuns(t, s, port.Query{Job: "a", Until: t0.Add(time.Minute), Limit: 1}, "a/20261122T1731Z")
	wantRuns(t, s, port.Query{Job: "a", Scheduled: true, Until: t0.Add(59 * time.Second), Limit: 1}, "a/20261122T1730Z")
	if err := s.Corrupt(t.Context(), "a/20261122T1731Z"); err != nil {
		t.Fatal(err)
	}
	wantRuns(t, s, port.Query{Job: "a", Scheduled: true, Limit: 1}, "a/20261122T1730Z") // in place of what cannot be read
}

func listByHand(t *testing.T, s Store) {
	byHand := run.ByHandID("a", "x")
	for i, id := range []run.ID{"a/20261122T1730Z", byHand, "a/20261122T1732Z"} {
		commit(t, s, run.Run{ID: id, Status: run.Succeeded, ScheduledFor: t0.Truncate(time.Minute).Add(time.Duration(i) * time.Minute), QueuedAt: t0})
	}
	wantRuns(t, s, port.Query{Job: "a"}, "a/20261122T1732Z", byHand, "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Job: "a", Limit: 2}, "a/20261122T1732Z", byHand)
	wantRuns(t, s, port.Query{}, "a/20261122T1732Z", byHand, "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Job: "a", Since: t0}, "a/20261122T1732Z", byHand)
	wantRuns(t, s, port.Query{Job: "a", Scheduled: true}, "a/20261122T1732Z", "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Job: "a", Scheduled: true, Limit: 1}, "a/20261122T1732Z")
	wantRuns(t, s, port.Query{Scheduled: true}, "a/20261122T1732Z", "a/20261122T1730Z")
	wantRuns(t, s, port.Query{Status: run.Succeeded, Scheduled: true}, "a/20261122T1732Z", "a/20261122T1730Z")
}

func listOwing(t *testing.T, s Store) {
	owing := run.Run{
		ID: "a/20261122T1731Z", Status: run.Failed, ScheduledFor: t0.Add(time.Minute), QueuedAt: t0, DueAt: t0,
		Owed: []run.Effect{{Kind: run.Tell, Notice: "failed"}},
	}
	commit(t, s, owing)
	commit(t, s, run.Run{ID: "a/20261122T1730Z", Status: run.Failed, ScheduledFor: t0, QueuedAt: t0})
	commit(t, s, open("a/20261122T1732Z", t0))
	for _, q := range []port.Query{{Status: run.Failed}, {Status: run.Failed, Job: "a"}} {
		wantRuns(t, s, q, "a/20261122T1731Z", "a/20261122T1730Z")
	}
	wantRuns(t, s, port.Query{Status: run.Failed, Limit: 1}, "a/20261122T1731Z")
	wantRuns(t, s, port.Query{Status: run.Running}, "a/20261122T1732Z")
}

func wantRuns(t *testing.T, s Store, q port.Query, want ...run.ID) {
	t.Helper()
	got, err := s.Runs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, fmt.Sprintf("runs of %+v", q), got, want)
}
