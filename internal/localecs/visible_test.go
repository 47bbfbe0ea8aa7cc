package localecs

import (
	"testing"
	"time"
)

// TestVisible: a task is not seen at once, and a clock that was put back does not hide it: it would count
// as missing while it runs.
func TestVisible(t *testing.T) {
	t.Parallel()
	s := &Server{cfg: Config{Delays: Delays{Invisible: time.Second}}}
	created := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	r := &record{Cluster: "default", Task: Task{CreatedAt: &created}}
	for age, want := range map[time.Duration]bool{0: false, 999 * time.Millisecond: false, time.Second: true, time.Hour: true, -10 * time.Minute: true} {
		if got := s.visible(r, "default", created.Add(age)); got != want {
			t.Errorf("%s after it was created: visible is %t", age, got)
		}
	}
}
