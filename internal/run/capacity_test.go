package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestSpotThenOnDemand: Spot first, and on demand once Spot failed the run.
func TestSpotThenOnDemand(t *testing.T) {
	t.Parallel()
	spot := plain
	spot.Capacity = job.SpotThenOnDemand
	idempotent := spot
	idempotent.Retry.Idempotent = true
	launched := at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}
	retry := run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}
	cases := []struct {
		name   string
		job    job.Job
		events []at
		want   []job.Capacity // by attempt
	}{
		{"begins on Spot", spot, nil, []job.Capacity{job.Spot}},
		{"Spot has no capacity", spot, []at{{1, run.Refused{Attempt: 1, Stop: noCapacity}}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"Spot takes an idempotent job away", idempotent, []at{launched, {time.Minute, seen(1, 5, spotStop)}}, []job.Capacity{job.Spot, job.OnDemand}},
		{"another fault stays on Spot", spot, []at{launched, {time.Minute, seen(1, 3, eniTimeout)}}, []job.Capacity{job.Spot, job.Spot}},
		{"stays on demand", spot, []at{
			{1, run.Refused{Attempt: 1, Stop: noCapacity}},
			{2, run.Launched{Attempt: 2, TaskARN: arn(2)}},
			{time.Minute, seen(2, 3, eniTimeout)},
			{5 * time.Minute, run.Due{}},
		}, []job.Capacity{job.Spot, job.OnDemand, job.OnDemand}},
		{"a person's retry begins on Spot again", spot, []at{
			{1, run.Refused{Attempt: 1, Stop: noCapacity}},
			{2, run.Launched{Attempt: 2, TaskARN: arn(2)}},
			{time.Minute, seen(2, 5, exited(1))},
			{2 * time.Minute, retry},
		}, []job.Capacity{job.Spot, job.OnDemand, job.Spot}},
		{"a job on Spot stays there", func() job.Job { j := plain; j.Capacity = job.Spot; return j }(), []at{{1, run.Refused{Attempt: 1, Stop: noCapacity}}}, []job.Capacity{job.Spot, job.Spot}},
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
