package plane_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// TestWhatCannotBeReadIsNamed: a run that has ended and whose record was damaged by hand is
// in no list, and each list that would have had it says so.
func TestWhatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	store := &memory.Store{}
	for i, status := range []run.Status{run.Missed, run.Failed, run.Succeeded} {
		r := ran(fmt.Sprintf("job-%d", i), time.Hour, time.Minute, status)
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	bad := ran("bad", time.Hour, time.Minute, run.Failed)
	if err := store.Commit(t.Context(), port.Change{Run: &bad}); err != nil {
		t.Fatal(err)
	}
	if err := store.Corrupt(t.Context(), bad.ID); err != nil {
		t.Fatal(err)
	}
	p := &plane.Plane{Reader: store, Now: func() time.Time { return evening }}
	want := []run.ID{bad.ID}
	page, err := p.History(t.Context(), plane.Filter{}, 10)
	if err != nil || len(page.Runs) != 3 || !slices.Equal(page.Unread, want) {
		t.Errorf("history: %d runs without %v, %v", len(page.Runs), page.Unread, err)
	}
	if page, err := p.History(t.Context(), plane.Filter{Jobs: []string{"job-1"}}, 10); err != nil || len(page.Unread) > 0 {
		t.Errorf("history of another job: without %v, %v", page.Unread, err)
	}
	line, err := p.Timeline(t.Context(), evening.Add(-24*time.Hour), evening, plane.JobFilter{})
	if err != nil || !slices.Equal(line.Unread, want) {
		t.Errorf("timeline: without %v, %v", line.Unread, err)
	}
	missed, err := p.MissedRuns(t.Context())
	if err != nil || len(missed.Runs) != 1 || !slices.Equal(missed.Unread, want) {
		t.Errorf("missed: %d without %v, %v", len(missed.Runs), missed.Unread, err)
	}
	if all, left, err := p.Candidates(t.Context(), plane.Filter{}); err != nil || len(all) != 1 || !slices.Equal(left, want) {
		t.Errorf("to retry: %d without %v, %v", len(all), left, err)
	}
	p.Reader = byKeys{store, bad.ID}
	day, err := p.Counted(t.Context(), evening.Add(-24*time.Hour))
	if err != nil || day.States[view.State(run.Succeeded)] != 1 || !slices.Equal(day.Unread, want) {
		t.Errorf("counts: %v without %v, %v", day.States, day.Unread, err)
	}
}

// byKeys is a store that asks whether a run is wanted before it finds that it cannot be read.
type byKeys struct {
	*memory.Store
	bad run.ID
}

func (b byKeys) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	if w.Match != nil {
		w.Match(b.bad)
	}
	return b.Store.Walk(ctx, w)
}

