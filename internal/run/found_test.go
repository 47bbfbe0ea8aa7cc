package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// search is a launch whose answer is lost, up to when a search finds these tasks.
func search(arns ...string) []at {
	return []at{{1, run.NoAnswer{Attempt: 1}}, {51 * time.Minute, run.Due{}}, {52 * time.Minute, run.Found{Attempt: 1, TaskARNs: arns}}}
}

func strangeAt(n int) at {
	return at{53 * time.Minute, run.Strange{Attempt: 1, TaskARN: arn(n), Why: "it is of mine:1"}}
}

// goneAt is a look that ECS answered by not knowing the task.
func goneAt(after time.Duration) at {
	return at{after, run.Gone{Attempt: 1, At: t0.Add(after)}}
}

// lookAt is a look at a task that runs.
func lookAt(n int) at {
	e := seen(1, 3, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0})
	e.TaskARN, e.Look = arn(n), true
	return at{54 * time.Minute, e}
}

// TestAStopWaitsForTheLook: a person who asks for the stop of a run whose task was found, and not
// looked at, does not stop somebody else's task; nor is the request lost.
func TestAStopWaitsForTheLook(t *testing.T) {
	t.Parallel()
	asked := at{52*time.Minute + time.Second, run.StopAsked{By: "ann", Reason: "x"}}
	for name, c := range map[string]struct {
		then  []at
		stops bool
		ends  run.Status
	}{
		"until then":                          {nil, false, run.Running},
		"it is the run's":                     {[]at{lookAt(9)}, true, run.Running},
		"it is not":                           {[]at{strangeAt(9)}, false, run.Failed},
		"ECS answers the launch after all":    {[]at{{53 * time.Minute, run.Launched{Attempt: 1, TaskARN: arn(9)}}}, true, run.Running},
		"with another task":                   {[]at{{53 * time.Minute, run.Launched{Attempt: 1, TaskARN: arn(8)}}}, true, run.Running},
		"it is gone, and nobody stopped it":   {[]at{{53 * time.Minute, run.Gone{Attempt: 1, At: t0.Add(2 * time.Hour)}}}, false, run.Failed},
		"another search comes to the same":    {[]at{{53 * time.Minute, run.Found{Attempt: 1, TaskARNs: []string{arn(8), arn(9)}}}}, false, run.Running},
		"it is the run's, and looked at late": {[]at{{53 * time.Minute, run.Unseen{Attempt: 1, Err: "later"}}, {55 * time.Minute, lookAt(9).event}}, true, run.Running},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, plain, slices.Concat(search(arn(9)), []at{asked}, c.then)...)
			if r.Owes(run.StopTask) != c.stops || r.Status != c.ends || r.Stopping == nil {
				t.Errorf("%s, owes %v: %s", r.Status, r.Owed, r.Cause)
			}
			if len(c.then) == 0 && r.DueAt.After(t0.Add(asked.after)) {
				t.Errorf("it is looked at only at %s", r.DueAt)
			}
		})
	}
}

// TestAStopThatECSDoesNotKnowYet: if the look comes long after a person asked for the stop, a notice does not
// say that ECS was asked to stop the task: it is asked from now on.
func TestAStopThatECSDoesNotKnowYet(t *testing.T) {
	t.Parallel()
	asked := at{2 * time.Minute, run.StopAsked{By: "ann", Reason: "x"}}
	r, _ := play(t, plain, slices.Concat(search(arn(9))[:1], []at{asked}, search(arn(9))[2:], []at{lookAt(9)})...)
	if !r.Stuck() || !r.Owes(run.StopTask) || !strings.HasPrefix(r.Cause, "its stop was decided on at ") {
		t.Errorf("stuck %t, owes %v: %s", r.Stuck(), r.Owed, r.Cause)
	}
}

