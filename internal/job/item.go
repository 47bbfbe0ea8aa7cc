package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Item is what the control plane keeps about a job besides its definitions. There is one item
// per job, and writes use an optimistic lock.
type Item struct {
	Name string `json:"name"`
	// Definition is the hash of the newest definition.
	Definition string `json:"definition"`
	// Gone says that the job is no longer in the registry. SeenAt is when the job was last
	// known to be there, GoneAt when it was found gone. Both stay when it comes back.
	Gone   bool      `json:"gone,omitempty"`
	SeenAt time.Time `json:"seenAt,omitzero"`
	GoneAt time.Time `json:"goneAt,omitzero"`
	// Plan is a copy from the newest definition, so that slots can be judged without reading
	// every definition. It has been in force since Since; earlier slots belong to a former
	// plan, if to any.
	Plan  Plan      `json:"plan,omitzero"`
	Since time.Time `json:"since,omitzero"`
	// Modified is when the registry was given the newest definition, by its own clock. It is
	// zero if the registry did not say, or if the item was written without it.
	Modified time.Time `json:"modified,omitzero"`
	// Former are definitions that were replaced, the oldest first; see Deploy.
	Former []Former `json:"former,omitempty"`
	// KnownAt is when the plans were last found to have changed. A check of the slots that
	// had got further by then goes back to Recheck.
	KnownAt time.Time `json:"knownAt,omitzero"`
	Recheck time.Time `json:"recheck,omitzero"`

	// FailingSince is when the oldest reported failure since the last success ended. It is
	// zero if the last run that ended was good, or if no failure was reported.
	FailingSince time.Time `json:"failingSince,omitzero"`
	// RecoveredAt is when the run ended that ended the last period of failures.
	RecoveredAt time.Time `json:"recoveredAt,omitzero"`
	// Missed holds the missed slots that have not been reported yet; nil if there are none.
	// ToldMissed is when some were last reported.
	Missed     *Missed   `json:"missed,omitempty"`
	ToldMissed time.Time `json:"toldMissed,omitzero"`
	// EndTold is the last thing that people were told about the end of the schedule: the last day of its
	// calendar, and whether it is near or over, or since when the registry does not start the job.
	EndTold string `json:"calendarTold,omitempty"`
	// SwitchedOff is whether the newest definition is on and its schedule or rule is off.
	SwitchedOff bool `json:"switchedOff,omitempty"`
	// CutShort is whether the plan's EndAt is one that the schedule was given beside the newest definition;
	// Postponed, whether its StartAt is.
	CutShort  bool `json:"cutShort,omitempty"`
	Postponed bool `json:"postponed,omitempty"`
	// Holder names the open run for which the last slots were skipped. It is nil if none were
	// skipped, or if that run has ended.
	Holder *Holder `json:"holder,omitempty"`
	// Shift says how a start at a minute that the plan does not have was explained; nil if
	// there was none.
	Shift *Shift `json:"shift,omitempty"`
	// Late is when a slot that a later one had overtaken was last started.
	Late time.Time `json:"late,omitzero"`
	// Pauses are the newest pauses, the oldest first; see AddPause.
	Pauses []Pause `json:"pauses,omitempty"`
	// SkipNext asks to skip the next slot; nil if nobody asked.
	SkipNext *Skip `json:"skipNext,omitempty"`
	// Lock is the open run of an Exclusive job, and Waiting the run that waits for its end;
	// "" if there is none.
	Lock    string `json:"lock,omitempty"`
	Waiting string `json:"waiting,omitempty"`
	// Beside are other open runs, of before a definition first forbade overlaps or of which one
	// could be read again that was set aside: each in turn gets the lock, if it is still open
	// then.
	Beside []string `json:"beside,omitempty"`

	// Rev is the optimistic lock: the revision at which this value was read.
	Rev int64 `json:"-"`
}

// Ended is whether an end has come that somebody gave the schedule beside the definition.
func (i *Item) Ended(now time.Time) bool { return i.CutShort && !now.Before(i.Plan.EndAt) }

// Awaits is whether a start is to come that somebody gave the schedule, which is still there.
func (i *Item) Awaits(now time.Time) bool {
	return i.Postponed && !i.Gone && now.Before(i.Plan.StartAt)
}

// Holder is an open run that forbids others. More says whether more than one slot in a row
// was skipped for it.
type Holder struct {
	By   string `json:"by"`
	More bool   `json:"more,omitempty"`
}

// HoldBack notes that a slot was skipped for an open run. changed reports whether that is
// news: the first and the second slot are.
func (i Item) HoldBack(by string) (next Item, changed bool) {
	if i.Holder != nil && i.Holder.By == by {
		if i.Holder.More {
			return i, false
		}
		i.Holder = &Holder{By: by, More: true}
		return i, true
	}
	i.Holder = &Holder{By: by}
	return i, true
}

// HeldBy reports whether a run has held back a slot, and whether more than one.
func (i Item) HeldBy(id string) (held, more bool) {
	if i.Holder == nil || i.Holder.By != id {
		return false, false
	}
	return true, i.Holder.More
}

// Missed holds missed slots that are reported together: Count of them, from the run First to
// the run Last. The first of them was recorded at Since.
type Missed struct {
	Count int       `json:"count"`
	First string    `json:"first"`
	Last  string    `json:"last"`
	Since time.Time `json:"since"`
}

// Miss adds a missed slot, given by its run, that was recorded at the given time.
func (i Item) Miss(id string, at time.Time) Item {
	m := Missed{Count: 1, First: id, Last: id, Since: at}
	if was := i.Missed; was != nil {
		m = Missed{Count: was.Count + 1, First: min(was.First, id), Last: max(was.Last, id), Since: was.Since}
	}
	i.Missed = &m
	return i
}

