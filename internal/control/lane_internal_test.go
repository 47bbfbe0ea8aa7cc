package control

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestOfManyThatWait: the look comes again when the first may go, and tells since
// when the oldest is due, in whichever order it came to them.
func TestOfManyThatWait(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	last := first.Add(time.Hour)
	for name, order := range map[string][]time.Time{"the first first": {first, last}, "the last first": {last, first}, "one that is not due": {first, {}, last}} {
		p := &lane{look: (&Control{}).newLook(time.Time{}), which: run.LaunchLane}
		for _, at := range order {
			p.leave(at)
			if !at.IsZero() {
				p.waits(at)
			}
		}
		if again := p.waiting[run.LaunchLane]; !again.Equal(first) {
			t.Errorf("%s: the look comes again at %s", name, again)
		}
		if oldest := p.oldest[run.LaunchLane]; !oldest.Equal(first) {
			t.Errorf("%s: the oldest is due since %s", name, oldest)
		}
		if p.waits(time.Time{}); !p.waiting[run.LaunchLane].IsZero() {
			t.Errorf("%s: soon is at %s", name, p.waiting[run.LaunchLane])
		}
	}
}
