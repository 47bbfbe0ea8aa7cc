package control

import (
	"context"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

var launchTime = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)

// paced is a Pacer that lets calls out after a wait and notes what it was asked.
type paced struct {
	wait  time.Duration
	takes int
	sent  []time.Time // pairs of when a call was taken and went out
}

func (p *paced) Take(time.Time) time.Duration { p.takes++; return p.wait }

func (p *paced) Sent(taken, now time.Time) { p.sent = append(p.sent, taken, now) }

// launchLane returns a pass along the lane of launches at launchTime.
func launchLane(pace port.Pacer) *lane {
	c := &Control{Now: func() time.Time { return launchTime }, Timing: run.DefaultTiming, Pace: pace}
	c.definitions.put("report", &job.Job{Name: "report"})
	c.definitions.put("either", &job.Job{Name: "either", Capacity: job.SpotThenOnDemand})
	return &lane{look: c.newLook(time.Time{}), which: run.LaunchLane}
}

// TestMayLaunch: a launch that needs the rate asks for it, waits if it cannot have it, and
// keeps its place behind the account's quota.
func TestMayLaunch(t *testing.T) {
	t.Parallel()
	again := launchTime.Add(10 * time.Second)
	queued := run.Run{Definition: "report", Status: run.Queued}
	inDoubt := func(since time.Duration) run.Run {
		return run.Run{Definition: "report", Status: run.Launching, Owed: []run.Effect{{Kind: run.Launch}}, Attempts: []run.Attempt{{N: 1, SentAt: launchTime.Add(-since)}}}
	}
	moved := run.Run{Definition: "either", Status: run.Queued, OnDemand: true, Attempts: []run.Attempt{{N: 1, EndedAt: launchTime}}}
	searched := inDoubt(0)
	searched.Owed[0].Kind = run.Find
	running := inDoubt(0)
	running.Status = run.Running
	waiting := queued
	waiting.Waits = true
	full := func(r *room) { r.answered(job.OnDemand, true, false, again) }
	soon := &time.Time{}
	for name, c := range map[string]struct {
		r     run.Run
		wait  time.Duration
		room  func(*room)
		over  bool
		lost  bool // another process launches
		stays bool // the look waits for the rate
		left  bool // the pass left one of its kind to wait for the quota
		want  permit
		takes int
		again *time.Time // when the lane says to come again; nil if it does not
	}{
		"queued":                                 {r: queued, want: goes, takes: 1},
		"queued, and the rate used up":           {r: queued, wait: 1, want: notNow, takes: 1, again: soon},
		"queued, and the quota used up":          {r: queued, room: full, want: behind, again: &again},
		"queued, and another asks for quota":     {r: queued, room: func(r *room) { r.answered(job.OnDemand, true, false, launchTime); r.sent(job.OnDemand) }, want: notNow, again: soon},
		"queued, and the quota may be asked":     {r: queued, room: func(r *room) { r.answered(job.OnDemand, true, false, launchTime) }, want: goes, takes: 1},
		"queued, of other capacity":              {r: queued, room: func(r *room) { r.answered(job.Spot, true, false, again) }, want: goes, takes: 1},
		"queued, moved from Spot, which is full": {r: moved, room: func(r *room) { r.answered(job.Spot, true, false, again) }, want: goes, takes: 1},
		"queued, moved to what is full":          {r: moved, room: full, want: behind, again: &again},
		"queued, when the time is up":            {r: queued, over: true, want: notNow, again: soon},
		"one that waits for another's end":       {r: waiting, wait: 1, want: goes},
		"in doubt":                               {r: inDoubt(0), want: goes, takes: 1},
		"in doubt, and the rate used up":         {r: inDoubt(0), wait: 1, want: behind, takes: 1, again: soon},
		"in doubt, when the time is up":          {r: inDoubt(0), over: true, want: notNow},
		"queued, behind one that was left":       {r: queued, left: true, want: notNow, again: soon},
		"queued, and another launches":           {r: queued, lost: true, want: notNow, again: soon},
		"in doubt, and another launches":         {r: inDoubt(0), lost: true, want: behind, again: soon},
		"in doubt, in a look that stays":         {r: inDoubt(0), lost: true, stays: true, want: behind, again: soon},
		"in doubt, in the token's last":          {r: inDoubt(run.DefaultTiming.TokenLife - 1), wait: 1, want: behind, takes: 1, again: soon},
		"in doubt, after the token":              {r: inDoubt(run.DefaultTiming.TokenLife), wait: 1, want: goes},
		"one that is searched for":               {r: searched, wait: 1, want: goes},
		"one that runs, whatever else it owes":   {r: running, wait: 1, want: goes},
	} {
		pace := &paced{wait: c.wait}
		p := launchLane(pace)
		if c.room != nil {
			c.room(&p.room)
		}
		if c.left {
			p.passOver(job.OnDemand)
		}
		p.InTurns, p.turn.lost, p.turn.until, p.stays = c.lost, c.lost, launchTime, c.stays
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // none waits
		if c.over {
			cancel()
		}
		if got := p.may(ctx, &c.r); got != c.want || pace.takes != c.takes {
			t.Errorf("%s: %d after %d takes; want %d after %d", name, got, pace.takes, c.want, c.takes)
		}
		cancel()
		left := p.leftOf(run.LaunchLane)
		at, waits := left.again, left.waits
		if waits != (c.again != nil) || waits && !at.Equal(*c.again) {
			t.Errorf("%s: it comes again at %s, %t", name, at, waits)
		}
		if c.takes == 1 && c.want == goes && !p.taken.Equal(launchTime) {
			t.Errorf("%s: the rate was taken at %s", name, p.taken)
		}
	}
}

