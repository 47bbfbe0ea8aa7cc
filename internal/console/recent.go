package console

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Bounds of the cache of runs.
const (
	// mostBars is the largest number of bars to keep, at some 200 bytes each.
	mostBars = 300_000
	// mostChanges is the largest number of changes to catch up with. After more, everything is
	// read anew.
	mostChanges = 20_000
	changesPage = 1000
)

// recent caches what pages show of runs, for a reader that says which runs have changed: the bars
// of the last days, and the newest runs of each job. Whenever it is asked, it is as current as
// the reader.
type recent struct {
	port.Reader
	feed port.Feed
	now  func() time.Time

	mu    sync.Mutex
	place int64
	// bars holds all runs that were scheduled from since on, and those from early on that had not
	// ended by since.
	bars   *bars
	since  time.Time
	early  time.Time
	newest map[string][]run.Outline
	// unread has the runs of that time that could not be read, with when they were scheduled.
	unread map[run.ID]time.Time
	// definitions are by hash, and never change.
	definitions map[string]job.Job

	look sync.Mutex
	// items are the jobs' items as of lookedAt.
	items    []job.Item
	lookedAt time.Time
}

// remembering returns the plane with a cache of its runs if its reader reports changes, and
// otherwise the plane itself.
func remembering(p *plane.Plane) *plane.Plane {
	feed, ok := p.Reader.(port.Feed)
	if !ok {
		return p
	}
	c := &recent{Reader: p.Reader, feed: feed, now: p.Now}
	kept := *p
	kept.Reader, kept.Bars = c, c.barsOf
	return &kept
}

// catchUp takes in what has changed. The caller holds the lock.
func (c *recent) catchUp(ctx context.Context) error {
	if c.bars == nil {
		return c.forget(ctx)
	}
	for seen := 0; ; {
		runs, next, err := c.feed.Changed(ctx, c.place, changesPage)
		if err != nil {
			return err
		}
		for _, r := range runs {
			delete(c.newest, r.ID.Job())
			delete(c.unread, r.ID)
			if !r.ScheduledFor.Before(c.early) {
				c.bars.put(view.BarOf(r.Outline()))
			}
		}
		if c.place = next; len(runs) < changesPage {
			return nil
		}
		if seen += len(runs); seen > mostChanges || c.bars.n > mostBars {
			return c.forget(ctx)
		}
	}
}

// forget empties the cache and begins at the present place in the changes.
func (c *recent) forget(ctx context.Context) error {
	place, err := c.feed.Place(ctx)
	if err != nil {
		return err
	}
	c.place, c.bars, c.newest, c.since, c.early = place, newBars(), map[string][]run.Outline{}, never, never
	c.unread = map[run.ID]time.Time{}
	return nil
}

// never is later than any run: nothing is cached.
var never = time.Unix(1<<40, 0)

// barsOf implements Plane.Bars.
func (c *recent) barsOf(ctx context.Context, w port.Walk) ([]view.Bar, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	if err := c.reach(ctx, w); err != nil {
		return nil, err
	}
	if c.bars.n > mostBars { // too many to keep
		defer func() { c.bars = nil }()
	}
	for id, at := range c.unread {
		w.NoteUnread(id, at)
	}
	return c.bars.of(w), nil
}

// read reads bars without the cache.
func (c *recent) read(ctx context.Context, w port.Walk) ([]view.Bar, error) {
	return (&plane.Plane{Reader: c.Reader, Now: c.now}).BarsOf(ctx, w)
}

// reach reads what a walk wants and the cache does not have yet.
func (c *recent) reach(ctx context.Context, w port.Walk) error {
	since := cmp.Or(w.EndsFrom, w.Since)
	if !w.Since.Before(c.since) || !since.Before(c.since) && !w.Since.Before(c.early) {
		return nil
	}
	read := port.Walk{Since: w.Since, Page: changesPage}
	if c.since != never {
		read.Until = c.since
	}
	if since.After(c.since) {
		since = c.since
	}
	read.EndsFrom = since
	var mu sync.Mutex
	read.Unread = func(id run.ID, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		c.unread[id] = at
	}
	bars, err := c.read(ctx, read)
	if err != nil {
		return err
	}
	c.bars.add(bars)
	c.since, c.early = since, w.Since
	return nil
}

