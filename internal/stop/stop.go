// Package stop reads how an ECS task ended, or why a launch was refused, and answers two separate
// questions: did anything start, and would a relaunch help?
//
// It is pure: no clock, no I/O, the standard library only.
package stop

import "time"

// Kind says in which of ECS's three ways an end was reported.
type Kind string

const (
	// Task is a stopped task, from an event or from DescribeTasks.
	Task Kind = "task"
	// LaunchFailure is an entry of RunTask's failures[]: HTTP 200, no task.
	LaunchFailure Kind = "launch-failure"
	// LaunchException is an error answer of RunTask.
	LaunchException Kind = "launch-exception"
)

// Asker says who asked ECS to stop the task. It is empty if batchplane did not.
type Asker string

const (
	// AskedByPerson is a stop that a person requested through batchplane.
	AskedByPerson Asker = "person"
	// AskedByLaunchTimeout is a stop of a task that was not RUNNING in time.
	AskedByLaunchTimeout Asker = "launch-timeout"
	// AskedByTimeout is a stop of a task that ran longer than its job allows.
	AskedByTimeout Asker = "timeout"
)

// Stop is one end in ECS's own words. Texts are verbatim.
type Stop struct {
	Kind Kind
	// Code is the task's stopCode. CodeMissing distinguishes an absent (or null) stopCode from an
	// empty string.
	Code        string
	CodeMissing bool
	// Reason is stoppedReason, a failure's reason, or an exception's message.
	Reason string
	// Detail and ARN belong to a LaunchFailure.
	Detail string
	ARN    string
	// ErrorCode is the exception's type, such as ThrottlingException.
	ErrorCode string

	// LastStatus is the task's lastStatus; only STOPPED and DELETED are an end.
	LastStatus string
	// OnInstance reports whether the task was placed on a container instance (EC2).
	OnInstance bool
	// NeedsInstance reports whether the task's launch type or capacity provider is one of
	// container instances. Only part of a task may be known, without its instance.
	NeedsInstance bool
	StartedAt     time.Time
	Containers    []Container
	// Partial reports whether only a part of what ECS says of the containers is known. What is
	// missing then shows nothing.
	Partial bool

	// Definition lists the containers of the task definition, or is nil if they are not known.
	// Container names the job's own container, or is "" if that is not known.
	Definition []Defined
	Container  string
	// Mentioned holds container names known from elsewhere, such as the task's overrides. They
	// can only lower trust: a name that is missing from Containers shows that the list is
	// incomplete.
	Mentioned []string

	// Asked says on whose behalf batchplane asked for this stop. AskedWhile is the task's
	// lastStatus at that time.
	Asked      Asker
	AskedWhile string
	// SawPull reports whether the stop shows a pullStartedAt. By itself this proves nothing, but
	// a hung task that pulled had got past PROVISIONING.
	SawPull bool
}

// Container is one container of a stopped task.
type Container struct {
	Name       string
	LastStatus string
	// ExitCode is nil if ECS gave none. Windows codes need 64 bits.
	ExitCode    *int64
	Reason      string
	RuntimeID   string
	ImageDigest string
	// Ran reports whether something else shows that a process ran in the container: a health
	// check with a result, a started ECS Exec agent, or a bound host port.
	Ran bool
}

// Defined is a container declared in the task definition.
type Defined struct {
	Name      string
	Essential bool
}

// Class is the kind of a verdict.
type Class string

const (
	// Retry: nothing started and a relaunch is likely to help.
	Retry Class = "retry"
	// Config: a person must fix something.
	Config Class = "config"
	// Ambiguous: it ended before the start, for an unclear reason.
	Ambiguous Class = "ambiguous-before-start"
	// AppFailed: the job ran, or may have, and did not prove success.
	AppFailed Class = "app-failed"
	// Succeeded: exit code 0 of the job's container proves success.
	Succeeded Class = "succeeded"
	// StoppedByUser: a person, or something acting for one, stopped the task.
	StoppedByUser Class = "stopped-by-user"
	// Interrupted: the infrastructure took the task away.
	Interrupted Class = "interrupted"
	// NotStopped: the task has not ended, so there is nothing to judge.
	NotStopped Class = "not-stopped"
)

// Answer is the answer to one of the two questions.
type Answer string

// What is not known is Unknown, never No.
const (
	No      Answer = "no"
	Yes     Answer = "yes"
	Unknown Answer = "unknown"
)

// Verdict is how batchplane reads a stop.
type Verdict struct {
	Class Class
	// Started answers "did anything start?". No needs proof.
	Started Answer
	// Helps answers "would a relaunch help?".
	Helps Answer
	// Rule names the rule that decided; Why gives its reason in plain words.
	Rule string
	Why  string
}

// Relaunch reports whether a relaunch is safe and may help for a job that asks for nothing
// special: the task provably never started, and a relaunch is not known to be useless.
func (v Verdict) Relaunch() bool {
	if v.Class != Retry && v.Class != Ambiguous {
		return false
	}
	return v.Started == No && v.Helps != No
}
