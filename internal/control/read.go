package control

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Reader is what people's tools read of a control plane. Nothing is decided by
// it, so it may be a moment behind what was written. Every store is one; the
// contract is tested by package storetest.
type Reader interface {
	// Run, Item, Items, Definition, Due and Mark are Store's, and so are Asked and Kept.
	Run(ctx context.Context, id run.ID) (run.Run, error)
	Item(ctx context.Context, name string) (job.Item, error)
	Items(ctx context.Context) ([]job.Item, error)
	Definition(ctx context.Context, hash string) (job.Job, error)
	Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error)
	Mark(ctx context.Context, name string) (time.Time, error)
	Asked(ctx context.Context, q AskedQuery) ([]Asked, error)
	Kept(ctx context.Context, limit int) ([]Kept, error)

	// Walk goes through the runs that w selects, the newest ScheduledFor first,
	// those of one time by id from the greatest down. Runs that cannot be read are
	// left out; one that a newer batchplane wrote is an ErrNewer. It reads as it goes:
	// who stops early has paid for little more than what was seen. An error is the last
	// that comes.
	Walk(ctx context.Context, w Walk) iter.Seq2[run.Run, error]
	// Newest returns the n newest runs of each job, in the order of Walk. A job
	// that has none is not in the answer. A run that a newer batchplane wrote is an
	// ErrNewer.
	Newest(ctx context.Context, jobs []string, n int) (map[string][]run.Run, error)
	// Definitions returns those of the hashes that there are.
	Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error)
}

// Feed is what a Reader may be beside: it says which runs have changed. Who remembers
// runs need not read them again then.
type Feed interface {
	// Place is where the changes stand now. An error says that there is no feed.
	Place(ctx context.Context) (int64, error)
	// Changed returns up to limit runs that changed after a place, each once and as it
	// is now, and the place behind them. Runs that were removed are not among them.
	Changed(ctx context.Context, after int64, limit int) (runs []run.Run, next int64, err error)
}

// Walk selects runs; zero fields select all.
type Walk struct {
	// Jobs are the names of the jobs whose runs are meant.
	Jobs     []string
	Statuses []run.Status
	// Since and Until are the earliest and the latest ScheduledFor.
	Since, Until time.Time
	// EndsFrom, unless it is zero, is when what is wanted begins: of the runs scheduled
	// before it those that had ended by then may be left out.
	EndsFrom time.Time
	// Past leaves out the runs of the time Until that come before it in the order,
	// and itself: where an earlier walk stopped, this one goes on.
	Past run.ID
	// Match is asked about a run before it is read; nil is yes.
	Match func(run.ID) bool
	// Page is how many runs are likely to be wanted; 0 is 100.
	Page int
}

// Wants is whether the walk wants a run of that id and time, as far as these say.
func (w Walk) Wants(id run.ID, at time.Time) bool {
	switch {
	case at.Before(w.Since),
		!w.Until.IsZero() && at.After(w.Until),
		w.Past != "" && at.Equal(w.Until) && id >= w.Past,
		len(w.Jobs) > 0 && !slices.Contains(w.Jobs, id.Job()):
		return false
	}
	return w.Match == nil || w.Match(id)
}

// WantsStatus is whether the walk wants runs of that status.
func (w Walk) WantsStatus(s run.Status) bool {
	return len(w.Statuses) == 0 || slices.Contains(w.Statuses, s)
}
