package wire

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/job"
)

// localDefinition is a job as it runs on one machine, with the base that it names.
type localDefinition struct {
	job  job.Job
	base job.TaskDefinition
}

// localJobs returns the jobs as they run on one machine: each has a task definition of its own there,
// whatever it names on AWS.
func localJobs(jobs []job.Job, bases []job.TaskDefinition) []localDefinition {
	out := make([]localDefinition, len(jobs))
	for i, j := range jobs {
		if b := slices.IndexFunc(bases, func(t job.TaskDefinition) bool { return t.Family == j.TaskDefinition }); b >= 0 {
			out[i].base = bases[b]
		}
		j.TaskDefinition = j.Name
		j.Container = cmp.Or(j.Container, out[i].base.Container, j.Name)
		out[i].job = j
	}
	return out
}

// Reload replaces the jobs.
func (l *Local) Reload(ctx context.Context, jobs []job.Job, bases []job.TaskDefinition) error {
	registered, err := l.register(ctx, jobs, bases)
	l.launcher.Forget() // else runs of the next minute might still get the bases of before
	if err != nil {
		return err
	}
	if err := l.Load(ctx, registered); err != nil {
		return err
	}
	l.jobs, l.bases = jobs, bases
	return nil
}

// File returns the jobs and bases as their file has them.
func (l *Local) File() ([]job.Job, []job.TaskDefinition) { return l.jobs, l.bases }

// register registers a task definition for each job, and returns the jobs that name them.
func (l *Local) register(ctx context.Context, jobs []job.Job, bases []job.TaskDefinition) ([]job.Job, error) {
	out := make([]job.Job, 0, len(jobs))
	for _, d := range localJobs(jobs, bases) {
		if _, err := l.client.RegisterTaskDefinition(ctx, d.input()); err != nil {
			return nil, fmt.Errorf("registering the task definition of job %s: %w", d.job.Name, err)
		}
		out = append(out, d.job)
	}
	return out, nil
}

func (d localDefinition) input() *ecs.RegisterTaskDefinitionInput {
	cpu, memory := d.base.Size()
	container := types.ContainerDefinition{
		Name: aws.String(d.job.Container), Image: aws.String(cmp.Or(d.base.Image, "local")), Essential: aws.Bool(true),
	}
	if d.base.Memory > 0 {
		container.Memory = aws.Int32(int32(min(d.base.Memory, math.MaxInt32)))
	}
	for _, name := range slices.Sorted(maps.Keys(d.base.Environment)) {
		container.Environment = append(container.Environment, types.KeyValuePair{Name: aws.String(name), Value: aws.String(d.base.Environment[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(d.base.Secrets)) {
		container.Secrets = append(container.Secrets, types.Secret{Name: aws.String(name), ValueFrom: aws.String(d.base.Secrets[name])})
	}
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(d.job.TaskDefinition), RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: aws.String(strconv.Itoa(cpu)), Memory: aws.String(strconv.Itoa(memory)), NetworkMode: types.NetworkModeAwsvpc,
		ContainerDefinitions: []types.ContainerDefinition{container},
	}
}
