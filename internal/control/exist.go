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
func (c *Control) runsOf(ctx context.Context, items []*watched, from, to time.Time) existing {
	known := existing{}
	var ids []run.ID
	c.rates(ctx, items, from, to)
	for _, w := range items {
		_ = guarded(func() { ids = append(ids, c.slotsOf(ctx, w, from, to)...) }) // its own check says so
	}
	ids = slices.DeleteFunc(ids, func(id run.ID) bool {
		saved := c.saved(id)
		if saved {
			known[id] = true
		}
		return saved
	})
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

// slotsOf returns the runs of a job's slots in a span, without those of rates, which ask for their
// newest run.
func (c *Control) slotsOf(ctx context.Context, w *watched, from, to time.Time) (ids []run.ID) {
	for _, p := range w.periods {
		if _, isRate := p.times.Spec().Rate(); isRate {
			continue
		}
		after, upTo := c.judged(w, p, from, to)
		slots, err := c.expected(ctx, w.Name, p, after, upTo)
		if err != nil {
			continue
		}
		for _, at := range slots {
			ids = append(ids, run.ScheduledID(w.Name, at))
		}
	}
	return ids
}

// rates asks for the newest runs of rates, several at a time, to learn until when they cannot
// have fallen silent. If a call fails, the job's own check asks again.
func (c *Control) rates(ctx context.Context, items []*watched, from, to time.Time) {
	var ask []func()
	for _, w := range items {
		_ = guarded(func() { ask = append(ask, c.askRates(ctx, w, from, to)...) })
	}
	if len(ask) > 1 {
		c.several(ctx, len(ask), func(i int) { ask[i]() })
	}
}

// askRates returns calls that ask for the newest run of each of a job's rates.
func (c *Control) askRates(ctx context.Context, w *watched, from, to time.Time) (ask []func()) {
	for i := range w.periods {
		if _, isRate := w.periods[i].times.Spec().Rate(); isRate {
			p := w.periods[i]
			after, upTo := c.judged(w, p, from, to)
			ask = append(ask, func() {
				_ = guarded(func() { _, _ = c.expected(ctx, w.Name, p, after, upTo) })
			})
		}
	}
	return ask
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
