// Package control holds the handlers: trigger, onstopped and look. Each loads a
// run, lets package run decide, saves the decision with the effects it owes
// under the optimistic lock, performs them, and marks them done. A crash at any
// point leaves an owed effect that a redelivery or a look finishes.
//
// It knows no AWS SDK and no database; what it needs of them it asks for here.
package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// Errors that are returned wrapped: ErrOwed by the handlers, ErrRefused by a
// Launcher, the others by a Store.
var (
	// ErrNotFound: there is no such item.
	ErrNotFound = errors.New("not found")
	// ErrOwed is wrapped by the errors of effects that could not be performed
	// but are saved as owed: a redelivery or the look performs them.
	ErrOwed = errors.New("owed")
	// ErrRefused: ECS answered that it will not do what it was asked for, and
	// asking again is likely to be answered the same.
	ErrRefused = errors.New("refused")
	// ErrNewer: the item was written by a newer version of this program, which
	// is being deployed. It is left alone.
	ErrNewer = errors.New("written by a newer version")
	// ErrUnreadable: the item is there and cannot be read, by anybody.
	ErrUnreadable = errors.New("unreadable")
	// ErrConflict: the item is not at the revision that was read, or exists
	// although it was new.
	ErrConflict = errors.New("changed by somebody else")
)

// Store keeps runs, job items and definitions. Reads see every write that
// returned before them. The contract is tested by package storetest.
type Store interface {
	// Run returns a run with its Rev, or ErrNotFound; ErrUnreadable of one that cannot
	// be read.
	Run(ctx context.Context, id run.ID) (run.Run, error)
	// Commit writes a run, a job item or both, all or nothing, and only where
	// each is still at the Rev it carries (0: it must not exist); else
	// ErrConflict. What is written is at Rev+1.
	Commit(ctx context.Context, c Change) error
	// Due returns at most limit open runs of a lane whose DueAt is not after
	// now, the earliest first. Runs that cannot be read are left out and come
	// back as an *UnreadableError, once the others have been read. A store may
	// miss a run for the moment that its index lags behind; what it returns is
	// current.
	Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error)
	// Rest has Due of this value pass over a run that it gave from a time until
	// another, unless the run has been written since, by whomever, other than as
	// Change.KeepsPlace says. Given again after that, the run has been due since
	// until. It is remembered, not stored: a process that starts anew is given the run.
	Rest(r run.Run, from, until time.Time)
	// SetAside takes an unreadable run out of the lanes and keeps what it was;
	// one that is in no lane any more is left alone.
	SetAside(ctx context.Context, id run.ID, reason string) error
	// Exist returns which of the runs exist.
	Exist(ctx context.Context, ids []run.ID) (map[run.ID]bool, error)
	// Runs returns runs, the newest ScheduledFor first. It may miss what was
	// written a moment ago.
	Runs(ctx context.Context, q Query) ([]run.Run, error)

	// Item returns a job's item with its Rev, or ErrNotFound; Items all of
	// them, by name. Those that cannot be read are left out and come back as an
	// *UnreadableItemsError, beside the others.
	Item(ctx context.Context, name string) (job.Item, error)
	Items(ctx context.Context) ([]job.Item, error)

	// Definition returns the definition of that hash, or ErrNotFound; Definitions
	// those of the hashes that there are, and it may miss what was written a moment
	// ago. PutDefinition writes one under its hash; writing it again is no error.
	Definition(ctx context.Context, hash string) (job.Job, error)
	Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error)
	PutDefinition(ctx context.Context, j job.Job) error

	// Keep stores an input that could not be used, with the reason. Kept returns at
	// most limit of them, the newest first. Settle takes one that Kept returned off
	// them; one that is not among them any more is ErrNotFound.
	Keep(ctx context.Context, k Kept) error
	Kept(ctx context.Context, limit int) ([]Kept, error)
	Settle(ctx context.Context, k Kept) error

	// PutAsked writes a person's request under its At and ID, in place of what
	// stands there. Asked returns requests, the newest first; it may miss what was
	// written a moment ago.
	PutAsked(ctx context.Context, a Asked) error
	Asked(ctx context.Context, q AskedQuery) ([]Asked, error)

	// PutPending writes a pending slot under its ID, in place of what stands there.
	// Pending returns at most limit of those that are not done, the oldest first; it
	// may miss what was written a moment ago.
	PutPending(ctx context.Context, p Pending) error
	Pending(ctx context.Context, limit int) ([]Pending, error)

	// Mark returns a named time that SetMark stored, or the zero time. MoveMark sets
	// it only where it is still at a time, else ErrConflict. Both keep milliseconds.
	Mark(ctx context.Context, name string) (time.Time, error)
	SetMark(ctx context.Context, name string, at time.Time) error
	MoveMark(ctx context.Context, name string, from, to time.Time) error
}

// UnreadableError names runs that a store holds and cannot read.
type UnreadableError struct {
	Runs map[run.ID]error
	// DueSince is since when the first of them has been due, as far as the store
	// can tell without reading it; zero where it cannot.
	DueSince time.Time
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%d unreadable runs: %v", len(e.Runs), e.Runs)
}

// UnreadableItemsError names jobs whose items a store holds and cannot read.
type UnreadableItemsError struct{ Jobs map[string]error }

func (e *UnreadableItemsError) Error() string {
	return fmt.Sprintf("the items of %d jobs cannot be read: %v", len(e.Jobs), e.Jobs)
}

// Query selects runs; zero fields select all. Limit 0 means 100.
type Query struct {
	Job    string
	Status run.Status
	// Since is the earliest ScheduledFor.
	Since time.Time
	// Scheduled leaves out runs by hand.
	Scheduled bool
	Limit     int
}

