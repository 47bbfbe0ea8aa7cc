package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// bars holds the bars of runs by job, each run once, in the order of their names. Every page goes
// through tens of thousands of them.
type bars struct {
	jobs map[string][]view.Bar
	n    int
}

func newBars() *bars { return &bars{jobs: map[string][]view.Bar{}} }

func compareBars(a, b view.Bar) int { return cmp.Compare(a.Run, b.Run) }

// put adds a bar, or replaces the bar of the same run.
func (b *bars) put(bar view.Bar) {
	name := bar.Run.Job()
	of := b.jobs[name]
	i, found := slices.BinarySearchFunc(of, bar.Run, func(o view.Bar, id run.ID) int { return cmp.Compare(o.Run, id) })
	if found {
		of[i] = bar
		return
	}
	b.jobs[name] = slices.Insert(of, i, bar)
	b.n++
}

// add adds many bars. If a run already has a bar, that one stays.
func (b *bars) add(many []view.Bar) {
	counts := map[string]int{}
	for i := range many {
		counts[many[i].Run.Job()]++
	}
	for name, n := range counts {
		b.jobs[name] = slices.Grow(b.jobs[name], n)
	}
	for _, bar := range many {
		name := bar.Run.Job()
		b.jobs[name] = append(b.jobs[name], bar)
	}
	for name := range counts {
		of := b.jobs[name]
		before := len(of) - counts[name]
		if fresh := of[before:]; len(fresh) > 1 && compareBars(fresh[0], fresh[1]) > 0 {
			slices.Reverse(fresh) // an index returns them newest first, which sorts slowly
		}
		slices.SortStableFunc(of, compareBars)
		of = slices.CompactFunc(of, func(x, y view.Bar) bool { return x.Run == y.Run })
		b.jobs[name] = of
		b.n += len(of) - before
	}
}

// of returns the bars that a walk selects.
func (b *bars) of(w port.Walk) []view.Bar {
	out := make([]view.Bar, 0, b.n)
	for name, of := range b.jobs {
		if len(w.Jobs) > 0 && !slices.Contains(w.Jobs, name) {
			continue
		}
		for i := range of {
			if w.Wants(of[i].Run, of[i].ScheduledFor) {
				out = append(out, of[i])
			}
		}
	}
	return out
}

// ended counts by status the ended runs that were scheduled from a time on.
func (b *bars) ended(since time.Time) map[run.Status]int {
	out := map[run.Status]int{}
	for _, of := range b.jobs {
		for i := range of {
			if !of[i].State.Open() && !of[i].ScheduledFor.Before(since) {
				out[run.Status(of[i].State)]++
			}
		}
	}
	return out
}