// FailsSince returns FailingSince; now if it is still to come, because a clock was ahead.
func (i Item) FailsSince(now time.Time) time.Time {
	if i.FailingSince.After(now) {
		return now
	}
	return i.FailingSince
}

// Bounds of how long missed slots wait to be reported together, if the job is known to miss
// slots.
const (
	minMissedWait = 5 * time.Minute
	maxMissedWait = time.Hour
)

// MissedDue reports whether missed slots are to be reported now. The first is reported at
// once. While people know the job to be failing, its missed slots are reported at intervals of
// a quarter of the time since it began to fail, but at least 5 minutes and at most an hour.
// Missed slots from a period of failures that has ended are still found one by one, each once
// StartWithin has passed; these are reported together.
func (i Item) MissedDue(now time.Time) bool {
	within := time.Duration(i.Plan.StartWithin)
	switch {
	case i.Missed == nil:
		return false
	case !i.FailingSince.IsZero():
		return now.Sub(i.ToldMissed) >= min(max(now.Sub(i.FailingSince)/4, minMissedWait), maxMissedWait)
	case i.ToldMissed.IsZero(), i.ToldMissed.Add(within + maxMissedWait).Before(i.RecoveredAt): // it recovered from something else
		return true
	case now.Before(i.RecoveredAt.Add(within + time.Minute)):
		return now.Sub(i.Missed.Since) >= min(within, maxMissedWait)
	}
	return true
}

// All is the name of the item that holds pauses of all jobs. No job can have it.
const All = "*"

// MaxPauses is how many pauses an item keeps, unless more of them may still be needed: those
// that have not been over for KeepFormer, but not more than MaxPausesNeeded.
const (
	MaxPauses       = 20
	MaxPausesNeeded = 200
)

// mostSaid is how many bytes the texts of an item's pauses have together: twenty pauses of the
// greatest texts, 8 KB each. An item of DynamoDB holds 400 KB (Amazon DynamoDB developer guide,
// "Quotas"). If it were full, no run could start or end that takes or frees the job's lock.
const mostSaid = 200 << 10

// Plan is the part of a definition that decides which slots there are and when a slot is
// missed.
type Plan struct {
	Schedule    string   `json:"schedule,omitempty"`
	Timezone    string   `json:"timezone,omitempty"`
	Disabled    bool     `json:"disabled,omitempty"`
	StartWithin Duration `json:"startWithin,omitempty"`
	CatchUp     CatchUp  `json:"catchUp,omitempty"`
	When
}

// Equal reports whether both plans are the same.
func (p Plan) Equal(o Plan) bool {
	a, errA := json.Marshal(p)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// Plan is the part of the definition that an Item copies.
func (j Job) Plan() Plan {
	return Plan{Schedule: j.Schedule, Timezone: j.Zone(), Disabled: j.Disabled, StartWithin: Duration(j.Late()), CatchUp: j.CatchUp, When: j.When}
}

// Pause keeps slots from being run, from From up to but not including To. If To is zero, the
// pause has no end.
type Pause struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Until writes To exactly, for people: a slot may lie in the last minute.
func (p Pause) Until() string {
	if p.To.Equal(p.To.Truncate(time.Minute)) {
		return UTC(p.To)
	}
	return p.To.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Covers reports whether the pause is in force at a time.
func (p Pause) Covers(at time.Time) bool {
	return !at.Before(p.From) && (p.To.IsZero() || at.Before(p.To))
}

// Skip is a request to skip the next slot.
type Skip struct {
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// PausedAt gives the pause in force at a time, or nil.
func (i *Item) PausedAt(at time.Time) *Pause {
	for n := len(i.Pauses) - 1; n >= 0; n-- {
		if i.Pauses[n].Covers(at) {
			return &i.Pauses[n]
		}
	}
	return nil
}

// PausedAt gives the pause that a job is in at a time, or nil. Its own pause comes before the
// pause of all jobs.
func PausedAt(item, all *Item, at time.Time) *Pause {
	return cmp.Or(item.PausedAt(at), all.PausedAt(at))
}

// GoesOn gives the time at which a schedule runs again that is paused at the given time, by
// its own pause or the pause of all jobs. It is the given time if the schedule is not paused,
// and zero if somebody must resume it.
func GoesOn(item, all *Item, at time.Time) time.Time {
	for p := PausedAt(item, all, at); p != nil; p = PausedAt(item, all, at) {
		if at = p.To; at.IsZero() {
			break
		}
	}
	return at
}

// AddPause adds a pause. A pause that is in force ends where the new one begins. It drops old
// ones by which no slot is judged any more, and of long texts the oldest.
func (i *Item) AddPause(p Pause) {
	i.EndPause(p.From)
	i.Pauses = append(i.Pauses, p)
	drop := max(0, len(i.Pauses)-MaxPauses)
	for n, old := range i.Pauses[:drop] {
		if old.To.IsZero() || old.To.After(p.From.Add(-KeepFormer)) {
			drop = n
			break
		}
	}
	i.Pauses = i.Pauses[max(drop, len(i.Pauses)-MaxPausesNeeded):]
	left := mostSaid
	for n := len(i.Pauses) - 1; n >= 0; n-- {
		p := &i.Pauses[n]
		if left -= len(p.By) + len(p.Reason); left < 0 {
			p.By, p.Reason = "", ""
		}
	}
}

// EndPause ends the pause in force at a time. ok reports whether there was one.
func (i *Item) EndPause(at time.Time) (ok bool) {
	i.Pauses = slices.Clone(i.Pauses)
	if p := i.PausedAt(at); p != nil {
		p.To = at
		return true
	}
	return false
}
