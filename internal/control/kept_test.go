package control_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestSettleKept: a kept input is dropped, or tried again. An input that still cannot be used
// stays.
func TestSettleKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    func(arn string) string
		again   bool
		outcome port.Outcome
		says    string
		left    int
		status  run.Status
	}{
		"dropped":              {func(string) string { return "{" }, false, port.Accepted, "is dropped", 0, run.Running},
		"no event, again":      {func(string) string { return "{" }, true, port.Refused, "still cannot be used and stays: not usable", 1, run.Running},
		"only why was kept":    {func(string) string { return "" }, true, port.Refused, "stays: only its reason was kept; drop it", 1, run.Running},
		"another's end, again": {func(string) string { return fmt.Sprintf(stoppedEvent, "STOPPED", "staging/x/20261122T1730Z/1", "") }, true, port.Refused, "no task of stack prod", 1, run.Running},
		"an end that can be used now": {func(arn string) string {
			return strings.Replace(fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/1", ""), "arn:x", arn, 1)
		}, true, port.Accepted, "is taken", 0, run.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quiet(t)
			if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err != nil {
				t.Fatal(err)
			}
			k := port.Kept{At: t0, Reason: "why", Body: []byte(c.body(w.runs()[0].Attempts[0].TaskARN))}
			if err := w.store.Keep(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: k.ID(), Again: c.again})
			if err != nil || reply.Outcome != c.outcome || !strings.Contains(reply.Message, c.says) {
				t.Errorf("got %+v, %v", reply, err)
			}
			if left, err := w.store.Kept(t.Context(), 10); err != nil || len(left) != c.left {
				t.Errorf("left are %+v, %v", left, err)
			}
			if got := w.runs()[0].Status; got != c.status {
				t.Errorf("the run is %s, want %s", got, c.status)
			}
			if reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: "00000000", Again: c.again}); err != nil || reply.Outcome != port.Refused || !strings.Contains(reply.Message, "there is no kept input") {
				t.Errorf("what is not there: %+v, %v", reply, err)
			}
		})
	}
}

// TestKeptBeyondTheNewest: an input that is older than those that are read may well be there.
func TestKeptBeyondTheNewest(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	oldest := port.Kept{At: t0.Add(-time.Hour), Reason: "why"}
	if err := w.store.Keep(t.Context(), oldest); err != nil {
		t.Fatal(err)
	}
	for i := range port.MostKept {
		if err := w.store.Keep(t.Context(), port.Kept{At: t0.Add(time.Duration(i) * time.Second), Reason: "why"}); err != nil {
			t.Fatal(err)
		}
	}
	reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: oldest.ID()})
	if err != nil || reply.Outcome != port.Refused || !strings.Contains(reply.Message, "among the newest 1000: it may be older") || strings.Contains(reply.Message, "settled it") {
		t.Errorf("got %+v, %v", reply, err)
	}
}

// TestReopen: a run that was set aside is looked at again once it can be read.
func TestReopen(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err != nil {
		t.Fatal(err)
	}
	r := w.runs()[0]
	if err := w.store.SetAside(t.Context(), r.ID, "an odd field"); err != nil {
		t.Fatal(err)
	}
	due := func() int {
		runs, err := w.store.Due(t.Context(), run.LookLane, t0.Add(24*time.Hour), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(runs)
	}
	kept, err := w.store.Kept(t.Context(), 10)
	if err != nil || len(kept) != 1 || due() != 0 {
		t.Fatalf("kept %+v, %v; %d are due", kept, err, due())
	}
	reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept[0].ID(), Again: true})
	if err != nil || reply.Outcome != port.Accepted || !strings.Contains(reply.Message, "is looked at again") || due() != 1 || !w.run(r.ID).DueAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v, %v; %d are due", reply, err, due())
	}
	if left, _ := w.store.Kept(t.Context(), 10); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
}

// settledBefore is a store in which others are always faster.
type settledBefore struct{ port.Store }

func (settledBefore) Settle(context.Context, port.Kept) error { return port.ErrNotFound }

// TestWhatBecomesOfAKeptInput: the look does what is still owed after the input was used. If
// somebody else has settled it, or its run has ended since, that is no refusal.
func TestWhatBecomesOfAKeptInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before  func(w *world)
		aside   bool
		outcome port.Outcome
		says    string
	}{
		"what it leads to is owed":   {func(w *world) { w.ctl.Notifier = &teller{err: errBroken} }, false, port.Accepted, "is taken"},
		"settled by somebody else":   {func(w *world) { w.ctl.Store = settledBefore{w.ctl.Store} }, false, port.Duplicate, "settled by somebody else"},
		"a run that has ended since": {func(w *world) { w.clock.Advance(10 * time.Minute) }, true, port.Accepted, "has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(5*time.Minute, 3), redeliver: true})
			w.know(report)
			w.triggerSlot(report, 0)
			if c.aside {
				if err := w.store.SetAside(t.Context(), minute(0), "an odd field"); err != nil {
					t.Fatal(err)
				}
			} else if err := w.store.Keep(t.Context(), port.Kept{At: t0, Reason: "why", Body: []byte(strings.Replace(w.endOf(minute(0)), `"exitCode":0`, `"exitCode":3`, 1))}); err != nil {
				t.Fatal(err)
			}
			kept, err := w.store.Kept(t.Context(), 10)
			if err != nil || len(kept) != 1 {
				t.Fatalf("kept %+v, %v", kept, err)
			}
			c.before(w)
			reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept[0].ID(), Again: true})
			if err != nil || reply.Outcome != c.outcome || !strings.Contains(reply.Message, c.says) {
				t.Errorf("%+v, %v", reply, err)
			}
		})
	}
}
