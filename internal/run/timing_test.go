package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestBackoff: the documented waits, up to a quarter shorter, up to an hour.
func TestBackoff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base    time.Duration
		unclear bool
		want    []time.Duration
	}{
		"likely to help":    {30 * time.Second, false, []time.Duration{0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute}},
		"unclear":           {30 * time.Second, true, []time.Duration{2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour}},
		"long":              {40 * time.Minute, false, []time.Duration{0, 40 * time.Minute, time.Hour, time.Hour}},
		"long, and unclear": {40 * time.Minute, true, []time.Duration{time.Hour, time.Hour}},
	} {
		for i, want := range c.want {
			got := run.Backoff(job.Retry{Backoff: job.Duration(c.base)}, "report/20261122T1730Z", i+1, c.unclear)
			if got > want || got < want*3/4 {
				t.Errorf("%s: the wait before relaunch %d is %s, want %s or up to a quarter less", name, i+1, got, want)
			}
		}
	}
}
