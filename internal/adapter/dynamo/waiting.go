package dynamo

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// waiting is what a walk knows of the lanes, whose entries are ordered by when runs are due. The key of
// a scheduled run gives its slot, so only runs that are shown are loaded. The key of a run by hand does
// not, so all of these are loaded at once.
type waiting struct {
	keys   []*waitingKey // not loaded yet, the newest slot first
	loaded []run.Run     // sorted; none comes after a key of the same position
}

type waitingKey struct {
	entry entry
	id    run.ID
	slot  time.Time
}

// startLanes reads the keys of those runs of the lanes that may have one of the walk's statuses. A run
// that has ended but owes something is still in its lane.
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
	slices.SortFunc(k.lanes.keys, func(a, b *waitingKey) int { return cmp.Or(b.slot.Compare(a.slot), cmp.Compare(b.id, a.id)) })
	rs, err := k.load(ctx, byHand)
	if err != nil {
		return err
	}
	k.lanes.add(rs)
	return nil
}

// addLane adds the keys of a lane's scheduled runs and returns the entries of its runs by hand.
func (k *walk) addLane(ctx context.Context, lane run.Lane, ended, open bool) (byHand []entry, err error) {
	entries := k.store.lane(lane, anyTime)
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
				k.lanes.keys = append(k.lanes.keys, &waitingKey{entry: e, id: id, slot: slot})
			}
		}
	}
}

// add adds loaded runs in their order.
func (l *waiting) add(rs []run.Run) {
	l.loaded = append(l.loaded, rs...)
	sortRuns(l.loaded)
}

// first returns the first run of the lanes if it comes before r; a nil r is the end. load reports that
// keys must be loaded before that is known.
func (l *waiting) first(r *run.Run) (first *run.Run, load bool) {
	if len(l.loaded) > 0 {
		first = &l.loaded[0]
	}
	if len(l.keys) > 0 {
		key := &run.Run{ID: l.keys[0].id, ScheduledFor: l.keys[0].slot}
		if (first == nil || key.Newer(first)) && (r == nil || key.Newer(r)) {
			return nil, true
		}
	}
	if first == nil || r != nil && !first.Newer(r) {
		return nil, false
	}
	return first, false
}

// openBefore yields the runs of the lanes that come before r, or all if r is nil.
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

// loadKeys loads the runs of the next keys, a page of them.
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
