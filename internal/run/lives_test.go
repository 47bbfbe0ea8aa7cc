package run_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/test/golden"
)

// TestWholeLives plays lives and lists everything that each event changes in the run: what
// history shows of it, what it owes, when it is due. Review the golden file like code.
func TestWholeLives(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, l := range lives() {
		fmt.Fprintf(&b, "== %s\n", l.name)
		r := l.begin
		for _, e := range l.before {
			r = decide(t, l.job, r, e.event, t0.Add(e.after))
		}
		for i, e := range l.events {
			now := t0.Add(e.after)
			d := decided(l.job, r, e.event, now, run.DefaultTiming)
			if err := invariant(l.job, r, d, now); err != nil {
				t.Errorf("%s, event %d: %v", l.name, i+1, err)
			}
			fmt.Fprintf(&b, "%s after %s: %s, %s\n", strings.TrimPrefix(fmt.Sprintf("%T", e.event), "run."), e.after.Round(time.Second), d.Result, d.Why)
			changes(t, &b, r, d.Next)
			r = d.Next
		}
	}
	golden.Check(t, "testdata/lives.golden", b.Bytes())
}

// changes writes a line for each part of a run that changed.
func changes(t *testing.T, b *bytes.Buffer, before, after run.Run) {
	t.Helper()
	was, is := parts(t, before), parts(t, after)
	var names []string
	for name := range is {
		names = append(names, name)
	}
	for name := range was {
		if _, kept := is[name]; !kept {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if was[name] == is[name] {
			continue
		}
		value := is[name]
		if value == "" {
			value = "none"
		}
		fmt.Fprintf(b, "    %-18s %s\n", name, value)
	}
}

// parts returns a run's parts and those of each of its attempts, as they are stored. It gives
// the due time as the time after the claim.
func parts(t *testing.T, r run.Run) map[string]string {
	t.Helper()
	out := map[string]string{}
	spread(t, out, "", r)
	delete(out, "attempts")
	if !r.DueAt.IsZero() {
		out["dueAt"] = r.DueAt.Sub(t0).String()
	}
	for i, a := range r.Attempts {
		spread(t, out, fmt.Sprintf("%d ", i+1), a)
	}
	return out
}

func spread(t *testing.T, out map[string]string, prefix string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		out[prefix+name] = string(value)
	}
}

type story struct {
	name  string
	job   job.Job
	begin run.Run
	// before is what has happened and is not listed.
	before, events []at
}

