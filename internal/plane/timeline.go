package plane

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Timeline is what ran between two times, and what will.
func (p *Plane) Timeline(ctx context.Context, from, to time.Time, f JobFilter) (view.Timeline, error) {
	items, all, err := p.items(ctx)
	if err != nil {
		return view.Timeline{}, err
	}
	lanes := slices.DeleteFunc(items, func(i job.Item) bool { return i.Gone || !matchesAny(f.Names, i.Name) })
	w := walkOf(Filter{Jobs: f.Names, Since: from, Until: to}, AtOnce)
	if f.Owner != "" || f.Cluster != "" {
		definitions, err := p.definitions(ctx, lanes)
		if err != nil {
			return view.Timeline{}, err
		}
		lanes = slices.DeleteFunc(lanes, func(i job.Item) bool { return !f.fits(definitions[i.Name]) })
		w.Match = func(id run.ID) bool {
			return slices.ContainsFunc(lanes, func(i job.Item) bool { return i.Name == id.Job() })
		}
	}
	bars, err := p.inSight(ctx, w, lanes)
	if err != nil {
		return view.Timeline{}, err
	}
	return view.TimelineOf(from, to, p.now(), lanes, all, bars), nil
}

var (
	openStatuses = []run.Status{run.Queued, run.Launching, run.Running}
	// cutStatuses are those of runs that may have gone on for far longer than their
	// job's others.
	cutStatuses = []run.Status{run.Failed, run.Stopped}
)

// ReachIn is how long before a span a run may have been scheduled that has ended in it.
const ReachIn = 24 * time.Hour

// inSight are the bars of a walk's span, and those that reach into it: open runs of
// any age, and those of the day before that have ended. Of the day before, the runs that
// succeeded are read only as far back as their job's last ones lasted: else as many
// are read for nothing as are shown.
func (p *Plane) inSight(ctx context.Context, w control.Walk, lanes []job.Item) ([]view.Bar, error) {
	before := w
	before.Since, before.Until = w.Since.Add(-ReachIn), w.Since
	open, cut := before, before
	open.Since, open.Statuses, cut.Statuses = time.Time{}, openStatuses, cutStatuses
	if p.Bars != nil { // what is remembered is not read again
		w.Since, w.EndsFrom = before.Since, w.Since
		kept, err := p.Bars(ctx, w)
		if err != nil {
			return nil, err
		}
		running, err := p.barsOf(ctx, open)
		return joined(kept, running), err
	}
	shown, err := p.together(ctx,
		func(ctx context.Context) ([]view.Bar, error) { return p.BarsOf(ctx, w) },
		func(ctx context.Context) ([]view.Bar, error) { return p.barsOf(ctx, open) },
		func(ctx context.Context) ([]view.Bar, error) { return p.barsOf(ctx, cut) },
	)
	if err != nil {
		return nil, err
	}
	rest, err := p.barsOf(ctx, reaching(before, shown, lanes))
	return unique(append(shown, rest...)), err
}

// leastReach is how far back runs are read of jobs of whatever length.
const leastReach = time.Hour

// reaching is the walk before a span that wants only what may reach into it, as far as
// the lengths of the same jobs' bars say: twice the longest. Of a job that has no bar,
// all is wanted, as is every run by hand, whose name does not say when it was asked for.
func reaching(before control.Walk, bars []view.Bar, lanes []job.Item) control.Walk {
	reach := map[string]time.Duration{}
	for _, b := range bars {
		if b.State == view.State(run.Succeeded) {
			reach[b.Run.Job()] = min(max(reach[b.Run.Job()], 2*b.To.Sub(b.ScheduledFor), leastReach), ReachIn)
		}
	}
	longest := leastReach
	for _, d := range reach {
		longest = max(longest, d)
	}
	if slices.ContainsFunc(lanes, func(i job.Item) bool { return reach[i.Name] == 0 }) {
		longest = ReachIn
	}
	match, from := before.Match, before.Until
	before.Since = from.Add(-longest)
	before.Match = func(id run.ID) bool {
		at, scheduled := id.ScheduledFor()
		d := reach[id.Job()]
		return (!scheduled || d == 0 || at.Add(d).After(from)) && (match == nil || match(id))
	}
	return before
}

// joined are many bars and some, each run once: tens of thousands are not compared with
// each other.
func joined(many, some []view.Bar) []view.Bar {
	if len(some) == 0 {
		return many
	}
	there := make(map[run.ID]bool, len(some))
	for _, b := range some {
		there[b.Run] = true
	}
	return append(slices.DeleteFunc(many, func(b view.Bar) bool { return there[b.Run] }), some...)
}

