package port

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Registry is asked about one job whose slots would otherwise be judged by a reading some
// minutes old.
type Registry interface {
	// Renew returns a job as it was at that time or later: its schedules are read if what is
	// known of them is older. That a job is gone is always known as of a minute ago or later,
	// because an older finding may have missed that the job was made again. The zero Renewal
	// means that nothing can be known. An error means that nobody could tell just now.
	Renew(ctx context.Context, name string, at time.Time) (Renewal, error)
}

// Registered is a job as the registry holds it, with the hash of its definition.
type Registered struct {
	job.Job
	Hash string
}

// Register returns the Registered of a job.
func Register(j job.Job) Registered { return Registered{Job: j, Hash: j.Hash()} }

// Reading is what was read of the registry.
type Reading struct {
	// Jobs are its jobs as far as they are known, each once. Broken are the names of jobs
	// that are not among them because one of their schedules cannot be used.
	Jobs   []Registered
	Broken []string
	// Whole is when the reading of all of it began: a job that is not among Jobs has left
	// since then. It is zero if not all was read; then no job is gone because it is missing.
	Whole time.Time
}

// Renewal is what is known about one job.
type Renewal struct {
	// Job is the job as it is; nil if that cannot be known or it is gone.
	Job *Registered
	// Gone says that the job left the registry, as far as whoever was asked knows. It was
	// last there at Seen and found to be gone at Found. What became known later is about a
	// job that was made again.
	Gone        bool
	Seen, Found time.Time
	// Unproved says that no usable schedule carries the job, and that an unusable one may.
	// Nothing of the job is then started that no trigger asked for.
	Unproved bool
}

// Schedules is the registry, asked about one schedule.
type Schedules interface {
	// Schedule returns the job that a schedule of the stack's group carries now, as sync
	// completes it. An error that wraps ErrNotFound means that the group has no such schedule
	// or that it carries no job. Any other error means that nobody could tell.
	Schedule(ctx context.Context, arn string) (job.Job, error)
	// Ours reports whether an ARN is that of a schedule of the stack's group. It looks only
	// at the ARN and does not ask whether the schedule exists.
	Ours(arn string) bool
}

// ListedAtOnce is the largest number of schedules of a group that the sweep lists each minute.
const ListedAtOnce = 2000

// Applied is the name of a schedule, switched off and without a job, to which `apply` writes after it
// has changed a group that is listed in laps. The permission to deploy is enough to write it.
const Applied = ".applied"
