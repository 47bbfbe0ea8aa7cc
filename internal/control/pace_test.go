package control_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWindow: never more than the rate in any second, whatever the clock does, and as many as
// the rate when there is demand.
func TestWindow(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{1, 3, 20} {
		w := control.Window{Rate: rate}
		rnd := rand.New(rand.NewPCG(2026, uint64(rate))) //nolint:gosec // a repeatable sample
		var passed, shown time.Duration                  // the clock that is shown may jump
		var sent []time.Duration                         // by the real clock
		for range 20_000 {
			step := time.Duration(rnd.Int64N(int64(2 * time.Second / time.Duration(rate*3))))
			passed, shown = passed+step, shown+step
			if rnd.IntN(500) == 0 {
				shown -= time.Duration(rnd.Int64N(int64(time.Hour)))
			}
			now := t0.Add(shown)
			if wait := w.Take(now); wait > 0 {
				if wait > time.Second {
					t.Fatalf("it must wait for %s", wait)
				}
				continue
			}
			sent = append(sent, passed)
			if n := len(sent) - 1 - rate; n >= 0 && passed-sent[n] < time.Second {
				t.Fatalf("rate %d: %d calls in %s", rate, rate+1, passed-sent[n])
			}
		}
		if least := int(passed.Seconds()) * rate * 7 / 10; len(sent) < least {
			t.Errorf("rate %d: only %d calls in %s, want %d", rate, len(sent), passed, least)
		}
	}
}

// TestWindowOfLateCalls: calls that go out up to a second after they were counted never make
// a second with more than the rate.
func TestWindowOfLateCalls(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{1, 4, 20} {
		w := control.Window{Rate: rate}
		rnd := rand.New(rand.NewPCG(2027, uint64(rate))) //nolint:gosec // a repeatable sample
		var sent, held []time.Time
		for now := t0; now.Before(t0.Add(time.Hour)); now = now.Add(time.Duration(rnd.Int64N(int64(2 * time.Second / time.Duration(rate*3))))) {
			held = slices.DeleteFunc(held, func(taken time.Time) bool {
				goes := now.Sub(taken) < time.Second && rnd.IntN(3) == 0
				if goes {
					w.Sent(taken, now)
					sent = append(sent, now)
				}
				return goes || now.Sub(taken) >= time.Second // then it must take the rate anew
			})
			if n := len(sent) - 1 - rate; n >= 0 && sent[len(sent)-1].Sub(sent[n]) < time.Second {
				t.Fatalf("rate %d: %d calls in %s", rate, rate+1, sent[len(sent)-1].Sub(sent[n]))
			}
			if w.Take(now) == 0 {
				held = append(held, now)
			}
		}
		if len(sent) < 1000*rate {
			t.Errorf("rate %d: only %d calls went out", rate, len(sent))
		}
	}
}

// TestWindowAtItsEdge: the call after the rate's last one goes out exactly one second after
// the first.
func TestWindowAtItsEdge(t *testing.T) {
	t.Parallel()
	w := control.Window{Rate: 2}
	var got []bool
	for _, after := range []int64{0, 600, 999, 1000, 1001, 1599, 1600} {
		got = append(got, w.Take(t0.Add(time.Duration(after)*time.Millisecond)) == 0)
	}
	if want := []bool{true, true, false, true, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
}

// TestHerd: 60 jobs of one minute are claimed at once and launched 20 a second, the oldest
// first. No look puts one of them behind the others.
func TestHerd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
	w.ctl.Pace = &control.Window{Rate: 20}
	var order []string
	w.ctl.Watch = func(_ job.Job, before, after run.Run, _ string) {
		if after.Status == run.Running && before.Status == run.Launching {
			order = append(order, fmt.Sprintf("%s at %s", after.ID.Job(), w.clock.Now().Sub(t0)))
		}
	}
	var want []string
	for i := range 60 {
		name := fmt.Sprintf("job-%02d", i)
		if _, err := w.ctl.Scheduled(t.Context(), "", job.Job{Name: name, TaskDefinition: "report"}, t0); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%s at %s", name, time.Duration(i/20)*time.Second))
	}
	if n := len(w.runs()); n != 60 {
		t.Errorf("%d are claimed at once", n)
	}
	for range 12 {
		w.clock.Advance(200 * time.Millisecond)
		looked, err := w.ctl.Look(t.Context())
		if err != nil || looked.Waiting && looked.Launched > 20 {
			t.Errorf("%+v, %v", looked, err)
		}
	}
	if !slices.Equal(order, want) {
		t.Errorf("launched\n%v, want\n%v", order, want)
	}
	for _, r := range w.runs() {
		if len(r.Attempts) != 1 || r.Attempts[0].Sends-r.Attempts[0].Refusals != 1 || r.Attempts[0].Refusals > 1 {
			t.Errorf("%s: %d attempts, %+v", r.ID, len(r.Attempts), r.Attempts)
		}
	}
}

// TestRelaunchesThatWaitForTheRate: two tasks turn out never to have started, and the rate
// allows one relaunch. The look says that the other one waits, so that a look until a time
// goes on.
func TestRelaunchesThatWaitForTheRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{inject: strikes(localecs.FaultENI, "1"), script: runs(time.Hour, 0)})
	w.deaf = true // the events of the stops are lost
	for _, name := range []string{"job-1", "job-2"} {
		launched(t, w, job.Job{Name: name, TaskDefinition: "report"})
	}
	w.ctl.Pace = &control.Window{Rate: 1}
	w.clock.Advance(6 * time.Minute)
	looked, err := w.ctl.Look(t.Context())
	if err != nil || !looked.Waiting || !looked.Oldest.Equal(t0) {
		t.Errorf("%+v, %v", looked, err)
	}
	w.clock.Advance(time.Second)
	if looked, err = w.ctl.Look(t.Context()); err != nil || looked.Waiting {
		t.Errorf("a second later: %+v, %v", looked, err)
	}
	for _, r := range w.runs() {
		if r.Status != run.Running || len(r.Attempts) != 2 {
			t.Errorf("%s is %s after %d attempts", r.ID, r.Status, len(r.Attempts))
		}
	}
}

// TestRelaunchThatWaitsAndIsNotTold: the same, but the notice about the relaunch cannot be
// carried.
func TestRelaunchThatWaitsAndIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{inject: strikes(localecs.FaultCapacity, "1")})
	w.ctl.Pace = &control.Window{Rate: 1}
	w.ctl.Notifier = mute{}
	w.ctl.Pace.Take(t0)
	j := job.Job{
		Name: "report", TaskDefinition: "report", Capacity: job.SpotThenOnDemand, Notify: job.Notify{Also: []string{job.AlsoRelaunched}},
	}
	if rep, err := w.ctl.Scheduled(t.Context(), "", j, t0); err != nil || rep.Status != run.Queued {
		t.Fatalf("%+v, %v", rep, err)
	}
	w.clock.Advance(time.Second)
	looked, err := w.ctl.Look(t.Context())
	if r := w.runs()[0]; err == nil || r.Status != run.Queued || len(r.Attempts) != 2 {
		t.Fatalf("%v, %s", err, w.story())
	}
	if !looked.Waiting || !looked.Oldest.Equal(t0) {
		t.Errorf("%+v", looked)
	}
}

// mute is a Notifier that cannot be reached.
type mute struct{}

func (mute) Notify(context.Context, notice.Notice) ([]string, error) {
	return nil, errors.New("no route")
}
