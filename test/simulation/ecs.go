package simulation

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// ecs is a small ECS with the promises that its documentation makes, and no others: client tokens
// with their lifetime, replays, conflicts, eventual consistency, and an hour's memory of stopped
// tasks. What it remembers beyond that is the truth for the checks.
type ecs struct {
	w        *World
	tasks    []*task
	copies   []*task
	byARN    map[string]*task
	tokens   map[string]*binding
	revision map[string]int // newest ACTIVE revision by family
	oldest   map[string]int // oldest ACTIVE revision by family
	sends    []send
}

// binding is what a client token is bound to.
type binding struct {
	request *port.Launch
	at      time.Time
	task    *task
	failure string
}

// send is one RunTask call that control made.
type send struct {
	at      time.Time
	run     run.ID
	attempt int
}

func newECS(w *World) *ecs {
	return &ecs{w: w, byARN: map[string]*task{}, tokens: map[string]*binding{}, revision: map[string]int{}, oldest: map[string]int{}}
}

// live reports whether a token is still bound: for the shorter of 24 h and the task's life plus
// an hour (ECS API reference, "Ensuring idempotency").
func (b *binding) live(now time.Time) bool {
	switch {
	case now.Sub(b.at) >= 24*time.Hour:
		return false
	case b.task == nil:
		return now.Sub(b.at) < time.Hour
	}
	return b.task.stopped.IsZero() || now.Sub(b.task.stopped) < time.Hour
}

func exception(attempt int, code, message string) run.Event {
	return run.Refused{Attempt: attempt, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: code, Reason: message}}
}

const (
	tooFast = "Rate exceeded"
	hung    = "no answer within the call's time"
)

// unreachable returns the answer of an ECS that hangs or is out of order, which may have carried
// out the request all the same. It returns nil if ECS is neither.
func (e *ecs) unreachable(l *port.Launch, token string, d dice) run.Event {
	w := e.w
	if hangs, arrives := w.hangs(); hangs {
		if arrives {
			e.carryOut(l, token, d)
		}
		return run.NoAnswer{Attempt: l.Attempt, Err: hung}
	}
	if w.now.Before(w.outage) && !w.calm && d.chance(900) {
		if d.chance(200) {
			e.carryOut(l, token, d)
		}
		return run.NoAnswer{Attempt: l.Attempt, Err: "ServerException: service unavailable"}
	}
	return nil
}

// runTask is RunTask as the caller sees it.
func (e *ecs) runTask(l *port.Launch, d dice) run.Event {
	w, n := e.w, l.Attempt
	token := l.RoundID().ClientToken(l.Stack) + w.opt.Mutation.salt(len(e.sends))
	if answer := e.unreachable(l, token, d); answer != nil {
		return answer
	}
	switch {
	case w.hit(d, Throttle, 60):
		return throttled(n, d)
	case w.hit(d, SendLost, 30):
		return run.NoAnswer{Attempt: n, Err: "connection reset by peer"}
	case w.hit(d, SendLate, 30):
		w.after(seconds(d.between(1, 60)), func() { e.carryOut(l, token, w.dice("late"+token, 0)) })
		return run.NoAnswer{Attempt: n, Err: "context deadline exceeded"}
	case w.hit(d, Refusal, 40):
		return refused(n, d)
	}
	if why := w.crowded(); why != "" {
		if answer := e.crowdedOut(l, token, why, d); answer != nil {
			return answer
		}
	}
	answer := e.carryOut(l, token, d)
	if w.hit(d, AnswerLost, 50) {
		return run.NoAnswer{Attempt: n, Err: "ServerException: internal error"}
	}
	return answer
}

// throttled returns a refusal for RunTask's own rate, or for EC2's.
func throttled(attempt int, d dice) run.Event {
	if d.chance(300) {
		return exception(attempt, "InvalidParameterException", "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)")
	}
	return exception(attempt, "ThrottlingException", tooFast)
}

// refused returns a refusal that has nothing to do with a rate.
func refused(attempt int, d dice) run.Event {
	if d.chance(500) {
		return exception(attempt, "AccessDeniedException", "User is not authorized to perform: ecs:RunTask")
	}
	return exception(attempt, "ClientException", "These errors are usually caused by a client action.")
}

// carryOut does what RunTask does once a request has arrived.
func (e *ecs) carryOut(l *port.Launch, token string, d dice) run.Event {
	w, n := e.w, l.Attempt
	switch {
	case w.denied[ClusterGone].covers(w.now):
		return exception(n, "ClusterNotFoundException", "Cluster not found.")
	case w.now.Before(w.razing):
		return exception(n, "AccessDeniedException", "User is not authorized to perform: ecs:RunTask")
	}
	if b := e.tokens[token]; b != nil && b.live(w.now) {
		return e.replay(b, l)
	}
	if revisionOf(l.Task.ARN) < e.oldest[l.Job.TaskDefinition] {
		return exception(n, "ClientException", "TaskDefinition is inactive")
	}
	b := &binding{request: l, at: w.now}
	e.tokens[token] = b
	if b.failure = w.failure(l, token); w.hit(d, Failures, 40) {
		b.failure = noCapacity
	}
	if b.failure != "" {
		return run.Refused{Attempt: n, Stop: stop.Stop{Kind: stop.LaunchFailure, Reason: b.failure}}
	}
	b.task = w.newTask(l)
	e.tasks = append(e.tasks, b.task)
	e.byARN[b.task.arn] = b.task
	if w.trace != nil {
		w.tell(b.task.run, "ECS launches %s, which will %s", b.task.short(), b.task.fate)
	}
	return run.Launched{Attempt: n, TaskARN: b.task.arn, LastStatus: "PROVISIONING"}
}

