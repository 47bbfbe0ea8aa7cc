// Package storetest is the contract of control.Store as tests: every store
// passes the same ones, each case on a fresh store.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// Store is a control.Store that also shows what it kept and can be damaged.
type Store interface {
	control.Store
	Corrupt(ctx context.Context, id run.ID) error
	CorruptItem(ctx context.Context, name string) error
	Kept(ctx context.Context, limit int) ([]control.Kept, error)
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
		{"pending slots are listed until they are done", pending},
		{"nothing is shared with the caller", noSharing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// full is a run in which every field is set.
func full(id run.ID) run.Run {
	code := int64(3221225786)
	return run.Run{
		ID: id, ScheduledFor: t0.Truncate(time.Minute), Definition: "abc",
		Task: run.TaskDefinition{
			ARN: "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7", Container: "app",
			Containers: []stop.Defined{{Name: "app", Essential: true}, {Name: "log"}},
			Log:        run.Log{Group: "/ecs/report", Prefix: "ecs", Region: "us-east-1"},
		},
		Command: []string{"/bin/sh", "-c", "echo 'ü' \"\x01\""}, Environment: map[string]string{"A": "1"},
		Status: run.Running, Cause: "attempt 1 was accepted by ECS", DueAt: t0.Add(5 * time.Minute),
		QueuedAt: t0, StartedAt: t0.Add(time.Second), FinishedAt: t0.Add(time.Minute), ExitCode: &code,
		Attempts: []run.Attempt{{
			N: 1, TaskDefinition: "d", Sends: 2, Refusals: 1, RefusedSends: []int{2}, Doubt: true, SentAt: t0, TaskARN: "a", AcceptedAt: t0, LastStatus: "STOPPED", Version: 9,
			StartedAt: t0, EndedAt: t0, StopCode: "EssentialContainerExited", StoppedReason: "line\nbreak", ContainerReason: "OOM",
			ExitCode: &code, ImageDigest: "sha256:1", Class: stop.AppFailed, Started: stop.Yes, Helps: stop.No, Rule: "r", Why: "w", Next: "n", RanAfterAll: true,
		}},
		First: 1, Renew: true, Triggers: []run.Trigger{{At: t0, Kind: run.BySchedule, Request: "q", By: "ann", Reason: "why"}}, Duplicates: 2,
		Stopping: &run.StopRequest{Asker: stop.AskedByPerson, By: "ann", Reason: "x", At: t0, While: "RUNNING", Stuck: true},
		Owed:     []run.Effect{{Kind: run.StopTask, Attempt: 1}, {Kind: run.Tell, Attempt: 1, Notice: "failed"}},
	}
}

func roundTrip(t *testing.T, s Store) {
	want := full("report/20261122T1730Z")
	commit(t, s, want)
	got := load(t, s, want.ID)
	want.Rev = 1
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	want.Status, want.Owed = run.Failed, nil
	commit(t, s, want)
	if got := load(t, s, want.ID); got.Rev != 2 || got.Status != run.Failed || got.Owed != nil {
		t.Errorf("after a second write: %+v", got)
	}
}

func absent(t *testing.T, s Store) {
	ctx := t.Context()
	_, err := s.Run(ctx, "report/20261122T1730Z")
	wantErr(t, "Run", err, control.ErrNotFound)
	_, err = s.Item(ctx, "report")
	wantErr(t, "Item", err, control.ErrNotFound)
	_, err = s.Definition(ctx, "abc")
	wantErr(t, "Definition", err, control.ErrNotFound)
	if rs, err := s.Due(ctx, run.LookLane, t0, 10); err != nil || len(rs) != 0 {
		t.Errorf("Due of nothing: %v, %v", rs, err)
	}
	if rs, err := s.Runs(ctx, control.Query{}); err != nil || len(rs) != 0 {
		t.Errorf("Runs of nothing: %v, %v", rs, err)
	}
	if at, err := s.Mark(ctx, "watermark"); err != nil || !at.IsZero() {
		t.Errorf("Mark of nothing: %v, %v", at, err)
	}
	gone := full("report/20261122T1731Z")
	gone.Rev = 4
	wantErr(t, "Commit of a run that does not exist at that revision", s.Commit(ctx, control.Change{Run: &gone}), control.ErrConflict)
}

func claimOnce(t *testing.T, s Store) {
	r := full("report/20261122T1730Z")
	commit(t, s, r)
	wantErr(t, "a second claim", s.Commit(t.Context(), control.Change{Run: &r}), control.ErrConflict)
}

func claimRace(t *testing.T, s Store) {
	const many = 16
	errs := make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			r := full("report/20261122T1730Z")
			r.Cause = fmt.Sprint(i)
			errs[i] = s.Commit(context.WithoutCancel(t.Context()), control.Change{Run: &r})
		})
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won >= 0:
			t.Fatalf("%d and %d both won", won, i)
		case err == nil:
			won = i
		case !errors.Is(err, control.ErrConflict):
			t.Errorf("claim %d: %v", i, err)
		}
	}
	if won < 0 {
		t.Fatal("nobody won")
	}
	if got := load(t, s, "report/20261122T1730Z"); got.Cause != fmt.Sprint(won) || got.Rev != 1 {
		t.Errorf("%d won, stored is %q at revision %d", won, got.Cause, got.Rev)
	}
}

