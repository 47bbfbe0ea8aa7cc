package control

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// existing is the set of runs that are known to exist, which stays true.
type existing map[run.ID]bool

// existMost is how many runs one call asks the store for.
const existMost = 10_000

// runsOf asks for the runs of all slots of a span at once: after a herd, a call for each job
// would take longer than a sweep has. If that fails, each job asks for its own, so that it is
// known whose slots could not be checked.
func (c *Control) runsOf(ctx context.Context, items []watched, from, to time.Time) existing {
	known := existing{}
	var ids []run.ID
	c.rates(ctx, items, from, to)
	for i := range items {
		w := &items[i]
		for _, p := range w.periods {
			if _, isRate := p.times.Spec().Rate(); isRate {
				continue // it asks for its newest run
			}
			after, upTo := c.judged(w, p, from, to)
			slots, err := c.expected(ctx, w.Name, p, after, upTo)
			if err != nil {
				continue // its own check says so
			}
			for _, at := range slots {
				if id := run.ScheduledID(w.Name, at); c.saved(id) {
					known[id] = true
				} else {
					ids = append(ids, id)
				}
			}
		}
	}
	for batch := range slices.Chunk(ids, existMost) {
		found, err := c.Store.Exist(ctx, batch)
		if err != nil {
			c.Log.WarnContext(ctx, "runs of many slots could not be looked for at once", "slots", len(batch), "why", err.Error())
			return known
		}
		for _, id := range batch {
			if found[id] {
				known[id] = true
			}
		}
	}
	return known
}

// rates asks for the newest runs of rates, several at a time, to learn until when they cannot
// have fallen silent. If a call fails, the job's own check asks again.
func (c *Control) rates(ctx context.Context, items []watched, from, to time.Time) {
	var ask []func()
	for i := range items {
		w := &items[i]
		for n := range w.periods {
			if _, isRate := w.periods[n].times.Spec().Rate(); isRate {
				p := w.periods[n]
				after, upTo := c.judged(w, p, from, to)
				ask = append(ask, func() {
					_ = guarded(func() { _, _ = c.expected(ctx, w.Name, p, after, upTo) })
				})
			}
		}
	}
	if len(ask) > 1 {
		c.several(ctx, len(ask), func(i int) { ask[i]() })
	}
}

// missing returns the slots of a job that have no run. It asks anew about those not known to
// have one, because a trigger may have come meanwhile.
func (c *Control) missing(ctx context.Context, name string, slots []time.Time, known existing) ([]time.Time, error) {
	var out []time.Time
	for batch := range slices.Chunk(slots, existBatch) {
		var ids []run.ID
		var of []time.Time
		for _, at := range batch {
			if id := run.ScheduledID(name, at); !known[id] {
				ids, of = append(ids, id), append(of, at)
			}
		}
		if len(ids) == 0 {
			continue
		}
		found, err := c.Store.Exist(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("looking for %d runs: %w", len(ids), err)
		}
		for i, id := range ids {
			if !found[id] {
				out = append(out, of[i])
			}
		}
	}
	return out, nil
}

// noteSlot remembers the run of a job's newest slot, which was just saved. That it exists
// stays true.
func (c *Control) noteSlot(id run.ID) {
	if id.ByHand() {
		return
	}
	name := id.Job()
	c.lastSlots.mu.Lock()
	defer c.lastSlots.mu.Unlock()
	if c.lastSlots.runs == nil {
		c.lastSlots.runs = map[string]run.ID{}
	}
	if c.lastSlots.runs[name] < id {
		c.lastSlots.runs[name] = id
	}
}

// saved reports whether this process saved a run, as far as it remembers.
func (c *Control) saved(id run.ID) bool {
	c.lastSlots.mu.Lock()
	defer c.lastSlots.mu.Unlock()
	return c.lastSlots.runs[id.Job()] == id
}

// lastSlots holds the runs of the newest slots that this process saved, by job.
type lastSlots struct {
	mu   sync.Mutex
	runs map[string]run.ID
}
