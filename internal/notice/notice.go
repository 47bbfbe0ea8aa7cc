// Package notice decides which changes of a run are reported, and in what words. It is pure:
// it does not know who carries a notice to people and machines.
package notice

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// Kind is what a notice is about.
type Kind string

const (
	// Failed: a run ended badly. One per run, not per attempt.
	Failed Kind = "failed"
	// TimedOut: a run ended badly because it took longer than its job allows.
	TimedOut Kind = "timed-out"
	// Corrupt: the store holds a run that cannot be read.
	Corrupt Kind = "corrupt"
	// Unused: an input or a record could not be used and was kept.
	Unused Kind = "unused"
	// Missed: a run should have taken place and did not.
	Missed Kind = "missed"
	// Stopped: somebody stopped the task in ECS, not through batchplane.
	Stopped Kind = "stopped"
	// Recovered: the first success after a reported failure, or the success of a run that was
	// reported to hold others back, to be held up or to run for long.
	Recovered Kind = "recovered"
	// Freed: a person stopped a run that was reported to hold others back. Whether the job
	// does its work again is not known.
	Freed Kind = "no-longer-held-back"
	// Succeeded is sent only if the job asks for it.
	Succeeded Kind = "succeeded"
	// Relaunched: the control plane made a further attempt. It is sent only if the job asks
	// for it.
	Relaunched Kind = "relaunched"
	// Stuck: a task was asked to stop, or ECS was stopping it, and it has not stopped for long,
	// so it may run on.
	Stuck Kind = "stuck"
	// StillRuns: a task has been RUNNING for a day, and its job sets no timeout, so that nothing
	// but a person ends it if it hangs. Once per attempt.
	StillRuns Kind = "still-running"
	// HeldBack: the second slot in a row was skipped because of one run that is still open;
	// the job's overlap rule lets nothing run beside it.
	HeldBack Kind = "held-back"
	// HeldUp: a run has waited for long to be launched, for room in ECS or for a revision of
	// its task definition (run.Run.Patience). Once per run; a retry begins anew.
	HeldUp Kind = "held-up"
	// CalendarEnds: the last day that the job's calendar names is near.
	CalendarEnds Kind = "calendar-ends"
	// CalendarOver: that day is over, and the job does not run any more.
	CalendarOver Kind = "calendar-over"
	// Unscheduled: the registry does not start the job any more, for a quarter of an hour now, because its
	// schedule was deleted, or switched off or given an end by somebody who did not deploy that.
	Unscheduled Kind = "unscheduled"
	// Unexpected: a schedule started its job at a minute that the schedule does not have, as
	// far as is known here.
	Unexpected Kind = "unexpected-minute"
	// RanAfterAll: a task ran that was not known to have run, so the job may have run twice.
	RanAfterAll Kind = "ran-after-all"
)

// Owed is a notice that a change owes: its kind, the attempt that it is about, 0 means the last,
// and the round of it, 0 means the first or all.
type Owed struct {
	Kind           Kind
	Attempt, Round int
}

// Of returns the notices that the change from before to after owes. item is the job's item
// before the change.
func Of(before, after *run.Run, j *job.Job, item *job.Item) []Owed {
	var owed []Owed
	if Ended(before, after) {
		if k := end(after, j, item); k != "" {
			owed = append(owed, Owed{Kind: k})
		}
	}
	if relaunched(before, after) && slices.Contains(j.Notify.Also, job.AlsoRelaunched) {
		owed = append(owed, Owed{Kind: Relaunched})
	}
	if newly(stuck, before, after) {
		owed = append(owed, Owed{Kind: Stuck, Round: after.Last().Round})
	}
	if newly(runsLong, before, after) {
		owed = append(owed, Owed{Kind: StillRuns})
	}
	if before.HeldUp.IsZero() && !after.HeldUp.IsZero() {
		owed = append(owed, Owed{Kind: HeldUp})
	}
	for _, n := range ranAfterAll(before, after) {
		owed = append(owed, Owed{Kind: RanAfterAll, Attempt: n})
	}
	return owed
}

