package dynamo

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// laneParts is how many hash keys of the open index a lane is spread over: each takes
// 1,000 write units a second (Amazon DynamoDB Developer Guide, "Burst and adaptive
// capacity"), and ECS launches 20 tasks in one. Programs before this one spread it over
// all shards. So that both read what the other writes, they are read too: these are the
// old parts.
const (
	laneParts = 4
	oldParts  = shards - laneParts
)

const (
	// quietAfter is for how long no old part must have had an entry before they are
	// asked in turn: as long as functions of two versions may run side by side.
	quietAfter = 10 * time.Minute
	// turnEvery is how often one of a lane's is asked then: at each sweep, which come once
	// a minute and not to the second. seldom is how rarely at most; who comes more rarely
	// asks them all.
	turnEvery = 50 * time.Second
	seldom    = 90 * time.Second
)

// partOf is the part of its lane that a run is in.
func partOf(id run.ID) int { return shard(string(id)) % laneParts }

// olds is what a process knows of the old parts. It is a hint that is never stored: who
// asks for the first time asks them all, and so does who finds an entry in one, for a
// program that writes there writes to all of them.
type olds struct {
	mu sync.Mutex
	// met is when one of them last had an entry, of whatever time.
	met   time.Time
	lanes [2]oldLane
}

// oldLane is when a lane was last asked for, when an old part of it last was in turn, and
// whose turn is next.
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

// of are the old parts of a lane that must be asked now, and those that must be once one
// of them has an entry.
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

// forget has the next call for a lane ask all: one that failed knows nothing.
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

// lane is all entries of open runs of a lane.
func (s *Store) lane(lane run.Lane) *merged {
	return s.sharded(indexOpen, attrOpen, string(lane), attrOpenAt, anyTime)
}

// dueIn is the entries of a lane up to a time, as Due needs them. What is asked for with
// another clock than this store's is asked of all parts.
func (s *Store) dueIn(ctx context.Context, lane run.Lane, at time.Time, page int) (*merged, error) {
	sp := anyTime
	sp.to, sp.page, sp.grows = at.UnixMilli(), page, true
	m := s.parts(indexOpen, attrOpen, string(lane), attrOpenAt, sp, partsFrom(0, laneParts))
	now := s.now()
	old, others := s.olds.of(lane, now)
	if at.Sub(now).Abs() > seldom {
		old, others = partsFrom(laneParts, oldParts), nil
	}
	sp.to = math.MaxInt64 // what is due later shows that they are not empty
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