// TestAllThatWereFound are looked at, up to ten: a task of somebody else does not hide the attempt's.
func TestAllThatWereFound(t *testing.T) {
	t.Parallel()
	var many []string
	for n := range 12 {
		many = append(many, arn(20+n))
	}
	ended := seen(1, 3, exited(0))
	ended.TaskARN = arn(8)
	late := at{52*time.Minute + 1, ended}
	look := ended
	look.Look = true
	var ten []at
	for n := range 10 {
		ten = append(ten, strangeAt(20+n))
	}
	for name, c := range map[string]struct {
		found []string
		then  []at
		task  string
		ends  run.Status
		why   string
	}{
		"the second is ours":          {[]string{arn(9), arn(8)}, []at{strangeAt(9)}, arn(8), run.Running, ""},
		"and runs":                    {[]string{arn(9), arn(8)}, []at{strangeAt(9), lookAt(8)}, arn(8), run.Running, ""},
		"none is":                     {[]string{arn(9), arn(8), arn(7)}, []at{strangeAt(9), strangeAt(8), strangeAt(7)}, "", run.Failed, "found in its name"},
		"one of too many":             {many, ten, "", run.Failed, "up to 10 tasks"},
		"what ended is heard of":      {[]string{arn(9)}, []at{late, strangeAt(9)}, arn(8), run.Running, ""},
		"and looked at":               {[]string{arn(9)}, []at{late, strangeAt(9), {54 * time.Minute, look}}, arn(8), run.Succeeded, ""},
		"the first is gone":           {[]string{arn(9), arn(8)}, []at{goneAt(54 * time.Minute), lookAt(8)}, arn(8), run.Running, ""},
		"and the second is not ours":  {[]string{arn(9), arn(8)}, []at{goneAt(54 * time.Minute), strangeAt(8)}, "", run.Failed, "nothing that was found in its name, up to 10 tasks, is known to be its: it is of mine:1"},
		"all are gone":                {[]string{arn(9), arn(8)}, []at{goneAt(54 * time.Minute), goneAt(55 * time.Minute)}, arn(8), run.Failed, "ended unseen: ECS no longer knows the task"},
		"it is too young to be gone":  {[]string{arn(9), arn(8)}, []at{goneAt(53 * time.Minute), lookAt(9)}, arn(9), run.Running, ""},
		"the first is ours after all": {[]string{arn(9), arn(8)}, []at{lookAt(9), strangeAt(8)}, arn(9), run.Running, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, plain, slices.Concat(search(c.found...), c.then)...)
			if a := r.Last(); a.TaskARN != c.task || r.Status != c.ends || !strings.Contains(r.Cause, c.why) {
				t.Errorf("%s with task %q: %s", r.Status, a.TaskARN, r.Cause)
			}
			a := r.Last()
			if r.Status == run.Running && !a.Sure() && !r.DueAt.Equal(t0.Add(53*time.Minute)) {
				t.Errorf("the next one is looked at at %s", r.DueAt)
			}
			if a.TaskARN == "" && !a.Sure() {
				t.Errorf("no task is known, and these are to be looked at: %q", a.Found)
			}
		})
	}
}

// TestStrangeAfterAConflict: what ECS answered is not said to have been found.
func TestStrangeAfterAConflict(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, at{1, run.Launched{Attempt: 1, TaskARN: arn(9)}}, strangeAt(9))
	if r.Status != run.Failed || strings.Contains(r.Cause, "never said") || !strings.Contains(r.Cause, "ECS answered this launch with a task that cannot be its: it is of mine:1") {
		t.Errorf("%s: %s", r.Status, r.Cause)
	}
}

// TestFoundAndNotSure: a run whose task was found and not looked at does not count as running, and what others
// know was found stays as it is.
func TestFoundAndNotSure(t *testing.T) {
	t.Parallel()
	var many []string
	for n := range 12 {
		many = append(many, arn(20+n))
	}
	was := slices.Clone(many)
	ended := seen(1, 3, exited(0))
	ended.TaskARN = arn(8)
	r, _ := play(t, plain, append(search(many...), at{52*time.Minute + 1, ended})...)
	if a := r.Last(); a.Sure() || r.MayRest() || !r.RunsFrom().IsZero() || a.Found[len(a.Found)-1] != arn(8) || a.AfterAll() != "a second task was launched in this attempt's name: "+arn(8) {
		t.Errorf("it counts as running from %s, found %q", r.RunsFrom(), a.Found)
	}
	if !slices.Equal(many, was) {
		t.Errorf("found are now %q", many)
	}
}

