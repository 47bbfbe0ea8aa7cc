package control

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// memo remembers facts about jobs, by name, that hold as long as their items do not change.
type memo struct{ known[string, remembered] }

// remembered holds while a job's item is at a revision and, where that counts, its definition
// has a hash. It holds until a time; zero is for ever.
type remembered struct {
	hash  string
	rev   int64
	until time.Time
}

func (m *memo) holds(name, hash string, rev int64, now time.Time) bool {
	r, known := m.get(name)
	return known && r.hash == hash && r.rev == rev && (r.until.IsZero() || now.Before(r.until))
}

// knows reports whether anything is remembered about a job's item at a revision.
func (m *memo) knows(name string, rev int64) bool {
	r, known := m.get(name)
	return known && r.rev == rev
}

// sooner returns the earlier of two times. A zero a means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// synced returns what is remembered about an item that holds what the registry holds. It is
// valid until one of the item's former plans is of no more use.
func synced(hash string, item job.Item) remembered {
	r := remembered{hash: hash, rev: item.Rev}
	for i := range item.Former {
		r.until = sooner(r.until, item.Former[i].To.Add(job.KeepFormer))
	}
	return r
}

// calm returns what is remembered about a job whose slots were judged up to a time: that it
// has none to judge until the next one.
func (c *Control) calm(w *watched, to time.Time) remembered {
	r := remembered{rev: w.Rev}
	for _, p := range w.periods {
		within := time.Duration(p.plan.StartWithin)
		next, ok := p.times.Next(later(to.Add(-within), p.since))
		if _, isRate := p.times.Spec().Rate(); isRate {
			next, ok = c.quietUntil(p, w.Name), true
		}
		if ok && (p.until.IsZero() || !next.After(p.until)) {
			r.until = sooner(r.until, next.Add(within))
		}
	}
	if p := w.current(); p != nil { // see startLost
		if next, ok := p.times.Next(later(to, p.since)); ok {
			r.until = sooner(r.until, next)
		}
	}
	return r
}

// writing is how long after its plans were found to have changed an item may still be
// written: writing very many items takes that long.
const writing = time.Minute

// mustGoBack is goesBack, except for an item that this process has already judged as it is.
func (c *Control) mustGoBack(item *job.Item, from time.Time) bool {
	return !item.KnownAt.Before(from) || goesBack(item, from) && !c.calmJobs.knows(item.Name, item.Rev)
}

// goesBack reports whether a check of the slots that was done up to a time may not have known
// an item's plans, and must go back to its Recheck.
func goesBack(item *job.Item, checked time.Time) bool {
	return !checked.After(item.KnownAt.Add(writing))
}

// restless returns the jobs that may have slots to judge after the mark, which is at from, or
// whose plans have changed since.
func (c *Control) restless(l *Loaded, from time.Time) (names []string) {
	for i := range l.items {
		if item := &l.items[i]; c.mustGoBack(item, from) || !c.calmJobs.holds(item.Name, "", item.Rev, l.at) {
			names = append(names, item.Name)
		}
	}
	return names
}

// planned returns the jobs that may have slots to judge up to now. The mark is at from, and
// runs were dropped up to dropped.
func (c *Control) planned(ctx context.Context, items []job.Item, from, dropped, now time.Time) []*watched {
	var out []*watched
	for i := range items {
		item := &items[i]
		back := c.mustGoBack(item, from)
		if !back && c.calmJobs.holds(item.Name, "", item.Rev, now) {
			continue
		}
		w := &watched{dropped: dropped}
		if err := w.take(item); err != nil {
			c.Log.ErrorContext(ctx, "nobody watches the slots of a job whose plan cannot be read", "job", item.Name, "why", err.Error())
		} else if len(w.periods) == 0 {
			c.calmJobs.put(item.Name, remembered{rev: item.Rev})
		}
		if back {
			w.recheck = item.Recheck
		}
		if len(w.periods) > 0 {
			out = append(out, w)
		}
	}
	return out
}
