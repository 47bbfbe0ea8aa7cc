package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

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
		Args: []string{"/bin/sh", "-c", "echo 'ü' \"\x01\""}, Environment: map[string]string{"A": "1"},
		Status: run.Running, Cause: "attempt 1 was accepted by ECS", DueAt: t0.Add(5 * time.Minute),
		QueuedAt: t0, StartedAt: t0.Add(time.Second), FinishedAt: t0.Add(time.Minute), ExitCode: &code,
		Attempts: []run.Attempt{{
			N: 1, TaskDefinition: "d", Revision: &run.TaskDefinition{ARN: "d", Container: "app"}, Sends: 2, Refusals: 1, RefusedSends: []int{2}, Doubt: true, SentAt: t0, TaskARN: "a", AcceptedAt: t0, LastStatus: "STOPPED", Version: 9,
			StartedAt: t0, EndingSince: t0, Stuck: true, EndedAt: t0, StopCode: "EssentialContainerExited", StoppedReason: "line\nbreak", ContainerReason: "OOM",
			ExitCode: &code, ImageDigest: "sha256:1", Class: stop.AppFailed, Started: stop.Yes, Helps: stop.No, Rule: "r", Why: "w", Next: "n", RanAfterAll: true,
		}},
		First: 1, Renew: true, Triggers: []run.Trigger{{At: t0, Kind: run.BySchedule, Request: "q", By: "ann", Reason: "why"}}, Duplicates: 2,
		Stopping: &run.StopRequest{Asker: stop.AskedByPerson, By: "ann", Reason: "x", At: t0, While: "RUNNING"},
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
	wantErr(t, "Run", err, port.ErrNotFound)
	_, err = s.Item(ctx, "report")
	wantErr(t, "Item", err, port.ErrNotFound)
	_, err = s.Definition(ctx, "abc")
	wantErr(t, "Definition", err, port.ErrNotFound)
	if rs, err := s.Due(ctx, run.LookLane, t0, 10); err != nil || len(rs) != 0 {
		t.Errorf("Due of nothing: %v, %v", rs, err)
	}
	if rs, err := s.Runs(ctx, port.Query{}); err != nil || len(rs) != 0 {
		t.Errorf("Runs of nothing: %v, %v", rs, err)
	}
	if at, err := s.Mark(ctx, "watermark"); err != nil || !at.IsZero() {
		t.Errorf("Mark of nothing: %v, %v", at, err)
	}
	gone := full("report/20261122T1731Z")
	gone.Rev = 4
	wantErr(t, "Commit of a run that does not exist at that revision", s.Commit(ctx, port.Change{Run: &gone}), port.ErrConflict)
}

func claimOnce(t *testing.T, s Store) {
	r := full("report/20261122T1730Z")
	commit(t, s, r)
	wantErr(t, "a second claim", s.Commit(t.Context(), port.Change{Run: &r}), port.ErrConflict)
}

func claimRace(t *testing.T, s Store) {
	const many = 16
	errs := make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			r := full("report/20261122T1730Z")
			r.Cause = fmt.Sprint(i)
			errs[i] = s.Commit(context.WithoutCancel(t.Context()), port.Change{Run: &r})
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
		case !errors.Is(err, port.ErrConflict):
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
	wantErr(t, "a write at an older revision", s.Commit(t.Context(), port.Change{Run: &first}), port.ErrConflict)
	if got := load(t, s, r.ID); got.Cause != "second" {
		t.Errorf("stored is %q", got.Cause)
	}
}

func atomic(t *testing.T, s Store) {
	r, item := full("report/20261122T1730Z"), job.Item{Name: "report", Definition: "abc", FailingSince: t0}
	if err := s.Commit(t.Context(), port.Change{Run: &r, Item: &item}); err != nil {
		t.Fatal(err)
	}
	r.Rev, r.Cause, item.Definition = 1, "changed", "def"
	// The item is still at revision 0 in our hands: neither may be written.
	wantErr(t, "run right, item wrong", s.Commit(t.Context(), port.Change{Run: &r, Item: &item}), port.ErrConflict)
	r.Rev, item.Rev = 7, 1
	wantErr(t, "run wrong, item right", s.Commit(t.Context(), port.Change{Run: &r, Item: &item}), port.ErrConflict)
	if got := load(t, s, r.ID); got.Cause == "changed" || got.Rev != 1 {
		t.Errorf("the run was written: %q at %d", got.Cause, got.Rev)
	}
	got, err := s.Item(t.Context(), "report")
	if err != nil || got.Definition != "abc" || got.Rev != 1 || !got.FailingSince.Equal(t0) {
		t.Errorf("the item was written: %+v, %v", got, err)
	}
	r.Rev = 1
	if err := s.Commit(t.Context(), port.Change{Run: &r, Item: &item}); err != nil {
		t.Errorf("both right: %v", err)
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
