package job

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Item is what the control plane keeps of a job beside its definitions: one
// item per job, written under an optimistic lock.
type Item struct {
	Name string `json:"name"`
	// Definition is the hash of the newest definition.
	Definition string `json:"definition"`
	// Gone is whether the job is no longer in the registry. It was last there at
	// SeenAt, and not any more at GoneAt; both stay when it comes back.
	Gone   bool      `json:"gone,omitempty"`
	SeenAt time.Time `json:"seenAt,omitzero"`
	GoneAt time.Time `json:"goneAt,omitzero"`
	// Plan is copied from the newest definition, so that slots can be judged
	// without reading every definition. It is in force since Since: slots before
	// belong to a former plan, if to any.
	Plan  Plan      `json:"plan,omitzero"`
	Since time.Time `json:"since,omitzero"`
	// Modified is when the registry was given the newest definition, by its own clock;
	// zero where it did not say, or that was not kept yet.
	Modified time.Time `json:"modified,omitzero"`
	// Former are definitions that were replaced, the oldest first; see Deploy.
	Former []Former `json:"former,omitempty"`
	// KnownAt is when the plans were last found to have changed. A check of the
	// slots that was further by then goes back to Recheck.
	KnownAt time.Time `json:"knownAt,omitzero"`
	Recheck time.Time `json:"recheck,omitzero"`

	// FailingSince is when the oldest told failure since the last success
	// ended; zero when the last run that ended was good or none was told.
	FailingSince time.Time `json:"failingSince,omitzero"`
	// RecoveredAt is when the run ended that ended the last time of failing.
	RecoveredAt time.Time `json:"recoveredAt,omitzero"`
	// Missed are the missed slots that nobody was told of yet, nil when there are
	// none; ToldMissed is when some last were.
	Missed     *Missed   `json:"missed,omitempty"`
	ToldMissed time.Time `json:"toldMissed,omitzero"`
	// CalendarTold is which end of the calendar people were last told of: its last
	// day, and whether it is near or over.
	CalendarTold string `json:"calendarTold,omitempty"`
	// Holder says which open run the last slots were skipped for; nil when none were,
	// or it has ended.
	Holder *Holder `json:"holder,omitempty"`
	// Shift is what is made of a start at a minute that the plan does not have; nil
	// where there was none.
	Shift *Shift `json:"shift,omitempty"`
	// Late is when a slot that a later one had overtaken was last started.
	Late time.Time `json:"late,omitzero"`
	// Pauses are the newest pauses, the oldest first; at most MaxPauses.
	Pauses []Pause `json:"pauses,omitempty"`
	// SkipNext asks for the next slot to be skipped; nil when nobody did.
	SkipNext *Skip `json:"skipNext,omitempty"`
	// Lock is the open run of a job that is Exclusive, Waiting the run that
	// waits for its end; "" when there is none.
	Lock    string `json:"lock,omitempty"`
	Waiting string `json:"waiting,omitempty"`

	// Rev is the optimistic lock: the revision this value was read at.
	Rev int64 `json:"-"`
}

// Holder is an open run that forbids others: the last slots, one or more, were
// skipped for it.
type Holder struct {
	By   string `json:"by"`
	More bool   `json:"more,omitempty"`
}

// HoldBack notes that a slot was skipped for an open run. changed is whether that
// is news: it is for the first slot and for the second.
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

// HeldBy is whether a run has held back a slot, and whether more than one.
func (i Item) HeldBy(id string) (held, more bool) {
	if i.Holder == nil || i.Holder.By != id {
		return false, false
	}
	return true, i.Holder.More
}

// Missed are missed slots that are told together: Count of them, from the run
// First to the run Last, the first of which was recorded at Since.
type Missed struct {
	Count int       `json:"count"`
	First string    `json:"first"`
	Last  string    `json:"last"`
	Since time.Time `json:"since"`
}

