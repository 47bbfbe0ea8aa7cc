package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestNoRoomCostsNoAttempt: a launch for which ECS has no room waits, longer each time, until
// the deadline. Each round is another request to ECS, and the run stays small.
func TestNoRoomCostsNoAttempt(t *testing.T) {
	t.Parallel()
	once := plain
	once.Retry.Attempts = 1
	limitFailure := stop.Stop{Kind: stop.LaunchFailure, Reason: noQuota.Reason}
	for name, c := range map[string]struct {
		refusal stop.Stop
		task    bool
		most    time.Duration // between two launches
	}{
		"failures[] for capacity":  {noCapacity, false, 5 * time.Minute},
		"failures[] for the quota": {limitFailure, false, 0},
		"an exception":             {noQuota, false, 0},
		"failures[] for a rate":    {throttledFailure, false, 5 * time.Minute},
		"a task that had no place": {noPlace, true, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, now := newRun(), t0
			marks := map[string]bool{}
			var longest time.Duration
			for r.Status == run.Launching {
				m := r.RoundID(1)
				marks[m.ClientToken("s")+m.StartedBy("s")] = true
				if c.task {
					r = decide(t, once, r, run.Launched{Attempt: 1, Round: m.Round, TaskARN: arn(m.Round)}, now)
					r = decide(t, once, r, run.Seen{Attempt: 1, Round: m.Round, TaskARN: arn(m.Round), Version: 4, Stop: c.refusal}, now)
				} else {
					r = decide(t, once, r, run.Refused{Attempt: 1, Send: r.Last().Sends, Stop: c.refusal}, now)
				}
				longest = max(longest, r.DueAt.Sub(now))
				now = now.Add(max(r.DueAt.Sub(now), 10*time.Second))
				r = decide(t, once, r, run.Due{}, now)
			}
			a := r.Last()
			switch {
			case r.Status != run.Failed || !strings.Contains(r.Cause, "deadline"):
				t.Errorf("it is %s: %s", r.Status, r.Cause)
			case len(r.Attempts) != 1 || a.Round < 70 || len(marks) < a.Round || len(marks) > a.Round+1 || !a.Over():
				t.Errorf("%d attempts, %d rounds, %d different requests", len(r.Attempts), a.Round, len(marks))
			case longest > c.most || c.most > 0 && longest < c.most*3/4:
				t.Errorf("it waited for %s at most, want %s", longest, c.most)
			case now.Sub(t0) < 6*time.Hour || now.Sub(t0) > 6*time.Hour+time.Minute:
				t.Errorf("it ended after %s", now.Sub(t0))
			case len(a.RefusedSends) > 0 || a.StoppedReason != c.refusal.Reason:
				t.Errorf("it keeps %v and %q", a.RefusedSends, a.StoppedReason)
			}
		})
	}
}

func decide(t *testing.T, j job.Job, r run.Run, e run.Event, now time.Time) run.Run {
	t.Helper()
	d := decided(j, r, e, now, run.DefaultTiming)
	if err := invariant(j, r, d, now); err != nil {
		t.Fatalf("%T in %s: %v", e, r.Status, err)
	}
	return d.Next
}

// decided is run.Decide with values.
func decided(j job.Job, r run.Run, e run.Event, now time.Time, t run.Timing) run.Decision {
	return run.Decide(&j, &r, e, now, &t)
}

// TestQuotaKeepsItsPlace: a run that waits for the quota has been due since it was ready, so
// it is before all that came later. A run that waits for capacity is not.
func TestQuotaKeepsItsPlace(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, at{time.Minute, run.Refused{Attempt: 1, Send: 1, Stop: noQuota}})
	if r.Status != run.Queued || !r.DueAt.Equal(t0) || r.Lacks != stop.NoQuota {
		t.Errorf("%s, due at %s, lacks %q", r.Status, r.DueAt, r.Lacks)
	}
	if r = decide(t, plain, r, run.Due{}, t0.Add(2*time.Minute)); r.Lacks != "" {
		t.Errorf("it is sent, and still lacks %q", r.Lacks)
	}
	r, _ = play(t, plain, at{time.Minute, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}})
	if wait := r.DueAt.Sub(t0.Add(time.Minute)); wait < 7500*time.Millisecond || wait > 10*time.Second || r.Lacks != stop.NoCapacity {
		t.Errorf("it waits for %s, lacks %q", wait, r.Lacks)
	}
}