// TestUnreadWords name five and say what to do.
func TestUnreadWords(t *testing.T) {
	t.Parallel()
	var ids []run.ID
	for i := range 7 {
		ids = append(ids, run.ID(fmt.Sprintf("a/%d", i)))
	}
	for n, want := range map[int]string{
		0: "",
		1: "1 run whose records are damaged: a/0; `show a/0` says how: restore them from a backup",
		7: "7 runs whose records are damaged: a/0, a/1, a/2, a/3, a/4 and 2 more; `show a/0` says how: restore them from a backup",
	} {
		if got := plane.UnreadWords(ids[:n], "show"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestCandidatesOfAJobWhoseNewestCannotBeRead: its older runs are not retried, since what became of the
// newest is not known.
func TestCandidatesOfAJobWhoseNewestCannotBeRead(t *testing.T) {
	t.Parallel()
	byHand := ended("a", 1, run.Failed)
	byHand.ID = run.ByHandID("a", "request")
	for name, c := range map[string]struct {
		runs []run.Run
		bad  run.ID
		want string
	}{
		"the newest":              {count("a", 0, 3, run.Failed), "a/20261122T0202Z", "b/20261122T0200Z safe"},
		"the oldest":              {count("a", 0, 3, run.Failed), "a/20261122T0200Z", "a/20261122T0202Z safe b/20261122T0200Z safe"},
		"one by hand, of any age": {[]run.Run{byHand, ended("a", 2, run.Failed)}, byHand.ID, "b/20261122T0200Z safe"},
		"beside one by hand":      {[]run.Run{byHand, ended("a", 0, run.Failed)}, "a/20261122T0200Z", "b/20261122T0200Z safe"},
	} {
		p, store := runsOf(t, append(c.runs, ended("b", 0, run.Failed))...)
		if err := store.Corrupt(t.Context(), c.bad); err != nil {
			t.Fatal(err)
		}
		all, left, err := p.Candidates(t.Context(), plane.Filter{})
		var got []string
		for _, c := range all {
			got = append(got, fmt.Sprintf("%s %s", c.Run.ID, c.Retry.Safety))
		}
		if err != nil || strings.Join(got, " ") != c.want || len(left) != 1 {
			t.Errorf("%s cannot be read: got %v without %v, %v", name, got, left, err)
		}
	}
}

// halting is a reader of which one method fails; of Walk it is the second call.
type halting struct {
	*memory.Store
	method string
	walks  int
}

func (h *halting) Newest(ctx context.Context, jobs []string, n int) (map[string][]run.Run, error) {
	if h.method == "Newest" {
		return nil, errLine
	}
	return h.Store.Newest(ctx, jobs, n)
}

func (h *halting) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	if h.method == "Definitions" {
		return nil, errLine
	}
	return h.Store.Definitions(ctx, hashes)
}

func (h *halting) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	if h.walks++; h.method == "Walk" && h.walks == 2 {
		return func(yield func(run.Run, error) bool) { yield(run.Run{}, errLine) }
	}
	return h.Store.Walk(ctx, w)
}

// TestCandidatesAreNotGuessed: if it cannot be read whether a job has succeeded since, none is offered.
func TestCandidatesAreNotGuessed(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Newest", "Definitions", "Walk"} {
		p, store := runsOf(t, append([]run.Run{ended("a", 0, run.Missed)}, count("a", 10, 2*view.Recent, run.Failed)...)...)
		p.Reader = &halting{Store: store, method: method}
		if all, _, err := p.Candidates(t.Context(), plane.Filter{Statuses: []run.Status{run.Missed}}); !errors.Is(err, errLine) || len(all) > 0 {
			t.Errorf("%s fails: %d candidates, %v", method, len(all), err)
		}
	}
}

// TestABareNameSaysWhatItPassesOver: a job's newest run may be one whose record is damaged.
func TestABareNameSaysWhatItPassesOver(t *testing.T) {
	t.Parallel()
	store := &memory.Store{}
	older, good, newest := ran("a", 3*time.Hour, time.Minute, run.Failed), ran("a", 2*time.Hour, time.Minute, run.Failed), ran("a", time.Hour, time.Minute, run.Failed)
	alone := ran("b", time.Hour, time.Minute, run.Failed)
	for _, r := range []run.Run{older, good, newest, alone} {
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []run.ID{older.ID, newest.ID, alone.ID} {
		if err := store.Corrupt(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane.Plane{Reader: store, Now: func() time.Time { return evening }}
	left := fmt.Sprintf("left out: 1 run whose records are damaged: %s; `show %s` says how: restore them from a backup", newest.ID, newest.ID)
	if r, note, err := p.Find(t.Context(), "a", plane.Retryable); err != nil || r.ID != good.ID || note != left {
		t.Errorf("%s, %q, %v; want %s, %q", r.ID, note, err, good.ID, left)
	}
	if _, _, err := p.Find(t.Context(), "b", plane.Retryable); err == nil || !strings.Contains(err.Error(), "left out: 1 run whose records are damaged: "+string(alone.ID)) {
		t.Error(err)
	}
}
