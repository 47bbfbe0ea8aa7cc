package control

import (
	"sync"
	"time"
)

// DefaultRate is how many RunTask calls a second ECS takes on Fargate (ECS
// developer guide, "Fargate throttling quotas": 20, burst and sustained).
const DefaultRate = 20

// Window is a Pacer that lets at most Rate calls out in any second. It knows only of
// those who share it: two processes that launch at once have the rate twice.
type Window struct {
	Rate int

	mu   sync.Mutex
	sent []time.Time // the newest Rate calls, a ring
	next int
}

// Take implements Pacer.
func (w *Window) Take(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.free(now):
		return false
	case len(w.sent) < w.Rate:
		w.sent = append(w.sent, now)
		return true
	}
	w.sent[w.next] = now
	w.next = (w.next + 1) % w.Rate
	return true
}

// Free implements Pacer.
func (w *Window) Free(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.free(now)
}

func (w *Window) free(now time.Time) bool {
	for i, at := range w.sent {
		// After a jump of the clock backwards what was sent is as of now: it may
		// have been a moment ago.
		if at.After(now) {
			w.sent[i] = now
		}
	}
	return len(w.sent) < w.Rate || now.Sub(w.sent[w.next]) >= time.Second
}
