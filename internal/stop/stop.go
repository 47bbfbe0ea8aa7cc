// Package stop reads how an ECS task ended, or why a launch was refused, and
// answers two questions apart: did anything start, and would a relaunch help?
//
// It is pure: no clock, no I/O, the standard library only.
package stop

import "time"

// Kind says which of ECS's three ways of reporting an end this is.
type Kind string

const (
	// Task is a stopped task, from an event or from DescribeTasks.
	Task Kind = "task"
	// LaunchFailure is an entry of RunTask's failures[]: HTTP 200, no task.
	LaunchFailure Kind = "launch-failure"
	// LaunchException is an error answer of RunTask.
	LaunchException Kind = "launch-exception"
)

// Asker says who asked ECS to stop the task; empty when nobody of us did.
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
	// Code is the task's stopCode. CodeMissing tells an absent (or null)
	// stopCode from one that ECS gave as the empty string.
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
	// OnInstance is whether the task was placed on a container instance (EC2).
	OnInstance bool
	StartedAt  time.Time
	Containers []Container

	// Definition holds the containers of the task definition, nil when not
	// known. Container is the job's own container, "" when not known.
	Definition []Defined
	Container  string
	// Mentioned holds container names known from elsewhere, such as the task's
	// overrides. They only lower trust: one that is not among Containers shows
	// that the list is not complete.
	Mentioned []string

	// Asked says who of us asked for this stop; AskedWhile is the task's
	// lastStatus when we asked.
	Asked      Asker
	AskedWhile string
	// SawPull is whether the stop shows a pullStartedAt. It proves nothing by
	// itself, but a hung task that pulled had got past PROVISIONING.
	SawPull bool
}

// Container is a container as a stopped task shows it.
type Container struct {
	Name       string
	LastStatus string
	// ExitCode is nil when ECS gave none. Windows codes need 64 bits.
	ExitCode    *int64
	Reason      string
	RuntimeID   string
	ImageDigest string
	// Ran is whether something else shows that a process ran in it: a health check
	// that had a result, the agent of ECS Exec that was started, or a port of the
	// host that was bound to it.
	Ran bool
}

// Defined is a container as the task definition declares it.
type Defined struct {
	Name      string
	Essential bool
}

// Class is the family of a verdict.
type Class string

const (
	// Retry: nothing started and a relaunch is likely to help.
	Retry Class = "retry"
	// Config: a person must mend something.
	Config Class = "config"
	// Ambiguous belongs to the time before the start, its cause is unclear.
	Ambiguous Class = "ambiguous-before-start"
	// AppFailed: the job ran, or may have, and did not prove success.
	AppFailed Class = "app-failed"
	// Succeeded is proved by exit code 0 of the job's container.
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

// Verdict is our reading of a stop.
type Verdict struct {
	Class Class
	// Started answers "did anything start?". No means proved.
	Started Answer
	// Helps answers "would a relaunch help?".
	Helps Answer
	// Rule names the rule that decided; Why is its reason in plain words.
	Rule string
	Why  string
}

// Relaunch is whether a relaunch is safe and may help for a job that has asked
// for nothing special: proved never started, and not known to be useless.
func (v Verdict) Relaunch() bool {
	if v.Class != Retry && v.Class != Ambiguous {
		return false
	}
	return v.Started == No && v.Helps != No
}
