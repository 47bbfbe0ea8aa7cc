package control

import (
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// whyPaced returns what a Pacer says when it holds calls back for a reason other than the
// rate; "" if it says nothing.
func whyPaced(p port.Pacer) string {
	if says, ok := p.(interface{ Why() string }); ok {
		return says.Why()
	}
	return ""
}

// Window is a Pacer that lets at most Rate calls out in any second. It knows only of those
// who share it: two processes that launch at once have twice the rate.
type Window struct {
	Rate int
	// Even spreads the calls over each second, so that two processes, one beginning where the
	// other ends, hardly exceed the rate.
	Even bool

	mu   sync.Mutex
	sent []time.Time // when the newest Rate calls went out, or were let out; in no order
}

// Take implements Pacer.
func (w *Window) Take(now time.Time) (wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest, newest := w.bounds(now)
	if wait := w.wait(now, oldest, newest); wait > 0 {
		return wait
	}
	if len(w.sent) < w.Rate {
		w.sent = append(w.sent, now)
		return 0
	}
	w.sent[oldest] = now
	return 0
}

// Sent implements Pacer. The call keeps its place among the Rate newest, so that a second
// never holds more of them, however late one goes out.
func (w *Window) Sent(taken, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.IndexFunc(w.sent, taken.Equal); i >= 0 {
		w.sent[i] = now
	}
}

// bounds returns the places of the oldest and the newest call. After the clock jumps
// backwards, calls that were sent count as sent now: they may have been a moment ago.
func (w *Window) bounds(now time.Time) (oldest, newest int) {
	for i, at := range w.sent {
		if at.After(now) {
			w.sent[i], at = now, now
		}
		if at.Before(w.sent[oldest]) {
			oldest = i
		}
		if at.After(w.sent[newest]) {
			newest = i
		}
	}
	return oldest, newest
}

func (w *Window) wait(now time.Time, oldest, newest int) (wait time.Duration) {
	if len(w.sent) == w.Rate {
		wait = w.sent[oldest].Add(time.Second).Sub(now)
	}
	if w.Even && len(w.sent) > 0 {
		// A little less than its share of the second, to make up for calls that came late.
		wait = max(wait, w.sent[newest].Add(time.Second*9/10/time.Duration(w.Rate)).Sub(now))
	}
	return wait
}
