package localecs

import (
	"context"
	"sync"
	"time"
)

// Clock is the time that localecs uses. AfterFunc must not call f before it has returned, and must not
// wait for f.
type Clock interface {
	Now() time.Time
	AfterFunc(d time.Duration, f func()) (cancel func())
}

// RealClock is the machine's clock. Each callback runs on a goroutine of its own.
type RealClock struct{}

// Now returns time.Now.
func (RealClock) Now() time.Time { return time.Now() }

// AfterFunc uses time.AfterFunc.
func (RealClock) AfterFunc(d time.Duration, f func()) (cancel func()) {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// timers are the callbacks that a server has requested from its clock. Once they are closed, no
// callback begins.
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

// close cancels pending callbacks and waits for running ones, at most until ctx ends.
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
