package simulation

import (
	"math/bits"
	"strings"
)

// Fault is one way in which the world around the control plane goes wrong.
type Fault uint8

// All faults. Those of tasks are kinds of lives, see life.go.
const (
	CrashBefore     Fault = iota // a handler dies before one of its calls takes effect
	CrashAfter                   // ... after it took effect
	StoreError                   // the store refuses a call for a moment
	StoreLostAnswer              // a write took effect and its answer was lost
	StoreConflict                // the store reports a conflict although nobody wrote
	Interleave                   // another handler runs in the middle of this one
	Stall                        // a handler stands still for up to two minutes
	TriggerLost
	TriggerTwice
	TriggerLate
	EventLost
	EventTwice
	EventLate  // by minutes: later ones overtake it
	EventEarly // a state that is not a stop is delivered too
	Throttle   // RunTask refuses for its rate, or for EC2's
	Failures   // RunTask answers with failures[]
	Refusal    // RunTask refuses for another reason
	AnswerLost // RunTask launched and its answer was lost
	SendLost   // RunTask was never reached, and nobody knows
	SendLate   // RunTask's caller gave up; the request is carried out later
	Outage     // RunTask answers nobody for up to hours
	Inactive   // the task definition's revision is deregistered
	Unresolved // the task definition cannot be resolved for a moment
	DescribeError
	DescribeLag // DescribeTasks does not know a young task yet
	StopError
	FindError
	NotifyError
	SweepTwice
	SweepSilent // no sweep for hours
	ClockJump
	Deploy // a job's definition changes
	Gone   // a job leaves the registry and comes back
	PersonRetries
	PersonStops
	PersonPauses
	PersonSkips
	PersonRuns
	PersonRepeats // the same request comes again
	StoppedInECS  // a person stops a task behind the control plane's back
	TaskEnds      // a task ends badly after it started: exit code, memory, health
	TaskSpot      // Spot, maintenance, a lost host
	TaskNeverStarts
	TaskHangs
	TaskUnclear    // a stop that does not say whether anything ran
	TaskSlow       // runs into the next slots
	OnSpot         // a job's tasks run on Fargate Spot
	SpotEmpty      // RunTask answers with failures[]: Spot has no capacity
	SpotNoPlace    // a task fails to start because Spot has no capacity
	SpotTakes      // Spot takes a task away, after its warning
	RateFailures   // RunTask answers with failures[] in the words of a rate limit
	ClusterGone    // the cluster is deleted, after its tasks were stopped
	DescribeDenied // DescribeTasks is refused for up to hours
	DescribeUntold // ... for the tasks of one job
	StopDenied
	FindDenied
	TriggerRedriven // a trigger comes again after hours, as from a dead-letter queue
	RequestRedriven // a person's request does
	StopIgnored     // StopTask is accepted and not carried out for hours
	EventRedriven   // the event of a stop comes again after hours
	FalseConflict   // a write took effect and is answered with a conflict
	IndexLag        // what is due is not found yet
	QuotaFull       // RunTask refuses for the account's quota, for minutes to hours
	CapacityGone    // ... for capacity
	Hang            // a call gets its answer after ten seconds, or none
	Streamed        // another function sends notices, woken by what is saved
	RecordLost      // ... which is never woken
	RecordTwice
	RecordLate
	RegistryFails   // the registry cannot be read
	RegistryPartial // ... or only some of its schedules
	BatchFails      // a batch of records fails as a whole, after some of them
	Senseless       // a run is damaged by hand
	ItemOff         // a job's item names runs that have ended, or never were
	Fired           // slots come with what their schedules carry, and what is deployed must be found out
	CalendarEnds    // a job's calendar names no further day
	Laps            // a sweep knows some jobs' items only as they were minutes ago
	LargeGroup      // the registry is a large group, which is listed in laps
	TokenRefused    // a list of it cannot continue from where it was
	ListForgets     // ... or leaves a schedule out
	GroupResized    // it grows or shrinks across the limit of what is listed at once
	ProcessReplaced // what the process of a sweep knew of it is lost
	EndHangs        // a task whose containers have ended is not STOPPED for hours
	Mended          // a damaged run can be read again, and a person takes it up
	TaskLong        // a task runs for more than a day
	PersonLooks     // a person says how a run was when they decided to retry it, and takes their time
	Apart           // each function has processes of its own, which are replaced
	Restored        // the store is restored to a point in time
	Copied          // somebody runs a task that names an attempt of ours
	ItemUnread      // a job's item cannot be read for up to hours
	TargetDown      // the trigger cannot be reached for hours; most of what was lost comes again, at once
	ClockApart      // one function's clock is off by minutes or hours
	Timed           // schedules of every kind, in zones, while clocks change
	TargetGone      // a target takes no notices for a day or longer
	faults          // their number
)

