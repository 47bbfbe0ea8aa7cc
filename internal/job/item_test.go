package job_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestHoldBack: the first and the second slot that a run holds back are news, further ones are not.
func TestHoldBack(t *testing.T) {
	t.Parallel()
	var i job.Item
	for n, want := range []struct{ held, more, changed bool }{{true, false, true}, {true, true, true}, {true, true, false}} {
		before := i.Holder
		next, changed := i.HoldBack("etl/a")
		if i.Holder != before {
			t.Errorf("slot %d: the item before it was changed", n+1)
		}
		i = next
		if held, more := i.HeldBy("etl/a"); held != want.held || more != want.more || changed != want.changed {
			t.Errorf("slot %d: held %t, more %t, changed %t", n+1, held, more, changed)
		}
	}
	i, changed := i.HoldBack("etl/b")
	if held, more := i.HeldBy("etl/b"); !held || more || !changed {
		t.Errorf("another run: held %t, more %t, changed %t", held, more, changed)
	}
	if held, more := i.HeldBy("etl/a"); held || more {
		t.Errorf("the run before it: held %t, more %t", held, more)
	}
	if held, more := (job.Item{}).HeldBy("etl/a"); held || more {
		t.Errorf("without a holder: held %t, more %t", held, more)
	}
}

// TestMiss: slots may be found in any order.
func TestMiss(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var i job.Item
	for n, id := range []string{"etl/20261122T1100Z", "etl/20261122T1000Z", "etl/20261122T1200Z"} {
		i = i.Miss(id, at.Add(time.Duration(n)*time.Minute))
	}
	if want := (job.Missed{Count: 3, First: "etl/20261122T1000Z", Last: "etl/20261122T1200Z", Since: at}); *i.Missed != want {
		t.Errorf("got %+v, want %+v", *i.Missed, want)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	hour := func(h int) time.Time { return at.Add(time.Duration(h) * time.Hour) }
	var i, all job.Item
	i.AddPause(job.Pause{From: hour(0), To: hour(2), Reason: "first"})
	before := i
	i.AddPause(job.Pause{From: hour(1), To: hour(3), Reason: "second"})
	if len(i.Pauses) != 2 || !i.Pauses[0].To.Equal(hour(1)) || !before.Pauses[0].To.Equal(hour(2)) {
		t.Errorf("pauses %+v, before %+v", i.Pauses, before.Pauses)
	}
	all.AddPause(job.Pause{From: hour(2), To: hour(4), Reason: "all"})
	for h, want := range map[int]struct {
		reason string
		goesOn int
	}{-1: {"", -1}, 0: {"first", 4}, 1: {"second", 4}, 2: {"second", 4}, 3: {"all", 4}, 4: {"", 4}} {
		reason := ""
		if p := job.PausedAt(&i, &all, hour(h)); p != nil {
			reason = p.Reason
		}
		if got := job.GoesOn(&i, &all, hour(h)); reason != want.reason || !got.Equal(hour(want.goesOn)) {
			t.Errorf("at %dh: paused by %q, goes on at %s", h, reason, got)
		}
	}
	if i.EndPause(hour(3)) {
		t.Error("a pause that is over was ended")
	}
	i.AddPause(job.Pause{From: hour(3)})
	if got := job.GoesOn(&i, &all, hour(3)); !got.IsZero() {
		t.Errorf("nobody ends its pause, and it goes on at %s", got)
	}
	for until, want := range map[time.Time]string{hour(0): "2026-11-22 17:30 UTC", hour(0).Add(time.Second): "2026-11-22 17:30:01 UTC"} {
		if got := (job.Pause{To: until}).Until(); got != want {
			t.Errorf("until %s, want %s", got, want)
		}
	}
}

// TestFailsSince: nothing has failed since a time that is still to come.
func TestFailsSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for since, want := range map[time.Time]time.Time{
		{}: {}, now.Add(-time.Hour): now.Add(-time.Hour), now: now, now.Add(time.Hour): now,
	} {
		if got := (job.Item{FailingSince: since}).FailsSince(now); !got.Equal(want) {
			t.Errorf("failing since %s: got %s", since, got)
		}
	}
}
