package localecs

import (
	"testing"
	"time"
)

// TestAnEndBeforeTheStart: a task whose first container ended while the others were being started, or before
// the clock was put back, did not end before it began.
func TestAnEndBeforeTheStart(t *testing.T) {
	t.Parallel()
	began, code := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC), int64(0)
	for name, c := range map[string]struct{ ended, want time.Time }{
		"before": {began.Add(-time.Minute), began},
		"after":  {began.Add(time.Minute), began.Add(time.Minute)},
	} {
		r := &record{Task: Task{LastStatus: statusRunning, StartedAt: &began, Containers: []Container{{Name: "a", LastStatus: statusRunning}}}, Specs: []ContainerSpec{{Essential: true}}}
		r.exited(ended{"a", Exit{Code: &code}, c.ended})
		if got := r.Task.ExecutionStoppedAt; got == nil || !got.Equal(c.want) {
			t.Errorf("%s: it ended at %v, want %v", name, got, c.want)
		}
	}
}
