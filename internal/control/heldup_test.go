package control_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestHeldUpIsTold: of each run that waits for a quarter of an hour for capacity, or for an hour
// for the quota, people are told once, also of those that do not ask while the quota is used up; and then how it ended.
func TestHeldUpIsTold(t *testing.T) {
	t.Parallel()
	none := func(times int64) setup { // the waits double from 10 s to 5 minutes
		var n atomic.Int64
		return setup{script: runs(time.Minute, 0), inject: func(k localecs.Kind, _ localecs.Subject) bool {
			return k == localecs.FaultCapacity && n.Add(1) <= times
		}}
	}
	for name, c := range map[string]struct {
		setup setup
		job   job.Job
		slots int
		told  string
	}{
		"no capacity for a while":    {none(5), report, 1, ""},
		"no capacity for long":       {none(10), report, 1, "held-up recovered"},
		"no capacity till the end":   {none(1000), with(report, func(j *job.Job) { j.Retry.Deadline = job.Duration(time.Hour) }), 1, "held-up failed"},
		"the quota is used up":       {setup{script: runs(80*time.Minute, 0), vcpus: 0.25}, report, 3, "held-up held-up recovered recovered"},
		"it is soon used up no more": {setup{script: runs(50*time.Minute, 0), vcpus: 0.25}, report, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.setup)
			w.know(c.job)
			for n := range c.slots {
				w.triggerSlot(c.job, n)
			}
			w.live()
			if w.kinds() != c.told {
				t.Errorf("told %q, want %q: %s", w.kinds(), c.told, w.story())
			}
			for _, n := range w.told {
				if n.Kind != notice.HeldUp {
					continue
				}
				r := w.run(n.Run)
				patience := run.HeldUpAfter
				if c.setup.vcpus > 0 {
					patience = run.WaitsLong
				}
				if after := r.HeldUp.Sub(r.ReadyAt); after < patience || after > patience+6*time.Minute {
					t.Errorf("%s is told after %s", n.Run, after)
				}
				if n.Retry != nil || n.Status != run.Queued || !strings.HasPrefix(n.Cause, "not launched since "+r.ReadyAt.UTC().Format("2006-01-02 15:04 UTC")+"; its deadline is ") {
					t.Errorf("%s: %s, %+v", n.Status, n.Cause, n.Retry)
				}
			}
		})
	}
}
