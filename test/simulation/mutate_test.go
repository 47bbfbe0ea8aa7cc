package simulation

import "testing"

// TestEveryMutationIsCaught proves that the checks can fail: each promise of
// the code that is taken away is missed by the check that watches it.
func TestEveryMutationIsCaught(t *testing.T) {
	t.Parallel()
	cases := []struct {
		mutation Mutation
		check    string
	}{
		{BlindWrites, "an end stands"},
		{RelaunchOnUnknown, "nothing that started is launched again"},
		{ForgetOwed, "every bad end is told once"},
		{DropLock, "no overlap where forbidden"},
		{TrustRefusal, "nothing that started is launched again"},
		{TrustExitZero, "a success is proved"},
		{NewTokens, "one task an attempt"},
		{OldTokens, "one task an attempt"},
		{NeverLook, "every run ends"},
		{SkipSlots, "every slot has its run"},
		{MoreAttempts, "attempts are kept"},
		{NoDeadline, "deadlines are kept"},
		{TooFast, "the rate is kept"},
		{TellTwice, "every bad end is told once"},
		{SpotWarning, "a relaunch waits for the end"},
		{IgnorePause, "what is paused does not start"},
		{IgnoreLateness, "late slots are missed"},
		{DoubtSuccess, "a success is seen"},
		{ForgetRuntime, "what ran is known"},
	}
	if len(cases) != int(mutations)-1 {
		t.Errorf("%d mutations, %d of them are here", mutations-1, len(cases))
	}
	for _, c := range cases {
		t.Run(c.mutation.String(), func(t *testing.T) {
			t.Parallel()
			after := caught(Options{Seed: 1, Mutation: c.mutation}, c.check, 10_000)
			if after == 0 {
				t.Fatalf("%q did not fail", c.check)
			}
			t.Logf("%q failed after %d runs", c.check, after)
		})
	}
}

// caught is after how many runs a check failed, 0 when it did not.
func caught(opt Options, check string, most int) (runs int) {
	for runs < most {
		res := Play(opt)
		runs += res.Runs
		for _, v := range res.Violations {
			if v.Check == check {
				return runs
			}
		}
		opt.Seed++
	}
	return 0
}
