package localecs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
)

var wholeLife = []string{
	"1 PROVISIONING", "2 PENDING", "3 ACTIVATING", "4 RUNNING",
	"5 DEPROVISIONING -> STOPPED EssentialContainerExited", "6 STOPPED -> STOPPED EssentialContainerExited",
}

func TestAnEventIsGivenUntilItIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.events.refuse = 9
	h.run()
	h.clock.Advance(0)
	equal(t, "asked at once", h.events.asked, 1)
	// Waits of 1, 2, 4, 8, 16 and 32 s, and then of a minute each.
	h.clock.Advance(63 * time.Second)
	equal(t, "asked in 63 s", h.events.asked, 7)
	h.clock.Advance(time.Minute)
	equal(t, "asked a minute later", h.events.asked, 8)
	h.clock.Advance(2 * time.Minute)
	same(t, "events, in order", h.events.short(), wholeLife)
}

// TestAnEventOfWhichAllIsSaved: it is given less and less often, so that a target of notices that is gone
// for a day is not tried each minute for each run; one of which nothing is written is given each minute.
func TestAnEventOfWhichAllIsSaved(t *testing.T) {
	t.Parallel()
	owed := errors.New("a notice is owed")
	for name, c := range map[string]struct {
		err         error
		least, most int
	}{"saved": {owed, 14, 16}, "not saved": {errors.New("the disk is full"), 60, 70}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			h := newHouse(t, func(cfg *localecs.Config) {
				cfg.OnlyStopped, cfg.Saved = true, func(err error) bool { return errors.Is(err, owed) }
				cfg.Deliver = func(context.Context, []byte) error { tries++; return c.err }
			})
			h.run()
			h.clock.Advance(time.Hour)
			if tries < c.least || tries > c.most {
				t.Errorf("given %d times in an hour", tries)
			}
		})
	}
}

// TestARefusedEventHoldsUpNoOther: while a task's event waits for its next try, those of others are given.
func TestARefusedEventHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.events.refuse = 1
	h.run()
	h.clock.Advance(0)
	same(t, "events of the first", h.events.short(), []string{})
	h.run(token("token-2"))
	h.clock.Advance(0)
	same(t, "events of the second", h.events.short(), wholeLife[:4])
}

func TestEventsNotTakenSurviveARestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.events.refuse = 1 << 30
	h.run()
	h.clock.Advance(2 * time.Minute)
	same(t, "events before", h.events.short(), []string{})
	h.crash()
	h.events.refuse = 0
	h.open()
	h.clock.Advance(0)
	same(t, "events after", h.events.short(), wholeLife)

	h.crash()
	h.open()
	h.clock.Advance(time.Hour)
	equal(t, "events given again once taken", len(h.events.short()), len(wholeLife))
}

// TestMoreEventsThanAreGivenAtATime: all that are owed are given, though nothing else happens.
func TestMoreEventsThanAreGivenAtATime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) { c.OnlyStopped, c.Abreast = true, 2 })
	h.events.refuse = 1 << 30
	for n := range 5 {
		h.run(token(fmt.Sprint("token-", n)))
	}
	h.clock.Advance(2 * time.Minute)
	h.crash()
	h.events.refuse = 0
	h.open()
	h.clock.Advance(0)
	equal(t, "events", len(h.events.short()), 5)
}

// TestCloseEndsADelivery: whoever takes an event may finish what they began to write. If it takes them
// long, they learn that it ends, and Close waits until they have.
func TestCloseEndsADelivery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ needs, took time.Duration }{
		"a short one": {time.Second, time.Second},
		"a long one":  {time.Minute, 2*time.Second + 3*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, func(cfg *localecs.Config) {
					cfg.Deliver = func(ctx context.Context, _ []byte) error {
						select {
						case <-time.After(c.needs):
						case <-ctx.Done():
							time.Sleep(3 * time.Second)
						}
						return ctx.Err()
					}
				})
				h.run()
				go h.clock.Advance(0)
				synctest.Wait()
				began := time.Now()
				closeServer(t, h.server)
				equal(t, "it took", time.Since(began), c.took)
			})
		})
	}
}

func TestFaultsOfDelivery(t *testing.T) {
	t.Parallel()
	const stopped = "6 STOPPED -> STOPPED EssentialContainerExited"
	tests := []struct {
		kind    localecs.Kind
		strikes int64 // the version whose event the fault strikes
		want    []string
		lastAt  time.Duration // when the last one was delivered
	}{
		{localecs.FaultLostEvent, 6, wholeLife[:5], time.Minute},
		{localecs.FaultDuplicate, 6, append(slices.Clone(wholeLife), stopped), 62 * time.Second},
		{localecs.FaultDuplicate, 1, slices.Insert(slices.Clone(wholeLife), 4, wholeLife[0]), time.Minute},
		{localecs.FaultDelay, 5, wholeLife, 90 * time.Second},
		{localecs.FaultReorder, 5, append(append(slices.Clone(wholeLife[:4]), wholeLife[5]), wholeLife[4]), 62 * time.Second},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.kind, " of version ", tt.strikes), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *localecs.Config) {
				c.Inject = func(k localecs.Kind, f localecs.Subject) bool { return k == tt.kind && f.Version == tt.strikes }
			})
			h.run()
			h.clock.AdvanceTo(start.Add(tt.lastAt - time.Millisecond))
			before := len(h.events.short())
			h.clock.AdvanceTo(start.Add(tt.lastAt))
			same(t, "events", h.events.short(), tt.want)
			if before >= len(tt.want) {
				t.Error("the last event came too early")
			}
			h.clock.Advance(time.Hour)
			equal(t, "events in all", len(h.events.short()), len(tt.want))
			equal(t, "injected", h.server.Stats()[tt.kind], 1)
			equal(t, "the task itself", h.events.events[0].Detail.TaskARN != "", true)
		})
	}
}

func TestADuplicateIsTheSameEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, always(localecs.FaultDuplicate))
	h.run()
	h.clock.Advance(time.Hour)
	copies := map[string]int{}
	for _, e := range h.events.events {
		copies[string(e.raw)]++
	}
	equal(t, "different events", len(copies), 6)
	for body, n := range copies {
		if n != 2 {
			t.Errorf("%d copies of %s", n, body)
		}
	}
	ids := map[string]bool{}
	for _, e := range h.events.events {
		ids[e.ID] = true
	}
	equal(t, "different ids", len(ids), 6)
}
