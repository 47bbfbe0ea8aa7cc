package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Attempt is the n-th launch of a run, from 1. It keeps what ECS said word for word.
type Attempt struct {
	N int `json:"n"`
	// TaskDefinition is the revision that this attempt asked for.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	// Revision is that revision if a later attempt uses another; otherwise nil, and it is the
	// run's Task.
	Revision *TaskDefinition `json:"revision,omitempty"`
	// OnDemand says that the attempt is launched on demand although the job begins on Spot.
	OnDemand bool `json:"onDemand,omitempty"`
	// Sends counts RunTask requests, each before it goes out. Refusals counts those whose
	// answer proves that the request launched nothing. RefusedSends are the numbers of those
	// refused since the last time when all had been refused.
	Sends        int   `json:"sends"`
	Refusals     int   `json:"refusals,omitempty"`
	RefusedSends []int `json:"refusedSends,omitempty"`
	// Doubt says that the answer to a send was lost. From then on no refusal of another send
	// proves anything.
	Doubt bool `json:"doubt,omitempty"`
	// SentAt is when the first send of the round was counted. LastSentAt is when the newest
	// was counted; zero if that is the first. Apart says that the newest went out so long
	// after the previous one that the previous one has surely arrived or been lost.
	SentAt     time.Time `json:"sentAt"`
	LastSentAt time.Time `json:"lastSentAt,omitzero"`
	Apart      bool      `json:"apart,omitempty"`
	// Round is how often ECS had no room for the attempt. Each round has its own client
	// token. Of earlier rounds, the fields below keep what ECS last said.
	Round int `json:"round,omitempty"`
	// Former is the task of the round before, which never started; empty if that round
	// launched none.
	Former string `json:"former,omitempty"`

	// SoughtAt is when a search by startedBy first found no task.
	SoughtAt time.Time `json:"soughtAt,omitzero"`
	// RefusedSince is since when ECS has refused to say what became of the task; zero if it
	// does not refuse.
	RefusedSince time.Time `json:"refusedSince,omitzero"`

	// TaskARN is set once ECS is known to have accepted the task, at AcceptedAt.
	TaskARN    string    `json:"taskArn,omitempty"`
	AcceptedAt time.Time `json:"acceptedAt,omitzero"`
	// Found are the tasks that a search by startedBy found, at most mostFound, and one heard of
	// since. TaskARN is the first, as long as no look or event has shown that it is the attempt's.
	Found []string `json:"found,omitempty"`
	// LastStatus and Version are from the newest state seen of the task.
	LastStatus string    `json:"lastStatus,omitempty"`
	Version    int64     `json:"version,omitempty"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	// EndingSince is when a look first found that ECS was stopping the task without our
	// request. Stuck says that the task had not stopped long after it was asked to or after
	// EndingSince.
	EndingSince time.Time `json:"endingSince,omitzero"`
	Stuck       bool      `json:"stuck,omitempty"`
	// Long says that the task was found to have been RUNNING for LongAfter without a limit.
	Long bool `json:"long,omitempty"`

	// EndedAt is when the attempt was over. The fields below describe its end.
	EndedAt time.Time `json:"endedAt,omitzero"`
	// EndUnseen says that nobody saw when its containers ended, so that EndedAt is only when
	// this was found out.
	EndUnseen       bool   `json:"endUnseen,omitempty"`
	StopCode        string `json:"stopCode,omitempty"`
	StoppedReason   string `json:"stoppedReason,omitempty"`
	ContainerReason string `json:"containerReason,omitempty"`
	ExitCode        *int64 `json:"exitCode,omitempty"`
	ImageDigest     string `json:"imageDigest,omitempty"`

	Class   stop.Class  `json:"class,omitempty"`
	Started stop.Answer `json:"started,omitempty"`
	Helps   stop.Answer `json:"helps,omitempty"`
	Rule    string      `json:"rule,omitempty"`
	Why     string      `json:"why,omitempty"`
	// Next says in words what was decided, and why if that is not obvious.
	Next string `json:"next,omitempty"`
	// RanAfterAll says that the task turned out to have run although the attempt had already
	// been judged.
	RanAfterAll bool `json:"ranAfterAll,omitempty"`
	// Second is a second task of the attempt, if it is for that one that RanAfterAll is set.
	Second string `json:"second,omitempty"`
}

// AfterAll says in words why RanAfterAll is set; "" if it is not.
func (a *Attempt) AfterAll() string {
	switch {
	case !a.RanAfterAll:
		return ""
	case a.Second != "":
		return "a second task was launched in this attempt's name: " + a.Second
	case a.ExitCode != nil:
		return fmt.Sprintf("its task ran after all, and ended with code %d", *a.ExitCode)
	}
	return "its task ran after all"
}

// Took returns how long the attempt's containers ran: 0 if that is not known, otherwise at
// least a millisecond, the resolution of ECS's times.
func (a *Attempt) Took() time.Duration {
	if a.StartedAt.IsZero() || a.EndedAt.IsZero() || a.EndUnseen {
		return 0
	}
	return max(a.EndedAt.Sub(a.StartedAt), time.Millisecond)
}

// Over reports whether the attempt has ended.
func (a *Attempt) Over() bool { return !a.EndedAt.IsZero() }

// newestSend returns when the newest send was counted.
func (a *Attempt) newestSend() time.Time {
	if a.LastSentAt.IsZero() {
		return a.SentAt
	}
	return a.LastSentAt
}

// mayHaveLaunched reports whether one of its sends may have launched a task: not all of them
// were refused.
func (a *Attempt) mayHaveLaunched() bool { return a.Doubt || a.Sends > a.Refusals }

// refuse counts the refusal of a send; ok is false if it was counted before.
func (a *Attempt) refuse(send int) (ok bool) {
	if send <= a.settled() || slices.Contains(a.RefusedSends, send) {
		return false
	}
	a.Refusals++
	a.RefusedSends = append(slices.Clip(a.RefusedSends), send)
	if a.Refusals == a.Sends {
		a.RefusedSends = nil
	}
	return true
}

// settled returns the number of the send up to which all are known to have launched nothing,
// or nothing that ever started.
func (a *Attempt) settled() int { return a.Refusals - len(a.RefusedSends) }

// settle notes that no send so far launched anything that started.
func (a *Attempt) settle() {
	a.Doubt, a.Refusals, a.RefusedSends = false, a.Sends, nil
}

// next begins a new round. It may be called only once it is proved that no task of this round
// has started or ever will.
func (a *Attempt) next() {
	a.settle()
	a.Round++
	a.Former = a.TaskARN
	a.EndedAt, a.SoughtAt, a.RefusedSince, a.EndingSince = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	a.TaskARN, a.AcceptedAt, a.LastStatus, a.Version, a.Stuck, a.Found = "", time.Time{}, "", 0, false, nil
}

// note records what ECS said and how it was read.
func (a *Attempt) note(s *stop.Stop, v *stop.Verdict) {
	a.StopCode, a.StoppedReason = stopCode(s), s.Reason
	if c := mainContainer(s); c != nil {
		a.ExitCode, a.ImageDigest = c.ExitCode, c.ImageDigest
	}
	a.ContainerReason = containerReason(s)
	a.Class, a.Started, a.Helps, a.Rule, a.Why = v.Class, v.Started, v.Helps, v.Rule, v.Why
}

// stopCode returns what history shows as a stop's code: an exception's type where a task has
// its stopCode.
func stopCode(s *stop.Stop) string {
	if s.Kind == stop.LaunchException {
		return s.ErrorCode
	}
	return s.Code
}

// mainContainer returns the job's container in a stop: by name, or the only one.
func mainContainer(s *stop.Stop) *stop.Container {
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

// containerReason returns the reason of the job's container, or else the first reason given,
// with its container's name.
func containerReason(s *stop.Stop) string {
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

// use makes further attempts use a revision. The attempts so far keep theirs, which says where
// they wrote and what their containers were.
func (r *Run) use(t TaskDefinition) {
	was := r.Task
	for i := range r.Attempts {
		if a := &r.Attempts[i]; a.Revision == nil && was.ARN != t.ARN {
			a.Revision = &was
		}
	}
	r.Task = t
}

// TaskOf returns the revision that an attempt of the run asked for.
func (r *Run) TaskOf(a *Attempt) TaskDefinition {
	if a.Revision != nil {
		return *a.Revision
	}
	return r.Task
}

// launch adds an attempt, owes its launch and counts its first send.
func (r *Run) launch(now time.Time, t *Timing) {
	n := len(r.Attempts) + 1
	if n <= cap(r.Attempts) {
		r.Attempts = r.Attempts[:n] // an empty one, see unshare; an Attempt is large
	} else {
		r.Attempts = append(r.Attempts, Attempt{})
	}
	a := &r.Attempts[n-1]
	a.N, a.TaskDefinition, a.OnDemand, a.Sends, a.SentAt = n, r.Task.ARN, r.OnDemand, 1, now
	r.Status, r.Cause = Launching, launchingAttempt(n)
	r.Owe(Effect{Kind: Launch, Attempt: n})
	r.DueAt = now.Add(t.Doubt)
}

// launchingAttempts holds the causes of most launches.
var launchingAttempts = [...]string{1: "launching attempt 1", "launching attempt 2", "launching attempt 3", "launching attempt 4"}

func launchingAttempt(n int) string {
	if n < len(launchingAttempts) {
		return launchingAttempts[n]
	}
	return fmt.Sprintf("launching attempt %d", n)
}
