package run_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/test/golden"
)

// walkStates returns a run in every status, and in every variant of it that decides
// differently.
func walkStates(t *testing.T) []struct {
	name string
	run  run.Run
} {
	t.Helper()
	launched := at{1, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}}
	state := func(events ...at) run.Run { r, _ := play(t, plain, events...); return r }
	fixed := func(s run.Status) run.Run {
		r := newRun()
		return run.Run{ID: r.ID, ScheduledFor: r.ScheduledFor, Task: task, Status: s, FinishedAt: t0, First: 1, QueuedAt: t0}
	}
	waiter := run.NewQueued(run.Request{ID: newRun().ID, ScheduledFor: t0, Definition: plain.Hash()}, "waiting for the end of report/20261122T1729Z", true, t0, run.DefaultTiming)
	waiter.Renew = true
	return []struct {
		name string
		run  run.Run
	}{
		{"queued for a relaunch", state(launched, at{1, seen(1, 3, pullTimeout)})},
		{"queued by throttling", state(at{1, run.Refused{Attempt: 1, Send: 1, Stop: throttled}})},
		{"queued since there is no capacity", state(at{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}})},
		{"queued since the quota is used up", state(at{1, run.Refused{Attempt: 1, Send: 1, Stop: noQuota}})},
		{"launching, its second round", state(launched, at{1, seen(1, 3, noPlace)}, at{10 * time.Minute, run.Due{}})},
		{"running, its second round", state(launched, at{1, seen(1, 3, noPlace)}, at{10 * time.Minute, run.Due{}}, at{10 * time.Minute, run.Launched{Attempt: 1, Round: 1, TaskARN: arn(2)}})},
		{"queued for a new revision", state(at{1, run.Refused{Attempt: 1, Send: 1, Stop: inactive}})},
		{"queued behind another run", waiter},
		{"launching", newRun()},
		{"launching in doubt", state(at{1, run.NoAnswer{Attempt: 1, Err: "EOF"}})},
		{"launching, searched", state(at{1, run.NoAnswer{Attempt: 1, Err: "EOF"}}, at{55 * time.Minute, run.Due{}})},
		{"launching, to be stopped", state(at{1, run.StopAsked{By: "ann", Reason: "x"}})},
		{"running", state(launched)},
		{"running, being stopped", state(launched, at{2, run.StopAsked{By: "ann", Reason: "x"}})},
		{"running attempt 2", state(launched, at{1, seen(1, 3, eniTimeout)}, at{1, run.Launched{Attempt: 2, TaskARN: arn(2)}})},
		{"succeeded", state(launched, at{1, seen(1, 5, exited(0))})},
		{"failed", state(launched, at{1, seen(1, 5, exited(1))})},
		{"failed in doubt", state(at{1, run.NoAnswer{Attempt: 1, Err: "EOF"}}, at{55 * time.Minute, run.Due{}}, at{55 * time.Minute, run.Found{Attempt: 1}}, at{66 * time.Minute, run.Due{}}, at{66 * time.Minute, run.Found{Attempt: 1}})},
		{"stopped", state(launched, at{1, seen(1, 5, userStop)})},
		{"skipped", fixed(run.Skipped)},
		{"missed", fixed(run.Missed)},
	}
}

