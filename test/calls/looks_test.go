package calls_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// deployed stores that a sweep saw the job's schedule at that time.
func (w *world) deployed(at time.Time) {
	w.t.Helper()
	c := control.Control{Stack: "prod", Store: w.store(), Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)}
	if err := c.Sync(w.t.Context(), []job.Job{w.job}); err != nil {
		w.t.Fatal(err)
	}
}

// looks plays the looks of one process for a while.
func (w *world) looks(what string, every, length time.Duration) {
	meter := &dynamotest.Meter{}
	c := w.function(sweep, meter)
	at := len(w.steps)
	var calls []call
	for range int(length/every) + 1 {
		w.clock.Advance(every)
		_, err := c.Look(w.t.Context())
		w.must(err)
		calls = append(calls, w.wire.take()...)
	}
	s := step{function: sweep, input: what, calls: calls}
	s.writes, s.written, s.read = meter.TakeAll()
	w.steps = slices.Insert(w.steps, at, s)
}

func (w *world) look(what string) error {
	return w.play(sweep, what, func(c *control.Control) error {
		_, err := c.Look(w.t.Context())
		return err
	})
}

// checkedSlot plays a success, and then a check of the slots before its slot is judged, one that
// judges it and one after that, each in a process that did not launch the run. reads is what it
// costs that there is a slot to judge.
func checkedSlot(t *testing.T) (w *world, reads float64) {
	t.Helper()
	w = newWorld(t, nil)
	w.deployed(slot.Add(-time.Hour))
	w.must(w.store().SetMark(t.Context(), port.MarkSlots, slot.Add(-time.Minute)))
	w.must(w.fire(slot))
	wait := 13 * time.Minute
	for _, what := range []string{"the first check of slots", "a check before the slot is judged", "a check that judges the slot", "a check after that"} {
		w.clock.Advance(wait)
		wait = time.Minute
		w.must(w.play(sweep, what, func(c *control.Control) error { return c.CheckSlots(t.Context()) }))
	}
	n := len(w.steps)
	before, judged, after := w.steps[n-3], w.steps[n-2], w.steps[n-1]
	if before.read != after.read || judged.written != after.written {
		t.Errorf("a check reads %g units before and %g after, and writes %g for %g", before.read, after.read, judged.written, after.written)
	}
	return w, judged.read - after.read
}

// byHand is a run that a person asks for.
func byHand(t *testing.T) string {
	t.Helper()
	w := newWorld(t, nil)
	w.deployed(slot.Add(-time.Hour))
	w.id = run.ByHandID(w.job.Name, "request-1")
	w.must(w.play(trigger, "a person's request", func(c *control.Control) error {
		_, err := entry.Door{Control: c, Log: c.Log}.Enter(t.Context(), entry.FromPeople, "request-1", fmt.Appendf(nil, `{"run":%q}`, w.job.Name))
		return err
	}))
	w.clock.Advance(3 * time.Minute)
	return w.succeeded("A run that succeeds, asked for by a person")
}

// short is a run of a job whose runs may take only a short time.
func short(t *testing.T) string {
	t.Helper()
	w := newWorld(t, nil)
	w.job.Timeout = job.Duration(119 * time.Second)
	w.must(w.fire(slot))
	w.clock.Advance(3 * time.Minute)
	return w.succeeded("A run that succeeds, of a job whose timeout is less than two minutes")
}

// slow is a run whose task is PENDING for a while, with looks by one process.
func slow(t *testing.T) string {
	t.Helper()
	w := newWorld(t, nil)
	w.delays.Pending = 7 * time.Minute
	w.openECS(nil)
	w.must(w.fire(slot))
	w.looks("a look each 1m", time.Minute, 10*time.Minute)
	return w.succeeded("A run that succeeds, and was not RUNNING five minutes after its launch")
}

func (w *world) succeeded(name string) string {
	w.t.Helper()
	if got := w.run(); got.Status != run.Succeeded {
		w.t.Fatalf("%s: it is %s: %s", name, got.Status, got.Cause)
	}
	return table(name, w.steps)
}
