package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// TestSettleKept: a kept input is dropped, or tried again; what still cannot be used
// stays.
func TestSettleKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    func(arn string) string
		again   bool
		outcome control.Outcome
		says    string
		left    int
		status  run.Status
	}{
		"dropped":              {func(string) string { return "{" }, false, control.Accepted, "is dropped", 0, run.Running},
		"no event, again":      {func(string) string { return "{" }, true, control.Refused, "cannot be used now either, and stays: not usable", 1, run.Running},
		"another's end, again": {func(string) string { return fmt.Sprintf(stoppedEvent, "STOPPED", "staging/x/20261122T1730Z/1", "") }, true, control.Refused, "no task of stack prod", 1, run.Running},
		"an end that can be used now": {func(arn string) string {
			return strings.Replace(fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/1", ""), "arn:x", arn, 1)
		}, true, control.Accepted, "is taken", 0, run.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quiet(t)
			if _, err := w.ctl.Scheduled(t.Context(), report, t0); err != nil {
				t.Fatal(err)
			}
			k := control.Kept{At: t0, Reason: "why", Body: []byte(c.body(w.runs()[0].Attempts[0].TaskARN))}
			if err := w.store.Keep(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			reply, err := w.ctl.SettleKept(t.Context(), control.KeptRequest{ID: k.ID(), Again: c.again})
			if err != nil || reply.Outcome != c.outcome || !strings.Contains(reply.Message, c.says) {
				t.Errorf("got %+v, %v", reply, err)
			}
			if left, err := w.store.Kept(t.Context(), 10); err != nil || len(left) != c.left {
				t.Errorf("left are %+v, %v", left, err)
			}
			if got := w.runs()[0].Status; got != c.status {
				t.Errorf("the run is %s, want %s", got, c.status)
			}
			if reply, err := w.ctl.SettleKept(t.Context(), control.KeptRequest{ID: "00000000", Again: c.again}); err != nil || reply.Outcome != control.Refused || !strings.Contains(reply.Message, "nothing is kept as") {
				t.Errorf("what is not there: %+v, %v", reply, err)
			}
		})
	}
}

// TestReopen: a run that was set aside is looked at again once it can be read.
func TestReopen(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	if _, err := w.ctl.Scheduled(t.Context(), report, t0); err != nil {
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
	reply, err := w.ctl.SettleKept(t.Context(), control.KeptRequest{ID: kept[0].ID(), Again: true})
	if err != nil || reply.Outcome != control.Accepted || !strings.Contains(reply.Message, "is looked at again") || due() != 1 || !w.run(r.ID).DueAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v, %v; %d are due", reply, err, due())
	}
	if left, _ := w.store.Kept(t.Context(), 10); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
}
