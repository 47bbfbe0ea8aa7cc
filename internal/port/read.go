package port

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Reader is what people's tools read of a control plane. Nothing is decided by it, so it may
// lag a moment behind what was written. Every store is a Reader; package storetest tests the
// contract.
type Reader interface {
	// Run, Item, Items, Definition, Due, Mark and Kept are those of Store.
	Run(ctx context.Context, id run.ID) (run.Run, error)
	Item(ctx context.Context, name string) (job.Item, error)
	Items(ctx context.Context) ([]job.Item, error)
	Definition(ctx context.Context, hash string) (job.Job, error)
	Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error)
	Mark(ctx context.Context, name string) (time.Time, error)
	Kept(ctx context.Context, limit int) ([]Kept, error)

	// Asked returns people's requests, the newest first. A request that cannot be read is among
	// them as an UnreadableAsked, with what else is known of it.
	Asked(ctx context.Context, q AskedQuery) ([]Asked, error)
	// Walk goes through the runs that w selects, the newest ScheduledFor first and those of
	// one time by id, the greatest first. It leaves out runs that cannot be read; a run that
	// a newer batchplane wrote is an ErrNewer. It reads as it goes, so a caller that stops
	// early pays for little more than what it has seen. An error comes last.
	Walk(ctx context.Context, w Walk) iter.Seq2[run.Run, error]
	// Newest returns the n newest runs of each job, in the order of Walk. A job that has none
	// is not in the answer. A run that a newer batchplane wrote is an ErrNewer.
	Newest(ctx context.Context, jobs []string, n int) (map[string][]run.Run, error)
	// Definitions returns those of the hashes that exist.
	Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error)
}

// Feed is what a Reader may implement as well: it says which runs have changed, so that
// whoever remembers runs need not read them all again.
type Feed interface {
	// Place returns where the changes stand now. An error means that there is no feed.
	Place(ctx context.Context) (int64, error)
	// Changed returns up to limit runs that changed after a place, each once and as it is
	// now, and the place after them. It does not report runs that were removed.
	Changed(ctx context.Context, after int64, limit int) (runs []run.Run, next int64, err error)
}

// At reports whether the query wants runs scheduled for a time.
func (q Query) At(scheduledFor time.Time) bool {
	return !scheduledFor.Before(q.Since) && (q.Until.IsZero() || !scheduledFor.After(q.Until))
}

// Walk selects runs; zero fields select all.
type Walk struct {
	// Jobs are the names of the jobs whose runs are selected.
	Jobs     []string
	Statuses []run.Status
	// Since and Until are the earliest and the latest ScheduledFor.
	Since, Until time.Time
	// EndsFrom, unless it is zero, is when the wanted period begins: runs scheduled before it
	// that had ended by then may be left out.
	EndsFrom time.Time
	// Past leaves out, of the runs at Until, itself and those before it in the order, so that
	// this walk goes on where an earlier one stopped.
	Past run.ID
	// Match is asked about a run before it is read; nil accepts every run.
	Match func(run.ID) bool
	// Unread, unless it is nil, is called with the id of each run that is left out because it
	// cannot be read and that the walk wants as far as its keys tell, and with the run's
	// ScheduledFor, or the zero time if the keys do not tell that. Several goroutines may call
	// it at once, and more than once for one run.
	Unread func(id run.ID, at time.Time)
	// Newer, unless it is nil, is called with the id of each run that a newer batchplane wrote,
	// one after the other. The walk then leaves that run out and is not ended by it.
	Newer func(id run.ID)
	// Page is how many runs are likely to be wanted; 0 means 100.
	Page int
}

// NoteUnread calls Unread for a run that cannot be read, if the walk wants that run. at is
// zero if it is not known.
func (w Walk) NoteUnread(id run.ID, at time.Time) {
	if at.IsZero() {
		w.Since, w.Until, w.Past = time.Time{}, time.Time{}, ""
	}
	if w.Unread != nil && w.Wants(id, at) {
		w.Unread(id, at)
	}
}

// Wants reports whether the walk wants a run with that id and time, as far as these tell.
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

// WantsStatus reports whether the walk wants runs of that status.
func (w Walk) WantsStatus(s run.Status) bool {
	return len(w.Statuses) == 0 || slices.Contains(w.Statuses, s)
}
