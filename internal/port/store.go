package port

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Store keeps runs, job items and definitions. A read sees every write that returned before
// it. Package storetest tests the contract.
type Store interface {
	// Run returns a run with its Rev. It returns ErrNotFound if there is none and
	// ErrUnreadable if it cannot be read.
	Run(ctx context.Context, id run.ID) (run.Run, error)
	// Commit writes a run, a job item or both, all or nothing, and only if each is still at
	// the Rev it carries (0: it must not exist); otherwise it returns ErrConflict. What it
	// writes is then at Rev+1.
	Commit(ctx context.Context, c Change) error
	// Due returns at most limit open runs of a lane whose DueAt is not after now, the
	// earliest first. It leaves out runs that cannot be read and, once it has read the
	// others, names them in an *UnreadableError. A store may miss a run for a moment while
	// its index lags behind; what it returns is current.
	Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error)
	// Rest makes Due of this value pass over a run that it returned, between the two times,
	// unless somebody has written the run since, other than as Change.KeepsPlace describes.
	// When Due returns the run after that, it has been due since until. Rests are remembered,
	// not stored: a process that starts anew is given the run.
	Rest(r run.Run, from, until time.Time)
	// SetAside takes an unreadable run out of the lanes and keeps its content. It leaves a
	// run alone that is no longer in a lane.
	SetAside(ctx context.Context, id run.ID, reason string) error
	// Exist reports which of the runs exist.
	Exist(ctx context.Context, ids []run.ID) (map[run.ID]bool, error)
	// Runs returns runs, the newest ScheduledFor first. It may miss what was written a moment
	// ago.
	Runs(ctx context.Context, q Query) ([]run.Run, error)

	// Item returns a job's item with its Rev, or ErrNotFound. Items returns all items, by
	// name; it leaves out those that cannot be read and returns an *UnreadableItemsError
	// beside the others.
	Item(ctx context.Context, name string) (job.Item, error)
	Items(ctx context.Context) ([]job.Item, error)

	// Definition returns the definition with that hash, or ErrNotFound. Definitions returns
	// those that exist and may miss what was written a moment ago. PutDefinition writes a
	// definition under its hash; writing it again is no error.
	Definition(ctx context.Context, hash string) (job.Job, error)
	Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error)
	PutDefinition(ctx context.Context, j job.Job) error

	// Keep stores an input that could not be used, with the reason. Kept returns at most
	// limit kept inputs, the newest first. Settle removes one that Kept returned; if it is no
	// longer there, it returns ErrNotFound.
	Keep(ctx context.Context, k Kept) error
	Kept(ctx context.Context, limit int) ([]Kept, error)
	Settle(ctx context.Context, k Kept) error

	// PutAsked writes a person's request under its At and ID, replacing what is there.
	PutAsked(ctx context.Context, a Asked) error

	// PutPending writes a pending slot under its ID, replacing what is there. Pending returns
	// at most limit slots that are not done, the oldest first; it may miss what was written a
	// moment ago. It passes over those that cannot be read, and names them in an
	// *UnreadablePendingError beside the others. DonePending makes Pending pass over one,
	// given by its ID, whether it can be read or not.
	PutPending(ctx context.Context, p Pending) error
	Pending(ctx context.Context, limit int) ([]Pending, error)
	DonePending(ctx context.Context, id string) error

	// Mark returns a named time that SetMark stored, or the zero time. MoveMark sets it only
	// if it is still at from; otherwise it returns ErrConflict. Marks keep milliseconds.
	Mark(ctx context.Context, name string) (time.Time, error)
	SetMark(ctx context.Context, name string, at time.Time) error
	MoveMark(ctx context.Context, name string, from, to time.Time) error
}

// Query selects runs; zero fields select all. A Limit of 0 means 100.
type Query struct {
	Job    string
	Status run.Status
	// Since and Until are the earliest and the latest ScheduledFor; zero is no bound.
	Since, Until time.Time
	// Scheduled leaves out runs by hand.
	Scheduled bool
	Limit     int
}

// InLaps is a Store that need not read all jobs' items to know them.
type InLaps interface {
	// ItemsInTurn returns all items by name, each as it was at asOf or later. It reads only
	// part of them, and those that this value wrote. It is for callers that read an item anew
	// before they decide by it. Items that cannot be read are reported as by Items.
	ItemsInTurn(ctx context.Context) (items []job.Item, asOf time.Time, err error)
	// ItemsOf returns the items of some jobs, as Items does.
	ItemsOf(ctx context.Context, names []string) ([]job.Item, error)
}

// UnreadableError names runs that a store holds but cannot read.
type UnreadableError struct {
	Runs map[run.ID]error
	// DueSince is when the first of them became due, as far as the store can tell without
	// reading it; zero if it cannot tell.
	DueSince time.Time
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%d unreadable runs: %v", len(e.Runs), e.Runs)
}

// UnreadableItemsError names jobs whose items a store holds but cannot read.
type UnreadableItemsError struct{ Jobs map[string]error }

func (e *UnreadableItemsError) Error() string {
	return fmt.Sprintf("the items of %d jobs cannot be read: %v", len(e.Jobs), e.Jobs)
}

// UnreadablePendingError names pending slots that a store holds but cannot read, by ID. Each
// error wraps ErrUnreadable or ErrNewer.
type UnreadablePendingError struct{ Slots map[string]error }

func (e *UnreadablePendingError) Error() string {
	return fmt.Sprintf("%d pending slots cannot be read: %v", len(e.Slots), e.Slots)
}

// Marks of the store.
const (
	// MarkSlots is up to when slots were checked.
	MarkSlots = "slots"
	// MarkSweep is when a sweep last finished its check of the slots.
	MarkSweep = "sweep"
	// MarkFailing is since when checks of the slots have failed; it counts while it is later
	// than MarkSweep.
	MarkFailing = "failing"
	// MarkRegistry is when the last reading of the registry as a whole began.
	MarkRegistry = "registry"
	// MarkLaunching is up to when one process alone launches what waits for the rate.
	MarkLaunching = "launching"
)
