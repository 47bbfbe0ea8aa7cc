package control_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestPendingOfANameWaitsAsItsJobSays: if only the name came along, the job's item says how
// long its slot waits.
func TestPendingOfANameWaitsAsItsJobSays(t *testing.T) {
	t.Parallel()
	slot := clockAt(18, 17, 0)
	for name, c := range map[string]struct {
		jobs []job.Job
		want time.Duration
	}{
		"a job that nobody knows":       {nil, job.DefaultStartWithin},
		"a job that says nothing":       {[]job.Job{hourly}, job.DefaultStartWithin},
		"a job that may start late":     {[]job.Job{with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(2 * time.Hour) })}, 2 * time.Hour},
		"a job that must start at once": {[]job.Job{with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(job.MinStartWithin) })}, job.MinStartWithin},
	} {
		w := known(t, c.jobs...)
		w.fire(clockAt(18, 17, 1), port.Slot{At: slot})
		ps, err := w.store.Pending(t.Context(), 10)
		if err != nil || len(ps) != 1 || !ps[0].Until.Equal(slot.Add(c.want)) {
			t.Errorf("%s: %+v, %v; want it to wait until %s", name, ps, err, slot.Add(c.want))
		}
	}
}

// closed is a registry that answers nothing, and counts how often it was asked about each
// schedule.
type closed struct {
	group

	about map[string]int
}

func (c *closed) Schedule(_ context.Context, arn string) (job.Job, error) {
	c.about[arn]++
	return job.Job{}, errors.New("throttled")
}

// TestPendingGoesRound: slots that nobody can decide do not hold back the newer ones. The
// next sweep goes on behind the last one that was tried, and begins again at the end.
func TestPendingGoesRound(t *testing.T) {
	t.Parallel()
	const n = 450
	w := newWorld(t, setup{})
	g := &closed{about: map[string]int{}}
	w.ctl.Schedules = g
	for i := range n {
		j := with(hourly, func(j *job.Job) { j.Name = fmt.Sprintf("job-%03d", i) })
		w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &j, Schedule: fmt.Sprintf("%s-%03d", own, i)})
	}
	clear(g.about)
	tried := func(want int) {
		t.Helper()
		try(t, w, clockAt(18, 1, 0))
		if got := slices.Max(slices.Collect(maps.Values(g.about))); len(g.about) != want || got > (n+want)/n {
			t.Errorf("%d slots were tried, one of them %d times; want %d", len(g.about), got, want)
		}
	}
	tried(200)
	tried(400)
	tried(n)
}

// newerPending is a store with a pending slot that a newer version wrote.
type newerPending struct{ port.Store }

func (newerPending) Pending(context.Context, int) ([]port.Pending, error) {
	return nil, &port.UnreadablePendingError{Slots: map[string]error{"x": port.ErrNewer}}
}

// TestPendingOfANewerVersion: it is left to that version, and is an error of the sweep meanwhile.
func TestPendingOfANewerVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.ctl.Store = newerPending{w.ctl.Store}
	w.ports.calls = nil
	if err := w.ctl.TryPending(t.Context()); !errors.Is(err, port.ErrNewer) || len(w.ports.calls) != 0 {
		t.Errorf("%v, calls %v", err, w.ports.calls)
	}
}
