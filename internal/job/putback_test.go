package job_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestItemPutBack: times of a clock that was ahead do not count; those that have passed do.
func TestItemPutBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	item := func(told, late, paused time.Time) job.Item {
		ended := job.Pause{From: now.Add(time.Hour), To: now.Add(2 * time.Hour)}
		return job.Item{Name: "a", ToldMissed: told, Late: late, Pauses: []job.Pause{ended, {From: paused}}}
	}
	ahead, never := now.Add(time.Second), time.Time{}
	for name, tt := range map[string]struct {
		was, want job.Item
		changed   bool
	}{
		"passed": {item(now, now, now), item(now, now, now), false},
		"told":   {item(ahead, now, now), item(never, now, now), true},
		"late":   {item(now, ahead, now), item(now, never, now), true},
		"paused": {item(now, now, ahead), item(now, now, now), true},
	} {
		before := job.Item{Name: "a", ToldMissed: tt.was.ToldMissed, Late: tt.was.Late, Pauses: []job.Pause{tt.was.Pauses[0], tt.was.Pauses[1]}}
		got, changed := tt.was.PutBack(now)
		if changed != tt.changed || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %+v\nnot %+v", name, changed, got, tt.want)
		}
		if !reflect.DeepEqual(tt.was, before) {
			t.Errorf("%s: it changed what it was given: %+v", name, tt.was)
		}
	}
}