// Ended reports whether the change ends the run, so that the job's item must be read and may
// have to be written with it.
func Ended(before, after *run.Run) bool {
	return after.Status.Terminal() && (before.ID == "" || !before.Status.Terminal())
}

func end(after *run.Run, j *job.Job, item *job.Item) Kind {
	switch after.Status {
	case run.Failed:
		return badEnd(after, j, item)
	case run.Skipped:
		if held, more := item.HeldBy(string(after.HeldBy)); held && !more {
			return HeldBack
		}
	case run.Stopped:
		if after.Stopping == nil || after.Stopping.Asker != stop.AskedByPerson {
			return Stopped
		}
		if freed(after, item) {
			return Freed
		}
	case run.Succeeded:
		return goodEnd(after, j, item)
	}
	return ""
}

func goodEnd(after *run.Run, j *job.Job, item *job.Item) Kind {
	long := slices.ContainsFunc(after.Attempts, func(a run.Attempt) bool { return a.Long })
	if !item.FailingSince.IsZero() || freed(after, item) || !after.HeldUp.IsZero() || long {
		return Recovered
	}
	if slices.Contains(j.Notify.Also, job.AlsoSucceeded) {
		return Succeeded
	}
	return ""
}

// freed reports whether the run that ends was reported to hold others back.
func freed(after *run.Run, item *job.Item) bool {
	_, more := item.HeldBy(string(after.ID))
	return more
}

func badEnd(after *run.Run, j *job.Job, item *job.Item) Kind {
	switch {
	case j.Notify.FirstOnly && !item.FailingSince.IsZero():
		return ""
	case after.Stopping != nil && after.Stopping.Asker == stop.AskedByTimeout:
		return TimedOut
	}
	return Kind(after.Status)
}

func relaunched(before, after *run.Run) bool {
	return len(after.Attempts) > len(before.Attempts) && len(before.Attempts) > 0 && after.First == before.First
}

func stuck(a *run.Attempt) bool { return a.Stuck }

func runsLong(a *run.Attempt) bool { return a.Long }

// newly reports whether something holds for the last attempt that did not hold for it before.
func newly(holds func(*run.Attempt) bool, before, after *run.Run) bool {
	a := after.Last()
	return a != nil && holds(a) && (a.N > len(before.Attempts) || !holds(&before.Attempts[a.N-1]))
}

// ranAfterAll returns the attempts that turned out to have run.
func ranAfterAll(before, after *run.Run) (attempts []int) {
	for i := range after.Attempts {
		if after.Attempts[i].RanAfterAll && i < len(before.Attempts) && !before.Attempts[i].RanAfterAll {
			attempts = append(attempts, i+1)
		}
	}
	return attempts
}

// Notice is what people and machines are told about a run. It keeps texts from outside word
// for word; Text makes them safe to print.
type Notice struct {
	// ID is the same for every delivery of one notice.
	ID          string     `json:"id"`
	Kind        Kind       `json:"kind"`
	Stack       string     `json:"stack"`
	Account     string     `json:"account,omitempty"`
	Job         string     `json:"job"`
	Description string     `json:"description,omitempty"`
	Owner       string     `json:"owner,omitempty"`
	Run         run.ID     `json:"run"`
	Status      run.Status `json:"status"`
	Cause       string     `json:"cause"`
	// ScheduledFor is UTC; LocalTime is the same in the job's zone.
	ScheduledFor time.Time `json:"scheduledFor"`
	LocalTime    string    `json:"localTime"`
	FinishedAt   time.Time `json:"finishedAt,omitzero"`
	DurationMs   int64     `json:"durationMs,omitempty"`
	ExitCode     *int64    `json:"exitCode,omitempty"`
	Attempts     []Attempt `json:"attempts"`
	// Logs are the last lines of the last attempt's output, the oldest first.
	Logs []string `json:"logs,omitempty"`
	// LogsUnread means that these could not be read: the output may not be empty.
	LogsUnread bool `json:"logsUnread,omitempty"`
	// LogsAt says where the whole output is: a URL, a file or a command.
	LogsAt string `json:"logsAt,omitempty"`
	// TaskAt is the URL of the last attempt's task, if there is one.
	TaskAt string `json:"taskAt,omitempty"`
	// RetryWith is the exact command that retries the run; "" if a retry makes no sense.
	RetryWith string `json:"retryWith,omitempty"`
	// ShowWith is the command that shows what a notice about no run refers to.
	ShowWith string `json:"showWith,omitempty"`
	// HeldBy is the open run because of which the run was skipped; "" in notices of other kinds.
	HeldBy run.ID `json:"heldBy,omitempty"`
	// StopWith is the command that stops the run of ToStop; "" if there is none.
	StopWith string `json:"stopWith,omitempty"`
	// Retry says whether that may make the job run twice; nil if a retry makes no sense.
	Retry *run.Retry `json:"retry,omitempty"`
	// Missed is how many slots were missed, and MissedSince is the first of them. The run is
	// the last.
	Missed      int       `json:"missed,omitempty"`
	MissedSince time.Time `json:"missedSince,omitzero"`
	Targets     []string  `json:"targets,omitempty"`
}

