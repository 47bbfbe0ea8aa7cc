package fanout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
)

// hung is a way to two targets, the first of which takes its time and then fails.
type hung struct {
	now         time.Time
	takes       time.Duration
	tried, took int
}

func (h *hung) Targets(notice.Notice) []string { return []string{"ops", "team-a"} }

func (h *hung) Carry(_ context.Context, target string, _ notice.Notice) error {
	if target != "ops" {
		h.took++
		return nil
	}
	h.tried++
	h.now = h.now.Add(h.takes)
	return errShut
}

// TestOneThatHangs: a target that gives no answer holds up only the first notice, and is tried again
// after a while. A target that fails at once is tried each time.
func TestOneThatHangs(t *testing.T) {
	t.Parallel()
	_, m, _ := setUp()
	h := &hung{now: time.Unix(0, 0), takes: 10 * time.Second}
	n := &Notifier{Ways: []Way{h}, Memory: m, Now: func() time.Time { return h.now }}
	tell := func(times int) (last error) {
		for range times {
			_, last = n.Notify(t.Context(), notice.Notice{ID: fmt.Sprint(h.took)})
		}
		return last
	}
	err := tell(10)
	if h.tried != 1 || h.took != 10 || h.now.Unix() != 10 || !strings.Contains(err.Error(), "to ops: it gave no answer in time, and is left alone for 1m0s") {
		t.Fatalf("%d tried, %d took, by %d s: %v", h.tried, h.took, h.now.Unix(), err)
	}
	if h.now = h.now.Add(silence); !errors.Is(tell(1), errShut) {
		t.Error("it is not asked again")
	}
	h.now, h.takes = h.now.Add(silence), time.Second
	if err := tell(3); !errors.Is(err, errShut) || h.tried != 5 || h.took != 14 {
		t.Errorf("%d tried, %d took, %v", h.tried, h.took, err)
	}
}

// TestTwoDeliveriesAtOnce: the second delivery leaves a notice alone while the first is still sending
// it. Otherwise a target that took it from the first would get it again.
func TestTwoDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	_, m, _ := setUp()
	arrived, goOn := make(chan bool), make(chan bool)
	n := &Notifier{Memory: m, Ways: []Way{Only{Name: "mail", Carrier: carrier(func(context.Context) error {
		arrived <- true
		<-goOn
		return nil
	})}}}
	first := make(chan error, 1)
	tell := func() error { _, err := n.Notify(t.Context(), notice.Notice{ID: "x"}); return err }
	go func() { first <- tell() }()
	<-arrived
	if err := tell(); !errors.Is(err, port.ErrTelling) {
		t.Errorf("the second: %v", err)
	}
	goOn <- true
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
	go func() { <-arrived; goOn <- true }()
	if err := tell(); err != nil { // a delivery that knows nothing of the first sends it again
		t.Errorf("a third, later: %v", err)
	}
}

// TestWithin: a way with one target has a time limit of its own.
func TestWithin(t *testing.T) {
	t.Parallel()
	for within, want := range map[time.Duration]bool{0: false, time.Hour: true} {
		var has bool
		o := Only{Name: "mail", Within: within, Carrier: carrier(func(ctx context.Context) error { _, has = ctx.Deadline(); return nil })}
		if err := o.Carry(t.Context(), "mail", notice.Notice{}); err != nil || has != want {
			t.Errorf("%s: limited %v, %v", within, has, err)
		}
	}
}

type carrier func(ctx context.Context) error

func (c carrier) Notify(ctx context.Context, _ notice.Notice) error { return c(ctx) }
