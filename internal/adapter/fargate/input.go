package fargate

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Input returns the RunTask request of a launch. Equal launches give equal requests. A later version
// may send an attempt again that this one sent, and ECS treats a different request under the same
// token as an error: a change of this form must be kept with the attempt before its first send.
func Input(l port.Launch) *ecs.RunTaskInput {
	in := &ecs.RunTaskInput{
		ClientToken:    aws.String(l.RoundID().ClientToken(l.Stack)),
		StartedBy:      aws.String(l.RoundID().StartedBy(l.Stack)),
		TaskDefinition: aws.String(l.Task.ARN),
		Cluster:        optional(l.Job.Cluster),
		Count:          aws.Int32(1),
		Overrides:      overrides(l),
		Tags:           tags(l),
		PropagateTags:  types.PropagateTagsTaskDefinition,
	}
	if l.Job.Capacity == job.Spot {
		in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1}}
	} else {
		in.LaunchType = types.LaunchTypeFargate
	}
	if n := l.Job.Network; !n.IsZero() {
		in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: n.Subnets, SecurityGroups: n.SecurityGroups, AssignPublicIp: publicIP(n.AssignPublicIP),
		}}
	}
	return in
}

func publicIP(assign bool) types.AssignPublicIp {
	if assign {
		return types.AssignPublicIpEnabled
	}
	return types.AssignPublicIpDisabled
}

func overrides(l port.Launch) *types.TaskOverride {
	o := &types.TaskOverride{
		ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String(l.Task.Container), Command: l.Job.Command, Environment: environment(l),
		}},
		TaskRoleArn:      optional(l.Job.TaskRole),
		ExecutionRoleArn: optional(l.Job.ExecutionRole),
	}
	if len(l.Job.Command) == 0 {
		// An empty list that is not nil would be sent, and make a different request.
		o.ContainerOverrides[0].Command = nil
	}
	if l.Job.CPU > 0 {
		o.Cpu, o.Memory = aws.String(strconv.Itoa(l.Job.CPU)), aws.String(strconv.Itoa(l.Job.Memory))
	}
	return o
}

// environment returns the job's variables and the run's own, which win, sorted by name so that every
// send of an attempt is the same request.
func environment(l port.Launch) []types.KeyValuePair {
	env := map[string]string{
		port.EnvStack:        l.Stack,
		port.EnvRun:          string(l.Run),
		port.EnvJob:          l.Run.Job(),
		port.EnvScheduledFor: l.ScheduledFor.UTC().Format(time.RFC3339),
		port.EnvAttempt:      strconv.Itoa(l.Attempt),
	}
	for k, v := range l.Job.Environment {
		if _, ours := env[k]; !ours {
			env[k] = v
		}
	}
	pairs := make([]types.KeyValuePair, 0, len(env))
	for _, k := range slices.Sorted(maps.Keys(env)) {
		pairs = append(pairs, types.KeyValuePair{Name: aws.String(k), Value: aws.String(env[k])})
	}
	return pairs
}

// tags returns batchplane's tags and the job's, sorted by key so that every send of an attempt is the
// same request. StopTask deletes a task's tags (ECS API reference, StopTask). They serve cost
// allocation and tagging policies; nothing here reads them.
func tags(l port.Launch) []types.Tag {
	all := l.Job.TagsOf()
	all[job.OurTags+"stack"], all[job.OurTags+"job"] = l.Stack, l.Run.Job()
	out := make([]types.Tag, 0, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(all[k])})
	}
	return out
}
