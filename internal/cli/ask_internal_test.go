package cli

import (
	"bytes"
	"testing"
	"time"
)

// TestKeepTime: a clock that is off makes no age or time wrong, and is told. One that may only seem off is
// left alone.
func TestKeepTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		skew, counts time.Duration
		says         string
	}{
		"right":         {0, 0, ""},
		"a slow answer": {-2 * time.Minute, 0, ""},
		"behind":        {20*time.Minute + time.Millisecond, 20*time.Minute + time.Millisecond, "this machine's clock is 20m0s behind AWS's, which is used here\n"},
		"ahead":         {-20 * time.Minute, -20 * time.Minute, "this machine's clock is 20m0s ahead of AWS's, which is used here\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			a := &app{Env: Env{Stderr: &said, Now: func() time.Time { return now }}}
			a.keepTime(c.skew)
			if got := a.now().Sub(now); got != c.counts || said.String() != c.says {
				t.Errorf("%s off, and it says %q", got, &said)
			}
		})
	}
}