// Attempt is an attempt as a notice shows it.
type Attempt struct {
	N             int    `json:"n"`
	TaskARN       string `json:"taskArn,omitempty"`
	StopCode      string `json:"stopCode,omitempty"`
	StoppedReason string `json:"stoppedReason,omitempty"`
	// ContainerReason is what ECS says about the job's container.
	ContainerReason string `json:"containerReason,omitempty"`
	Rule            string `json:"rule,omitempty"`
	Next            string `json:"next,omitempty"`
}

// Said returns what ECS said about the attempt's end; "" if it said nothing. If the task's
// reason does not contain the container's, it adds that one: only it names the image or the
// fault.
func (a Attempt) Said() string {
	said := a.StoppedReason
	if !strings.Contains(said, a.ContainerReason) {
		said = strings.TrimPrefix(said+"; "+a.ContainerReason, "; ")
	}
	if a.StopCode == "" || said == "" { // an entry of failures[] has no code
		return a.StopCode + said
	}
	return a.StopCode + ": " + said
}

// New returns the notice of that kind about a run. zone is the job's. It is about the last
// attempt or, if an attempt ran after all, about the newest that did.
func New(kind Kind, stack string, r *run.Run, j *job.Job, zone *time.Location) Notice {
	about := len(r.Attempts)
	for kind == RanAfterAll && about > 0 && !r.Attempts[about-1].RanAfterAll {
		about--
	}
	n := Notice{
		Kind: kind, Stack: stack,
		Job: r.ID.Job(), Description: j.Description, Owner: j.Owner,
		Run: r.ID, Status: r.Status, Cause: r.Cause,
		ScheduledFor: r.ScheduledFor, LocalTime: LocalTime(r.ScheduledFor, zone),
		FinishedAt: r.FinishedAt, DurationMs: r.Duration().Milliseconds(), ExitCode: r.ExitCode,
		Targets: j.Notify.Targets,
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		n.Attempts = append(n.Attempts, Attempt{
			N: a.N, TaskARN: a.TaskARN, StopCode: a.StopCode, StoppedReason: a.StoppedReason, ContainerReason: a.ContainerReason, Rule: a.Rule, Next: a.Next,
		})
	}
	switch kind {
	case StillRuns:
		n.Cause = fmt.Sprintf("its task has been running since %s, and the job has no timeout: stop it if it hangs, and give the job a timeout", job.UTC(r.Last().StartedAt))
	case HeldUp:
		n.Cause = fmt.Sprintf("not launched since %s; its deadline is %s: %s", job.UTC(r.WaitsSince()), job.UTC(r.ReadyAt.Add(j.Retry.Within())), r.Cause)
	}
	return n.About(about, r)
}

// OfMissed returns the notice as one about missed slots, of which its run is the newest and
// first the oldest.
func (n Notice) OfMissed(count int, first time.Time, zone *time.Location) Notice {
	n.Missed, n.MissedSince = count, first
	if count > 1 {
		n.Cause = fmt.Sprintf("%d slots, from %s to %s; the last: %s", count, LocalTime(first, zone), n.LocalTime, n.Cause)
	}
	return n
}

// LocalTime returns a time in its zone, with the zone's name.
func LocalTime(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("2006-01-02 15:04") + " " + zone.String()
}