// TestPutOff: what a look does about a launch that was put off, depending on the reason.
func TestPutOff(t *testing.T) {
	t.Parallel()
	later := launchTime.Add(5 * time.Minute)
	queued := func(lacks stop.Room, due time.Time) run.Run {
		return run.Run{Status: run.Queued, Lacks: lacks, DueAt: due}
	}
	waiting, renewed := queued("", later), queued("", later)
	waiting.Waits, renewed.Renew = true, true
	for name, c := range map[string]struct {
		was                 run.Run
		next                run.Run
		throttled           int
		waits, oldest, soon time.Time // waits is the Unix epoch for a lane that comes again soon
		then                int       // of those that ECS's rate refused in a row
	}{
		"it launched":                       {next: run.Run{Status: run.Running, DueAt: later}, throttled: 3},
		"it waits for another's end":        {next: waiting, throttled: 3},
		"its revision is to be found":       {next: renewed, throttled: 3},
		"one that did not wait before":      {was: run.Run{Status: run.Launching}, next: queued("", later), throttled: 3},
		"by our own rate":                   {next: queued("", launchTime), throttled: 3, waits: time.Unix(0, 0), oldest: launchTime, then: 3},
		"for the quota":                     {next: queued(stop.NoQuota, later), throttled: 3, waits: launchTime.Add(10 * time.Second), oldest: later, then: 3},
		"for capacity":                      {next: queued(stop.NoCapacity, later), throttled: 3, soon: later, then: 3},
		"by ECS's rate":                     {next: queued("", later), throttled: mostThrottled - 2, soon: later, then: mostThrottled - 1},
		"by ECS's rate, once more in a row": {next: queued("", later), throttled: mostThrottled - 1, waits: time.Unix(0, 0), soon: later, then: mostThrottled},
	} {
		p := launchLane(nil)
		if p.throttled = c.throttled; c.was.Status == "" {
			c.was.Status = run.Queued
		}
		p.putOff(&c.was, &c.next)
		left := p.leftOf(run.LaunchLane)
		at, waits := left.again, left.waits
		if waits && at.IsZero() {
			at = time.Unix(0, 0)
		}
		soon, _ := p.comes()
		if wait, more, _ := p.next(); more && at.IsZero() && wait != soon.Sub(launchTime) {
			t.Errorf("%s: the next pass waits %s", name, wait)
		}
		if !at.Equal(c.waits) || !left.oldest.Equal(c.oldest) || !soon.Equal(c.soon) || p.throttled != c.then {
			t.Errorf("%s: waits until %s, the oldest since %s, the next at %s, %d in a row", name, at, left.oldest, soon, p.throttled)
		}
	}
}

// TestPaidFor: a rate that was taken counts for one launch, for less than a second. After
// that it is taken anew.
func TestPaidFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ago   time.Duration
		takes int
		sent  bool
	}{
		"just taken":         {0, 1, true},
		"in time":            {paidFor - 1, 1, true},
		"a second ago":       {paidFor, 2, false},
		"never taken at all": {-1, 2, false},
	} {
		pace := &paced{}
		ctl := launchLane(pace).Control
		ctx := t.Context()
		taken := launchTime.Add(-c.ago)
		if c.ago >= 0 {
			ctx = paid(ctx, taken)
		}
		for n := range 2 {
			if !ctl.mayGo(ctx) {
				t.Errorf("%s: launch %d may not go", name, n)
			}
		}
		if pace.takes != c.takes {
			t.Errorf("%s: the rate was taken %d more times, want %d", name, pace.takes, c.takes)
		}
		if sent := len(pace.sent) == 2 && pace.sent[0].Equal(taken) && pace.sent[1].Equal(launchTime); sent != c.sent {
			t.Errorf("%s: it is said that it went out at %s", name, pace.sent)
		}
		if pace.wait = 1; ctl.mayGo(ctx) {
			t.Errorf("%s: it goes where the rate is used up", name)
		}
	}
	if !launchLane(nil).mayGo(t.Context()) {
		t.Error("it waits without a rate")
	}
}

// TestThrottledLook: after the last of many refusals a look leaves the other launches. A look
// that stays waits once and then tries.
func TestThrottledLook(t *testing.T) {
	t.Parallel()
	for _, stays := range []bool{false, true} {
		p := launchLane(nil)
		p.stays = stays
		for n := range mostThrottled {
			if p.isThrottled() {
				t.Errorf("after %d", n)
			}
			p.throttle(1)
		}
		if first, second := p.isThrottled(), p.isThrottled(); !first || second == stays {
			t.Errorf("stays %t: %t, then %t", stays, first, second)
		}
	}
}
