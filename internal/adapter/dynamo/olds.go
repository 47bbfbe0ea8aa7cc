package dynamo

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// laneParts is the number of hash keys of the open index over which a lane is spread. Each takes 1,000
// write units a second (Amazon DynamoDB Developer Guide, "Burst and adaptive capacity"), and ECS
// launches 20 tasks a second. Earlier programs spread a lane over all shards. The parts that only they
// write to, the old parts, are read too, so that both programs read what the other writes.
const (
	laneParts = 4
	oldParts  = shards - laneParts
)

const (
	// quietAfter is for how long all old parts are read after one of them had an entry. Functions of
	// two versions may run side by side for so long.
	quietAfter = 10 * time.Minute
	// turnEvery is how often one old part of a lane is then read: at each sweep, which comes about once
	// a minute. seldom is the longest time between two calls; after a longer one, all are read.
	turnEvery = 50 * time.Second
	seldom    = 90 * time.Second
)

// partOf returns the part of its lane that a run is in.
func partOf(id run.ID) int { return shard(string(id)) % laneParts }

// olds is what a process knows of the old parts. It is a hint and never stored. The first call reads
// all old parts. So does a call that finds an entry in one of them, since a program that writes to one
// writes to all.
type olds struct {
	mu sync.Mutex
	// met is when an old part last had an entry, of whatever time.
	met   time.Time
	lanes [2]oldLane
}

// oldLane says when a lane was last asked for, when one of its old parts was last read in turn, and
// which part is next.
type oldLane struct {
	called, asked time.Time
	turn          int
}

func (o *olds) lane(lane run.Lane) *oldLane {
	if lane == run.LaunchLane {
		return &o.lanes[1]
	}
	return &o.lanes[0]
}

// of returns the old parts of a lane that must be read now, and those that must also be read if one of
// the former has an entry.
func (o *olds) of(lane run.Lane, now time.Time) (parts, others []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(lane)
	since := now.Sub(l.called)
	l.called = now
	all := partsFrom(laneParts, oldParts)
	if now.Sub(o.met) < quietAfter || since < 0 || since > seldom {
		return all, nil
	}
	if waited := now.Sub(l.asked); waited >= 0 && waited < turnEvery {
		return nil, nil
	}
	n := l.turn
	l.turn, l.asked = (n+1)%oldParts, now
	return []int{laneParts + n}, slices.Delete(all, n, n+1)
}

// forget makes the next call for a lane read all parts: a call that failed has learnt nothing.
func (o *olds) forget(lane run.Lane) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*o.lane(lane) = oldLane{}
}

func (o *olds) found(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.met = now
}

func (o *olds) foundAt(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.met.Equal(now)
}

func partsFrom(first, n int) (parts []int) {
	for i := range n {
		parts = append(parts, first+i)
	}
	return parts
}

// lane returns all entries of the open runs of a lane.
func (s *Store) lane(lane run.Lane) *merged {
	return s.sharded(indexOpen, attrOpen, string(lane), attrOpenAt, anyTime)
}

// dueIn returns the entries of a lane up to a time, as Due needs them. If that time is far from this
// store's own clock, all parts are read.
func (s *Store) dueIn(ctx context.Context, lane run.Lane, at time.Time, page int) (*merged, error) {
	sp := anyTime
	sp.to, sp.page, sp.grows = at.UnixMilli(), page, true
	m := s.parts(indexOpen, attrOpen, string(lane), attrOpenAt, sp, partsFrom(0, laneParts))
	now := s.now()
	old, others := s.olds.of(lane, now)
	if at.Sub(now).Abs() > seldom {
		old, others = partsFrom(laneParts, oldParts), nil
	}
	sp.to = math.MaxInt64 // an entry that is due later shows that its part is not empty
	add := func(parts []int) {
		for _, c := range s.parts(indexOpen, attrOpen, string(lane), attrOpenAt, sp, parts).cursors {
			c.met, c.until = func() { s.olds.found(now) }, at.UnixMilli()
			m.cursors = append(m.cursors, c)
		}
	}
	if add(old); len(others) == 0 {
		return m, nil
	}
	err := m.fill(ctx)
	if s.olds.foundAt(now) {
		add(others)
	}
	return m, err
}
