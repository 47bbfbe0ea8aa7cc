package localecs

import (
	"context"
	"sync"
	"time"
)

// Clock is the time localecs lives by. AfterFunc must not call f before it has
// returned, and must not wait for f.
type Clock interface {
	Now() time.Time
	AfterFunc(d time.Duration, f func()) (cancel func())
}

// RealClock is the machine's own clock; callbacks run on goroutines of their own.
type RealClock struct{}

// Now is time.Now.
func (RealClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (RealClock) AfterFunc(d time.Duration, f func()) (cancel func()) {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// timers are the callbacks a server has asked of its clock. Once closed none
// begins any more.
type timers struct {
	clock Clock

	mu      sync.Mutex
	last    int
	pending map[int]func() // cancels
	closed  bool
	running sync.WaitGroup
}

func newTimers(clock Clock) *timers {
	return &timers{clock: clock, pending: map[int]func(){}}
}

func (t *timers) after(d time.Duration, f func()) (cancel func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return func() {}
	}
	t.last++
	id := t.last
	t.pending[id] = t.clock.AfterFunc(max(d, 0), func() {
		if t.begin(id) {
			defer t.running.Done()
			f()
		}
	})
	return func() { t.drop(id) }
}

func (t *timers) begin(id int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.pending[id]; !ok || t.closed {
		return false
	}
	delete(t.pending, id)
	t.running.Add(1)
	return true
}

func (t *timers) drop(id int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cancel, ok := t.pending[id]; ok {
		cancel()
		delete(t.pending, id)
	}
}

// close cancels what is pending and waits for what runs, at most until ctx ends.
func (t *timers) close(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	for id, cancel := range t.pending {
		cancel()
		delete(t.pending, id)
	}
	t.mu.Unlock()
	return waitFor(ctx, &t.running)
}

func waitFor(ctx context.Context, wg *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
