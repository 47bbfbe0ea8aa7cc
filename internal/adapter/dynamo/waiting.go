package dynamo

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// waiting is what a walk has of the lanes, whose entries are in the order in which
// runs are due. The keys say of which slot each run is, so that only those are
// loaded that are shown; of runs by hand they do not, and these are loaded at once.
type waiting struct {
	keys   []waitingKey // not loaded yet, the newest slot first
	loaded []run.Run    // sorted; none is after a key of the same place
}

type waitingKey struct {
	entry entry
	id    run.ID
	slot  time.Time
}

// startLanes reads the keys of the lanes' runs that may have one of the walk's
// statuses. One that has ended and owes something is still in its lane.
func (k *walk) startLanes(ctx context.Context) error {
	open := slices.ContainsFunc(k.w.Statuses, func(s run.Status) bool { return !s.Terminal() && s != run.Queued })
	ended := slices.ContainsFunc(k.w.Statuses, run.Status.Terminal)
	var byHand []entry
	if open || ended {
		es, err := k.addLane(ctx, run.LookLane, ended, open)
		if err != nil {
			return err
		}
		byHand = append(byHand, es...)
	}
	if slices.Contains(k.w.Statuses, run.Queued) {
		es, err := k.addLane(ctx, run.LaunchLane, false, true)
		if err != nil {
			return err
		}
		byHand = append(byHand, es...)
	}
	slices.SortFunc(k.lanes.keys, func(a, b waitingKey) int { return cmp.Or(b.slot.Compare(a.slot), cmp.Compare(b.id, a.id)) })
	rs, err := k.load(ctx, byHand)
	if err != nil {
		return err
	}
	k.lanes.add(rs)
	return nil
}

// addLane adds the keys of a lane and returns the entries of runs by hand.
func (k *walk) addLane(ctx context.Context, lane run.Lane, ended, open bool) (byHand []entry, err error) {
	entries := k.store.lane(lane)
	for {
		next, err := entries.next(ctx, maxPage)
		if err != nil || len(next) == 0 {
			return byHand, err
		}
		for _, e := range next {
			id, ok := RunID(text(e.item, attrPK), text(e.item, attrSK))
			if !ok || !mayHave(e.at, ended, open) {
				continue
			}
			if slot, ok := id.ScheduledFor(); !ok {
				byHand = append(byHand, e)
			} else if k.w.Wants(id, slot) {
				k.lanes.keys = append(k.lanes.keys, waitingKey{entry: e, id: id, slot: slot})
			}
		}
	}
}

// add puts runs where they belong.
func (l *waiting) add(rs []run.Run) {
	l.loaded = append(l.loaded, rs...)
	slices.SortFunc(l.loaded, newestFirst)
}

// first is the first run of the lanes, where it comes before r, which may be nil
// for the end; load is whether keys must be loaded before that is known.
func (l *waiting) first(r *run.Run) (first *run.Run, load bool) {
	if len(l.loaded) > 0 {
		first = &l.loaded[0]
	}
	if len(l.keys) > 0 {
		key := run.Run{ID: l.keys[0].id, ScheduledFor: l.keys[0].slot}
		if (first == nil || newestFirst(key, *first) < 0) && (r == nil || newestFirst(key, *r) < 0) {
			return nil, true
		}
	}
	if first == nil || r != nil && newestFirst(*first, *r) >= 0 {
		return nil, false
	}
	return first, false
}

// openBefore gives the runs of the lanes that come before r, all where it is nil.
func (k *walk) openBefore(ctx context.Context, r *run.Run, yield func(run.Run, error) bool) error {
	for !k.stopped {
		first, load := k.lanes.first(r)
		switch {
		case load:
			if err := k.loadKeys(ctx); err != nil {
				return err
			}
		case first == nil:
			return nil
		default:
			k.give(*first, yield)
			k.lanes.loaded = k.lanes.loaded[1:]
		}
	}
	return nil
}

// loadKeys loads as many runs as are likely to be wanted.
func (k *walk) loadKeys(ctx context.Context) error {
	n := min(len(k.lanes.keys), max(k.w.Page, 1))
	es := make([]entry, n)
	for i, key := range k.lanes.keys[:n] {
		es[i] = key.entry
	}
	k.lanes.keys = k.lanes.keys[n:]
	rs, err := k.load(ctx, es)
	k.lanes.add(rs)
	return err
}
