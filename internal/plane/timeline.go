package plane

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Timeline returns what ran between two times, and what will.
func (p *Plane) Timeline(ctx context.Context, from, to time.Time, f JobFilter) (view.Timeline, error) {
	items, all, err := p.items(ctx)
	if err != nil {
		return view.Timeline{}, err
	}
	lanes := slices.DeleteFunc(items, func(i job.Item) bool { return i.Gone || !matchesAny(f.Names, i.Name) })
	w := walkOf(Filter{Jobs: f.Names, Since: from, Until: to}, atOnce)
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
	var left unread
	w.Unread = left.add
	bars, err := p.inSight(ctx, w, lanes)
	if err != nil {
		return view.Timeline{}, err
	}
	line := view.TimelineOf(from, to, p.now(), lanes, all, bars)
	line.Unread = left.ids()
	return line, nil
}

var (
	openStatuses = []run.Status{run.Queued, run.Launching, run.Running}
	// cutStatuses are the statuses of runs that may have lasted far longer than their job's
	// others.
	cutStatuses = []run.Status{run.Failed, run.Stopped}
)

// ReachIn is how long before a span a run may have been scheduled to be shown as ending in it.
const ReachIn = 24 * time.Hour

// inSight returns the bars of a walk's span and those that reach into it: open runs of any age,
// and ended runs of the day before. Of the day before, it reads succeeded runs only as far back
// as their job's last runs lasted; otherwise it would read as many runs for nothing as it shows.
func (p *Plane) inSight(ctx context.Context, w port.Walk, lanes []job.Item) ([]view.Bar, error) {
	before := w
	before.Since, before.Until = w.Since.Add(-ReachIn), w.Since
	open, cut := before, before
	open.Since, open.Statuses, cut.Statuses = time.Time{}, openStatuses, cutStatuses
	if p.Bars != nil { // what is cached is not read again
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

// leastReach is the shortest time to read back for any job.
const leastReach = time.Hour

// reaching returns the walk over the time before a span that selects only runs that may reach
// into it: as long before it as twice the longest bar of the same job. It selects every run of a
// job that has no bar, and every run by hand, whose name does not say when it was asked for.
func reaching(before port.Walk, bars []view.Bar, lanes []job.Item) port.Walk {
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

// joined joins a long and a short list of bars, with each run once. It does not compare tens of
// thousands of bars with each other.
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

// unique returns each bar once: a run that ended between two reads is in both.
func unique(bars []view.Bar) []view.Bar {
	seen := make(map[run.ID]bool, len(bars))
	return slices.DeleteFunc(bars, func(b view.Bar) bool {
		had := seen[b.Run]
		seen[b.Run] = true
		return had
	})
}

// atOnce is the page size of a walk that reads all runs.
const atOnce = 5000

// sideBySide is the number of parts in which a span is read that has at least as many hours.
const sideBySide = 4

// BarsOf returns the runs that a walk selects as bars, in no particular order. It reads a span
// that has both ends in parts, side by side.
func (p *Plane) BarsOf(ctx context.Context, w port.Walk) ([]view.Bar, error) {
	if p.Bars != nil {
		return p.Bars(ctx, w)
	}
	until := w.Until
	if now := p.now(); until.IsZero() || until.After(now) {
		until = now
	}
	length := until.Sub(w.Since)
	if _, ok := p.Reader.(port.Outliner); ok || w.Since.IsZero() || w.Past != "" || length < sideBySide*time.Hour {
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
		if i < sideBySide-1 { // both ends count, so no run is in two parts
			part.Until = begin(i + 1).Add(-time.Nanosecond)
		}
		parts = append(parts, func(ctx context.Context) ([]view.Bar, error) { return p.barsOf(ctx, part) })
	}
	return p.together(ctx, parts...)
}

func (p *Plane) barsOf(ctx context.Context, w port.Walk) (bars []view.Bar, err error) {
	for o, err := range port.Outlines(ctx, p.Reader, w) {
		if err != nil {
			return nil, err
		}
		if len(bars) == cap(bars) { // there may be tens of thousands
			bars = slices.Grow(bars, max(len(bars), 256))
		}
		bars = append(bars, view.BarOf(o))
	}
	return bars, nil
}

// together runs the reads side by side until one fails. A read that panics fails too: nothing would
// recover it here, and the local process runs the jobs.
func (*Plane) together(ctx context.Context, reads ...func(ctx context.Context) ([]view.Bar, error)) ([]view.Bar, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	read := make([][]view.Bar, len(reads))
	var wg sync.WaitGroup
	for i, of := range reads {
		wg.Go(func() {
			if err := guarded(func() (err error) { read[i], err = of(ctx); return err }); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return slices.Concat(read...), context.Cause(ctx)
}

// guarded calls do under panics.Recover.
func guarded(do func() error) (err error) {
	defer panics.Recover(&err)
	return do()
}

// Counts is how many runs there have been, by state.
type Counts struct {
	States map[view.State]int
	// Unread has the ids of the runs that turned out to be unreadable.
	Unread []run.ID
}

// Counted returns how many runs there have been since a time. Of those that succeeded it reads
// nothing but that they exist.
func (p *Plane) Counted(ctx context.Context, since time.Time) (Counts, error) {
	if c, ok := p.Reader.(port.Counter); ok {
		return p.count(ctx, c, since)
	}
	var left unread
	counts := map[view.State]int{}
	others := slices.DeleteFunc(slices.Clone(run.Statuses), func(s run.Status) bool { return s == run.Succeeded })
	all := map[run.ID]bool{}
	bars, err := p.together(ctx, func(ctx context.Context) ([]view.Bar, error) {
		return p.barsOf(ctx, port.Walk{Since: since, Page: atOnce, Match: func(id run.ID) bool {
			all[id] = true
			return false
		}})
	}, func(ctx context.Context) ([]view.Bar, error) {
		return p.barsOf(ctx, port.Walk{Since: since, Page: atOnce, Statuses: others, Unread: left.add})
	})
	if err != nil {
		return Counts{}, err
	}
	for _, id := range left.ids() {
		delete(all, id)
	}
	for _, b := range bars {
		counts[b.State]++
		delete(all, b.Run)
	}
	if len(all) > 0 {
		counts[view.State(run.Succeeded)] = len(all)
	}
	return Counts{counts, left.ids()}, nil
}

// count counts runs with a Reader that can itself count those that have ended.
func (p *Plane) count(ctx context.Context, c port.Counter, since time.Time) (Counts, error) {
	ended, err := c.Ended(ctx, since)
	if err != nil {
		return Counts{}, err
	}
	var left unread
	counts := map[view.State]int{}
	for status, n := range ended {
		counts[view.State(status)] = n
	}
	bars, err := p.barsOf(ctx, port.Walk{Since: since, Page: atOnce, Statuses: openStatuses, Unread: left.add})
	for _, b := range bars {
		counts[b.State]++
	}
	return Counts{counts, left.ids()}, err
}
