package simulation

import "testing"

// shownBy are worlds that show what the first thousand runs do not. With other dice they may be
// others; then the mutation is found later. Mutations that only some faults show are here only if
// thousands of runs do not show them, because twice as many runs are played for them.
var shownBy = map[Mutation]uint64{
	LateIsNow: 379, TrustFound: 396, GiveUpSilently: 1218, ZoneIsUTC: 372, AheadStands: 37, FirstFound: 1091, OldPauses: 528, LockStaysLost: 309, NeverLong: 389, ConflictIsSuccess: 37, TooFast: 33, IgnoreLateness: 22, OldTokens: 22, ForgetRuntime: 15, RelaunchOnUnknown: 15, RestBlindly: 11, RestInPlace: 11,
}

// TestEveryMutationIsCaught proves that the checks can fail: each mutation is caught by the check
// that watches its promise.
func TestEveryMutationIsCaught(t *testing.T) {
	t.Parallel()
	told := Faults(DescribeDenied, DescribeUntold, FindDenied, StopDenied)
	cases := []struct {
		mutation Mutation
		check    string
		// only are the faults without which nothing shows; hidden are those that hide it.
		only, hidden FaultSet
	}{
		{BlindWrites, "an end stands", FaultSet{}, FaultSet{}},
		{RelaunchOnUnknown, "nothing that started is launched again", FaultSet{}, FaultSet{}},
		{ForgetOwed, "every bad end is told once", FaultSet{}, FaultSet{}},
		{DropLock, "no overlap where forbidden", FaultSet{}, FaultSet{}},
		{TrustRefusal, "nothing that started is launched again", FaultSet{}, FaultSet{}},
		{TrustExitZero, "a success is proved", FaultSet{}, FaultSet{}},
		{NewTokens, "one task an attempt", FaultSet{}, FaultSet{}},
		{OldTokens, "one task an attempt", FaultSet{}, FaultSet{}},
		{NeverLook, "every run ends", FaultSet{}, FaultSet{}},
		{SkipSlots, "every slot has its run", FaultSet{}, FaultSet{}},
		{MoreAttempts, "attempts are kept", FaultSet{}, FaultSet{}},
		{NoDeadline, "deadlines are kept", FaultSet{}, FaultSet{}},
		{TooFast, "the rate is kept", FaultSet{}, FaultSet{}},
		{TellTwice, "every bad end is told once", FaultSet{}, FaultSet{}},
		{SpotWarning, "a relaunch waits for the end", FaultSet{}, FaultSet{}},
		{IgnorePause, "what is paused does not start", FaultSet{}, FaultSet{}},
		{IgnoreLateness, "late slots are missed", FaultSet{}, FaultSet{}},
		{DoubtSuccess, "a success is seen", FaultSet{}, FaultSet{}},
		{ForgetRuntime, "what ran is known", FaultSet{}, FaultSet{}},
		{SpotForEver, "on demand once Spot failed", Faults(OnSpot), FaultSet{}},
		{TrustSpot, "nothing that started is launched again", Faults(SpotTakes, TaskSpot), FaultSet{}},
		{RateIsException, "failures[] are final", Faults(RateFailures), FaultSet{}},
		{NeverGiveUp, "silence ends", told, FaultSet{}},
		{GiveUpAtOnce, "no end is made up", told, FaultSet{}},
		{GoneIsRefused, "silence ends", Faults(ClusterGone), told},
		{RefusalHoldsAll, "a look comes to all", told, FaultSet{}},
		{KeepLock, "the lock is freed", FaultSet{}, FaultSet{}},
		{ReviveLate, "one task an attempt", Faults(TriggerRedriven, TargetDown), FaultSet{}},
		{ForgetSkip, "what is to be skipped does not start", Faults(PersonSkips), FaultSet{}},
		{SkipLater, "what is skipped has a reason", Faults(PersonSkips), FaultSet{}},
		{ForgetPause, "what is paused does not start", Faults(PersonPauses), FaultSet{}},
		{DeafStream, "every run ends", Faults(Streamed), FaultSet{}},
		{ChargeQuota, "no room costs no attempt", Faults(QuotaFull), FaultSet{}},
		{HangIsRefused, "nothing that started is launched again", Faults(Hang), FaultSet{}},
		{LagForEver, "every run ends", Faults(IndexLag), FaultSet{}},
		{ConflictIsSuccess, "nothing that started is launched again", FaultSet{}, FaultSet{}},
		{HalfIsWhole, "only what left is gone", Faults(RegistryPartial), FaultSet{}},
		{UnreadIsEmpty, "only what left is gone", Faults(RegistryFails), FaultSet{}},
		{FirstOfBatch, "every bad end is told once", Faults(Streamed), FaultSet{}},
		{HideNonsense, "what makes no sense is told", Faults(Senseless), FaultSet{}},
		{TrustItem, "what is skipped has a reason", Faults(ItemOff), FaultSet{}},
		{BlindLag, "owed notices show", Faults(Streamed), FaultSet{}},
		{HideCalendar, "a calendar that ends is told", Faults(CalendarEnds), FaultSet{}},
		{LosePending, "a slot that waits is settled", Faults(Fired), FaultSet{}},
		{ConflictOwesNothing, "every bad end is told once", Faults(FalseConflict), FaultSet{}},
		{LostIsForgotten, "every run ends", Faults(StoreLostAnswer), FaultSet{}},
		{ForgetTook, "every bad end is told once", Faults(NotifyError), FaultSet{}},
		{TwiceIsAgain, "every bad end is told once", Faults(RecordTwice), FaultSet{}},
		{LostIsDeaf, "every run ends", Faults(RecordLost), FaultSet{}},
		{BatchIsDeaf, "every run ends", Faults(BatchFails), FaultSet{}},
		{ForgetFormer, "every slot has its run", FaultSet{}, FaultSet{}},
		{RestForEver, "a look comes to all", FaultSet{}, FaultSet{}},
		{RestBlindly, "a look comes to all", FaultSet{}, FaultSet{}},
		{RestInPlace, "a look comes to all", FaultSet{}, FaultSet{}},
		{RestUnstarted, "only what runs rests", FaultSet{}, FaultSet{}},
		{RestPastLimit, "no rest outlasts a limit", FaultSet{}, FaultSet{}},
		{CrowdForEver, "only a crowd waits for the sweep", Faults(Throttle, RateFailures), FaultSet{}},
		{StaleSlots, "nobody asks for what is no more", Faults(LargeGroup), FaultSet{}},
		{OlderIsWritten, "what is newer stands", Faults(LargeGroup), FaultSet{}},
		{UntoldIsAsked, "nobody asks for what is no more", Faults(LargeGroup), FaultSet{}},
		{ForgottenIsGone, "only what left is gone", Faults(ListForgets), FaultSet{}},
		{LockStaysLost, "no overlap where forbidden", Faults(Mended), FaultSet{}},
		{NeverLong, "a task that runs for long is told", Faults(TaskLong), FaultSet{}},
		{ForgetSeen, "a retry is of what was seen", Faults(PersonLooks), FaultSet{}},
		{CallSafe, "a safe retry is safe", FaultSet{}, FaultSet{}},
		{OldPauses, "what is skipped has a reason", Faults(Apart), FaultSet{}},
		{ForgetNotBefore, "what was forgotten is not launched again", Faults(Restored), FaultSet{}},
		{TrustNames, "a strange task is not ours", Faults(Copied), FaultSet{}},
		{TrustFound, "a strange task is not stopped", Faults(Copied), FaultSet{}},
		{UnreadIsNew, "no overlap where forbidden", Faults(ItemUnread), FaultSet{}},
		{PassUnread, "every slot has its run", Faults(ItemUnread), FaultSet{}},
		{LateIsNow, "late slots are missed", Faults(TargetDown, TriggerRedriven), FaultSet{}},
		{GiveUpSilently, "every bad end is told once", Faults(TargetGone), FaultSet{}},
		{ZoneIsUTC, "every slot has its run", Faults(Timed, CalendarEnds), FaultSet{}},
		{AheadStands, "what was missed too early runs", Faults(ClockApart), FaultSet{}},
		{FirstFound, "a strange task hides nothing", Faults(Copied), FaultSet{}},
		{NeverHeldUp, "a long wait is told", Faults(QuotaFull, CapacityGone), FaultSet{}},
		{NeverHangs, "an end that hangs is told", Faults(EndHangs), FaultSet{}},
		{NeverStuck, "a stop without effect is told", Faults(StopIgnored, EndHangs).With(told), FaultSet{}},
	}
	if len(cases) != int(mutations)-1 {
		t.Errorf("%d mutations, %d of them are here", mutations-1, len(cases))
	}
	for _, c := range cases {
		t.Run(c.mutation.String(), func(t *testing.T) {
			t.Parallel()
			large := c.only.Has(LargeGroup) || c.only.Has(ListForgets)
			seed := max(shownBy[c.mutation], 1)
			after := caught(Options{Seed: seed, Mutation: c.mutation, Without: c.hidden, Large: large}, c.check, 10_000)
			if after == 0 {
				t.Fatalf("%q did not fail", c.check)
			}
			t.Logf("%q failed after %d runs", c.check, after)
			if c.only == (FaultSet{}) {
				return
			}
			if after := caught(Options{Seed: 1, Mutation: c.mutation, Without: c.hidden.With(c.only), Large: large}, c.check, 2*after); after > 0 {
				t.Errorf("%q failed after %d runs without what only it shows: %s", c.check, after, c.only)
			}
		})
	}
}

// caught returns after how many runs a check failed, or 0 if it did not.
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