// Kept is an input that was received and could not be used, or what there is of a
// run that was set aside.
type Kept struct {
	At     time.Time
	Reason string
	Body   []byte
	// Place is where its store has it.
	Place string
}

// ID names what was kept by what it is: 8 hex digits.
func (k Kept) ID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", k.At.UnixMilli(), k.Reason, k.Body))
	return hex.EncodeToString(sum[:4])
}

// Launcher is what control needs of ECS.
type Launcher interface {
	// Resolve pins a job's task definition to a revision. An error that
	// wraps ErrUnlaunchable is final: its text says what to mend.
	Resolve(ctx context.Context, j job.Job) (run.TaskDefinition, error)
	// Launch sends RunTask once and returns what came of it: run.Launched,
	// run.Refused or run.NoAnswer.
	Launch(ctx context.Context, l Launch) run.Event
	// Describe returns the present states of tasks of one cluster, at most
	// 100, and those that ECS does not know: of a cluster that is gone, all. An
	// *UntoldError comes beside the others; with any other error there are none.
	Describe(ctx context.Context, cluster string, arns []string) (tasks []ecsevent.Task, missing []string, err error)
	// StopTask asks ECS to stop a task; a task or cluster that ECS does not know
	// is no error.
	StopTask(ctx context.Context, cluster, arn, reason string) error
	// Find returns the tasks of a cluster that carry that startedBy and that
	// nobody asked to stop. One that is being stopped, or has, is not found.
	Find(ctx context.Context, cluster, startedBy string) ([]string, error)
}

// UntoldError names tasks of which ECS did not say what it knows, with its reason.
type UntoldError struct{ Tasks map[string]string }

func (e *UntoldError) Error() string {
	return fmt.Sprintf("ECS does not tell of %d tasks: %v", len(e.Tasks), e.Tasks)
}

// ErrUnlaunchable marks a definition that ECS can never launch as it is.
var ErrUnlaunchable = errors.New("cannot be launched")

// Launch is everything that a RunTask request is made of. Equal Launches make
// equal requests: ECS refuses a token that comes with another request.
type Launch struct {
	Stack        string
	Run          run.ID
	ScheduledFor time.Time
	Attempt      int
	Round        int
	Task         run.TaskDefinition
	// Form is the form of the request, see run.Attempt.
	Form int
	// Job is the definition as this run launches it.
	Job job.Job
}

// RoundID is what the launch is known by.
func (l Launch) RoundID() run.RoundID {
	return run.RoundID{Run: l.Run, Attempt: l.Attempt, Round: l.Round}
}

// Notifier carries a notice to people and machines. An error means that it was
// not carried; the notice stays owed.
type Notifier interface {
	// took are those who took it, by the names of their targets.
	Notify(ctx context.Context, n notice.Notice) (took []string, err error)
}

// Logs reads a task's output.
type Logs interface {
	// Tail returns the last lines of an output, oldest first.
	Tail(ctx context.Context, o Output, lines int) ([]string, error)
	// Where says where a person finds the whole output, "" where nobody does.
	Where(o Output) string
}

// Output is what an attempt's task wrote.
type Output struct {
	Run     run.ID
	Attempt int
	TaskARN string
	Task    run.TaskDefinition
}

// Pacer limits the rate of RunTask calls of everybody who shares it.
type Pacer interface {
	// Take is how long a call must wait; 0 counts it, and it may go out now. A Pacer
	// that holds calls back for another reason than the rate says so by a method Why.
	Take(now time.Time) (wait time.Duration)
	// Sent says that a call goes out only now, less than a second after it was
	// counted.
	Sent(taken, now time.Time)
}

// Control is the control plane of one stack.
type Control struct {
	Stack    string
	Store    Store
	Launcher Launcher
	// Schedules may be nil: then what is not in the jobs' items is not deployed.
	Schedules Schedules
	// Registry may be nil: then the last Sync was of a moment ago.
	Registry Registry
	// Notifier may be nil: then notices stay owed and another program, fed by
	// the store's changes, carries them.
	Notifier Notifier
	// Logs may be nil.
	Logs   Logs
	Now    func() time.Time
	Timing run.Timing
	Log    *slog.Logger
	// Dropped is up to when the store has dropped runs for their age: nobody can tell
	// whether slots before that ran. nil is where the clock is never wrong, and so slots of
	// such a time are never asked for.
	Dropped func(ctx context.Context) (time.Time, error)
	// Pace limits the rate of launches; nil is no limit, and ECS's refusals are remembered.
	Pace Pacer
	// InTurns is whether other processes launch at the same rate: those that launch
	// what waits for it then take turns, by a mark in the store.
	InTurns bool
	// Abreast is how many runs a look handles side by side; 1 is one after the other,
	// 0 is 64. So it is for jobs that are written, at most 16 at a time.
	Abreast int
	// Wait is how LookUntil waits; nil is by the machine's clock.
	Wait func(ctx context.Context, d time.Duration) error
	// Backoff is how handlers wait before they try again what somebody else changed
	// in between; nil is Wait.
	Backoff func(ctx context.Context, d time.Duration) error
	// Watch, when not nil, is called after each saved change of a run.
	Watch func(j job.Job, before, after run.Run, why string)
	// RetryCommand is what a person types before a run's id to retry it.
	RetryCommand string

	begins sync.Once
	began  time.Time // when it looked first

	untold      untold
	room        room
	crowd       crowd
	definitions definitions
	quiet       known[[3]string, time.Time] // until when a rate cannot have fallen silent, by period
	lastSlots   lastSlots
	lastList    lastList
	synced      memo                  // that a job's item holds what the registry holds
	calmJobs    memo                  // until when a job has no slots to judge
	problems    known[string, string] // why a definition cannot be launched, by its hash
	plans       known[string, error]  // why a plan cannot be read, by the definition's hash
}
