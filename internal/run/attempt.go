package run

import (
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Attempt is the n-th launch of a run, from 1. What ECS said stays verbatim.
type Attempt struct {
	N int `json:"n"`
	// TaskDefinition is the revision that this attempt asked for.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	// OnDemand is whether the attempt is launched on demand although the job
	// begins on Spot.
	OnDemand bool `json:"onDemand,omitempty"`
	// Sends counts RunTask requests, each before it goes out; Refusals those
	// whose answer proves that this request launched nothing. RefusedSends are
	// the numbers of those that were refused since all were the last time.
	Sends        int   `json:"sends"`
	Refusals     int   `json:"refusals,omitempty"`
	RefusedSends []int `json:"refusedSends,omitempty"`
	// Doubt is whether the answer to a send was lost. From then on no refusal
	// of another send proves anything.
	Doubt bool `json:"doubt,omitempty"`
	// SentAt is when the first send was counted.
	SentAt time.Time `json:"sentAt"`

	// SoughtAt is when a search by startedBy first found no task.
	SoughtAt time.Time `json:"soughtAt,omitzero"`
	// RefusedSince is since when ECS has refused to say what became of the task,
	// zero where it says.
	RefusedSince time.Time `json:"refusedSince,omitzero"`

	// TaskARN is set once ECS is known to have accepted the task, at
	// AcceptedAt.
	TaskARN    string    `json:"taskArn,omitempty"`
	AcceptedAt time.Time `json:"acceptedAt,omitzero"`
	// LastStatus and Version are the newest state seen of the task.
	LastStatus string    `json:"lastStatus,omitempty"`
	Version    int64     `json:"version,omitempty"`
	StartedAt  time.Time `json:"startedAt,omitzero"`

	// EndedAt is when the attempt was over; what follows is its end.
	EndedAt         time.Time `json:"endedAt,omitzero"`
	StopCode        string    `json:"stopCode,omitempty"`
	StoppedReason   string    `json:"stoppedReason,omitempty"`
	ContainerReason string    `json:"containerReason,omitempty"`
	ExitCode        *int64    `json:"exitCode,omitempty"`
	ImageDigest     string    `json:"imageDigest,omitempty"`

	Class   stop.Class  `json:"class,omitempty"`
	Started stop.Answer `json:"started,omitempty"`
	Helps   stop.Answer `json:"helps,omitempty"`
	Rule    string      `json:"rule,omitempty"`
	Why     string      `json:"why,omitempty"`
	// Next says in words what was decided, and why where it is not plain.
	Next string `json:"next,omitempty"`
	// RanAfterAll is whether the task turned out to have run although the
	// attempt had been judged before.
	RanAfterAll bool `json:"ranAfterAll,omitempty"`
}

// Over is whether the attempt has ended.
func (a *Attempt) Over() bool { return !a.EndedAt.IsZero() }

// mayHaveLaunched is whether a send of it may have launched a task: not all of
// them were refused.
func (a *Attempt) mayHaveLaunched() bool { return a.Doubt || a.Sends > a.Refusals }

// refuse counts the refusal of a send; ok is false where it was counted before.
func (a *Attempt) refuse(send int) (ok bool) {
	allUpTo := a.Refusals - len(a.RefusedSends)
	if send <= allUpTo || slices.Contains(a.RefusedSends, send) {
		return false
	}
	a.Refusals++
	a.RefusedSends = append(slices.Clip(a.RefusedSends), send)
	if a.Refusals == a.Sends {
		a.RefusedSends = nil
	}
	return true
}

// note keeps what ECS said and how it was read.
func (a *Attempt) note(s stop.Stop, v stop.Verdict) {
	a.StopCode, a.StoppedReason = stopCode(s), s.Reason
	if c := mainContainer(s); c != nil {
		a.ExitCode, a.ImageDigest = c.ExitCode, c.ImageDigest
	}
	a.ContainerReason = containerReason(s)
	a.Class, a.Started, a.Helps, a.Rule, a.Why = v.Class, v.Started, v.Helps, v.Rule, v.Why
}

// stopCode is what history shows as a stop's code: an exception's type stands
// where a task has its stopCode.
func stopCode(s stop.Stop) string {
	if s.Kind == stop.LaunchException {
		return s.ErrorCode
	}
	return s.Code
}

// mainContainer is the job's container of a stop: by name, or the only one.
func mainContainer(s stop.Stop) *stop.Container {
	for i := range s.Containers {
		if s.Containers[i].Name == s.Container {
			return &s.Containers[i]
		}
	}
	if s.Container == "" && len(s.Containers) == 1 {
		return &s.Containers[0]
	}
	return nil
}

// containerReason is the job's container's reason, or the first one given,
// with its container's name.
func containerReason(s stop.Stop) string {
	if c := mainContainer(s); c != nil && c.Reason != "" {
		return c.Reason
	}
	for _, c := range s.Containers {
		if c.Reason != "" {
			return c.Name + ": " + c.Reason
		}
	}
	return ""
}
