package notice

import (
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// OweMissed owes the notice of a job's missed slots by the run of the newest, and
// has the job fail since the oldest was recorded. owed is false where the job
// wants to hear of its first failure only, and has.
func OweMissed(item job.Item, r run.Run, j *job.Job, now time.Time, t run.Timing) (next job.Item, after run.Run, owed bool) {
	if owed = !j.Notify.FirstOnly || item.FailingSince.IsZero(); owed {
		r.Owed = slices.Clone(r.Owed)
		r.OweMissed(string(Missed), item.Missed.Count, run.ID(item.Missed.First), now, t)
	}
	return MissedTold(item, now), r, owed
}

// MissedTold is the job's item once its missed slots are told.
func MissedTold(item job.Item, now time.Time) job.Item {
	if item.FailingSince.IsZero() {
		item.FailingSince = item.Missed.Since
	}
	item.Missed, item.ToldMissed = nil, now
	return item
}

// Keep is the job's item after a run of it ended: failing since its oldest told
// failure, or no longer failing, and with one more missed slot that is to be told.
// changed is whether it must be written. Of a job that tells its first failure only
// that is with each bad end, since a success that comes in between changes who is
// told; of others a further bad end changes nothing, and StillFails makes up for such
// a success.
func Keep(item job.Item, after *run.Run, j *job.Job) (next job.Item, changed bool) {
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

// StillFails is the job's item where a run that failed is told: failing, also where a
// success that was decided on beside it said otherwise and ended before it. changed is
// whether it must be written.
func StillFails(item job.Item, r *run.Run) (next job.Item, changed bool) {
	if !item.FailingSince.IsZero() || !r.FinishedAt.After(item.RecoveredAt) {
		return item, false
	}
	item.FailingSince = r.FinishedAt
	return item, true
}
