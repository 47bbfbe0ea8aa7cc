package plane_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

var evening = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// counted is a store that counts the runs returned by its walks.
type counted struct {
	*memory.Store
	walked atomic.Int64
}

func (c *counted) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		for r, err := range c.Store.Walk(ctx, w) {
			c.walked.Add(1)
			if !yield(r, err) {
				return
			}
		}
	}
}

func planeWith(t *testing.T, jobs []string, runs ...run.Run) (*plane.Plane, *counted) {
	t.Helper()
	store := &counted{Store: &memory.Store{}}
	for _, name := range jobs {
		if err := store.Commit(t.Context(), port.Change{Item: &job.Item{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range runs {
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	return &plane.Plane{Reader: store, Now: func() time.Time { return evening }}, store
}

// ran is a run that was scheduled ago before the evening and took so long.
func ran(name string, ago, took time.Duration, s run.Status) run.Run {
	at := evening.Add(-ago)
	r := run.Run{ID: run.ScheduledID(name, at), ScheduledFor: at, QueuedAt: at, StartedAt: at, Status: s}
	if s.Terminal() {
		r.FinishedAt = at.Add(took)
	} else {
		r.DueAt = evening
	}
	return r
}

func barsIn(t *testing.T, p *plane.Plane, back time.Duration) (out []string) {
	t.Helper()
	tl, err := p.Timeline(t.Context(), evening.Add(-back), evening.Add(back), plane.JobFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range tl.Tracks {
		for _, b := range l.Bars {
			out = append(out, fmt.Sprintf("%s %s", b.Run, b.State))
		}
	}
	slices.Sort(out)
	return out
}

// TestTimelineReachesBack: a run that was scheduled before the span and reaches into it is shown
// once, in whichever way it is found.
func TestTimelineReachesBack(t *testing.T) {
	t.Parallel()
	h := time.Hour
	runs := map[string]run.Run{
		"in sight":                         ran("short", 2*h, 4*time.Minute, run.Succeeded),
		"at the edge":                      ran("edge", 24*h, 2*time.Minute, run.Succeeded),
		"open for three days":              ran("open", 72*h, 0, run.Running),
		"hung and was stopped":             ran("short", 40*h, 20*h, run.Stopped),
		"ran for long and failed":          ran("short", 43*h, 30*h, run.Failed),
		"as long as its last":              ran("long", 29*h, 6*h, run.Succeeded),
		"the last of it":                   ran("long", 9*h, 6*h, run.Succeeded),
		"nothing else of it is in sight":   ran("rare", 40*h, 17*h, run.Succeeded),
		"longer than usual, by a bit":      ran("short", 24*h+30*time.Minute, 40*time.Minute, run.Succeeded),
		"of a job that is not there now":   ran("gone", 30*h, 10*h, run.Succeeded),
		"not: ended before the span":       ran("short", 30*h, 4*time.Minute, run.Succeeded),
		"not: failed before the span":      ran("rare", 30*h, 4*time.Minute, run.Failed),
		"not: of a slot long before a day": ran("long", 60*h, 37*h, run.Succeeded),
	}
	var all []run.Run
	var want []string
	for name, r := range runs {
		all = append(all, r)
		if name[:4] != "not:" {
			want = append(want, fmt.Sprintf("%s %s", r.ID, view.StateOf(r, time.Now())))
		}
	}
	slices.Sort(want)
	p, _ := planeWith(t, []string{"short", "edge", "open", "long", "rare"}, all...)
	if got := barsIn(t, p, 24*h); !slices.Equal(got, want) {
		t.Errorf("the timeline has\n%q, want\n%q", got, want)
	}
	p.Bars = func(ctx context.Context, w port.Walk) ([]view.Bar, error) {
		return (&plane.Plane{Reader: p.Reader, Now: p.Now}).BarsOf(ctx, w)
	}
	if got := barsIn(t, p, 24*h); !slices.Equal(got, want) {
		t.Errorf("of remembered bars the timeline has\n%q, want\n%q", got, want)
	}
}

// TestTimelineReadsWhatItShows: of the day before the span, nothing is read of jobs whose runs
// are short.
func TestTimelineReadsWhatItShows(t *testing.T) {
	t.Parallel()
	var runs []run.Run
	for i := 1; i <= 48*6; i++ {
		runs = append(runs, ran("short", time.Duration(i)*10*time.Minute, time.Minute, run.Succeeded))
	}
	p, store := planeWith(t, []string{"short"}, runs...)
	shown := len(barsIn(t, p, 24*time.Hour))
	if most := int64(shown + 12); shown != 24*6 || store.walked.Load() > most {
		t.Errorf("%d runs are shown and %d were read, want 144 and at most %d", shown, store.walked.Load(), most)
	}
}

// TestCounted: the counts match the runs themselves, and no succeeded run is read for them.
func TestCounted(t *testing.T) {
	t.Parallel()
	var runs []run.Run
	want := map[view.State]int{}
	for i, s := range append(slices.Clone(run.Statuses), run.Succeeded, run.Succeeded, run.Failed) {
		r := ran(fmt.Sprintf("job-%d", i), time.Duration(i+1)*time.Minute, time.Second, s)
		want[view.StateOf(r, time.Now())]++
		runs = append(runs, r, ran(fmt.Sprintf("job-%d", i), 25*time.Hour, time.Second, run.Failed))
	}
	p, store := planeWith(t, nil, runs...)
	got, err := p.Counted(t.Context(), evening.Add(-24*time.Hour))
	if err != nil || fmt.Sprint(got.States) != fmt.Sprint(want) {
		t.Errorf("counted %v (%v), want %v", got, err, want)
	}
	if n, most := int(store.walked.Load()), len(run.Statuses); n > most {
		t.Errorf("%d runs were read, want at most %d", n, most)
	}
}
