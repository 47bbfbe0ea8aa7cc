// Package vclock is a clock that moves only when it is told to, for tests and simulations that must
// always give the same result.
package vclock

import (
	"container/heap"
	"sync"
	"time"
)

// Clock is a virtual clock. Its callbacks run inside Advance and AdvanceTo, on the goroutine that
// called them. They run in order of time and, at one time, in the order of their requests. All methods
// may be called from any goroutine and from callbacks.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	seq     int
	pending callbacks
}

// New returns a clock that stands at start.
func New(start time.Time) *Clock {
	return &Clock{now: start}
}

// Now returns the clock's current time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc schedules f for when the clock has moved on by d. A d of zero or less means at the next
// Advance, even one of zero. AfterFunc itself never calls f. cancel cancels the call if it has not
// begun.
func (c *Clock) AfterFunc(d time.Duration, f func()) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	cb := &callback{at: c.now.Add(max(d, 0)), seq: c.seq, f: f}
	heap.Push(&c.pending, cb)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if cb.index >= 0 {
			heap.Remove(&c.pending, cb.index)
		}
	}
}

// Advance moves the clock on by d and runs what has become due, including what those callbacks schedule
// within d.
func (c *Clock) Advance(d time.Duration) {
	c.AdvanceTo(c.Now().Add(d))
}

// AdvanceTo moves the clock on to t and runs what is due by then. If t is in the past, it runs what is
// due now and does not turn the clock back.
func (c *Clock) AdvanceTo(t time.Time) {
	for {
		f, ok := c.takeDue(t)
		if !ok {
			return
		}
		f()
	}
}

// Next returns the time of the next callback, and false if none is pending.
func (c *Clock) Next() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 {
		return time.Time{}, false
	}
	return c.pending[0].at, true
}

// takeDue takes the next callback due by t and sets the clock to its time. If there is none, it leaves
// the clock at t.
func (c *Clock) takeDue(t time.Time) (func(), bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.After(t) {
		t = c.now
	}
	if len(c.pending) == 0 || c.pending[0].at.After(t) {
		c.now = t
		return nil, false
	}
	cb, _ := heap.Pop(&c.pending).(*callback)
	if cb.at.After(c.now) {
		c.now = cb.at
	}
	return cb.f, true
}

type callback struct {
	at    time.Time
	seq   int
	index int // place in the heap; -1 once removed
	f     func()
}

type callbacks []*callback

func (h callbacks) Len() int { return len(h) }

func (h callbacks) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}

func (h callbacks) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *callbacks) Push(x any) {
	cb, _ := x.(*callback)
	cb.index = len(*h)
	*h = append(*h, cb)
}

func (h *callbacks) Pop() any {
	old := *h
	cb := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	cb.index = -1
	return cb
}
