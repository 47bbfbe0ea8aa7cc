package dynamo

import (
	"math"
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
	// turnEvery is how often one of them is asked then: at each sweep, which come once
	// a minute and not to the second. seldom is how rarely at most; who comes more rarely
	// asks them all.
	turnEvery = 50 * time.Second
	seldom    = 2 * time.Minute
)

// partOf is the part of its lane that a run is in.
func partOf(id run.ID) int { return shard(string(id)) % laneParts }

// olds is what a process knows of the old parts. It is a hint that is never stored: who
// has just begun asks them all, and so does who finds an entry in one, for a program that
// writes there writes to all of them.
type olds struct {
	mu sync.Mutex
	// met is when one of them last had an entry, of whatever time, or when this process
	// began.
	met time.Time
	// called is when each lane was last asked for.
	called [2]time.Time
	// turn is whose turn is next, of both lanes', and asked is when one last was.
	turn  int
	asked time.Time
}

// of are the old parts of a lane that must be asked now.
func (o *olds) of(lane run.Lane, now time.Time) []int {
	which := 0
	if lane == run.LaunchLane {
		which = 1
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	since := now.Sub(o.called[which])
	o.called[which] = now
	if o.met.IsZero() {
		o.met = now
	}
	if now.Sub(o.met) < quietAfter || since < 0 || since > seldom {
		return partsFrom(laneParts, oldParts)
	}
	if waited := now.Sub(o.asked); waited >= 0 && waited < turnEvery || o.turn/oldParts != which {
		return nil
	}
	part := laneParts + o.turn%oldParts
	o.turn, o.asked = (o.turn+1)%(len(o.called)*oldParts), now
	return []int{part}
}

func (o *olds) found(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.met = now
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
func (s *Store) dueIn(lane run.Lane, at time.Time, page int) *merged {
	sp := anyTime
	sp.to, sp.page, sp.grows = at.UnixMilli(), page, true
	m := s.parts(indexOpen, attrOpen, string(lane), attrOpenAt, sp, partsFrom(0, laneParts))
	now := s.now()
	old := s.olds.of(lane, now)
	if at.Sub(now).Abs() > seldom {
		old = partsFrom(laneParts, oldParts)
	}
	sp.to = math.MaxInt64 // what is due later shows that they are not empty
	for _, c := range s.parts(indexOpen, attrOpen, string(lane), attrOpenAt, sp, old).cursors {
		c.met, c.until = func() { s.olds.found(now) }, at.UnixMilli()
		m.cursors = append(m.cursors, c)
	}
	return m
}