// Miss adds a missed slot, by its run, that was recorded at a time.
func (i Item) Miss(id string, at time.Time) Item {
	m := Missed{Count: 1, First: id, Last: id, Since: at}
	if was := i.Missed; was != nil {
		m = Missed{Count: was.Count + 1, First: min(was.First, id), Last: max(was.Last, id), Since: was.Since}
	}
	i.Missed = &m
	return i
}

// Bounds of how long the missed slots of a job that is known to miss slots wait
// to be told together.
const (
	minMissedWait = 5 * time.Minute
	maxMissedWait = time.Hour
)

// MissedDue is whether missed slots are to be told now: the first at once, those
// of a job that people know to be failing every quarter of the time since it has. Those
// of a time that is over are found one by one, each once StartWithin has passed, and told
// together.
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

// MaxPauses is how many pauses an item keeps: enough to judge the slots of the
// last day, which no person pauses more often.
const MaxPauses = 20

// Plan is what of a definition decides which slots there are and when they are
// missed.
type Plan struct {
	Schedule    string   `json:"schedule,omitempty"`
	Timezone    string   `json:"timezone,omitempty"`
	Disabled    bool     `json:"disabled,omitempty"`
	StartWithin Duration `json:"startWithin,omitempty"`
	CatchUp     CatchUp  `json:"catchUp,omitempty"`
	When
}

// Equal is whether both plans say the same.
func (p Plan) Equal(o Plan) bool {
	a, errA := json.Marshal(p)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// Plan is the part of the definition that an Item copies.
func (j Job) Plan() Plan {
	return Plan{Schedule: j.Schedule, Timezone: j.Zone(), Disabled: j.Disabled, StartWithin: Duration(j.Late()), CatchUp: j.CatchUp, When: j.When}
}

// Pause keeps slots from From up to, and not including, To from being run; a
// zero To is open.
type Pause struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Until says To for people, exactly: a slot may lie in the last minute.
func (p Pause) Until() string {
	layout := "2006-01-02 15:04 UTC"
	if !p.To.Equal(p.To.Truncate(time.Minute)) {
		layout = "2006-01-02 15:04:05 UTC"
	}
	return p.To.UTC().Format(layout)
}

// Covers is whether the pause is in force at a time.
func (p Pause) Covers(at time.Time) bool {
	return !at.Before(p.From) && (p.To.IsZero() || at.Before(p.To))
}

// Skip is a request to skip the next slot.
type Skip struct {
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// PausedAt is the pause in force at a time, nil when there is none.
func (i *Item) PausedAt(at time.Time) *Pause {
	for n := len(i.Pauses) - 1; n >= 0; n-- {
		if i.Pauses[n].Covers(at) {
			return &i.Pauses[n]
		}
	}
	return nil
}

// PausedAt is the pause that a job is in at a time, its own before that of all; nil where
// it is in none.
func PausedAt(item, all *Item, at time.Time) *Pause {
	return cmp.Or(item.PausedAt(at), all.PausedAt(at))
}

// GoesOn is when a schedule goes on that is paused at a time, by itself or with all: that
// time where it is not paused, zero where somebody must resume it.
func GoesOn(item, all *Item, at time.Time) time.Time {
	for p := PausedAt(item, all, at); p != nil; p = PausedAt(item, all, at) {
		if at = p.To; at.IsZero() {
			break
		}
	}
	return at
}

// AddPause adds a pause; one that is in force ends where the new one begins.
func (i *Item) AddPause(p Pause) {
	i.EndPause(p.From)
	i.Pauses = append(i.Pauses, p)
	i.Pauses = i.Pauses[max(0, len(i.Pauses)-MaxPauses):]
}

// EndPause ends the pause in force at a time; ok is whether there was one.
func (i *Item) EndPause(at time.Time) (ok bool) {
	i.Pauses = slices.Clone(i.Pauses)
	if p := i.PausedAt(at); p != nil {
		p.To = at
		return true
	}
	return false
}
