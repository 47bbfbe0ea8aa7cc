package fargate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// resolveFor is how long the newest revision of a family is remembered, and mostResolved how many task
// definitions are: they take some KB each, and a function has little memory.
const (
	resolveFor   = time.Minute
	mostResolved = 1000
)

type resolved struct {
	at         time.Time
	definition *types.TaskDefinition
}

// Resolve implements port.Launcher. It remembers the newest revision of a family for resolveFor, and
// a revision that the job pins for as long as the process lives: the only change such a revision can
// undergo is to become INACTIVE, and then RunTask refuses it.
func (f *Launcher) Resolve(ctx context.Context, j job.Job) (run.TaskDefinition, error) {
	if j.TaskDefinition == "" {
		return run.TaskDefinition{}, fmt.Errorf("job %s %w: it names no taskDefinition", j.Name, port.ErrUnlaunchable)
	}
	d, err := f.definition(ctx, j.TaskDefinition, j.Pinned())
	if err != nil {
		return run.TaskDefinition{}, err
	}
	return pin(j, d)
}

func (f *Launcher) definition(ctx context.Context, name string, pinned bool) (*types.TaskDefinition, error) {
	f.mu.Lock()
	known, ok := f.resolved[name]
	forgotten := f.forgotten
	f.mu.Unlock()
	if ok && (pinned || f.Now().Sub(known.at) < resolveFor) {
		return known.definition, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	out, err := f.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(name)})
	if err != nil && retryable(err) {
		return nil, fmt.Errorf("describing task definition %s: %w", name, err)
	}
	if unknown := new(types.ClientException); errors.As(err, &unknown) && strings.Contains(unknown.ErrorMessage(), "Unable to describe") { // ECS's wording for an absent task definition
		return nil, fmt.Errorf("task definition %s %w: ECS has none of that name: register it, or correct its name in the jobs file (%s)", name, port.ErrUnlaunchable, said(err))
	}
	if err != nil {
		return nil, fmt.Errorf("task definition %s %w: %s", name, port.ErrUnlaunchable, said(err))
	}
	if out.TaskDefinition == nil { // something between here and ECS answered
		return nil, fmt.Errorf("describing task definition %s: it is not in the answer", name)
	}
	f.remember(name, out.TaskDefinition, forgotten)
	return out.TaskDefinition, nil
}

// remember keeps a definition that was read, unless Forget was called since: it may be from before.
func (f *Launcher) remember(name string, d *types.TaskDefinition, forgotten int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.forgotten != forgotten {
		return
	}
	if f.resolved == nil || len(f.resolved) >= mostResolved {
		f.resolved = map[string]resolved{}
	}
	f.resolved[name] = resolved{at: f.Now(), definition: d}
}

// Forget makes each Resolve that begins from now on ask for the newest revision of its family, for a
// caller that has just registered some.
func (f *Launcher) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resolved = nil
	f.forgotten++
}

// pin takes from a revision what a run needs. It refuses a revision with which nobody could prove how
// the job ended.
func pin(j job.Job, d *types.TaskDefinition) (run.TaskDefinition, error) {
	arn := aws.ToString(d.TaskDefinitionArn)
	refuse := func(format string, args ...any) (run.TaskDefinition, error) {
		return run.TaskDefinition{}, fmt.Errorf("job %s %w: %s", j.Name, port.ErrUnlaunchable, fmt.Sprintf(format, args...))
	}
	if d.Status == types.TaskDefinitionStatusInactive {
		return refuse("its task definition %s is INACTIVE: register it anew, or name a revision that is ACTIVE", arn)
	}
	own := ownContainer(j, d.ContainerDefinitions)
	switch {
	case own == nil && j.Container == "":
		return refuse("its task definition %s has several containers: say with `container` which is the job (%s)", arn, names(d))
	case own == nil:
		return refuse("its task definition %s has no container %q, only %s", arn, j.Container, names(d))
	case !essential(own):
		return refuse("container %s of %s is not essential, so its end would not end the task", aws.ToString(own.Name), arn)
	case own.RestartPolicy != nil && aws.ToBool(own.RestartPolicy.Enabled):
		return refuse("container %s of %s has a restartPolicy, so it may run more than once per launch", aws.ToString(own.Name), arn)
	}
	p := run.TaskDefinition{ARN: arn, Container: aws.ToString(own.Name), Log: logOf(own, arn)}
	for i := range d.ContainerDefinitions {
		c := &d.ContainerDefinitions[i]
		p.Containers = append(p.Containers, stop.Defined{Name: aws.ToString(c.Name), Essential: essential(c)})
	}
	return p, nil
}

// ownContainer returns the job's container: the one it names, else the only one.
func ownContainer(j job.Job, defined []types.ContainerDefinition) *types.ContainerDefinition {
	if j.Container == "" && len(defined) == 1 {
		return &defined[0]
	}
	for i := range defined {
		if aws.ToString(defined[i].Name) == j.Container {
			return &defined[i]
		}
	}
	return nil
}

// essential follows ECS: a container is essential unless it says otherwise (ECS API reference,
// ContainerDefinition "essential").
func essential(c *types.ContainerDefinition) bool { return c.Essential == nil || *c.Essential }

func names(d *types.TaskDefinition) string {
	out := make([]string, 0, len(d.ContainerDefinitions))
	for _, c := range d.ContainerDefinitions {
		out = append(out, aws.ToString(c.Name))
	}
	return strings.Join(out, ", ")
}