func olderRevision(t *testing.T, s Store) {
	r := full("report/20261122T1730Z")
	commit(t, s, r)
	first := load(t, s, r.ID)
	second := first
	second.Cause = "second"
	commit(t, s, second)
	first.Cause = "first"
	wantErr(t, "a write at an older revision", s.Commit(t.Context(), control.Change{Run: &first}), control.ErrConflict)
	if got := load(t, s, r.ID); got.Cause != "second" {
		t.Errorf("stored is %q", got.Cause)
	}
}

func atomic(t *testing.T, s Store) {
	r, item := full("report/20261122T1730Z"), job.Item{Name: "report", Definition: "abc", FailingSince: t0}
	if err := s.Commit(t.Context(), control.Change{Run: &r, Item: &item}); err != nil {
		t.Fatal(err)
	}
	r.Rev, r.Cause, item.Definition = 1, "changed", "def"
	// The item is still at revision 0 in our hands: neither may be written.
	wantErr(t, "run right, item wrong", s.Commit(t.Context(), control.Change{Run: &r, Item: &item}), control.ErrConflict)
	r.Rev, item.Rev = 7, 1
	wantErr(t, "run wrong, item right", s.Commit(t.Context(), control.Change{Run: &r, Item: &item}), control.ErrConflict)
	if got := load(t, s, r.ID); got.Cause == "changed" || got.Rev != 1 {
		t.Errorf("the run was written: %q at %d", got.Cause, got.Rev)
	}
	got, err := s.Item(t.Context(), "report")
	if err != nil || got.Definition != "abc" || got.Rev != 1 || !got.FailingSince.Equal(t0) {
		t.Errorf("the item was written: %+v, %v", got, err)
	}
	r.Rev = 1
	if err := s.Commit(t.Context(), control.Change{Run: &r, Item: &item}); err != nil {
		t.Errorf("both right: %v", err)
	}
}

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
	var ue *control.UnreadableError
	if !errors.As(err, &ue) || len(ue.Runs) != 1 || ue.Runs["a/20261122T1730Z"] == nil {
		t.Fatalf("got %v", err)
	}
	wantIDs(t, "the others", got, []run.ID{"b/20261122T1730Z"})
	if _, err := s.Run(t.Context(), "a/20261122T1730Z"); err == nil || errors.Is(err, control.ErrNotFound) {
		t.Errorf("Run of an unreadable run: %v", err)
	}
	wantRuns(t, s, control.Query{}, "b/20261122T1730Z")
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
	wantRuns(t, s, control.Query{}, "b/20261122T1732Z", "a/20261122T1731Z", "a/20261122T1730Z")
	wantRuns(t, s, control.Query{Limit: 1}, "b/20261122T1732Z")
}

