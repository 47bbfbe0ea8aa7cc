package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// handling is one input, in a world in which others came before.
type handling struct {
	name string
	job  job.Job
	code int64 // the code with which its tasks exit after a minute
	// before are inputs that no fault strikes; input is the one under test.
	before []ask
	input  ask
	// quiet are the calls whose failure is not returned, by name and by number among those of
	// that name, before their effect or after it. The handler records the failure or asks in
	// another way, or the look repairs it.
	quiet []string
	// yields says that it leaves what somebody else changed to them, or to the next sweep;
	// answers, that a person hears of it at once.
	yields, answers bool
}

// begin returns the world in which the input comes.
func (h handling) begin(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, setup{script: runs(time.Minute, h.code), redeliver: true})
	w.ctl.Backoff = func(context.Context, time.Duration) error { return nil }
	w.know(h.job)
	for _, before := range h.before {
		if _, err := before(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	w.ports.calls = nil
	return w
}

// calm returns the calls that the input makes without a fault, and how everything then
// stands.
func (h handling) calm(t *testing.T) (calls []string, standing string) {
	t.Helper()
	w := h.begin(t)
	if _, err := h.input(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	calls = slices.Clone(w.ports.calls)
	w.rest()
	return calls, w.standing()
}

// rest lets time pass until nothing is left to happen.
func (w *world) rest() {
	w.t.Helper()
	if w.clock.Now().Before(t0.Add(10 * time.Hour)) {
		w.live()
	}
}

// standing describes how everything stands. A fault may not change it in the end.
func (w *world) standing() string {
	w.t.Helper()
	var b strings.Builder
	for _, r := range w.runs() {
		fmt.Fprintf(&b, "%s %s, %d attempts; ", r.ID, r.Status, len(r.Attempts))
	}
	items, err := w.store.Items(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range items {
		fmt.Fprintf(&b, "%s held by %q, %q waits, failing %v, paused %v, skips %v, missed %v, shift %v; ", i.Name, i.Lock, i.Waiting, !i.FailingSince.IsZero(),
			i.PausedAt(w.clock.Now()) != nil, i.SkipNext != nil, i.Missed != nil, i.Shift != nil)
	}
	kept, err := w.store.Kept(w.t.Context(), 10)
	if err != nil {
		w.t.Fatal(err)
	}
	pending, err := w.store.Pending(w.t.Context(), 10)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []string
	for _, n := range w.told {
		ids = append(ids, fmt.Sprint(n.Kind, " of ", n.Run))
	}
	slices.Sort(ids)
	fmt.Fprintf(&b, "%d are kept, %d pend, %d tasks, told %v", min(len(kept), 1), len(pending), len(w.made), slices.Compact(ids))
	return b.String()
}

// TestAFailedCallIsSaid: whichever call fails, the handler returns the error, and once the
// input has come again everything is as if the call had not failed.
func TestAFailedCallIsSaid(t *testing.T) {
	t.Parallel()
	for _, h := range handlings {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			calls, want := h.calm(t)
			count := map[string]int{}
			for k, name := range calls {
				count[name]++
				call := fmt.Sprintf("%s %d", name, count[name])
				for _, after := range []bool{false, true} {
					if after && slices.Contains(pure, name) {
						continue
					}
					w := h.begin(t)
					w.ports.fault = fault{mode: fails, at: []int{k + 1}, after: after}
					_, err := h.input(t.Context(), w)
					w.ports.fault = fault{}
					if after {
						call += " after"
					}
					said := err != nil && strings.Contains(err.Error(), errBroken.Error())
					if said == slices.Contains(h.quiet, call) || w.ports.struck != 1 {
						t.Errorf("%s fails, struck %d: %v", call, w.ports.struck, err)
					}
					if err != nil {
						if _, err := h.input(t.Context(), w); err != nil {
							t.Errorf("%s failed, again: %v", call, err)
						}
					}
					w.rest()
					if got := w.standing(); got != want {
						t.Errorf("%s failed: %s\nwant %s", call, got, want)
					}
				}
			}
		})
	}
}

// TestAConflictIsSaid: after one conflict the handler decides anew. If somebody else is
// faster again and again, it says so, and it waits no longer than it may.
func TestAConflictIsSaid(t *testing.T) {
	t.Parallel()
	for _, h := range handlings {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			calls, want := h.calm(t)
			if !slices.Contains(calls, "Commit") {
				return
			}
			for name, c := range map[string]struct {
				at   int // the last call that meets a conflict
				wait error
				want error
			}{
				"once":           {slices.Index(calls, "Commit") + 1, nil, nil},
				"always":         {10_000, nil, port.ErrConflict},
				"its time is up": {10_000, context.DeadlineExceeded, context.DeadlineExceeded},
			} {
				w := h.begin(t)
				w.ctl.Backoff = func(context.Context, time.Duration) error { return c.wait }
				for k := range c.at {
					w.ports.fault.at = append(w.ports.fault.at, k+1)
				}
				w.ports.fault.mode = conflicts
				_, err := h.input(t.Context(), w)
				switch {
				case h.answers && errors.Is(err, port.ErrConflict):
				case h.yields && err == nil:
				case !errors.Is(err, c.want) || (err != nil) != (c.want != nil):
					t.Errorf("%s: %v, want %v", name, err, c.want)
				}
				w.ports.fault, w.ctl.Backoff = fault{}, func(context.Context, time.Duration) error { return nil }
				if err != nil || h.yields {
					if _, err := h.input(t.Context(), w); err != nil {
						t.Errorf("%s, again: %v", name, err)
					}
				}
				w.rest()
				if got := w.standing(); got != want {
					t.Errorf("%s: %s\nwant %s", name, got, want)
				}
			}
		})
	}
}