func lives() []story {
	const minute = time.Minute
	launched := func(n int) run.Event { return run.Launched{Attempt: n, TaskARN: arn(n), LastStatus: "PENDING"} }
	accepted1 := at{1, launched(1)}
	refused := func(send int, s stop.Stop) run.Event { return run.Refused{Attempt: 1, Send: send, Stop: s} }
	idempotent, often, spot, hasty, hard := plain, plain, plain, plain, plain
	idempotent.Retry.Idempotent = true
	often.Retry.Attempts = 6
	spot.Capacity, spot.Retry.Attempts = job.SpotThenOnDemand, 1
	hasty.LaunchTimeout, hasty.Timeout = job.Duration(2*minute), job.Duration(10*minute)
	hard.Timeout = job.Duration(10 * time.Second)
	waiting := run.NewQueued(newRequest(), "waiting for the end of another", true, t0, run.DefaultTiming)
	waiting.Renew = true
	unresolved := run.NewUnresolved(newRequest(), "AccessDeniedException", t0, run.DefaultTiming)
	newer := task
	newer.ARN = strings.Replace(task.ARN, ":7", ":8", 1)
	retried := run.RetryAsked{Trigger: run.Trigger{At: t0.Add(5 * minute), Kind: run.ByRetry, Request: "q", By: "ann"}, Definition: "another", Task: newer}
	denial := run.Unseen{Attempt: 1, Refused: true, Err: "AccessDeniedException"}
	oom := exited(137)
	oom.Containers = []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(137), Reason: "OutOfMemoryError: Container killed due to memory usage"}, {Name: "log", Reason: "it ended"}}
	beside := noImage
	beside.Containers = []stop.Container{{Name: "app", LastStatus: "STOPPED"}, {Name: "log", LastStatus: "STOPPED", Reason: "CannotPullContainerError: manifest unknown"}}
	running := look(2, runs)
	ended := look(3, exited(0))
	ended.EndUnseen = true
	laterStop := seen(1, 9, exited(1))
	laterStop.TaskARN = arn(1)
	laterRuns := look(9, runs)
	once := plain
	once.Retry.Attempts = 1
	unstarted, besideIt := exited(1), exited(0)
	unstarted.StartedAt = time.Time{}
	besideIt.Containers = append(besideIt.Containers, stop.Container{Name: "log", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(1)})
	two := newRun()
	two.Task.Containers = append(two.Task.Containers[:1:1], stop.Defined{Name: "log", Essential: true})
	pastDeadline := 6*time.Hour + minute

	return []story{
		{"a success", plain, newRun(), nil, []at{accepted1, {5 * minute, running}, {6 * minute, ended}}},
		{"a failure with a reason of its container, and a retry", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 5, oom)}, {5 * minute, retried}, {6 * minute, launched(2)}}},
		{"an image that is not there, of a container beside the job's", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 3, beside)}}},
		{"five attempts", often, newRun(), []at{
			accepted1,
			{minute, seen(1, 3, eniTimeout)},
			{minute, launched(2)},
			{2 * minute, seen(2, 3, eniTimeout)},
			{4 * minute, run.Due{}},
			{4 * minute, launched(3)},
			{5 * minute, seen(3, 3, eniTimeout)},
			{9 * minute, run.Due{}},
			{9 * minute, launched(4)},
		}, []at{{10 * minute, seen(4, 3, eniTimeout)}, {20 * minute, run.Due{}}}},
		{"Spot, and then on demand, in vain", spot, newRun(), []at{accepted1}, []at{{minute, seen(1, 3, noPlace)}, {minute, launched(2)}, {2 * minute, seen(2, 3, eniTimeout)}}},
		{"in doubt, sent again, searched for, given up", plain, newRun(), nil, []at{
			{1, run.NoAnswer{Attempt: 1, Send: 1, Err: "EOF"}},
			{minute, run.Triggered{}},
			{minute, run.NoAnswer{Attempt: 1, Send: 2, Err: "EOF"}},
			{150 * time.Second, run.Triggered{}},
			{50 * minute, run.Due{}},
			{50 * minute, run.NoAnswer{Attempt: 1, Send: 3, Err: "EOF"}},
			{50 * minute, run.Found{Attempt: 1}},
			{52 * minute, run.Found{Attempt: 1}},
			{60 * minute, run.Found{Attempt: 1}},
			{61 * minute, laterStop},
		}},
		{"a refusal beside a send that has no answer", plain, newRun(), nil, []at{{1, run.Triggered{}}, {2, refused(1, denied)}}},
		{"refused for good, without words", plain, newRun(), nil, []at{{1, refused(1, stop.Stop{Kind: stop.LaunchException, ErrorCode: "AccessDeniedException"})}}},
		{"a person mends what refuses it", plain, newRun(), nil, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: denied, Mend: "give the role ecs:RunTask"}}}},
		{"no capacity, until the deadline", plain, newRun(), nil, []at{{1, refused(1, noCapacity)}, {minute, run.Due{}}, {pastDeadline, refused(2, noCapacity)}}},
		{"a relaunch that would come too late", plain, newRun(), []at{accepted1}, []at{{pastDeadline, seen(1, 3, eniTimeout)}}},
		{"the rate, and then the deadline", plain, newRun(), nil, []at{{1, run.Paced{Attempt: 1, Send: 1}}, {pastDeadline, run.Due{}}}},
		{"the deadline, before a further attempt", plain, newRun(), []at{accepted1, {minute, seen(1, 3, pullTimeout)}}, []at{{pastDeadline, run.Due{}}}},
		{"the deadline, before there is a revision", plain, unresolved, nil, []at{{pastDeadline, run.Due{Task: &newer}}}},
		{"one attempt, and no more", once, newRun(), []at{accepted1}, []at{{minute, seen(1, 3, eniTimeout)}}},
		{"the rate, by a clock that is behind", plain, newRun(), nil, []at{{-minute, run.Paced{Attempt: 1, Send: 1}}}},
		{"stopped while the rate is limited", plain, newRun(), nil, []at{{1, refused(1, throttled)}, {minute, run.StopAsked{By: "ann", Reason: "x"}}}},
		{"stopped while a send is out that the rate refuses", plain, newRun(), nil, []at{{1, run.StopAsked{By: "ann", Reason: "x"}}, {2, refused(1, throttled)}}},
		{"stopped while it waits for a further attempt", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 3, pullTimeout)}, {minute + 1, run.StopAsked{Reason: "x"}}}},
		{"stopped while it waits for another run", plain, waiting, nil, []at{{1, run.StopAsked{By: "ann", Reason: "x"}}}},
		{"stopped, and nobody saw the end", plain, newRun(), []at{accepted1}, []at{{minute, run.StopAsked{By: "ann", Reason: "x"}}, {2 * time.Hour, run.Gone{Attempt: 1, At: t0.Add(2 * time.Hour)}}}},
		{"a stop while the task is nearly due", hard, newRun(), []at{accepted1}, []at{{2, run.StopAsked{By: "ann", Reason: "x"}}}},
		{"a hung launch", hasty, newRun(), []at{accepted1}, []at{{2*minute + 1, look(2, pending)}, {2*minute + 2, run.StopAsked{By: "ann", Reason: "x"}}}},
		{"a hung launch fails", hasty, newRun(), []at{accepted1}, []at{{2*minute + 1, look(2, pending)}, {3 * minute, seen(1, 3, ourStop)}}},
		{"a hung launch had no place", hasty, newRun(), []at{accepted1}, []at{{2*minute + 1, look(2, pending)}, {3 * minute, seen(1, 3, noPlace)}}},
		{"a start that its end does not show", plain, newRun(), []at{accepted1}, []at{{minute, look(2, runs)}, {2 * minute, seen(1, 3, unstarted)}}},
		{"another container fails", plain, two, nil, []at{{minute, seen(1, 3, besideIt)}}},
		{"an end that nobody saw", plain, newRun(), []at{accepted1}, []at{{minute, run.Gone{Attempt: 1, At: t0.Add(minute)}}, {2 * time.Hour, run.Gone{Attempt: 1, At: t0.Add(2 * time.Hour)}}}},
		{"ECS never says", plain, newRun(), []at{accepted1}, []at{{6 * minute, denial}, {70 * minute, denial}}},
		{"ECS never says, and was asked to stop it", plain, newRun(), []at{accepted1}, []at{{6 * minute, denial}, {7 * minute, run.StopAsked{By: "ann", Reason: "x"}}, {70 * minute, denial}}},
		{"ECS never says, and has been asked to stop it", plain, newRun(), []at{accepted1}, []at{{6 * minute, denial}, {7 * minute, run.StopAsked{By: "ann", Reason: "x"}}, {7 * minute, run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}}}, {70 * minute, denial}}},
		{"a search that ECS refuses", plain, newRun(), nil, []at{{1, run.NoAnswer{Attempt: 1, Send: 1}}, {51 * minute, run.Due{}}, {51 * minute, denial}, {112 * minute, denial}}},
		{"a search that ECS refuses, for a task that is to be stopped", plain, newRun(), nil, []at{{1, run.NoAnswer{Attempt: 1, Send: 1}}, {minute, run.StopAsked{By: "ann", Reason: "x"}}, {2 * minute, denial}, {63 * minute, denial}}},
		{"waits for its turn and its revision", plain, waiting, nil, []at{
			{1, run.Due{Blocked: true}},
			{minute, run.Due{Blocked: true}},
			{2 * minute, run.Unresolved{Err: "Unavailable"}},
			{3 * minute, run.Unresolved{Err: "Unavailable"}},
			{4 * minute, run.Unresolved{Err: "Unavailable"}},
			{6 * minute, run.Due{Task: &newer}},
		}},
		{"no revision is ever found", plain, unresolved, nil, []at{{time.Second, run.Unresolved{Err: "ClientException", Final: true}}}},
		{"it ran after all", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 3, eniTimeout)}, {2 * minute, laterStop}, {3 * minute, laterStop}}},
		{"it runs after all", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 3, eniTimeout)}, {2 * minute, laterRuns}}},
		{"launched, and stopped already", plain, newRun(), nil, []at{{1, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "STOPPED"}}}},
		{"interrupted, and the job is idempotent", idempotent, newRun(), []at{accepted1}, []at{{minute, seen(1, 5, spotStop)}}},
		{"interrupted", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 5, spotStop)}}},
		{"stopped in ECS without a reason", plain, newRun(), []at{accepted1}, []at{{minute, seen(1, 5, stop.Stop{Kind: stop.Task, LastStatus: "STOPPED", Code: "UserInitiated"})}}},
	}
}