func (e *ecs) replay(b *binding, l *port.Launch) run.Event {
	same := reflect.DeepEqual(b.request, l)
	switch {
	case !same && b.task != nil: // ConflictException with its resourceIds
		return run.Launched{Attempt: l.Attempt, TaskARN: b.task.arn}
	case !same:
		return exception(l.Attempt, "ConflictException", "The request could not be processed because of conflict in the current state of the resource.")
	case b.task == nil:
		return run.Refused{Attempt: l.Attempt, Stop: stop.Stop{Kind: stop.LaunchFailure, Reason: b.failure}}
	}
	return run.Launched{Attempt: l.Attempt, TaskARN: b.task.arn, LastStatus: b.task.status(e.w.now)}
}

// revisionARN names a family's revision. revisionOf is its inverse.
func revisionARN(family string, revision int) string {
	return "arn:aws:ecs:eu-central-1:123456789012:task-definition/" + family + ":" + strconv.Itoa(revision)
}

func revisionOf(arn string) int {
	for i := len(arn) - 1; i > 0; i-- {
		if arn[i] == ':' {
			n, _ := strconv.Atoi(arn[i+1:])
			return n
		}
	}
	return 0
}

func (e *ecs) resolve(j job.Job, d dice) (run.TaskDefinition, error) {
	if e.w.hit(d, Unresolved, 20) {
		if d.chance(50) {
			return run.TaskDefinition{}, fmt.Errorf("the container has a restartPolicy: %w", port.ErrUnlaunchable)
		}
		return run.TaskDefinition{}, errUnavailable
	}
	t := run.TaskDefinition{
		ARN: revisionARN(j.TaskDefinition, max(1, e.revision[j.TaskDefinition])), Container: "app",
		Containers: []stop.Defined{{Name: "app", Essential: true}},
	}
	if (&task{job: j}).twoContainers() {
		t.Containers = append(t.Containers, stop.Defined{Name: "log", Essential: false})
	}
	return t, nil
}

func (e *ecs) describe(arns []string, d dice) (tasks []ecsevent.Task, missing []string, err error) {
	if e.w.hit(d, DescribeError, 40) {
		e.w.truth.unanswered = e.w.now
		return nil, nil, errUnavailable
	}
	tasks = make([]ecsevent.Task, 0, len(arns))
	for _, arn := range arns {
		t := e.byARN[arn]
		if t == nil || t.unknown(e.w.now) {
			missing = append(missing, arn)
			continue
		}
		tasks = append(tasks, t.described(e.w.now))
	}
	return tasks, missing, nil
}

func (e *ecs) stopTask(arn, reason string, d dice) error {
	if e.w.hit(d, StopError, 80) {
		return errUnavailable
	}
	t := e.byARN[arn]
	if t == nil || t.unknown(e.w.now) {
		return nil // the adapter reads "not found" as done
	}
	if t.copy == other && e.w.opt.Mutation != TrustNames {
		e.w.violate("a strange task is not stopped", t.run, "%s, which names attempt %d, is stopped: %s", t.short(), t.attempt, reason)
	}
	if !t.due(e.w) {
		e.w.violate("no task is stopped without a reason", t.run, "attempt %d, launched at %s, is stopped: %s", t.attempt, t.created.Format("15:04:05"), reason)
	}
	t.stop(e.w, byControl, reason)
	return nil
}

// due reports whether there is a reason to stop the task: a person, or a limit that it has
// exceeded.
func (t *task) due(w *World) bool {
	now := w.now.Add(slack / 2)
	if len(w.people.stops[t.run]) > 0 || !now.Before(t.created.Add(t.job.Launchable())) {
		return true
	}
	return t.job.Timeout > 0 && !t.started.IsZero() && !now.Before(t.started.Add(time.Duration(t.job.Timeout)))
}

// find is ListTasks by startedBy, which shows tasks whose desired status is RUNNING.
func (e *ecs) find(startedBy string, d dice) ([]string, error) {
	if e.w.hit(d, FindError, 80) {
		return nil, errUnavailable
	}
	var arns []string
	for _, t := range slices.Concat(e.copies, e.tasks) {
		if t.by == startedBy && t.copy != unnamed && t.copy != elsewhere && !t.unknown(e.w.now) && t.desired.IsZero() && t.status(e.w.now) != "STOPPED" {
			arns = append(arns, t.arn)
		}
	}
	return arns, nil
}
