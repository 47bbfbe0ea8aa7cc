package job

import (
	"slices"
	"time"
)

// Former is a definition that was a job's newest up to To.
type Former struct {
	Definition string    `json:"definition"`
	To         time.Time `json:"to"`
	// Plan was in force after From and up to To. It is nil if the definition had no slots, or
	// if it had the same plan as the definition that replaced it, whose plan then counts from
	// the earlier time.
	Plan *Plan     `json:"plan,omitempty"`
	From time.Time `json:"from,omitzero"`
	// Seen is up to when the plan is known to have been in force, if the job left the
	// registry for longer than a deploy takes to replace it. It left at some time after Seen
	// and up to To. Otherwise Seen is zero.
	Seen time.Time `json:"seen,omitzero"`
}

// Until gives the time up to which the plan is known to have been in force.
func (f Former) Until() time.Time {
	if f.Seen.IsZero() {
		return f.To
	}
	return f.Seen
}

// KeepFormer is how long an item keeps a definition that was replaced. Nobody starts a slot
// later than MaxStartWithin after a window of MaxWindow; one more day allows for a late check
// of the slots.
const KeepFormer = MaxStartWithin + MaxWindow + 24*time.Hour

// MaxFormer is the most former definitions that an item keeps. Every sweep reads every item:
// ten of them add 1 KB to one, or 50 KB if each plan names maxDates days. The first to go is
// the oldest that has no slot still to be judged. If people change a job's plan more often
// than that while its slots may still start late, a missed slot of the oldest plan may not be
// reported.
const MaxFormer = 10

// absence is how long a job may be absent from the registry. If the registry does not say
// when it changed a job, a job that was absent for less counts as never gone. If it does say
// so, a short absence is that of a deploy that replaces the job, which takes minutes: the job's
// slots up to GoneAt then count.
const absence = time.Hour

// Deploy gives the item once the registry has been found to hold a definition with that hash
// and plan. modified is when the registry was given the definition; it is zero if the registry
// does not say. checked is up to when the slots were checked. The former plan is in force up
// to the change and the new plan from then on. A new job has no slots that are late. A job
// that comes back unchanged goes on as before, unless it really was away. changed reports
// whether the item changed.
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

// atMost keeps n of the former definitions. It changes the slice.
func atMost(n int, kept []Former, checked time.Time) []Former {
	for len(kept) > n {
		first := max(0, slices.IndexFunc(kept, func(f Former) bool { return !f.pending(checked) }))
		kept = slices.Delete(kept, first, first+1)
	}
	return kept
}

// pending reports whether a slot of the plan may not be judged yet, if slots were checked up
// to the given time. A slot is judged once it can no longer start.
func (f Former) pending(checked time.Time) bool {
	return f.Plan != nil && checked.Before(f.To.Add(time.Duration(f.Plan.StartWithin)))
}

// recheck gives the time from which on slots have not been checked by the plans that are now
// known: the change, or when the job was last seen, or an earlier Recheck that the check has
// not gone back to yet.
func (i Item) recheck(since, checked time.Time) time.Time {
	if i.Gone {
		since = earlier(i.SeenAt, since)
	}
	if !i.KnownAt.IsZero() && !checked.After(i.KnownAt) {
		since = earlier(i.Recheck, since)
	}
	return since
}

// replaced gives the newest definition as a former one, which another replaced at a time, or
// which had left by itself before.
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

// Leave gives the item of a job that the registry no longer holds. seen is when the registry
// last held it; zero if that is not known.
func (i Item) Leave(seen, now time.Time) Item {
	i.Gone, i.SeenAt, i.GoneAt = true, later(seen, i.Since), now
	return i
}

// FoundOutAt gives the time of the last discovery about the job: that its plans changed, or
// that it left.
func (i Item) FoundOutAt() time.Time {
	if i.Gone {
		return later(i.KnownAt, i.GoneAt)
	}
	return i.KnownAt
}

// changedAt gives the time at which the registry was given the new definition. A time that is
// not after Modified is not the time of this change, because the registry gives no time for a
// change of a rule; then changedAt gives now.
func (i Item) changedAt(modified, now time.Time) time.Time {
	switch {
	case i.Definition == "" || modified.IsZero() || modified.After(now):
		return now
	case i.Modified.IsZero() && (modified.Before(i.KnownAt) || modified.Before(i.Since)):
		return now
	case !modified.After(i.Modified):
		return now
	}
	return later(modified, i.Since)
}

// Away reports whether a job that comes back really was away, not just absent from an answer.
func (i Item) Away(modified, now time.Time) bool {
	if !i.Gone || modified.IsZero() {
		return i.Gone && now.Sub(i.GoneAt) > absence
	}
	return modified.After(i.GoneAt)
}

// former gives the replaced definitions that are still of use.
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

// Held reports whether the definition is the job's newest, or was replaced or left with the
// job only after the slot. A trigger that brings it for that slot then comes from what was
// deployed.
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

// Runs reports whether the plan has slots.
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