func listSelect(t *testing.T, s Store) {
	add := func(id run.ID, status run.Status, at time.Time) {
		commit(t, s, run.Run{ID: id, Status: status, ScheduledFor: at, QueuedAt: t0, DueAt: t0})
	}
	add("a/20261122T1730Z", run.Failed, t0)
	add("a/20261122T1731Z", run.Succeeded, t0.Add(time.Minute))
	add("b/20261122T1730Z", run.Failed, t0)
	wantRuns(t, s, control.Query{Job: "a"}, "a/20261122T1731Z", "a/20261122T1730Z")
	wantRuns(t, s, control.Query{Status: run.Failed, Job: "b"}, "b/20261122T1730Z")
	wantRuns(t, s, control.Query{Status: run.Skipped})
	wantRuns(t, s, control.Query{Since: t0.Add(time.Second)}, "a/20261122T1731Z")
	wantRuns(t, s, control.Query{Since: t0.Add(time.Minute)}, "a/20261122T1731Z")
}

func listByHand(t *testing.T, s Store) {
	byHand := run.ByHandID("a", "x")
	for i, id := range []run.ID{"a/20261122T1730Z", byHand, "a/20261122T1732Z"} {
		commit(t, s, run.Run{ID: id, Status: run.Succeeded, ScheduledFor: t0.Truncate(time.Minute).Add(time.Duration(i) * time.Minute), QueuedAt: t0})
	}
	wantRuns(t, s, control.Query{Job: "a"}, "a/20261122T1732Z", byHand, "a/20261122T1730Z")
	wantRuns(t, s, control.Query{Job: "a", Limit: 2}, "a/20261122T1732Z", byHand)
	wantRuns(t, s, control.Query{}, "a/20261122T1732Z", byHand, "a/20261122T1730Z")
	wantRuns(t, s, control.Query{Job: "a", Since: t0}, "a/20261122T1732Z", byHand)
	wantRuns(t, s, control.Query{Job: "a", Scheduled: true}, "a/20261122T1732Z", "a/20261122T1730Z")
	wantRuns(t, s, control.Query{Job: "a", Scheduled: true, Limit: 1}, "a/20261122T1732Z")
	wantRuns(t, s, control.Query{Scheduled: true}, "a/20261122T1732Z", "a/20261122T1730Z")
	wantRuns(t, s, control.Query{Status: run.Succeeded, Scheduled: true}, "a/20261122T1732Z", "a/20261122T1730Z")
}

func listOwing(t *testing.T, s Store) {
	owing := run.Run{
		ID: "a/20261122T1731Z", Status: run.Failed, ScheduledFor: t0.Add(time.Minute), QueuedAt: t0, DueAt: t0,
		Owed: []run.Effect{{Kind: run.Tell, Notice: "failed"}},
	}
	commit(t, s, owing)
	commit(t, s, run.Run{ID: "a/20261122T1730Z", Status: run.Failed, ScheduledFor: t0, QueuedAt: t0})
	commit(t, s, open("a/20261122T1732Z", t0))
	for _, q := range []control.Query{{Status: run.Failed}, {Status: run.Failed, Job: "a"}} {
		wantRuns(t, s, q, "a/20261122T1731Z", "a/20261122T1730Z")
	}
	wantRuns(t, s, control.Query{Status: run.Failed, Limit: 1}, "a/20261122T1731Z")
	wantRuns(t, s, control.Query{Status: run.Running}, "a/20261122T1732Z")
}

