package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// TestRecentIsWhatIsThere: whatever happens to runs, and in whatever order pages ask, the cache
// has what the store has.
func TestRecentIsWhatIsThere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			kept := remembering(&plane.Plane{Reader: store})
			d := rand.New(rand.NewPCG(2026, seed)) //nolint:gosec // a repeatable sample
			for n := range 150 {
				happens(t, store, d, n)
				if d.IntN(3) > 0 {
					continue
				}
				w := port.Walk{Since: recentNow.Add(-time.Duration(d.IntN(72)) * time.Hour)}
				if d.IntN(2) == 0 {
					w.Until = recentNow.Add(-time.Duration(d.IntN(24)) * time.Hour)
				}
				if d.IntN(2) == 0 { // as a timeline asks
					w.EndsFrom = w.Since.Add(time.Duration(d.IntN(30)) * time.Hour)
				}
				if d.IntN(3) == 0 {
					w.Jobs = []string{"a", "b"}
				}
				equalTo(t, kept, &plane.Plane{Reader: store}, w)
			}
		})
	}
}

var recentNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// happens makes a run begin, at a recent or an old slot, or makes an old run change.
func happens(t *testing.T, store *sqlite.Store, d *rand.Rand, n int) {
	t.Helper()
	if d.IntN(3) > 0 || n < 5 {
		at := recentNow.Add(-time.Duration(d.IntN(70*60)) * time.Minute)
		r := run.Run{ID: run.ID(fmt.Sprintf("%c/%s-%d", 'a'+d.IntN(4), at.Format("20060102T1504Z"), n)), ScheduledFor: at, QueuedAt: at, Status: run.Running, DueAt: at, Attempts: []run.Attempt{{N: 1}}}
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
		return
	}
	rs, err := store.Runs(t.Context(), port.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	r := rs[d.IntN(len(rs))]
	r.Status, r.FinishedAt, r.DueAt = run.Statuses[d.IntN(len(run.Statuses))], r.QueuedAt.Add(time.Duration(d.IntN(30*60*60))*time.Second), time.Time{}
	if d.IntN(2) == 0 { // only an outline of it is read
		r.Status = run.Succeeded
	}
	if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
}

func equalTo(t *testing.T, kept, fresh *plane.Plane, w port.Walk) {
	t.Helper()
	of := func(p *plane.Plane) string {
		bars, err := p.BarsOf(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		bars = slices.DeleteFunc(bars, func(b view.Bar) bool { // bars that may be left out
			return !b.To.IsZero() && b.To.Before(w.EndsFrom) && b.ScheduledFor.Before(w.EndsFrom)
		})
		slices.SortFunc(bars, func(a, b view.Bar) int { return cmp.Compare(a.Run, b.Run) })
		newest, err := port.NewestOutlines(t.Context(), p.Reader, []string{"a", "b", "none"}, view.Recent)
		if err != nil {
			t.Fatal(err)
		}
		counts, err := p.Counted(t.Context(), w.Since)
		if err != nil {
			t.Fatal(err)
		}
		out := fmt.Sprint(bars, counts)
		for _, name := range []string{"a", "b", "none"} {
			for _, r := range newest[name] {
				out += fmt.Sprint(r.ID, r.Status, r.FinishedAt)
			}
		}
		return out
	}
	if got, want := of(kept), of(fresh); got != want {
		t.Fatalf("kept is\n%s\nand there is\n%s", got, want)
	}
}

// TestRecentInAnyOrder: in whatever order spans are asked for, nothing is taken to be cached that
// is not.
func TestRecentInAnyOrder(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for n := range 70 { // each succeeds at once, but every fourth takes 26 hours
		at := recentNow.Add(-time.Duration(n) * time.Hour)
		r := run.Run{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, StartedAt: at, FinishedAt: at.Add(time.Minute), Status: run.Succeeded, Attempts: []run.Attempt{{N: 1}}}
		if n%4 == 0 {
			r.FinishedAt = at.Add(26 * time.Hour)
		}
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	span := func(since, endsFrom int) port.Walk {
		w := port.Walk{Since: recentNow.Add(-time.Duration(since) * time.Hour)}
		if endsFrom > 0 {
			w.EndsFrom = recentNow.Add(-time.Duration(endsFrom) * time.Hour)
		}
		return w
	}
	walks := []port.Walk{span(27, 3), span(48, 24), span(60, 20), span(24, 0), span(48, 0)}
	for _, first := range walks {
		for _, second := range walks {
			for _, third := range walks {
				kept := remembering(&plane.Plane{Reader: store})
				for _, w := range []port.Walk{first, second, third} {
					equalTo(t, kept, &plane.Plane{Reader: store}, w)
				}
			}
		}
	}
}

// TestRecentGivesUp: the answer is right even after more changes than are worth catching up with,
// and with more bars than are kept.
func TestRecentGivesUp(t *testing.T) {
	t.Parallel()
	f := &flood{}
	c := &recent{Reader: f, feed: f}
	if bars, err := c.barsOf(t.Context(), port.Walk{Since: recentNow}); err != nil || len(bars) != 0 {
		t.Fatalf("%d bars, %v", len(bars), err)
	}
	f.n = mostChanges + 5*changesPage
	bars, err := c.barsOf(t.Context(), port.Walk{Since: recentNow})
	if err != nil || len(bars) != 0 || c.place != int64(f.n) {
		t.Errorf("%d bars at %d, %v: it was not read anew", len(bars), c.place, err)
	}
	c.Reader, f.n = counting{f}, 2*f.n
	if counts, err := c.Ended(t.Context(), recentNow); err != nil || counts[run.Failed] != 7 {
		t.Errorf("%v, %v: counted in an empty cache", counts, err)
	}
}

// TestRecentStopped: a first read that is cancelled is an error, and the next one is kept.
func TestRecentStopped(t *testing.T) {
	t.Parallel()
	f := &flood{}
	c := &recent{Reader: f, feed: f}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.barsOf(stopped, port.Walk{Since: recentNow}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if _, err := c.barsOf(t.Context(), port.Walk{Since: recentNow}); err != nil || c.bars == nil {
		t.Errorf("then: %v, kept %t", err, c.bars != nil)
	}
}

// flood is a reader in which much changes, and which has no runs to walk through.
type flood struct {
	port.Reader
	n int
}

func (f *flood) Place(ctx context.Context) (int64, error) { return int64(f.n), ctx.Err() }

func (f *flood) Changed(_ context.Context, after int64, limit int) (rs []run.Run, next int64, err error) {
	for next = after; next < int64(f.n) && len(rs) < limit; next++ {
		rs = append(rs, run.Run{ID: run.ID(fmt.Sprintf("a/%d", next)), ScheduledFor: recentNow})
	}
	return rs, next, nil
}

func (f *flood) Walk(context.Context, port.Walk) iter.Seq2[run.Run, error] {
	return func(func(run.Run, error) bool) {}
}

// counting is a flood that counts runs itself.
type counting struct{ *flood }

func (counting) Ended(context.Context, time.Time) (map[run.Status]int, error) {
	return map[run.Status]int{run.Failed: 7}, nil
}