// unique are the bars, each once: a run that ended between two reads is in both.
func unique(bars []view.Bar) []view.Bar {
	seen := make(map[run.ID]bool, len(bars))
	return slices.DeleteFunc(bars, func(b view.Bar) bool {
		had := seen[b.Run]
		seen[b.Run] = true
		return had
	})
}

// AtOnce is how many runs a walk that wants all of them reads side by side.
const AtOnce = 5000

// sideBySide is in how many parts a span of at least as many hours is read.
const sideBySide = 4

// BarsOf are the runs that a walk selects, in no order, as bars. A span that has both
// ends is read in parts side by side.
func (p *Plane) BarsOf(ctx context.Context, w control.Walk) ([]view.Bar, error) {
	if p.Bars != nil {
		return p.Bars(ctx, w)
	}
	until := w.Until
	if now := p.now(); until.IsZero() || until.After(now) {
		until = now
	}
	length := until.Sub(w.Since)
	if _, ok := p.Reader.(control.Outliner); ok || w.Since.IsZero() || w.Past != "" || length < sideBySide*time.Hour {
		return p.barsOf(ctx, w)
	}
	var parts []func(ctx context.Context) ([]view.Bar, error)
	begin := func(i int) time.Time {
		return w.Since.Add(length * time.Duration(i) / sideBySide).Truncate(time.Millisecond)
	}
	for i := range sideBySide {
		part := w
		if i > 0 {
			part.Since = begin(i)
		}
		if i < sideBySide-1 { // both ends count, and no run is in two parts
			part.Until = begin(i + 1).Add(-time.Nanosecond)
		}
		parts = append(parts, func(ctx context.Context) ([]view.Bar, error) { return p.barsOf(ctx, part) })
	}
	return p.together(ctx, parts...)
}

func (p *Plane) barsOf(ctx context.Context, w control.Walk) (bars []view.Bar, err error) {
	for o, err := range control.Outlines(ctx, p.Reader, w) {
		if err != nil {
			return nil, err
		}
		if len(bars) == cap(bars) { // tens of thousands may come
			bars = slices.Grow(bars, max(len(bars), 256))
		}
		bars = append(bars, view.BarOf(o))
	}
	return bars, nil
}

// together reads side by side until one fails.
func (*Plane) together(ctx context.Context, reads ...func(ctx context.Context) ([]view.Bar, error)) ([]view.Bar, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	read := make([][]view.Bar, len(reads))
	var wg sync.WaitGroup
	for i, of := range reads {
		wg.Go(func() {
			var err error
			if read[i], err = of(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return slices.Concat(read...), context.Cause(ctx)
}

// Counted is how many runs there were since a time, by state; of those that succeeded no
// more is read than that they are there.
func (p *Plane) Counted(ctx context.Context, since time.Time) (map[view.State]int, error) {
	if c, ok := p.Reader.(control.Counter); ok {
		return p.count(ctx, c, since)
	}
	counts := map[view.State]int{}
	others := slices.DeleteFunc(slices.Clone(run.Statuses), func(s run.Status) bool { return s == run.Succeeded })
	all := map[run.ID]bool{}
	bars, err := p.together(ctx, func(ctx context.Context) ([]view.Bar, error) {
		return p.barsOf(ctx, control.Walk{Since: since, Page: AtOnce, Match: func(id run.ID) bool {
			all[id] = true
			return false
		}})
	}, func(ctx context.Context) ([]view.Bar, error) {
		return p.barsOf(ctx, control.Walk{Since: since, Page: AtOnce, Statuses: others})
	})
	if err != nil {
		return nil, err
	}
	for _, b := range bars {
		counts[b.State]++
		delete(all, b.Run)
	}
	if len(all) > 0 {
		counts[view.State(run.Succeeded)] = len(all)
	}
	return counts, nil
}

// count counts runs by who can count those that have ended.
func (p *Plane) count(ctx context.Context, c control.Counter, since time.Time) (map[view.State]int, error) {
	ended, err := c.Ended(ctx, since)
	if err != nil {
		return nil, err
	}
	counts := map[view.State]int{}
	for status, n := range ended {
		counts[view.State(status)] = n
	}
	bars, err := p.barsOf(ctx, control.Walk{Since: since, Page: AtOnce, Statuses: openStatuses})
	for _, b := range bars {
		counts[b.State]++
	}
	return counts, err
}
