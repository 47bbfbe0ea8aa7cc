package notice

import (
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// OweMissed makes the run of the newest missed slot owe the notice about all of them, and the
// job fail since the oldest was recorded, unless that run has been retried and has succeeded.
// owed is false if the job wants to hear only of its first failure and has heard of it.
func OweMissed(item job.Item, r run.Run, j *job.Job, now time.Time, t run.Timing) (next job.Item, after run.Run, owed bool) {
	if owed = !j.Notify.FirstOnly || item.FailingSince.IsZero(); owed {
		r.Owed = slices.Clone(r.Owed)
		r.OweMissed(string(Missed), item.Missed.Count, run.ID(item.Missed.First), now, t)
	}
	next = MissedTold(item, now)
	if r.Status == run.Succeeded { // a person retried it before anybody was told
		next.FailingSince = item.FailingSince
	}
	return next, r, owed
}

// MissedTold returns the job's item once its missed slots need no further notice.
func MissedTold(item job.Item, now time.Time) job.Item {
	if item.FailingSince.IsZero() {
		item.FailingSince = item.Missed.Since
	}
	item.Missed, item.ToldMissed = nil, now
	return item
}

// AfterEnd returns the job's item after one of its runs ended: failing since its oldest reported
// failure, or no longer failing, and with one more missed slot to report. changed reports
// whether the item must be written. For a job that reports only its first failure, each bad
// end changes it, because a success that comes in between changes what is reported. For other
// jobs a further bad end changes nothing, and StillFails makes up for such a success.
func AfterEnd(item job.Item, after *run.Run, j *job.Job) (next job.Item, changed bool) {
	if after.Status == run.Skipped && after.HeldBy != "" {
		return item.HoldBack(string(after.HeldBy))
	}
	if held, _ := item.HeldBy(string(after.ID)); held {
		item.Holder, changed = nil, true
	}
	switch {
	case after.Status == run.Missed:
		return item.Miss(string(after.ID), after.FinishedAt), true
	case after.Status == run.Failed && item.FailingSince.IsZero():
		item.FailingSince = after.FinishedAt
	case after.Status == run.Failed:
		return item, changed || j.Notify.FirstOnly
	case after.Status == run.Succeeded && !item.FailingSince.IsZero():
		item.FailingSince, item.RecoveredAt = time.Time{}, after.FinishedAt
	default:
		return item, changed
	}
	return item, true
}

// StillFails returns the job's item when a run's failure is reported. The job then fails,
// even if a success that was decided at the same time and ended before the failure said
// otherwise. changed reports whether the item must be written.
func StillFails(item job.Item, r *run.Run) (next job.Item, changed bool) {
	if !item.FailingSince.IsZero() || !r.FinishedAt.After(item.RecoveredAt) {
		return item, false
	}
	item.FailingSince = r.FinishedAt
	return item, true
}