// TestAStopDoesNotWaitForRefusals: who waits for a stop is not put off as long as others.
func TestAStopDoesNotWaitForRefusals(t *testing.T) {
	t.Parallel()
	refused := func(after time.Duration) at {
		return at{after, run.Unseen{Attempt: 1, Refused: true, Err: "no"}}
	}
	asked := at{59*time.Minute + time.Second, run.StopAsked{By: "ann", Reason: "x"}}
	r, _ := play(t, plain, append(search(arn(9)), refused(53*time.Minute), refused(59*time.Minute), asked)...)
	if most := t0.Add(asked.after + run.DefaultTiming.Told); r.DueAt.After(most) {
		t.Errorf("it is looked at at %s, after %s", r.DueAt, most)
	}
}

// TestNothingIsLaunchedAfterAnotherRan: if a task of the run ran, or may have run, that was not known to, then
// no further attempt is made, whatever became of the last one.
func TestNothingIsLaunchedAfterAnotherRan(t *testing.T) {
	t.Parallel()
	never, other := seen(1, 4, pullTimeout), seen(1, 3, exited(0))
	never.TaskARN, other.TaskARN = arn(8), arn(9)
	look := never
	look.Look = true
	first := at{1, run.Launched{Attempt: 1, TaskARN: arn(8)}}
	older := []at{{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, {time.Minute, seen(1, 3, eniTimeout)}, {2 * time.Minute, run.Launched{Attempt: 2, TaskARN: arn(2)}}}
	ranAt := func(after time.Duration) at { return at{after, seen(1, 4, exited(0))} }
	failedAt := func(after time.Duration) at { return at{after, seen(2, 3, eniTimeout)} }
	retry := at{time.Hour, run.RetryAsked{Force: true, Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}}
	for name, c := range map[string]struct {
		events []at
		ends   run.Status
		why    string
	}{
		"one that was found is gone, the next never started": {append(search(arn(9), arn(8)), goneAt(54*time.Minute), at{55 * time.Minute, look}), run.Failed, "not launched again: attempt 1: a second task was launched in this attempt's name: " + arn(9)},
		"a second is heard of":                               {[]at{first, {2 * time.Minute, other}, {3 * time.Minute, never}}, run.Failed, "not launched again: attempt 1: a second task"},
		"ECS answers with a second":                          {[]at{first, {2 * time.Minute, run.Launched{Attempt: 1, TaskARN: arn(9)}}, {3 * time.Minute, never}}, run.Failed, "not launched again: attempt 1: a second task"},
		"an older one ran":                                   {slices.Concat(older, []at{ranAt(3 * time.Minute), failedAt(4 * time.Minute)}), run.Failed, "not launched again: attempt 1: its task ran after all, and ended with code 0"},
		"an older one ran, heard of too late":                {slices.Concat(older, []at{failedAt(3 * time.Minute), ranAt(3*time.Minute + 1), {10 * time.Minute, run.Due{}}}), run.Failed, "not launched: attempt 1: its task ran after all, and ended with code 0"},
		"unless a person asks":                               {slices.Concat(older, []at{ranAt(3 * time.Minute), failedAt(4 * time.Minute), retry, {time.Hour + 1, run.Launched{Attempt: 3, TaskARN: arn(3)}}, {time.Hour + 2, seen(3, 3, eniTimeout)}}), run.Launching, "launching attempt 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := plain
			j.Retry.Attempts = 4
			r, _ := play(t, j, c.events...)
			if r.Status != c.ends || !strings.Contains(r.Cause, c.why) {
				t.Errorf("%s, %d attempts: %s", r.Status, len(r.Attempts), r.Cause)
			}
		})
	}
}
