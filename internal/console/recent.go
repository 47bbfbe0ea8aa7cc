package console

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Bounds of what is kept of runs.
const (
	// mostBars is how many bars are kept, at some 200 bytes each.
	mostBars = 300_000
	// mostChanges is how many changes are caught up with; after more all is read anew.
	mostChanges = 20_000
	changesPage = 1000
)

// recent keeps what pages show of runs, of a reader that says which have changed: the
// bars of the last days, and the newest runs of each job. It is as new as the reader
// itself whenever it is asked.
type recent struct {
	control.Reader
	feed control.Feed

	mu    sync.Mutex
	off   bool // there is no feed: a file of an earlier program that nobody writes to
	place int64
	// bars are of all runs that were scheduled from since on.
	bars   map[run.ID]view.Bar
	since  time.Time
	newest map[string][]run.Run
	// definitions are by their hash, and never change.
	definitions map[string]job.Job
}

// remembering is the plane by what is kept of its runs, where its reader tells of
// changes; else itself.
func remembering(p *plane.Plane) *plane.Plane {
	feed, ok := p.Reader.(control.Feed)
	if !ok {
		return p
	}
	c := &recent{Reader: p.Reader, feed: feed}
	kept := *p
	kept.Reader, kept.Bars = c, c.barsOf
	return &kept
}

// catchUp takes in what has changed. The lock is held.
func (c *recent) catchUp(ctx context.Context) error {
	switch {
	case c.off:
		return nil
	case c.bars == nil:
		err := c.forget(ctx)
		c.off = err != nil && ctx.Err() == nil
		return nil
	}
	for seen := 0; ; {
		runs, next, err := c.feed.Changed(ctx, c.place, changesPage)
		if err != nil {
			return err
		}
		for _, r := range runs {
			delete(c.newest, r.ID.Job())
			if !r.ScheduledFor.Before(c.since) {
				c.bars[r.ID] = view.BarOf(r)
			}
		}
		if c.place = next; len(runs) < changesPage {
			return nil
		}
		if seen += len(runs); seen > mostChanges || len(c.bars) > mostBars {
			return c.forget(ctx)
		}
	}
}

// keeps is whether there is a feed, as far as that is known.
func (c *recent) keeps() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.off
}

// forget begins anew from where the changes stand now.
func (c *recent) forget(ctx context.Context) error {
	place, err := c.feed.Place(ctx)
	if err != nil {
		return err
	}
	c.place, c.bars, c.newest, c.since = place, map[run.ID]view.Bar{}, map[string][]run.Run{}, never
	return nil
}

// never is later than any run: nothing is kept.
var never = time.Unix(1<<40, 0)

// barsOf implements plane.Plane's Bars.
func (c *recent) barsOf(ctx context.Context, w control.Walk) (out []view.Bar, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	if c.off {
		return (&plane.Plane{Reader: c.Reader}).BarsOf(ctx, w)
	}
	if err := c.reach(ctx, w.Since); err != nil {
		return nil, err
	}
	if len(c.bars) > mostBars { // they are not kept
		defer func() { c.bars = nil }()
	}
	for id, b := range c.bars {
		if w.Wants(id, b.ScheduledFor) {
			out = append(out, b)
		}
	}
	return out, nil
}

// reach reads what is not kept yet of the runs from a time on.
func (c *recent) reach(ctx context.Context, since time.Time) error {
	if !since.Before(c.since) {
		return nil
	}
	w := control.Walk{Since: since, Page: changesPage}
	if c.since != never {
		w.Until = c.since
	}
	for r, err := range c.Walk(ctx, w) {
		if err != nil {
			return err
		}
		c.bars[r.ID] = view.BarOf(r)
	}
	c.since = since
	return nil
}

// Newest implements control.Reader.
func (c *recent) Newest(ctx context.Context, jobs []string, n int) (map[string][]run.Run, error) {
	if n != view.Recent || !c.keeps() {
		return c.Reader.Newest(ctx, jobs, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(jobs), func(name string) bool { _, ok := c.newest[name]; return ok })
	read, err := c.Reader.Newest(ctx, missing, n)
	if err != nil || c.newest == nil {
		return read, err
	}
	for _, name := range missing {
		c.newest[name] = read[name]
	}
	out := maps.Clone(read)
	for _, name := range jobs {
		if rs := c.newest[name]; len(rs) > 0 {
			out[name] = slices.Clone(rs)
		}
	}
	return out, nil
}

// mostDefinitions is how many definitions are kept.
const mostDefinitions = 10_000

// Definitions implements control.Reader.
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

// Warm reads what pages will want, where it is kept.
func (s *Server) Warm(ctx context.Context) {
	p := s.cfg.Plane
	if _, ok := p.Reader.(*recent); !ok {
		return
	}
	if _, err := p.BarsOf(ctx, control.Walk{Since: s.cfg.Now().Add(-warmFor)}); err != nil {
		return // a page will say so
	}
	_, _ = p.Jobs(ctx, plane.JobFilter{})
}

// warmFor is what the timeline looks back for by itself, and a day for runs that
// reach into that.
const warmFor = defaultSpan + 24*time.Hour
