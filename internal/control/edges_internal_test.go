package control

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// TestFirstBackOff: the first try does not wait; the second waits less than 20 ms.
func TestFirstBackOff(t *testing.T) {
	t.Parallel()
	waits := 0
	c := &Control{Backoff: func(_ context.Context, d time.Duration) error {
		if waits++; d >= firstBackoff {
			t.Fatalf("it waits %s", d)
		}
		return nil
	}}
	for range 200 {
		for n := range 2 {
			if err := c.backOff(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
	}
	if waits != 200 {
		t.Errorf("it waited %d times", waits)
	}
}

// TestRoomIsFoundAgain: each launch after a refusal lets one more go at once, up to and
// including defaultAbreast; after that nothing holds launches back.
func TestRoomIsFoundAgain(t *testing.T) {
	t.Parallel()
	var r room
	r.answered(job.OnDemand, true, false, launchTime)
	for want := 2; want <= defaultAbreast; want++ {
		r.ask(job.OnDemand, true, launchTime) // a launch that was refused before is no new refusal
		if r.answered(job.OnDemand, false, true, launchTime); r.of(job.OnDemand).most != want {
			t.Fatalf("%d may go, want %d", r.of(job.OnDemand).most, want)
		}
	}
	if r.answered(job.OnDemand, false, true, launchTime); r.of(job.OnDemand).most != 0 {
		t.Errorf("still only %d may go", r.of(job.OnDemand).most)
	}
}

// TestStaleAtItsEdges: a slot is refused past its limits, and a slot at the very time of the
// deploy counts as before it.
func TestStaleAtItsEdges(t *testing.T) {
	t.Parallel()
	j := job.Job{Name: "report", Schedule: "0 * * * *"}
	c := &Control{Now: func() time.Time { return launchTime }}
	for name, tc := range map[string]struct {
		age, since time.Duration // how long ago the slot was, and the deploy
		why        string
	}{
		"just in time":              {j.Late(), 0, ""},
		"a moment late":             {j.Late() + 1, 0, "before the job was deployed"},
		"14 days":                   {oldest, oldest + 1, ""},
		"a moment more":             {oldest + 1, oldest + 2, "more than 14 days ago"},
		"the moment of the deploy":  {oldest, oldest, "before the job was deployed"},
		"a moment after the deploy": {oldest - 1, oldest, ""},
	} {
		a := accepted{job: j, item: &job.Item{Since: launchTime.Add(-tc.since)}}
		if why := c.stale(a, launchTime.Add(-tc.age)); (why == "") != (tc.why == "") || !strings.Contains(why, tc.why) {
			t.Errorf("%s: %q, want %q", name, why, tc.why)
		}
	}
}

// oneRun is a store with one run.
type oneRun struct {
	port.Store
	r run.Run
}

func (s oneRun) Run(context.Context, run.ID) (run.Run, error) { return s.r, nil }

// TestMadeUpByNobody: we did not make up for a slot with a run that names no trigger, nor
// with one that was never to start.
func TestMadeUpByNobody(t *testing.T) {
	t.Parallel()
	j := job.Job{Name: "report", Schedule: "0 * * * *"}
	plan, err := timetable.Of(j.Plan())
	if err != nil {
		t.Fatal(err)
	}
	ourselves := []run.Trigger{{Kind: run.ByCatchUp}}
	for name, tc := range map[string]struct {
		triggers []run.Trigger
		status   run.Status
		want     bool
	}{
		"nobody":               {nil, run.Running, false},
		"catch-up":             {ourselves, run.Running, true},
		"catch-up, missed":     {ourselves, run.Missed, false},
		"catch-up, not to run": {ourselves, run.Skipped, false},
	} {
		c := &Control{Store: oneRun{r: run.Run{Status: tc.status, Triggers: tc.triggers}}}
		if made, err := c.madeUp(t.Context(), plan, j, launchTime); err != nil || made != tc.want {
			t.Errorf("%s: %t, %v", name, made, err)
		}
	}
}

// TestOddOfAnotherPlan: what a start shows about one plan leaves the item of another plan as
// it is.
func TestOddOfAnotherPlan(t *testing.T) {
	t.Parallel()
	j := job.Job{Name: "report", Schedule: "0 * * * *"}
	item := job.Item{Plan: job.Plan{Schedule: "5 * * * *"}}
	o := &odd{shift: &job.Shift{At: launchTime}}
	if o.note(&item, &run.Run{}, j, &Control{}) || item.Shift != nil {
		t.Errorf("another plan: %+v", item.Shift)
	}
	item.Plan = j.Plan()
	if !o.note(&item, &run.Run{}, j, &Control{}) || item.Shift != o.shift {
		t.Errorf("its own plan: %+v", item.Shift)
	}
}

// TestPlaceOfWhatCannotBeRead: a schedule that cannot be read has every minute.
func TestPlaceOfWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	j := job.Job{Name: "report", Schedule: "at some time"}
	slot, expected, err := (&Control{}).place(t.Context(), j, launchTime.Add(time.Second))
	if err != nil || !expected || !slot.Equal(launchTime) {
		t.Errorf("%s, %t, %v", slot, expected, err)
	}
}

// TestPaceWithoutATurn: if it cannot be asked whose turn it is, nothing is launched. While
// ECS refuses launches, the turn is not lost.
func TestPaceWithoutATurn(t *testing.T) {
	t.Parallel()
	p := launchLane(nil)
	p.InTurns, p.Store = true, &turnMark{readErr: errors.New("no route")}
	if wait, mine := p.pace(t.Context()); wait != 0 || mine || len(p.errs) != 1 {
		t.Errorf("%s, %t, %v", wait, mine, p.errs)
	}
	p.throttled = mostThrottled
	if wait, mine := p.pace(t.Context()); wait != p.Timing.Throttled || !mine || len(p.errs) != 1 {
		t.Errorf("throttled: %s, %t, %v", wait, mine, p.errs)
	}
}

// TestSinceWhenWhatIsSetAsideWasDue: since the earliest of those that cannot be read and
// those that make no sense. The others stay.
func TestSinceWhenWhatIsSetAsideWasDue(t *testing.T) {
	t.Parallel()
	good, bad := run.Run{ID: "good", Status: run.Queued, DueAt: launchTime.Add(-time.Hour)}, run.Run{ID: "bad", Status: "unheard of", DueAt: launchTime}
	worse := run.Run{ID: "worse", Status: "unheard of", DueAt: launchTime.Add(time.Minute)}
	unread := func(since time.Time) *port.UnreadableError {
		return &port.UnreadableError{Runs: map[run.ID]error{"unread": errRaced}, DueSince: since}
	}
	for name, tc := range map[string]struct {
		due    []run.Run
		unread *port.UnreadableError
		aside  int
		since  time.Time
	}{
		"none":                          {[]run.Run{good}, nil, 0, time.Time{}},
		"two that make no sense":        {[]run.Run{bad, good, worse}, nil, 2, launchTime},
		"one cannot be read, before":    {[]run.Run{bad, good}, unread(launchTime.Add(-time.Second)), 2, launchTime.Add(-time.Second)},
		"one cannot be read, after":     {[]run.Run{good, bad}, unread(launchTime.Add(time.Second)), 2, launchTime},
		"one cannot be read, who knows": {[]run.Run{bad}, unread(time.Time{}), 2, launchTime},
	} {
		rest, aside := sensible(tc.due, tc.unread)
		if aside == nil {
			aside = &port.UnreadableError{}
		}
		if len(aside.Runs) != tc.aside || !aside.DueSince.Equal(tc.since) || len(rest) > 1 || len(rest) == 1 && rest[0].ID != "good" {
			t.Errorf("%s: %+v since %s, the rest %+v", name, aside.Runs, aside.DueSince, rest)
		}
	}
}
