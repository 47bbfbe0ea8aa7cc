// Package control holds the handlers: trigger, onstopped and look. Each one loads a run, lets
// package run decide, saves the decision with the effects it owes under the optimistic lock,
// performs them, and marks them done. A crash at any point leaves an owed effect, which a
// redelivery or a look finishes.
//
// It knows no AWS SDK and no database. It declares here what it needs of them.
package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// Errors that are returned wrapped: ErrOwed by the handlers, ErrRefused by a Launcher, the
// others by a Store.
var (
	// ErrNotFound: there is no such item.
	ErrNotFound = errors.New("not found")
	// ErrOwed is wrapped by the errors of effects that could not be performed but are saved
	// as owed. A redelivery or the look performs them.
	ErrOwed = errors.New("owed")
	// ErrRefused: ECS answered that it will not do what was asked, and would probably answer
	// the same again.
	ErrRefused = errors.New("refused")
	// ErrNewer: a newer version of this program, which is being deployed, wrote the item. It
	// is left alone.
	ErrNewer = errors.New("written by a newer version")
	// ErrUnreadable: the item exists, but nobody can read it.
	ErrUnreadable = errors.New("unreadable")
	// ErrConflict: the item is no longer at the revision that was read, or it was to be new
	// but exists.
	ErrConflict = errors.New("changed by somebody else")
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

	// PutAsked writes a person's request under its At and ID, replacing what is there. Asked
	// returns requests, the newest first; it may miss what was written a moment ago. A request that
	// cannot be read is among them as an UnreadableAsked, with what else is known of it.
	PutAsked(ctx context.Context, a Asked) error
	Asked(ctx context.Context, q AskedQuery) ([]Asked, error)

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

// Kept is an input that was received but could not be used, or the content of a run that was
// set aside.
type Kept struct {
	At     time.Time
	Reason string
	Body   []byte
	// Place is where the store keeps it.
	Place string
}

// ID derives a name from the content: 8 hex digits.
func (k Kept) ID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", k.At.UnixMilli(), k.Reason, k.Body))
	return hex.EncodeToString(sum[:4])
}

// Launcher is what control needs of ECS.
type Launcher interface {
	// Resolve pins a job's task definition to a revision. An error that wraps ErrUnlaunchable
	// is final; its text says what to fix.
	Resolve(ctx context.Context, j job.Job) (run.TaskDefinition, error)
	// Launch sends RunTask once and returns the outcome: run.Launched, run.Refused or
	// run.NoAnswer.
	Launch(ctx context.Context, l Launch) run.Event
	// Describe returns the current states of at most 100 tasks of one cluster, and the tasks
	// that ECS does not know; if the cluster is gone, that is all of them. An *UntoldError
	// comes beside the tasks that were described; any other error comes alone.
	Describe(ctx context.Context, cluster string, arns []string) (tasks []ecsevent.Task, missing []string, err error)
	// StopTask asks ECS to stop a task. If ECS does not know the task or the cluster, that is
	// no error.
	StopTask(ctx context.Context, cluster, arn, reason string) error
	// Find returns the tasks of a cluster that carry that startedBy and that nobody has asked
	// to stop. It does not find a task that is stopping or has stopped.
	Find(ctx context.Context, cluster, startedBy string) ([]string, error)
}

// UntoldError names tasks about which ECS did not say what it knows, with its reason.
type UntoldError struct{ Tasks map[string]string }

func (e *UntoldError) Error() string {
	return fmt.Sprintf("ECS does not tell of %d tasks: %v", len(e.Tasks), e.Tasks)
}

// ErrUnlaunchable marks a definition that ECS can never launch as it is.
var ErrUnlaunchable = errors.New("cannot be launched")

// Launch is everything that a RunTask request is made of. Equal Launches make equal requests:
// ECS refuses a token that comes with a different request.
type Launch struct {
	Stack        string
	Run          run.ID
	ScheduledFor time.Time
	Attempt      int
	Round        int
	Task         run.TaskDefinition
	// Job is the definition as this run launches it.
	Job job.Job
}

// RoundID identifies the launch.
func (l Launch) RoundID() run.RoundID {
	return run.RoundID{Run: l.Run, Attempt: l.Attempt, Round: l.Round}
}

// Notifier carries a notice to people and machines. If it returns an error, the notice was
// not carried and stays owed.
type Notifier interface {
	// Notify returns in took the names of the targets that took the notice.
	Notify(ctx context.Context, n notice.Notice) (took []string, err error)
}

// Logs reads a task's output.
type Logs interface {
	// Tail returns the last lines of an output, the oldest first.
	Tail(ctx context.Context, o Output, lines int) ([]string, error)
	// Where says where a person finds the whole output; "" if nowhere.
	Where(o Output) string
}

// Output identifies what the task of an attempt wrote.
type Output struct {
	Run     run.ID
	Attempt int
	TaskARN string
	Task    run.TaskDefinition
}

// Pacer limits the rate of RunTask calls of everyone who shares it.
type Pacer interface {
	// Take returns how long a call must wait. If it returns 0, the call is counted and may go
	// out now. A Pacer that holds calls back for a reason other than the rate says so in a
	// method Why.
	Take(now time.Time) (wait time.Duration)
	// Sent reports that a call goes out only now, less than a second after it was counted.
	Sent(taken, now time.Time)
}

// Control is the control plane of one stack.
type Control struct {
	Stack    string
	Store    Store
	Launcher Launcher
	// Schedules may be nil: then only what is in the jobs' items is deployed.
	Schedules Schedules
	// Registry may be nil: then the last Sync counts as a moment old.
	Registry Registry
	// Notifier may be nil: then notices stay owed, and another program calls Tell.
	Notifier Notifier
	// Zones finds the zones of the times in notices; nil means UTC.
	Zones  func(name string) (*time.Location, error)
	Logs   Logs // may be nil
	Now    func() time.Time
	Timing run.Timing
	Log    *slog.Logger
	// Dropped returns the time up to which the store has dropped runs for their age: nobody
	// can tell whether slots before it ran. It may be nil where the clock is never wrong,
	// because then nothing asks for such slots.
	Dropped func(ctx context.Context) (time.Time, error)
	// Pace limits the rate of launches. If it is nil, there is no limit, and ECS's refusals
	// are remembered.
	Pace Pacer
	// InTurns says that other processes launch at the same rate. Those that launch what waits
	// for the rate then take turns, by a mark in the store.
	InTurns bool
	// Abreast is how many runs a look handles side by side: 1 means one after the other, 0
	// means 64. It also limits how many jobs are written at a time, to at most 16.
	Abreast int
	// Wait is how LookUntil waits; if it is nil, by the machine's clock.
	Wait func(ctx context.Context, d time.Duration) error
	// Backoff is how handlers wait before they retry after somebody else's change; if it is
	// nil, they use Wait.
	Backoff func(ctx context.Context, d time.Duration) error
	// Watch, if not nil, is called after each saved change of a run.
	Watch func(j job.Job, before, after run.Run, why string)
	// RetryCommand and StopCommand are what a person types before a run's id to retry or
	// to stop it.
	RetryCommand, StopCommand string

	memories
}
