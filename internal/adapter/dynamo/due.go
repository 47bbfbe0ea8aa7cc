package dynamo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// worthMoving is how early an entry of the open index must be before it is moved. A move costs three
// write units, and a write unit costs as much as five read units (Amazon DynamoDB pricing, on-demand).
// An early entry costs one read unit at each look, once a minute.
const worthMoving = 15 * time.Minute

// leastBatch is the fewest entries that are read at a time, however few are wanted.
const leastBatch = 25

// anyTime spans all of an order.
var anyTime = span{from: math.MinInt64, to: math.MaxInt64}

// Due implements port.Store. It reads each run that the index names and judges it by its own DueAt;
// an entry is never later than that.
func (s *Store) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	if limit < 1 {
		return nil, nil
	}
	// Early entries are passed over, so a small limit is no reason to read few at a time.
	batch := min(max(limit, leastBatch), batchSize)
	d := dueRuns{lane: lane, now: now, limit: limit, unreadable: map[run.ID]error{}, seen: map[run.ID]bool{}}
	sp := anyTime
	sp.to, sp.page, sp.grows = now.UnixMilli(), max(limit, batch)/2, true
	entries := s.lane(lane, sp)
	var err error
	for err == nil && !d.complete {
		var next []entry
		if next, err = entries.next(ctx, batch); err == nil {
			err = s.addDue(ctx, &d, next)
		}
		d.complete = d.complete || len(next) == 0
	}
	if err != nil {
		return nil, fmt.Errorf("listing due runs: %w", err)
	}
	s.move(ctx, d.early)
	return d.result(&s.rests)
}

// dueRuns collects due runs.
type dueRuns struct {
	lane       run.Lane
	now        time.Time
	limit      int
	due        []*loaded
	early      []early
	unreadable map[run.ID]error
	// unreadableFrom is the time of the first entry whose run is unreadable: only their bodies say when
	// they are due.
	unreadableFrom time.Time
	// seen keeps a run from being returned twice if its entry moves in the meantime.
	seen     map[run.ID]bool
	complete bool
}

// early is a run whose entry comes long before the run is due.
type early struct {
	run     run.Run
	entryAt int64
}

// Rest implements port.Store. Due passes over a resting run by its keys: the next write of the run
// moves its entry.
func (s *Store) Rest(r run.Run, from, until time.Time) { s.rests.Rest(r, from, until) }

// awake returns the entries whose runs do not rest.
func (s *Store) awake(entries []entry, now time.Time) []entry {
	out := make([]entry, 0, len(entries))
	for _, e := range entries {
		if id, _ := RunID(text(e.item, attrPK), text(e.item, attrSK)); !s.rests.Over(id, e.at, now) {
			out = append(out, e)
		}
	}
	return out
}

func (s *Store) addDue(ctx context.Context, d *dueRuns, next []entry) error {
	rs, unreadable, err := s.load(ctx, s.awake(next, d.now))
	if err != nil {
		return err
	}
	d.note(unreadable, next)
	for i := range rs {
		l := &rs[i]
		twice := d.seen[l.run.ID]
		d.seen[l.run.ID] = true
		switch {
		case twice:
		case !l.run.Open() || l.run.Lane() != d.lane:
			// The index lags: the run has left the lane.
		case !l.run.DueAt.After(d.now):
			d.due = append(d.due, l)
		case l.run.DueAt.Sub(d.now) > worthMoving:
			d.early = append(d.early, early{run: l.run, entryAt: l.at})
		}
	}
	if len(d.due) < d.limit || len(next) == 0 {
		return nil
	}
	d.sort()
	// Entries come in order, and none is later than its run is due. So no run that has not been read
	// yet is due before the last entry read.
	last := d.due[d.limit-1].run.DueAt
	d.complete = last.UnixMilli() <= next[len(next)-1].at
	return nil
}

// note records which entries' runs cannot be read.
func (d *dueRuns) note(unreadable map[run.ID]error, entries []entry) {
	maps.Copy(d.unreadable, unreadable)
	for _, e := range entries {
		id, _ := RunID(text(e.item, attrPK), text(e.item, attrSK))
		if d.unreadableFrom.IsZero() && unreadable[id] != nil {
			d.unreadableFrom = time.UnixMilli(e.at).UTC()
		}
	}
}

func (d *dueRuns) sort() {
	slices.SortFunc(d.due, func(a, b *loaded) int {
		return cmp.Or(a.run.DueAt.Compare(b.run.DueAt), cmp.Compare(a.run.ID, b.run.ID))
	})
}

func (d *dueRuns) result(rests *port.Rests) ([]run.Run, error) {
	d.sort()
	out := make([]run.Run, min(d.limit, len(d.due)))
	for i := range out {
		rests.Give(&d.due[i].run, d.due[i].at, d.now)
		out[i] = d.due[i].run
	}
	if len(d.unreadable) > 0 {
		return out, &port.UnreadableError{Runs: d.unreadable, DueSince: d.unreadableFrom}
	}
	return out, nil
}

// loaded is a run with the position of its entry.
type loaded struct {
	run run.Run
	at  int64
}

// load reads the runs of entries consistently. It leaves out those that are gone.
func (s *Store) load(ctx context.Context, entries []entry) (rs []loaded, unreadable map[run.ID]error, err error) {
	return s.loadAs(ctx, entries, true)
}

func (s *Store) loadAs(ctx context.Context, entries []entry, consistent bool) (rs []loaded, unreadable map[run.ID]error, err error) {
	var ids []run.ID
	for _, e := range entries {
		if id, ok := RunID(text(e.item, attrPK), text(e.item, attrSK)); ok && !e.whole {
			ids = append(ids, id)
		}
	}
	items, err := s.batch(ctx, ids, "", consistent)
	if err != nil {
		return nil, nil, err
	}
	unreadable = map[run.ID]error{}
	for _, e := range entries {
		id, _ := RunID(text(e.item, attrPK), text(e.item, attrSK))
		item, ok := items[id]
		if e.whole {
			item, ok = e.item, true
		}
		if !ok {
			continue
		}
		r, err := decodeRun(item)
		if err != nil {
			unreadable[id] = err
			continue
		}
		rs = append(rs, loaded{run: r, at: e.at})
	}
	return rs, unreadable, nil
}

// movers is how many entries are moved at once.
const movers = 4

// move gives entries that are far too early the time at which their run is due. It only saves cost: the
// next look tries again what fails.
func (s *Store) move(ctx context.Context, es []early) {
	port.InParallel(len(es), movers, func(i int) {
		if err := s.moveOne(ctx, es[i]); err != nil && !errors.Is(err, port.ErrConflict) {
			s.log.WarnContext(ctx, "an entry of the index of open runs stays too early", "run", es[i].run.ID, "why", err)
		}
	})
}

func (s *Store) moveOne(ctx context.Context, e early) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: runKey(e.run.ID),
		UpdateExpression:    aws.String("SET od = :od"),
		ConditionExpression: aws.String("r = :r AND od = :was"),
		ExpressionAttributeValues: attributes{
			":od": number(laneAt(&e.run, e.run.Rev)), ":r": number(e.run.Rev), ":was": number(e.entryAt),
		},
	})
	if err != nil {
		return failed("moving the entry of run "+string(e.run.ID), err)
	}
	return nil
}
