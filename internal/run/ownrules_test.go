package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestOwnRules: the job's own rules come before everything but a person's stop and a success,
// and match what history shows.
func TestOwnRules(t *testing.T) {
	t.Parallel()
	launched := at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}
	with := func(idempotent bool, rules ...job.Rule) job.Job {
		j := plain
		j.Retry.Rules, j.Retry.Idempotent = rules, idempotent
		return j
	}
	relaunch := func(r job.Rule) job.Rule { r.Action = job.Relaunch; return r }
	user, obeyed := relaunch(job.Rule{StopCode: "UserInitiated"}), userStop
	obeyed.Containers = []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(0)}}
	wellButSidecar := exited(0)
	wellButSidecar.Containers = append(wellButSidecar.Containers, stop.Container{Name: "proxy", LastStatus: "STOPPED", RuntimeID: "p", ExitCode: code(2), Reason: "Error: upstream\ngone"})
	byHand := at{2, run.StopAsked{By: "ann", Reason: "x"}}
	ended := func(s stop.Stop) at { return at{time.Minute, seen(1, 5, s)} }
	refused := at{1, run.Refused{Attempt: 1, Send: 1, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClientException", Reason: "No Fargate configuration exists for given values."}}}

	cases := []struct {
		name   string
		job    job.Job
		events []at
		status run.Status
		next   string // of attempt 1
	}{
		{"somebody stopped it in ECS", with(false), []at{launched, ended(userStop)}, run.Stopped, "stopped"},
		{"and the rule relaunches what is idempotent", with(true, user), []at{launched, ended(userStop)}, run.Launching, `relaunched at once: the job's rule 1 (stopCode "UserInitiated": relaunch)`},
		{"also where it obeyed with exit code 0", with(true, user), []at{launched, ended(obeyed)}, run.Launching, "relaunched at once"},
		{"and nothing else", with(false, user), []at{launched, ended(userStop)}, run.Stopped, "did not apply: the task may have run and the job is not idempotent"},
		{"nor an idempotent job by itself", with(true), []at{launched, ended(userStop)}, run.Stopped, "stopped"},
		{"and a rule calls it a failure", with(false, job.Rule{StopCode: "User*", Action: job.Fail}), []at{launched, ended(userStop)}, run.Failed, "failed: the job's rule 1"},
		{"a person's stop is never relaunched", with(true, user), []at{launched, byHand, ended(userStop)}, run.Stopped, "stopped"},
		{"a success is no stop", with(true, relaunch(job.Rule{StopCode: "Essential*"})), []at{launched, ended(exited(0))}, run.Succeeded, "succeeded"},
		{"exit code 0 beside another's fault", with(true, relaunch(job.Rule{StopCode: "Essential*"})), []at{launched, ended(wellButSidecar)}, run.Failed, "did not apply: the job ended with exit code 0"},
		{"an exit code", with(true, relaunch(job.Rule{ExitCode: code(3)})), []at{launched, ended(exited(3))}, run.Launching, "relaunched at once"},
		{"a refusal by the type that history shows", with(false, relaunch(job.Rule{StopCode: "ClientException"})), []at{refused}, run.Launching, "relaunched at once"},
		{"a refusal by another type", with(false, relaunch(job.Rule{StopCode: "ServerException"})), []at{refused}, run.Failed, "failed: a person must mend it"},
		{"another container's reason as history shows it", with(false, job.Rule{ContainerReason: "proxy: Error: upstream gone", Action: job.Fail}), []at{launched, ended(wellButSidecar)}, run.Failed, "failed: the job's rule 1"},
		{"and as ECS gave it", with(false, job.Rule{ContainerReason: "Error: upstream gone", Action: job.Fail}), []at{launched, ended(wellButSidecar)}, run.Failed, "failed: the job's rule 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, c.job, c.events...)
			if r.Status != c.status || !strings.Contains(r.Attempts[0].Next, c.next) {
				t.Errorf("got %s, attempt 1 %q", r.Status, r.Attempts[0].Next)
			}
			if ps := c.job.Validate(); len(ps) > 0 && !strings.Contains(c.next, "not idempotent") {
				t.Errorf("its rule is not valid: %v", ps)
			}
		})
	}
}