func items(t *testing.T, s Store) {
	for _, name := range []string{"b", "a"} {
		if err := s.Commit(t.Context(), control.Change{Item: &job.Item{Name: name, Definition: "d-" + name}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Items(t.Context())
	if err != nil || len(got) != 2 || got[0].Name != "a" || got[1].Definition != "d-b" || got[1].Rev != 1 {
		t.Fatalf("items: %+v, %v", got, err)
	}
	stale := got[0]
	got[0].Gone = true
	if err := s.Commit(t.Context(), control.Change{Item: &got[0]}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "an item at an older revision", s.Commit(t.Context(), control.Change{Item: &stale}), control.ErrConflict)
	if a, err := s.Item(t.Context(), "a"); err != nil || !a.Gone || a.Rev != 2 {
		t.Errorf("item: %+v, %v", a, err)
	}
}

func unreadableItem(t *testing.T, s Store) {
	for _, name := range []string{"c", "b", "a"} {
		if err := s.Commit(t.Context(), control.Change{Item: &job.Item{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CorruptItem(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Items(t.Context())
	var ue *control.UnreadableItemsError
	if !errors.As(err, &ue) || len(ue.Jobs) != 1 || ue.Jobs["b"] == nil {
		t.Errorf("got error %v", err)
	}
	if len(got) != 2 || got[0].Name != "a" || got[1].Name != "c" {
		t.Errorf("the others: %+v", got)
	}
	if _, err := s.Item(t.Context(), "b"); err == nil || errors.Is(err, control.ErrNotFound) {
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
		if err := s.Keep(t.Context(), control.Kept{At: t0, Reason: reason, Body: []byte("\x00{")}); err != nil {
			t.Fatal(err)
		}
	}
	// A slot that was refused has nothing but its reason.
	if err := s.Keep(t.Context(), control.Kept{At: t0, Reason: "third"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Kept(t.Context(), 10)
	if err != nil || len(got) != 3 || got[0].Reason != "third" || len(got[0].Body) != 0 || got[1].Reason != "second" || string(got[2].Body) != "\x00{" || !got[1].At.Equal(t0) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := s.Settle(t.Context(), got[1]); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), got[1]); !errors.Is(err, control.ErrNotFound) {
		t.Errorf("settled twice: %v", err)
	}
	left, err := s.Kept(t.Context(), 2)
	if err != nil || len(left) != 2 || left[0].ID() != got[0].ID() || left[1].ID() != got[2].ID() {
		t.Errorf("left are %+v, %v", left, err)
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
		if errors.Is(err, control.ErrConflict) != move.conflict || err != nil && !move.conflict {
			t.Errorf("from %v to %v: %v", move.from, move.to, err)
		}
		if got, err := s.Mark(t.Context(), "turn"); err != nil || !got.Equal(move.stands) {
			t.Errorf("after %+v it is at %v, %v", move, got, err)
		}
	}
}

func noSharing(t *testing.T, s Store) {
	r := full("report/20261122T1730Z")
	commit(t, s, r)
	r.Attempts[0].Rule, r.Environment["A"] = "changed", "changed"
	got := load(t, s, r.ID)
	got.Attempts[0].Why = "changed"
	if again := load(t, s, r.ID); again.Attempts[0].Rule != "r" || again.Attempts[0].Why != "w" || again.Environment["A"] != "1" {
		t.Errorf("the stored run changed: %+v", again)
	}
}

func commit(t *testing.T, s Store, r run.Run) {
	t.Helper()
	if err := s.Commit(t.Context(), control.Change{Run: &r}); err != nil {
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

func wantDue(t *testing.T, s Store, now time.Time, limit int, want ...run.ID) {
	t.Helper()
	got, err := s.Due(t.Context(), run.LookLane, now, limit)
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, "due", got, want)
}

func wantRuns(t *testing.T, s Store, q control.Query, want ...run.ID) {
	t.Helper()
	got, err := s.Runs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, fmt.Sprintf("runs of %+v", q), got, want)
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
