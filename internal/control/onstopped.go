package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// OnStopped takes an "ECS Task State Change" event, or a task as DescribeTasks returns it.
// Only stopped tasks decide anything. An input that cannot be used is kept with its reason
// and is no error. An error means that something is owed and the event must be delivered
// again; it is a *RunError if the run is known.
func (c *Control) OnStopped(ctx context.Context, body []byte) error {
	why, err := c.take(ctx, body)
	if err != nil || why == "" {
		return err
	}
	return c.keep(ctx, body, why)
}

// take takes an event. If it cannot be used, why says so and nothing was done.
func (c *Control) take(ctx context.Context, body []byte) (why string, err error) {
	doc, err := ecsevent.Parse(body)
	if err != nil {
		return fmt.Sprintf("not usable: %v", err), nil
	}
	if doc.Kind != stop.Task {
		return "not a task's state", nil
	}
	of, ok := c.owner(doc.Task)
	if !ok {
		return fmt.Sprintf("no task of stack %s: startedBy is %q", c.Stack, doc.Task.StartedBy), nil
	}
	why, err = c.stopped(ctx, doc.Task, of)
	if err != nil {
		return "", &RunError{Run: of.Run, Err: err}
	}
	return why, nil
}

// RunError says, for logs, which run an error is about. Its text is that of the error.
type RunError struct {
	Run run.ID
	Err error
}

func (e *RunError) Error() string { return e.Err.Error() }

func (e *RunError) Unwrap() error { return e.Err }

// stopped takes the state of a run's task.
func (c *Control) stopped(ctx context.Context, task ecsevent.Task, of run.RoundID) (why string, err error) {
	// A task without a lastStatus but with a stoppedAt has stopped.
	switch task.Stop().LastStatus {
	case "STOPPED":
	case "":
		return "it does not say what state the task is in", nil
	default:
		return "", nil
	}
	d, err := c.step(ctx, of.Run, func(r *run.Run) (run.Event, error) {
		if why, err = c.strange(ctx, r, of, &task); err != nil || why != "" {
			return nil, cmp.Or(err, errStrange)
		}
		return seen(of, task, false), nil
	})
	if errors.Is(err, errStrange) {
		return why, nil
	}
	if errors.Is(err, port.ErrNotFound) {
		// The claim is written before RunTask, so the order of events does not explain this.
		return fmt.Sprintf("run %s is not known", of.Run), nil
	}
	if err != nil {
		return "", err
	}
	if d.Next.Attempt(of.Attempt) == nil {
		return fmt.Sprintf("run %s has no attempt %d", of.Run, of.Attempt), nil
	}
	_, err = c.settle(ctx, d)
	return "", err
}

// errStrange means that a task is not the one of the attempt that its startedBy names.
var errStrange = errors.New("a strange task")

// strange says why a task cannot be that of the attempt that it names; "" if it can, or if another
// task is known to be the attempt's. Anyone who may run a task anywhere in the account chooses its
// startedBy.
func (c *Control) strange(ctx context.Context, r *run.Run, round run.RoundID, t *ecsevent.Task) (why string, err error) {
	a := r.Attempt(round.Attempt)
	if a == nil || a.TaskARN != "" && a.TaskARN != t.ARN && a.Sure() {
		return "", nil
	}
	if (a.TaskARN == "" || a.TaskARN != t.ARN) && a.N >= r.First { // an earlier attempt may be of another definition
		j, err := c.definition(ctx, r.Definition)
		if err != nil {
			return "", lost(err)
		}
		if t.ClusterARN != "" && !inCluster(t.ClusterARN, j.Cluster) {
			return fmt.Sprintf("task %s is of cluster %s, and run %s is launched in %s: it is not its task, whatever its startedBy says", t.ARN, t.ClusterARN, r.ID, cmp.Or(j.Cluster, defaultCluster)), nil
		}
	}
	return otherDefinition(r, a, t), nil
}

// otherDefinition says that a task is of another task definition than an attempt; "" if it is not.
// Another revision counts only as long as the attempt's task is not known: of a launch that a
// restored store has forgotten, ECS says which task there is (ECS API reference, RunTask:
// ConflictException), and a retry may ask for a newer revision.
func otherDefinition(r *run.Run, a *run.Attempt, t *ecsevent.Task) string {
	of, ours := t.DefinitionARN, r.Task.ARN
	family := ours[:strings.LastIndexByte(ours, ':')+1]
	if of == "" || ours == "" || of == ours || of == a.TaskDefinition || a.TaskARN != "" && strings.HasPrefix(of, family) {
		return ""
	}
	return fmt.Sprintf("task %s is of task definition %s, and run %s is launched with %s: it is not its task, whatever its startedBy says", t.ARN, of, r.ID, ours)
}

// defaultCluster is where ECS launches tasks that name no cluster (ECS API reference,
// RunTask).
const defaultCluster = "default"

// inCluster reports whether a cluster's ARN is that of the cluster that a job names by ARN or
// by name.
func inCluster(arn, named string) bool {
	if strings.HasPrefix(named, "arn:") {
		return arn == named
	}
	return arn[strings.LastIndexByte(arn, '/')+1:] == cmp.Or(named, defaultCluster)
}

// owner finds a task's run by its startedBy, or else by its overrides.
func (c *Control) owner(t ecsevent.Task) (m run.RoundID, ok bool) {
	if t.StartedBy != "" {
		return run.ParseStartedBy(c.Stack, t.StartedBy)
	}
	for _, env := range t.Environment {
		if env[port.EnvStack] != c.Stack {
			continue
		}
		attempt, err := strconv.Atoi(env[port.EnvAttempt])
		if err != nil {
			return run.RoundID{}, false
		}
		id, err := run.ParseID(env[port.EnvRun])
		return run.RoundID{Run: id, Attempt: attempt, Round: run.UnknownRound}, err == nil
	}
	return run.RoundID{}, false
}

// seen turns a task's state into the event that run.Decide takes.
func seen(m run.RoundID, t ecsevent.Task, look bool) run.Seen {
	ended := t.ExecutionStoppedAt
	if ended.IsZero() {
		ended = t.StoppedAt
	}
	st := t.Stop()
	unseen := t.ExecutionStoppedAt.IsZero() && !st.StartedAt.IsZero() && !slices.ContainsFunc(st.Containers, func(c stop.Container) bool { return c.ExitCode != nil })
	return run.Seen{Attempt: m.Attempt, Round: m.Round, TaskARN: t.ARN, Version: t.Version, Stop: st, EndedAt: ended, EndUnseen: unseen, Look: look}
}

func (c *Control) keep(ctx context.Context, body []byte, reason string) error {
	c.Log.WarnContext(ctx, "kept an event that could not be used", "why", reason)
	if err := c.Store.Keep(ctx, port.Kept{At: c.Now(), Reason: reason, Body: body}); err != nil {
		return fmt.Errorf("keeping an event that could not be used (%s): %w", reason, err)
	}
	return nil
}
