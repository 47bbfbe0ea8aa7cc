package port

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

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

// Variables that every launch sets in the job's container. Events carry them in the task's
// overrides, which is the second way to find the run of a stop.
const (
	EnvRun          = "BATCHPLANE_RUN_ID"
	EnvJob          = "BATCHPLANE_JOB"
	EnvScheduledFor = "BATCHPLANE_SCHEDULED_FOR"
	EnvAttempt      = "BATCHPLANE_ATTEMPT"
	EnvStack        = "BATCHPLANE_STACK"
)

// Pacer limits the rate of RunTask calls of everyone who shares it.
type Pacer interface {
	// Take returns how long a call must wait. If it returns 0, the call is counted and may go
	// out now. A Pacer that holds calls back for a reason other than the rate says so in a
	// method Why.
	Take(now time.Time) (wait time.Duration)
	// Sent reports that a call goes out only now, less than a second after it was counted.
	Sent(taken, now time.Time)
}

// DefaultRate is how many RunTask calls a second ECS takes on Fargate (ECS developer guide,
// "Fargate throttling quotas": 20, burst and sustained).
const DefaultRate = 20
