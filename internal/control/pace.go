package control

import (
	"sync"
	"time"
)

// DefaultRate is how many RunTask calls a second ECS takes on Fargate (ECS
// developer guide, "Fargate throttling quotas": 20, burst and sustained).
const DefaultRate = 20

// Window is a Pacer that lets at most Rate calls out in any second.
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
	if len(w.sent) < w.Rate {
		w.sent = append(w.sent, now)
		return true
	}
	// After a jump of the clock backwards the ring holds times to come.
	if since := now.Sub(w.sent[w.next]); since >= 0 && since < time.Second {
		return false
	}
	w.sent[w.next] = now
	w.next = (w.next + 1) % w.Rate
	return true
}
