package control

import (
	"sync"
	"time"
)

// DefaultRate is how many RunTask calls a second ECS takes on Fargate (ECS
// developer guide, "Fargate throttling quotas": 20, burst and sustained).
const DefaultRate = 20

// whyPaced is what a Pacer says of itself that lets nothing out for another reason
// than the rate, "" where it says nothing.
func whyPaced(p Pacer) string {
	if says, ok := p.(interface{ Why() string }); ok {
		return says.Why()
	}
	return ""
}

// Window is a Pacer that lets at most Rate calls out in any second. It knows only of
// those who share it: two processes that launch at once have the rate twice.
type Window struct {
	Rate int
	// Even spreads the calls over each second, so that two processes of which one
	// begins where the other ends have hardly more than the rate.
	Even bool

	mu   sync.Mutex
	sent []time.Time // the newest Rate calls, a ring
	next int
}

// Take implements Pacer.
func (w *Window) Take(now time.Time) (wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wait := w.wait(now); wait > 0 {
		return wait
	}
	if len(w.sent) < w.Rate {
		w.sent = append(w.sent, now)
		return 0
	}
	w.sent[w.next] = now
	w.next = (w.next + 1) % w.Rate
	return 0
}

func (w *Window) wait(now time.Time) (wait time.Duration) {
	var last time.Time
	for i, at := range w.sent {
		// After a jump of the clock backwards what was sent is as of now: it may
		// have been a moment ago.
		if at.After(now) {
			w.sent[i], at = now, now
		}
		if at.After(last) {
			last = at
		}
	}
	if len(w.sent) == w.Rate {
		wait = w.sent[w.next].Add(time.Second).Sub(now)
	}
	if w.Even && !last.IsZero() {
		// A little less than its share of the second, so that what came late is made
		// up for.
		wait = max(wait, last.Add(time.Second*9/10/time.Duration(w.Rate)).Sub(now))
	}
	return wait
}