// walkEvents returns every kind of event, with its variants.
func walkEvents() []struct {
	name  string
	event run.Event
} {
	retry := run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "q"}, Task: task, Definition: plain.Hash()}
	forced := retry
	forced.Force = true
	look := seen(1, 3, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0})
	look.Look = true
	other := seen(1, 9, exited(0))
	other.TaskARN = arn(99)
	second, unknown := look, seen(1, 9, eniTimeout)
	second.Round, second.TaskARN, unknown.Round = 1, arn(2), run.UnknownRound
	return []struct {
		name  string
		event run.Event
	}{
		{"triggered", run.Triggered{}},
		{"due", run.Due{}},
		{"due with a revision", run.Due{Task: &task}},
		{"due, the other still open", run.Due{Blocked: true}},
		{"paced", run.Paced{Attempt: 1, Send: 1}},
		{"unresolved", run.Unresolved{Err: "timeout"}},
		{"unresolved for good", run.Unresolved{Err: "no such family", Final: true}},
		{"launched", run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}},
		{"launched, stopped already", run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "STOPPED"}},
		{"launched another task", run.Launched{Attempt: 1, TaskARN: arn(99)}},
		{"refused for capacity", run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}},
		{"refused for permission", run.Refused{Attempt: 1, Send: 1, Stop: denied}},
		{"refused for rate", run.Refused{Attempt: 1, Send: 1, Stop: throttled}},
		{"refused without proof", run.Refused{Attempt: 1, Send: 1, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "ServerException", Reason: "Service Unavailable"}}},
		{"no answer", run.NoAnswer{Attempt: 1, Err: "EOF"}},
		{"found none", run.Found{Attempt: 1}},
		{"found one", run.Found{Attempt: 1, TaskARNs: []string{arn(1)}}},
		{"seen running", look},
		{"seen with a Spot warning", seen(1, 8, spotWarning)},
		{"seen stopped, exit 0", seen(1, 9, exited(0))},
		{"seen stopped, exit 1", seen(1, 9, exited(1))},
		{"seen stopped before the start", seen(1, 9, eniTimeout)},
		{"seen stopped, cause unclear", seen(1, 9, pullTimeout)},
		{"seen stopped by a person", seen(1, 9, userStop)},
		{"seen another task", other},
		{"seen running, its second round", second},
		{"seen stopped before the start, no round known", unknown},
		{"gone", run.Gone{Attempt: 1, At: t0.Add(time.Hour)}},
		{"retry", retry},
		{"retry by force", forced},
		{"stop", run.StopAsked{By: "bob", Reason: "y"}},
		{"done launching", run.Done{Effect: run.Effect{Kind: run.Launch, Attempt: 1}}},
		{"done stopping", run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}}},
		{"done telling", run.Done{Effect: run.Effect{Kind: run.Tell, Attempt: 1, Notice: "failed"}}},
		{"attempt unknown", run.Gone{Attempt: 7}},
	}
}

// TestDecideWalk gives every event to every status. The golden file shows the whole behaviour
// on a few pages: review its changes like code.
func TestDecideWalk(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	now := t0.Add(20 * time.Minute)
	taken := map[run.Status][]run.Status{}
	for _, s := range walkStates(t) {
		fmt.Fprintf(&b, "== %s\n", s.name)
		for _, e := range walkEvents() {
			before, _ := json.Marshal(s.run)
			d := decided(plain, s.run, e.event, now, run.DefaultTiming)
			twin := decided(plain, s.run, e.event, now, run.DefaultTiming)
			if err := invariant(plain, s.run, d, now); err != nil {
				t.Errorf("%s, %s: %v", s.name, e.name, err)
			}
			if !reflect.DeepEqual(d, twin) {
				t.Errorf("%s, %s: two answers to one question", s.name, e.name)
			}
			if after, _ := json.Marshal(s.run); !bytes.Equal(before, after) {
				t.Errorf("%s, %s: the run that was given was changed", s.name, e.name)
			}
			if from := s.run.Status; !retriedTo(s.run, d.Next) && !slices.Contains(taken[from], d.Next.Status) {
				taken[from] = append(taken[from], d.Next.Status)
			}
			fmt.Fprintf(&b, "%-30s %-9s %-9s %s\n", e.name, d.Result, d.Next.Status, d.Why)
		}
	}
	for from, to := range transitions {
		if len(taken[from]) != len(to) {
			t.Errorf("from %s ways are taken to %v, the table has %v", from, taken[from], to)
		}
	}
	golden.Check(t, "testdata/decide.golden", b.Bytes())
}