// TestOwnRuleAgainstRounds: a job may say that it does not want to wait.
func TestOwnRuleAgainstRounds(t *testing.T) {
	t.Parallel()
	j := plain
	j.Retry.Rules = []job.Rule{{StoppedReason: "Capacity is unavailable*", Action: job.Fail}}
	if r, _ := play(t, j, at{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}}); r.Status != run.Failed {
		t.Errorf("it is %s: %s", r.Status, r.Cause)
	}
}

// TestNewsOfTheRoundBefore: news about the task of a round that is over.
func TestNewsOfTheRoundBefore(t *testing.T) {
	t.Parallel()
	waiting := []at{{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, {2, seen(1, 4, noPlace)}}
	sent := append(waiting[:2:2], at{time.Minute, run.Due{}})
	second := append(sent[:3:3], at{time.Minute, run.Launched{Attempt: 1, Round: 1, TaskARN: arn(2)}})
	next := seen(1, 1, exited(0))
	next.Round, next.TaskARN = 1, arn(2)
	ranNamed := seen(1, 9, exited(0))
	unnamed := seen(1, 4, noPlace)
	unnamed.Round = run.UnknownRound
	for name, c := range map[string]struct {
		before []at
		event  run.Event
		status run.Status
		round  int
		told   bool
	}{
		"its stop again, while the next waits":        {waiting, seen(1, 4, noPlace), run.Queued, 1, false},
		"its stop again, while the next is sent":      {sent, seen(1, 5, noPlace), run.Launching, 1, false},
		"of a task that does not say its round":       {sent, unnamed, run.Launching, 1, false},
		"the late answer to its send":                 {sent, run.Launched{Attempt: 1, TaskARN: arn(1)}, run.Launching, 1, false},
		"a lost answer":                               {sent, run.NoAnswer{Attempt: 1, Send: 1}, run.Launching, 1, false},
		"a refusal":                                   {sent, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}, run.Launching, 1, false},
		"what a search found":                         {sent, run.Found{Attempt: 1, TaskARNs: []string{arn(1)}}, run.Launching, 1, false},
		"a low version of the next task":              {second, next, run.Succeeded, 1, false},
		"that it ran after all, while the next waits": {waiting, ranNamed, run.Succeeded, 1, false},
		"that it ran after all, beside the next":      {second, ranNamed, run.Running, 1, true},
		"of another task of its token":                {second, run.Launched{Attempt: 1, TaskARN: arn(3)}, run.Running, 1, true},
	} {
		r, d := play(t, plain, append(c.before[:len(c.before):len(c.before)], at{2 * time.Minute, c.event})...)
		if r.Status != c.status || len(r.Attempts) != 1 || r.Last().Round != c.round || r.Last().RanAfterAll != c.told {
			t.Errorf("%s: %s, round %d, told %v: %s", name, r.Status, r.Last().Round, r.Last().RanAfterAll, d.Why)
		}
	}
}

// TestMark: a RoundID is read from the startedBy that was made from it, also from one made
// before there were rounds. It fits into what ECS allows.
func TestMark(t *testing.T) {
	t.Parallel()
	id := run.ScheduledID("report", t0)
	for want, text := range map[run.RoundID]string{
		{Run: id, Attempt: 2}:              "prod/report/20261122T1730Z/2",
		{Run: id, Attempt: 2, Round: 1}:    "prod/report/20261122T1730Z/2-1",
		{Run: id, Attempt: 12, Round: 345}: "prod/report/20261122T1730Z/12-345",
	} {
		if got := want.StartedBy("prod"); got != text {
			t.Errorf("%+v is %q, want %q", want, got, text)
		}
		if got, ok := run.ParseStartedBy("prod", text); !ok || got != want {
			t.Errorf("%q is read as %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"2-", "2-0", "2--1", "-1", "2-1-1", "2-x", "0-1", "2/1-"} {
		if m, ok := run.ParseStartedBy("prod", "prod/report/20261122T1730Z/"+text); ok {
			t.Errorf("%q is read as %+v", text, m)
		}
	}
	first := run.RoundID{Run: id, Attempt: 1}
	if got := first.ClientToken("prod"); got != "583cee04cde236ccfcb889d9d6b0ced0a0e2e79676376cf695d01b7ceac7df91" {
		t.Errorf("the token of a first round is %s, not what it was before there were others", got)
	}
	long := run.RoundID{Run: run.ID(strings.Repeat("j", 48) + "/manual-0123456789ab"), Attempt: 9999, Round: 99999}
	if by := long.StartedBy(strings.Repeat("s", 48)); len(by) > 128 {
		t.Errorf("%d characters: %s", len(by), by)
	}
	if seen := fmt.Sprint(first.ClientToken("prod"), first.ClientToken("dev")); strings.Count(seen, seen[:64]) != 1 {
		t.Error("two stacks have one token")
	}
}
