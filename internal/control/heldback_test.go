package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestHeldBack: a run that stays open and lets no other run is reported once, with the second
// slot that it holds back; its end is reported too.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	stopIt := func(w *world) {
		if _, err := w.ctl.StopRun(w.t.Context(), port.StopRequest{Run: minute(0), By: "ann", Reason: "hangs"}); err != nil {
			w.t.Fatal(err)
		}
		w.live()
	}
	for name, c := range map[string]struct {
		job   job.Job
		code  int64
		slots int
		then  func(w *world)
		told  string
	}{
		"one slot":                    {forbidding, 0, 2, nil, ""},
		"two slots":                   {forbidding, 0, 3, nil, "held-back"},
		"many":                        {forbidding, 0, 20, nil, "held-back"},
		"one slot, and it ends":       {forbidding, 0, 2, (*world).live, ""},
		"two, and it ends":            {forbidding, 0, 3, (*world).live, "held-back recovered"},
		"two, and it is stopped":      {forbidding, 0, 3, stopIt, "held-back no-longer-held-back"},
		"two, and it fails":           {forbidding, 3, 3, (*world).live, "held-back failed"},
		"one waits, and one is held":  {queueing, 0, 3, nil, ""},
		"one waits, and two are held": {queueing, 0, 4, nil, "held-back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, c.code), redeliver: true})
			w.know(c.job)
			for n := range c.slots {
				w.triggerSlot(c.job, n)
			}
			if c.then != nil {
				c.then(w)
			}
			if got := w.kinds(); got != c.told {
				t.Errorf("told %q, want %q: %s", got, c.told, w.story())
			}
			for _, n := range w.told {
				if n.Kind == notice.HeldBack && (!strings.Contains(n.Cause, string(minute(0))+" ") || !strings.Contains(n.Cause, ", since 2026-11-22 17:30 UTC")) {
					t.Errorf("it says %q", n.Cause)
				}
				if ends := `batchplane stop ` + string(minute(0)) + ` --reason "it holds others back"`; (n.Kind == notice.HeldBack) != (n.StopWith == ends) || (n.Kind == notice.HeldBack) != (n.HeldBy == minute(0)) {
					t.Errorf("%s: to end the hold it says %q", n.Kind, n.StopWith)
				}
			}
			if item, err := w.store.Item(t.Context(), "report"); err != nil || c.then != nil && item.Holder != nil {
				t.Errorf("the item: %+v, %v", item, err)
			}
			st, err := plane.ReadStanding(t.Context(), w.store, w.clock.Now())
			if held := st.HeldBack["report"]; err != nil || (held == minute(0)) != (c.told == "held-back") || held != "" && held != minute(0) {
				t.Errorf("the status: held back by %q, %v", held, err)
			}
		})
	}
}

// TestSinceWhenTheOtherIsOpen: since when the run that runs, or else the one that waits, has
// been open; for runs written before that was recorded, since its claim.
func TestSinceWhenTheOtherIsOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, item *job.Item)
		says   string
	}{
		"the one that runs": {func(*world, *job.Item) {}, string(minute(0)) + " is open, since 2026-11-22 17:30 UTC"},
		"of before that was noted": {func(w *world, _ *job.Item) {
			r := w.run(minute(0))
			r.ReadyAt, r.QueuedAt = time.Time{}, t0.Add(-10*time.Minute)
			if err := w.store.Commit(w.t.Context(), port.Change{Run: &r}); err != nil {
				w.t.Fatal(err)
			}
		}, string(minute(0)) + " is open, since 2026-11-22 17:20 UTC"},
		"the one that waits": {func(_ *world, item *job.Item) { item.Lock = "" }, string(minute(1)) + " is open, since 2026-11-22 17:31 UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
			w.know(queueing)
			w.triggerSlot(queueing, 0)
			w.triggerSlot(queueing, 1)
			item, err := w.store.Item(t.Context(), "report")
			if err != nil {
				t.Fatal(err)
			}
			c.change(w, &item)
			if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
				t.Fatal(err)
			}
			if w.triggerSlot(queueing, 5); w.run(minute(5)).Status != run.Skipped || !strings.HasSuffix(w.run(minute(5)).Cause, c.says) {
				t.Errorf("%s: %q, want %q", w.run(minute(5)).Status, w.run(minute(5)).Cause, c.says)
			}
		})
	}
}

// TestHeldBackByOneAfterTheOther: runs that each hold back one slot are not reported.
func TestHeldBackByOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(90*time.Second, 0), redeliver: true})
	w.know(forbidding)
	for n := range 12 {
		w.triggerSlot(forbidding, n)
	}
	w.live()
	if skipped := strings.Count(w.slotsOf("report"), "skipped"); skipped < 4 || w.kinds() != "" {
		t.Errorf("told %q of %s", w.kinds(), w.slotsOf("report"))
	}
}

// TestHeldBackAndRetried: a run that was skipped because of another and that a person retries
// ends like any run.
func TestHeldBackAndRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(90*time.Second, 3), redeliver: true})
	w.know(forbidding)
	w.triggerSlot(forbidding, 0)
	w.triggerSlot(forbidding, 1)
	w.live()
	if _, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: minute(1), RequestID: "again"}); err != nil {
		t.Fatal(err)
	}
	w.live()
	if item, err := w.store.Item(t.Context(), "report"); err != nil || item.Holder != nil || w.kinds() != "failed failed" {
		t.Errorf("told %q; the item: %+v, %v", w.kinds(), item, err)
	}
}
