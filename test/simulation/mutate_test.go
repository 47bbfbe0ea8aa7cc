package simulation

import "testing"

// TestEveryMutationIsCaught proves that the checks can fail: each promise of
// the code that is taken away is missed by the check that watches it.
func TestEveryMutationIsCaught(t *testing.T) {
	t.Parallel()
	told := faultSet(DescribeDenied, DescribeUntold, FindDenied, StopDenied)
	cases := []struct {
		mutation Mutation
		check    string
		// only are the faults without which nothing shows, hidden those that hide it.
		only, hidden FaultSet
	}{
		{BlindWrites, "an end stands", 0, 0},
		{RelaunchOnUnknown, "nothing that started is launched again", 0, 0},
		{ForgetOwed, "every bad end is told once", 0, 0},
		{DropLock, "no overlap where forbidden", 0, 0},
		{TrustRefusal, "nothing that started is launched again", 0, 0},
		{TrustExitZero, "a success is proved", 0, 0},
		{NewTokens, "one task an attempt", 0, 0},
		{OldTokens, "one task an attempt", 0, 0},
		{NeverLook, "every run ends", 0, 0},
		{SkipSlots, "every slot has its run", 0, 0},
		{MoreAttempts, "attempts are kept", 0, 0},
		{NoDeadline, "deadlines are kept", 0, 0},
		{TooFast, "the rate is kept", 0, 0},
		{TellTwice, "every bad end is told once", 0, 0},
		{SpotWarning, "a relaunch waits for the end", 0, 0},
		{IgnorePause, "what is paused does not start", 0, 0},
		{IgnoreLateness, "late slots are missed", 0, 0},
		{DoubtSuccess, "a success is seen", 0, 0},
		{ForgetRuntime, "what ran is known", 0, 0},
		{SpotForEver, "on demand once Spot failed", faultSet(OnSpot), 0},
		{TrustSpot, "nothing that started is launched again", faultSet(SpotTakes, TaskSpot), 0},
		{RateIsException, "failures[] are final", faultSet(RateFailures), 0},
		{NeverGiveUp, "silence ends", told, 0},
		{GiveUpAtOnce, "no end is made up", told, 0},
		{GoneIsRefused, "silence ends", faultSet(ClusterGone), told},
		{RefusalHoldsAll, "a look comes to all", told, 0},
		{KeepLock, "the lock is freed", 0, 0},
		{ReviveLate, "one task an attempt", faultSet(TriggerRedriven), 0},
		{ForgetSkip, "what is to be skipped does not start", faultSet(PersonSkips), 0},
		{SkipLater, "what is skipped has a reason", faultSet(PersonSkips), 0},
		{ForgetPause, "what is paused does not start", faultSet(PersonPauses), 0},
		{NeverStuck, "a stop without effect is told", faultSet(StopIgnored) | told, 0},
	}
	if len(cases) != int(mutations)-1 {
		t.Errorf("%d mutations, %d of them are here", mutations-1, len(cases))
	}
	for _, c := range cases {
		t.Run(c.mutation.String(), func(t *testing.T) {
			t.Parallel()
			after := caught(Options{Seed: 1, Mutation: c.mutation, Without: c.hidden}, c.check, 10_000)
			if after == 0 {
				t.Fatalf("%q did not fail", c.check)
			}
			t.Logf("%q failed after %d runs", c.check, after)
			if c.only == 0 {
				return
			}
			if after := caught(Options{Seed: 1, Mutation: c.mutation, Without: c.hidden | c.only}, c.check, 2*after); after > 0 {
				t.Errorf("%q failed after %d runs without what only it shows: %s", c.check, after, c.only)
			}
		})
	}
}

func faultSet(fs ...Fault) (s FaultSet) {
	for _, f := range fs {
		s |= 1 << f
	}
	return s
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
