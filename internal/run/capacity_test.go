package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestSpotThenOnDemand: Spot first, and on demand once Spot has failed the run.
func TestSpotThenOnDemand(t *testing.T) {
	t.Parallel()
	spot := plain
	spot.Capacity = job.SpotThenOnDemand
	idempotent := spot
	idempotent.Retry.Idempotent = true
	launched := at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}
	retry := run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}
	once, onceIdempotent := spot, idempotent
	once.Retry.Attempts, onceIdempotent.Retry.Attempts = 1, 1
	twice := spot
	twice.Retry.Attempts = 2
	refused := func(n int) run.Event { return run.Refused{Attempt: n, Send: 1, Stop: noCapacity} }
	second := at{2, run.Launched{Attempt: 2, TaskARN: arn(2)}}
	cases := []struct {
		name   string
		job    job.Job
		events []at
		want   []job.Capacity // by attempt
	}{
		{"the move from Spot costs no attempt", once, []at{{1, refused(1)}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"and is made once", once, []at{{1, refused(1)}, {2, refused(2)}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"another fault on Spot costs one", once, []at{launched, {time.Minute, seen(1, 3, eniTimeout)}}, []job.Capacity{job.Spot}},
		{"Spot has no capacity for the last attempt", twice, []at{launched, {time.Minute, seen(1, 3, eniTimeout)}, {time.Minute, refused(2)}, {3 * time.Minute, run.Due{}}, {3 * time.Minute, refused(3)}}, []job.Capacity{job.Spot, job.Spot, job.OnDemand}},
		{"the allowance counts from the move on", twice, []at{{1, refused(1)}, second, {time.Minute, seen(2, 3, eniTimeout)}, {3 * time.Minute, run.Due{}}, {3 * time.Minute, refused(3)}}, []job.Capacity{job.Spot, job.OnDemand, job.OnDemand}},
		{"Spot takes the last attempt of an idempotent job away", onceIdempotent, []at{launched, {time.Minute, seen(1, 5, spotStop)}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"Spot takes another job's away", once, []at{launched, {time.Minute, seen(1, 5, spotStop)}}, []job.Capacity{job.Spot}},
		{"a job on Spot has no such move", func() job.Job { j := once; j.Capacity = job.Spot; return j }(), []at{{1, refused(1)}}, []job.Capacity{job.Spot}},
		{"begins on Spot", spot, nil, []job.Capacity{job.Spot}},
		{"Spot has no capacity", spot, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"Spot takes an idempotent job away", idempotent, []at{launched, {time.Minute, seen(1, 5, spotStop)}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"another fault stays on Spot", spot, []at{launched, {time.Minute, seen(1, 3, eniTimeout)}}, []job.Capacity{job.Spot, job.Spot}},
		{"stays on demand", spot, []at{
			{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}},
			{2, run.Launched{Attempt: 2, TaskARN: arn(2)}},
			{time.Minute, seen(2, 3, eniTimeout)},
			{5 * time.Minute, run.Due{}},
		}, []job.Capacity{job.Spot, job.OnDemand, job.OnDemand}},
		{"a person's retry begins on Spot again", spot, []at{
			{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}},
			{2, run.Launched{Attempt: 2, TaskARN: arn(2)}},
			{time.Minute, seen(2, 5, exited(1))},
			{2 * time.Minute, retry},
		}, []job.Capacity{job.Spot, job.OnDemand, job.Spot}},
		{"a job on Spot stays there", func() job.Job { j := plain; j.Capacity = job.Spot; return j }(), []at{launched, {time.Minute, seen(1, 3, eniTimeout)}}, []job.Capacity{job.Spot, job.Spot}},
		{"Spot's quota is used up", once, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: noQuota}}}, []job.Capacity{job.Spot, job.OnDemand}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, c.job, c.events...)
			if len(r.Attempts) != len(c.want) {
				t.Fatalf("%d attempts, want %d", len(r.Attempts), len(c.want))
			}
			for i, want := range c.want {
				if got := r.ForAttempt(c.job, i+1).Capacity; got != want {
					t.Errorf("attempt %d on %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// TestCapacityOfTheNextAttempt: a run waits for the capacity on which it will be launched.
func TestCapacityOfTheNextAttempt(t *testing.T) {
	t.Parallel()
	spot := plain
	spot.Capacity = job.SpotThenOnDemand
	stays, _ := play(t, spot, accepted, at{time.Minute, seen(1, 3, eniTimeout)}, at{time.Minute, run.Launched{Attempt: 2, TaskARN: arn(2)}}, at{2 * time.Minute, seen(2, 3, eniTimeout)})
	moved, _ := play(t, spot, at{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}}, at{2, run.Launched{Attempt: 2, TaskARN: arn(2)}},
		at{time.Minute, seen(2, 3, eniTimeout)}, at{time.Minute, run.Launched{Attempt: 3, TaskARN: arn(3)}}, at{2 * time.Minute, seen(3, 3, eniTimeout)})
	for want, r := range map[job.Capacity]run.Run{job.Spot: stays, job.OnDemand: moved} {
		if n := len(r.Attempts); r.Status != run.Queued || !r.Last().Over() || r.Capacity(&spot, n+1) != want {
			t.Errorf("%s after attempt %d, the next on %q, want %q", r.Status, n, r.Capacity(&spot, n+1), want)
		}
	}
}

// TestRoomIsAskedForEverLessOften: after each refusal for lack of room the wait doubles, up
// to five minutes, less up to a quarter of it, which differs for each run.
func TestRoomIsAskedForEverLessOften(t *testing.T) {
	t.Parallel()
	waits := map[time.Duration]bool{}
	for minute := range 50 {
		r := newRun()
		r.ID = run.ScheduledID("report", t0.Add(time.Duration(minute)*time.Minute))
		now := t0
		for n, most := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute} {
			r = decided(plain, r, run.Refused{Attempt: 1, Send: r.Attempts[0].Sends, Stop: noCapacity}, now, run.DefaultTiming).Next
			wait := r.DueAt.Sub(now)
			if r.Status != run.Queued || wait > most || wait < most*3/4 {
				t.Fatalf("%s waits %s after refusal %d, want at most %s and three quarters of it: %s", r.ID, wait, n+1, most, r.Cause)
			}
			waits[wait] = true
			now = r.DueAt
			r = decided(plain, r, run.Due{}, now, run.DefaultTiming).Next
		}
	}
	if len(waits) < 200 {
		t.Errorf("only %d waits differ", len(waits))
	}
}
