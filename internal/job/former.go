package job

import (
	"slices"
	"time"
)

// Former is a definition that was a job's newest one up to To.
type Former struct {
	Definition string    `json:"definition"`
	To         time.Time `json:"to"`
	// Plan was in force after From and up to To. It is nil where the definition
	// had no slots, or the same plan as the one that replaced it, which then
	// counts from before.
	Plan *Plan     `json:"plan,omitempty"`
	From time.Time `json:"from,omitzero"`
	// Seen is up to when the plan is known to have been in force, where the job left
	// the registry for more than a deploy that replaces it: it did so some time up to
	// To. It is zero where the job did not.
	Seen time.Time `json:"seen,omitzero"`
}

// Until is up to when the plan was in force, as far as is known.
func (f Former) Until() time.Time {
	if f.Seen.IsZero() {
		return f.To
	}
	return f.Seen
}

// KeepFormer is for how long an item keeps a definition that was replaced:
// nobody starts a slot later than that (MaxStartWithin after a window of
// MaxWindow), and a day is for a check of the slots that comes late.
const KeepFormer = MaxStartWithin + MaxWindow + 24*time.Hour

// MaxFormer is how many an item keeps at most. Every sweep reads every item: with
// ten, one has 1 KB more, or 50 KB where each plan names MaxDates days. What goes first
// has no slot that is still to be judged. Who changes the plan of a job more often
// within the time that its slots may start late may, for a slot of the oldest, not be
// told that it was missed.
const MaxFormer = 10

// absence is how long a job may be absent from a registry that does not say when
// it changed a job, and still count as never gone; and how long from one that does, and
// still be one that a deploy replaced, so that its slots up to then count. Such a deploy
// takes minutes.
const absence = time.Hour

// Deploy is the item once the registry has been found to hold a definition with
// that hash and plan, which it was given at modified; zero where the registry does
// not say. checked is up to when the slots were checked. The plan that was in
// force before is so up to then, and what is new is so from then on. Of a job that
// is new nothing is late, and one that comes back as it was goes on as before,
// unless it really was away. changed is whether anything is new.
func (i Item) Deploy(hash string, plan Plan, modified, checked, now time.Time) (next Item, changed bool) {
	kept := i.former(checked, now)
	isNew, away := i.Definition == "", i.Away(modified, now)
	replanned := isNew || away || !i.Plan.Equal(plan)
	if !replanned && i.Definition == hash && !i.Gone {
		changed = len(kept) < len(i.Former)
		i.Former = kept
		return i, changed
	}
	since := i.changedAt(modified, now)
	if !isNew && (replanned || i.Definition != hash) {
		kept = append(kept, i.replaced(since, away, replanned))
	}
	i.Recheck, i.KnownAt = i.recheck(since, checked), now
	if replanned {
		i.Plan, i.Since, i.Shift = plan, since, nil
	}
	i.Former = atMost(MaxFormer, kept, checked)
	i.Definition, i.Modified, i.Gone = hash, modified.UTC(), false
	return i, true
}

// atMost leaves so many of the former ones, which it changes.
func atMost(n int, kept []Former, checked time.Time) []Former {
	for len(kept) > n {
		first := max(0, slices.IndexFunc(kept, func(f Former) bool { return !f.pending(checked) }))
		kept = slices.Delete(kept, first, first+1)
	}
	return kept
}

// pending is whether a slot of it may not be judged yet, where slots were checked up to a
// time: each is once it could not start any more.
func (f Former) pending(checked time.Time) bool {
	return f.Plan != nil && checked.Before(f.To.Add(time.Duration(f.Plan.StartWithin)))
}

// recheck is from when on slots have not been checked by the plans that are now
// known: since the change, since the job was last seen, or since what became known
// before and was not gone back to yet.
func (i Item) recheck(since, checked time.Time) time.Time {
	if i.Gone {
		since = earlier(i.SeenAt, since)
	}
	if !i.KnownAt.IsZero() && !checked.After(i.KnownAt) {
		since = earlier(i.Recheck, since)
	}
	return since
}

// replaced is what was the newest definition as a former one, replaced at a time by
// another, or since it was away by itself.
func (i Item) replaced(at time.Time, away, replanned bool) Former {
	f := Former{Definition: i.Definition, To: at}
	if away {
		if f.To = i.GoneAt; at.Sub(i.GoneAt) > absence {
			f.Seen = i.SeenAt
		}
	}
	if plan := i.Plan; replanned && plan.Runs() && i.Since.Before(f.Until()) {
		f.Plan, f.From = &plan, i.Since
	}
	return f
}

// Leave is the item of a job that the registry does not hold any more, as it did
// at seen; zero where that is not known.
func (i Item) Leave(seen, now time.Time) Item {
	i.Gone, i.SeenAt, i.GoneAt = true, later(seen, i.Since), now
	return i
}

// FoundOutAt is when somebody last found out what the job is: that its plans changed, or
// that it left.
func (i Item) FoundOutAt() time.Time {
	if i.Gone {
		return later(i.KnownAt, i.GoneAt)
	}
	return i.KnownAt
}

// changedAt is when the registry was given what is new. A time that is not later than
// that of what it held until now is not that of this change: of a rule it says none.
func (i Item) changedAt(modified, now time.Time) time.Time {
	switch {
	case i.Definition == "" || modified.IsZero() || modified.After(now):
		return now
	case i.Modified.IsZero() && (modified.Before(i.KnownAt) || modified.Before(i.Since)):
		return now
	case !i.Modified.IsZero() && !modified.After(i.Modified):
		return now
	}
	return later(modified, i.Since)
}

// Away is whether a job that comes back really was away, and not only absent from
// an answer.
func (i Item) Away(modified, now time.Time) bool {
	if !i.Gone || modified.IsZero() {
		return i.Gone && now.Sub(i.GoneAt) > absence
	}
	return modified.After(i.GoneAt)
}

// former are the replaced definitions that are still of use.
func (i Item) former(checked, now time.Time) []Former {
	until := earlier(checked, now).Add(-KeepFormer)
	var kept []Former
	for _, f := range i.Former {
		if !f.To.Before(until) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Held is whether a definition is the job's newest, or one that was replaced, or
// that left with the job, after a slot: who comes with it for that slot comes from
// what was deployed.
func (i Item) Held(hash string, slot time.Time) bool {
	if i.Definition == hash && (!i.Gone || !slot.After(i.GoneAt)) {
		return true
	}
	for _, f := range i.Former {
		if f.Definition == hash && !slot.After(f.To) {
			return true
		}
	}
	return false
}

// Runs is whether the plan has slots.
func (p Plan) Runs() bool { return p.Schedule != "" && !p.Disabled }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
