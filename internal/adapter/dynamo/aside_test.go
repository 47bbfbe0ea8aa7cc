package dynamo_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestSetAsideWithoutABody: a run whose item has lost its body is set aside too. Otherwise each look
// would come to it again.
func TestSetAsideWithoutABody(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	r := run.Run{ID: "a/20261122T1730Z", ScheduledFor: at, Status: run.Running, DueAt: at, QueuedAt: at}
	if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &s.name, Key: keyOf(r.ID), UpdateExpression: aws.String("REMOVE b")}); err != nil {
		t.Fatal(err)
	}
	var unreadable *port.UnreadableError
	if _, err := s.Due(t.Context(), run.LookLane, at.Add(time.Hour), 10); !errors.As(err, &unreadable) || unreadable.Runs[r.ID] == nil {
		t.Fatalf("due: %v", err)
	}
	if err := s.SetAside(t.Context(), r.ID, "why"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Due(t.Context(), run.LookLane, at.Add(time.Hour), 10); err != nil {
		t.Errorf("due: %v", err)
	}
	kept, err := s.Kept(t.Context(), 10)
	if err != nil || len(kept) != 1 || len(kept[0].Body) != 0 || kept[0].Reason != "run a/20261122T1730Z: why" || kept[0].At.Sub(at).Abs() > time.Second {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// TestSetAsideAWaitingRun: a run that waits to be launched is set aside as one that is under way is.
func TestSetAsideAWaitingRun(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	r := run.Run{ID: "a/20261122T1730Z", ScheduledFor: at, Status: run.Queued, DueAt: at, QueuedAt: at}
	if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Corrupt(t.Context(), r.ID), s.SetAside(t.Context(), r.ID, "why")); err != nil {
		t.Fatal(err)
	}
	if due, err := s.Due(t.Context(), run.LaunchLane, at.Add(time.Hour), 10); err != nil || len(due) > 0 {
		t.Errorf("due: %v, %v", due, err)
	}
	if kept, err := s.Kept(t.Context(), 10); err != nil || len(kept) != 1 {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

// TestKeepsTheBeginningOfALongInput: an input that is too long for an item is kept as far as it fits,
// and so is a reason that quotes it. Otherwise it would come again until nobody keeps it.
func TestKeepsTheBeginningOfALongInput(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	body := bytes.Repeat([]byte("ü"), 450<<10)
	const cut = " (it has 921600 bytes, of which only the first 307200 are kept)"
	for reason, want := range map[string]string{
		"why":                   "why" + cut,
		"it is " + string(body): "it is " + strings.Repeat("ü", 8<<10/2-3) + "…" + cut,
	} {
		if err := s.Keep(t.Context(), port.Kept{At: time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC), Reason: reason, Body: body}); err != nil {
			t.Fatal(err)
		}
		kept, err := s.Kept(t.Context(), 10)
		if err != nil || len(kept) != 1 || !bytes.HasPrefix(body, kept[0].Body) || len(kept[0].Body) != 300<<10 || kept[0].Reason != want {
			t.Fatalf("kept %d, %v", len(kept), err)
		}
		if err := s.Settle(t.Context(), kept[0]); err != nil {
			t.Error(err)
		}
	}
}
