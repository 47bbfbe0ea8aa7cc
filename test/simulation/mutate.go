package simulation

// Mutation breaks the control plane on purpose, through what its ports show it, so that the
// checks can be seen to fail.
type Mutation uint8

// Each mutation takes away one promise of the code.
const (
	NoMutation          Mutation = iota
	BlindWrites                  // writes skip their condition
	RelaunchOnUnknown            // an unclear stop is taken for proof that nothing started
	ForgetOwed                   // owed effects are not kept
	DropLock                     // the job's lock is not kept
	TrustRefusal                 // a second send's refusal is taken for proof
	TrustExitZero                // exit 0 of a task that was stopped is a success
	NewTokens                    // every send has its own token
	OldTokens                    // a launch in doubt is sent again for ever
	NeverLook                    // nothing is ever due
	SkipSlots                    // slots are never judged
	MoreAttempts                 // the limit of attempts is not kept
	NoDeadline                   // the deadline is not kept
	TooFast                      // the rate is not kept
	TellTwice                    // told notices stay owed
	SpotWarning                  // a warning of Spot is taken for the stop
	IgnorePause                  // pauses are not seen
	IgnoreLateness               // triggers never come late
	DoubtSuccess                 // exit 0 is a failure
	ForgetRuntime                // what shows that a container was pulled is not seen
	SpotForEver                  // that Spot failed is forgotten
	TrustSpot                    // what Spot took away counts as never started
	RateIsException              // failures[] that speak of a rate are sent again
	NeverGiveUp                  // a refusal counts as no answer
	GiveUpAtOnce                 // a second refusal ends the run
	GoneIsRefused                // a cluster that is gone is a refusal
	RefusalHoldsAll              // a refusal ends the look
	KeepLock                     // an end leaves the job's lock
	ReviveLate                   // a trigger that comes after hours sends again
	ForgetSkip                   // a request to skip is not seen
	SkipLater                    // ... is taken for a later slot
	ForgetPause                  // a pause that has ended was never there
	NeverStuck                   // a stop has always just been asked for
	NeverHangs                   // ECS has always just begun to stop a task
	NeverHeldUp                  // whoever waits was told before
	DeafStream                   // no saved change wakes the notifier
	ChargeQuota                  // a refusal for the quota is taken for another
	HangIsRefused                // no answer within a call's time is a refusal
	LagForEver                   // what an index did not show once it never shows
	ConflictIsSuccess            // a conflict counts as what was written, as a false one is
	HalfIsWhole                  // a registry that was read in part counts as complete
	UnreadIsEmpty                // one that could not be read counts as empty
	FirstOfBatch                 // only the first record of a batch is told
	HideNonsense                 // what makes no sense is never found
	TrustItem                    // what an item says about runs that have ended is believed
	BlindLag                     // owed notices show in no figure
	HideCalendar                 // calendars are not seen to end
	LosePending                  // pending slots are not kept
	ConflictOwesNothing          // what a false conflict wrote loses what it owes
	LostIsForgotten              // what was written without an answer is never looked at
	ForgetTook                   // which target accepted a notice is forgotten
	TwiceIsAgain                 // what comes twice is told twice
	LostIsDeaf                   // after a lost record none is heard
	BatchIsDeaf                  // ... or after a batch that failed
	ForgetFormer                 // of plans that changed, only the new one is known
	RestForEver                  // a rest never ends
	RestBlindly                  // no write ends a rest
	RestInPlace                  // a relaunch, and what comes before a state is seen, ends no rest
	RestUnstarted                // a task that is about to run rests
	RestPastLimit                // no limit ends a rest
	CrowdForEver                 // ECS's rate is taken to be used up for long
	StaleSlots                   // slots of a large group are judged by the last reading of it
	OlderIsWritten               // an old reading of it is written, whatever others have found since
	UntoldIsAsked                // a schedule of which nothing can be told counts as told
	ForgottenIsGone              // what a list left out is gone
	LockStaysLost                // a run that is taken up again does not take its job's lock
	NeverLong                    // what runs for long was told before
	ForgetSeen                   // how a run was when somebody decided to retry it is not said
	CallSafe                     // notices call each retry safe
	OldPauses                    // a process believes what it first read of pauses
	ForgetNotBefore              // a restored store counts as one that knows all
	TrustNames                   // whatever names an attempt is its task
	TrustFound                   // ... if a search finds it, as if ECS's answer had named it
	FirstFound                   // a search finds one task at most
	UnreadIsNew                  // an item that cannot be read counts as none
	LateIsNow                    // what was lost while a target was down counts as just due
	AheadStands                  // what was recorded ahead of its time stands
	ZoneIsUTC                    // slots are expected by UTC
	PassUnread                   // items that cannot be read are not named among all
	GiveUpSilently               // of a notice that was given up nothing is kept
	mutations
)

var mutationNames = [mutations]string{
	"none", "writes are blind", "relaunch on unknown", "owed effects are forgotten", "the lock is dropped", "a second send's refusal is trusted",
	"exit 0 of a stopped task is success", "new tokens", "old tokens", "never look", "slots are skipped", "more attempts", "no deadline", "too fast",
	"tell twice", "a warning is a stop", "pauses are ignored", "lateness is ignored", "success is doubted", "a runtime id proves nothing",
	"on Spot for ever", "Spot's stop is trusted", "failures[] are sent again", "a refusal is no answer", "given up at once", "a cluster that is gone refuses", "a refusal holds all", "the lock is kept",
	"late triggers revive", "skips are forgotten", "skips are for later", "ended pauses are forgotten", "never stuck", "never hangs", "never held up", "the stream is deaf", "the quota costs attempts",
	"a hang is a refusal", "lag for ever", "a conflict is a success", "half is whole", "unread is empty", "the first of a batch", "nonsense is hidden", "items are trusted", "owed notices are blind",
	"calendars do not end", "pending slots are lost",
	"false conflicts owe nothing", "what has no answer is forgotten", "who took it is forgotten", "twice is told twice", "a lost record is the last", "a failed batch is the last", "former plans are forgotten",
	"rests never end", "no write ends a rest", "a relaunch ends no rest", "what has not started rests", "no limit ends a rest",
	"a crowd for ever",
	"slots are stale", "what is older is written", "untold is told", "what is forgotten is gone",
	"the lock stays lost", "never long", "what was seen is forgotten", "all retries are safe",
	"pauses are as first read", "not before is forgotten", "names are trusted", "what is found is trusted", "one task is found", "an unread item is none", "what was lost is just due", "what came too early stands", "zones are UTC", "unread items are passed over", "given up in silence",
}

func (m Mutation) String() string { return mutationNames[m] }