var faultNames = [faults]string{
	"crash before a call", "crash after a call", "store error", "store answer lost", "store conflict", "handlers at once", "handler stalls",
	"trigger lost", "trigger twice", "trigger late", "event lost", "event twice", "event late", "event of no stop",
	"RunTask throttled", "failures[]", "RunTask refused", "RunTask answer lost", "RunTask never arrived", "RunTask carried out late", "RunTask out of order",
	"revision inactive", "revision unresolved", "DescribeTasks error", "DescribeTasks lags", "StopTask error", "ListTasks error", "notice not carried",
	"sweep twice at once", "no sweep for hours", "clock jumps", "deploy", "job gone", "person retries", "person stops", "person pauses", "person skips",
	"person runs", "person repeats", "stopped in ECS", "task fails", "task interrupted", "task never starts", "task hangs", "task's end unclear", "task slow",
	"job on Spot", "Spot without capacity", "Spot without a place", "Spot takes a task", "failures[] for a rate", "cluster gone",
	"DescribeTasks denied", "a job's tasks untold", "StopTask denied", "ListTasks denied", "trigger after hours", "request after hours", "StopTask ignored",
	"event after hours",
	"false conflict", "index lags", "quota used up", "capacity gone", "call hangs", "notices by stream", "record lost", "record twice", "record late",
	"registry unread", "registry half read", "batch fails", "run damaged", "item off", "slots as schedules", "calendar ends", "items in laps",
	"large group", "token refused", "list forgets", "group resized", "process replaced", "task does not get to STOPPED", "run mended", "task runs for long", "person looks first", "functions apart",
	"store restored", "task copied", "item unread", "target down", "one clock off", "schedules of every kind", "no notices taken for a day",
}

func (f Fault) String() string { return faultNames[f] }

// faultHashes holds the hashes of the names, from which luck begins.
var faultHashes = func() (hs [faults]uint64) {
	for f := range faults {
		hs[f] = hash(f.String())
	}
	return hs
}()

// FaultSet is a set of faults. It is comparable, and its zero value is empty.
type FaultSet [2]uint64

// Faults returns the set of these faults.
func Faults(fs ...Fault) (s FaultSet) {
	for _, f := range fs {
		s[f/64] |= 1 << (f % 64)
	}
	return s
}

// AllFaults is the set of all faults.
var AllFaults = FaultSet{^uint64(0), 1<<(faults-64) - 1}

// Has reports whether f is in the set.
func (s FaultSet) Has(f Fault) bool { return s[f/64]&(1<<(f%64)) != 0 }

// With returns the union of both sets.
func (s FaultSet) With(o FaultSet) FaultSet { return FaultSet{s[0] | o[0], s[1] | o[1]} }

func (s FaultSet) minus(o FaultSet) FaultSet { return FaultSet{s[0] &^ o[0], s[1] &^ o[1]} }

// Without returns the set without f.
func (s FaultSet) Without(f Fault) FaultSet { return s.minus(Faults(f)) }

func (s FaultSet) String() string {
	var names []string
	for f := range faults {
		if s.Has(f) {
			names = append(names, f.String())
		}
	}
	return strings.Join(names, ", ")
}

// mix returns a well distributed number made of two.
func mix(a, b uint64) uint64 {
	x := a ^ (b+0x9e3779b97f4a7c15)*0xbf58476d1ce4e5b9
	x ^= x >> 30
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func hash(s string) uint64 { return hashOn(14695981039346656037, s) }

// hashOn continues a hash.
func hashOn(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// dice are the random choices of one thing in a world. Each thing has its own, so that a change
// of one leaves the others as they were. That makes it possible to cut a story down.
type dice struct{ state *uint64 }

func (w *World) dice(what string, n uint64) dice { return w.diceOf(hash(what), n) }

func (w *World) diceOf(what, n uint64) dice {
	state := w.states.give()
	*state = mix(mix(w.opt.Seed, what), n)
	return dice{state}
}

// IntN returns a number from 0 up to, but not including, n.
func (d dice) IntN(n int) int {
	*d.state += 0x9e3779b97f4a7c15 // SplitMix64
	hi, _ := bits.Mul64(mix(*d.state, 0), uint64(n))
	return int(hi)
}

// chance is true in p of 1000.
func (d dice) chance(p int) bool { return d.IntN(1000) < p }

// between returns a number from lo to hi, inclusive.
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// hit reports whether a fault strikes, with a rate in 1000 that the world's mood scales. The dice
// are thrown even if the fault is switched off.
func (w *World) hit(d dice, f Fault, rate int) bool {
	if !d.chance(rate*w.mood[f]/4) || !w.active.Has(f) || w.calm {
		return false
	}
	w.count[f]++
	return true
}

// luck is like hit, with dice of the fault's own, so that everything before stays the same.
func (w *World) luck(f Fault, rate int, what string, n int) (d dice, struck bool) {
	if w.mood[f] == 0 {
		return d, false
	}
	d = w.diceOf(hashOn(faultHashes[f], what), uint64(n))
	return d, w.hit(d, f, rate)
}

// moods gives each fault of a world its own weight, often zero: worlds in which few things go
// wrong show what a storm hides.
func (w *World) moods() {
	d := w.dice("mood", 0)
	storm := d.between(0, 3)
	for f := range faults {
		switch {
		case d.IntN(4) > storm:
			w.mood[f] = 0
		case d.chance(150):
			w.mood[f] = 24
		default:
			w.mood[f] = 4
		}
	}
}
