package plane_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestRunsOfOneSecond: the newest run of a job is the one that was asked for last, even if
// another was asked for in the same second, as by a script.
func TestRunsOfOneSecond(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, ids := range map[string][]run.ID{
		"by hand":                {"a/manual-000000000003", "a/manual-000000000001", "a/manual-000000000002"},
		"a slot, then by hand":   {"a/20261122T0900Z", "a/manual-000000000001"},
		"by hand, then the slot": {"a/manual-000000000001", "a/20261122T0900Z"},
	} {
		store := &memory.Store{}
		before := run.Run{ID: "a/manual-ffffffffffff", ScheduledFor: second.Add(-time.Second), QueuedAt: second, Status: run.Failed}
		runs := []run.Run{before}
		for i, id := range ids {
			runs = append(runs, run.Run{ID: id, ScheduledFor: second, QueuedAt: second.Add(time.Duration(i+1) * time.Millisecond), Status: run.Failed})
		}
		for _, r := range runs {
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		p := &plane.Plane{Reader: store}
		for what, want := range map[string]plane.Want{"show": plane.Any, "retry": plane.Retryable} {
			if r, _, err := p.Find(t.Context(), "a", want); err != nil || r.ID != ids[len(ids)-1] {
				t.Errorf("%s, %s: %s, %v", name, what, r.ID, err)
			}
		}
	}
}

// TestBehindManySkippedRuns: an open run that had more than a thousand slots skipped is found.
func TestBehindManySkippedRuns(t *testing.T) {
	t.Parallel()
	store, at := &memory.Store{}, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	hung := run.Run{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "arn"}}}
	runs := []run.Run{hung}
	for range 1500 {
		at = at.Add(time.Minute)
		runs = append(runs, run.Run{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, Status: run.Skipped})
	}
	for _, r := range runs {
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane.Plane{Reader: store}
	for what, want := range map[string]plane.Want{"stop": plane.Stoppable, "logs": plane.WithOutput, "retry": plane.Retryable} {
		if r, note, err := p.Find(t.Context(), "a", want); err != nil || r.ID != hung.ID || note == "" {
			t.Errorf("%s: %s, %q, %v", what, r.ID, note, err)
		}
	}
}

// TestStopBehindManyWaitingRuns: stop means the run whose task runs, however many newer ones wait
// or were skipped.
func TestStopBehindManyWaitingRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waiting, skipped int
		says             string
	}{
		"some wait":               {5, 0, "a has 6 open runs; using"},
		"more wait than are read": {20, 0, "a has 10 open runs or more; using"},
		"one waits, many skipped": {1, 1500, "a has 2 open runs; using"},
	} {
		store, at := &memory.Store{}, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		runs := []run.Run{
			{ID: run.ScheduledID("a", at.Add(-time.Minute)), ScheduledFor: at.Add(-time.Minute), Status: run.Succeeded},
			{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, Status: run.Running},
		}
		for i := range c.waiting + c.skipped {
			at := at.Add(time.Duration(i+1) * time.Minute)
			status := run.Skipped
			if i >= c.skipped {
				status = run.Queued
			}
			runs = append(runs, run.Run{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, Status: status})
		}
		for _, r := range runs {
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		p := &plane.Plane{Reader: store}
		if r, note, err := p.Find(t.Context(), "a", plane.Stoppable); err != nil || r.Status != run.Running || !strings.HasPrefix(note, c.says) {
			t.Errorf("%s: %s is %s, %q, %v", name, r.ID, r.Status, note, err)
		}
	}
}

// cutShort is a store whose walks fail after their first run.
type cutShort struct{ *memory.Store }

func (c cutShort) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		for r, err := range c.Store.Walk(ctx, w) {
			if !yield(r, err) || !yield(run.Run{}, errLine) {
				return
			}
		}
	}
}

// TestARunIsNotGuessed: if not all runs can be read that a name may mean, it means none: stop would take
// a run that waits for the one that runs.
func TestARunIsNotGuessed(t *testing.T) {
	t.Parallel()
	waits, runs := ended("a", 1, run.Queued), ended("a", 0, run.Running)
	for what, want := range map[string]plane.Want{"show": plane.Any, "stop": plane.Stoppable} {
		p, store := runsOf(t, waits, runs)
		p.Reader = cutShort{store}
		if r, _, err := p.Find(t.Context(), "a", want); !errors.Is(err, errLine) {
			t.Errorf("%s: %s, %v", what, r.ID, err)
		}
	}
}

// TestFindReadsOnlyWhatItNeeds: the run before the one that fits shows that no other is of its second.
func TestFindReadsOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	_, store := runsOf(t, append(count("a", 0, 50, run.Succeeded), ended("a", 50, run.Failed))...)
	read := &counted{Store: store}
	p := &plane.Plane{Reader: read}
	if r, _, err := p.Find(t.Context(), "a", plane.Retryable); err != nil || r.Status != run.Failed || read.walked.Load() != 2 {
		t.Errorf("%s after %d runs were read, %v", r.ID, read.walked.Load(), err)
	}
}

// TestATimeOfDay is one of the job's own zone.
func TestATimeOfDay(t *testing.T) {
	t.Parallel()
	inUTC, inBerlin := ended("a", 30, run.Failed), ended("a", -30, run.Failed)
	p, store := runsOf(t, inUTC, inBerlin)
	for name, zone := range map[string]string{"a": "Europe/Berlin", "b": "UTC"} {
		if err := store.Commit(t.Context(), port.Change{Item: &job.Item{Name: name, Plan: job.Plan{Timezone: zone}}}); err != nil {
			t.Fatal(err)
		}
	}
	if r, _, err := p.Find(t.Context(), "a@02:30", plane.Any); err != nil || r.ID != inBerlin.ID {
		t.Errorf("%s, %v", r.ID, err)
	}
}

// noItem is the reader of a store that does not answer about jobs.
type noItem struct{ *memory.Store }

func (noItem) Item(context.Context, string) (job.Item, error) {
	return job.Item{}, errors.New("throttled")
}

// TestZoneThatCannotBeRead: a time of day is of no run as long as the job's zone cannot be read.
// In UTC it may be another run, which a command would then stop.
func TestZoneThatCannotBeRead(t *testing.T) {
	t.Parallel()
	store, at := &memory.Store{}, time.Date(2026, 11, 22, 2, 30, 0, 0, time.UTC)
	if err := store.Commit(t.Context(), port.Change{Run: &run.Run{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, Status: run.Running}}); err != nil {
		t.Fatal(err)
	}
	p := &plane.Plane{Reader: noItem{store}}
	if r, _, err := p.Find(t.Context(), "a@02:30", plane.Stoppable); err == nil || !strings.Contains(err.Error(), "throttled") {
		t.Errorf("%s, %v", r.ID, err)
	}
	if zone, err := p.ZoneOf(t.Context(), "a", time.UTC); err == nil {
		t.Errorf("of a pause: %s", zone)
	}
	p.Reader = store
	if r, _, err := p.Find(t.Context(), "a@02:30", plane.Stoppable); err != nil || r.ID == "" {
		t.Errorf("of a job without an item: %s, %v", r.ID, err)
	}
}