// Items implements port.Reader. It returns the items of the last look for changes, unless that
// is older than markedFor: one page asks for them four times.
func (c *recent) Items(ctx context.Context) ([]job.Item, error) {
	c.look.Lock()
	defer c.look.Unlock()
	if c.items == nil || time.Since(c.lookedAt) > markedFor {
		return c.readItems(ctx)
	}
	return slices.Clone(c.items), nil
}

// newItems returns the items as they are now.
func (c *recent) newItems(ctx context.Context) ([]job.Item, error) {
	c.look.Lock()
	defer c.look.Unlock()
	return c.readItems(ctx)
}

// readItems reads items, and caches them if all could be read. The caller holds the lock.
func (c *recent) readItems(ctx context.Context) ([]job.Item, error) {
	at := time.Now()
	items, err := c.Reader.Items(ctx)
	if c.items = nil; err == nil {
		c.items, c.lookedAt = slices.Clone(items), at
	}
	return items, err
}

// Ended implements port.Counter. It uses the cache if that reaches back far enough.
func (c *recent) Ended(ctx context.Context, since time.Time) (map[run.Status]int, error) {
	if counts, ok, err := c.ended(ctx, since); ok || err != nil {
		return counts, err
	}
	if r, ok := c.Reader.(port.Counter); ok {
		return r.Ended(ctx, since)
	}
	bars, err := c.barsOf(ctx, port.Walk{Since: since})
	counts := newBars()
	counts.add(bars)
	return counts.ended(since), err
}

// ended counts from the cache; ok is false if the cache does not reach back far enough.
func (c *recent) ended(ctx context.Context, since time.Time) (counts map[run.Status]int, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bars == nil || since.Before(c.since) {
		return nil, false, nil
	}
	if err := c.catchUp(ctx); err != nil {
		return nil, false, err
	}
	// Catching up may have emptied the cache.
	return c.bars.ended(since), !since.Before(c.since), nil
}

// Outlines implements port.Outliner.
func (c *recent) Outlines(ctx context.Context, w port.Walk) iter.Seq2[run.Outline, error] {
	return port.Outlines(ctx, c.Reader, w)
}

// NewestOutlines implements port.Outliner.
func (c *recent) NewestOutlines(ctx context.Context, jobs []string, n int) (map[string][]run.Outline, error) {
	if n != view.Recent {
		return port.NewestOutlines(ctx, c.Reader, jobs, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(jobs), func(name string) bool { _, ok := c.newest[name]; return ok })
	read, err := port.NewestOutlines(ctx, c.Reader, missing, n)
	if err != nil {
		return nil, err
	}
	for _, name := range missing {
		c.newest[name] = read[name]
	}
	out := make(map[string][]run.Outline, len(jobs))
	for _, name := range jobs {
		if rs := c.newest[name]; len(rs) > 0 {
			out[name] = rs
		}
	}
	return out, nil
}

// mostDefinitions is the largest number of definitions to keep.
const mostDefinitions = 10_000

// Definitions implements port.Reader.
func (c *recent) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.definitions == nil || len(c.definitions) > mostDefinitions {
		c.definitions = map[string]job.Job{}
	}
	missing := slices.DeleteFunc(slices.Clone(hashes), func(h string) bool { _, ok := c.definitions[h]; return ok })
	if len(missing) > 0 {
		read, err := c.Reader.Definitions(ctx, missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(c.definitions, read)
	}
	out := make(map[string]job.Job, len(hashes))
	for _, h := range hashes {
		if j, ok := c.definitions[h]; ok {
			out[h] = j
		}
	}
	return out, nil
}
