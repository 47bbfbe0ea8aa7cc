// Package control holds the handlers: trigger, onstopped and look. Each one loads a run, lets
// package run decide, saves the decision with the effects it owes under the optimistic lock,
// performs them, and marks them done. A crash at any point leaves an owed effect, which a
// redelivery or a look finishes.
//
// It knows no AWS SDK and no database. Package port says what it needs of them.
package control

import (
	"context"
	"log/slog"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Control is the control plane of one stack.
type Control struct {
	Stack    string
	Store    port.Store
	Launcher port.Launcher
	// Schedules may be nil: then only what is in the jobs' items is deployed.
	Schedules port.Schedules
	// Registry may be nil: then the last Sync counts as a moment old.
	Registry port.Registry
	// Notifier may be nil: then notices stay owed, and another program calls Tell.
	Notifier port.Notifier
	// Zones finds the zones of the times in notices; nil means UTC.
	Zones  func(name string) (*time.Location, error)
	Logs   port.Logs // may be nil
	Now    func() time.Time
	Timing run.Timing
	Log    *slog.Logger
	// Dropped returns the time up to which the store has dropped runs for their age: nobody
	// can tell whether slots before it ran. It may be nil where the clock is never wrong,
	// because then nothing asks for such slots.
	Dropped func(ctx context.Context) (time.Time, error)
	// Pace limits the rate of launches. If it is nil, there is no limit, and ECS's refusals
	// are remembered.
	Pace port.Pacer
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
