package fargate

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/stop"
)

// task converts a task of the SDK into the form that events are read into.
func task(t types.Task) ecsevent.Task {
	out := ecsevent.Task{
		ARN: aws.ToString(t.TaskArn), ClusterARN: aws.ToString(t.ClusterArn), DefinitionARN: aws.ToString(t.TaskDefinitionArn),
		StartedBy:  aws.ToString(t.StartedBy),
		LastStatus: aws.ToString(t.LastStatus), DesiredStatus: aws.ToString(t.DesiredStatus), Version: t.Version,
		ContainerInstanceARN: aws.ToString(t.ContainerInstanceArn),
		CreatedAt:            at(t.CreatedAt), PullStartedAt: at(t.PullStartedAt), StartedAt: at(t.StartedAt),
		ExecutionStoppedAt: at(t.ExecutionStoppedAt), StoppedAt: at(t.StoppedAt),
		StoppedReason: aws.ToString(t.StoppedReason),
	}
	if t.StopCode != "" {
		out.StopCode = aws.String(string(t.StopCode))
	}
	for _, c := range t.Containers {
		out.Containers = append(out.Containers, container(c))
	}
	if t.Overrides != nil {
		for _, o := range t.Overrides.ContainerOverrides {
			out.Overridden = append(out.Overridden, aws.ToString(o.Name))
		}
	}
	return out
}

func container(c types.Container) stop.Container {
	out := stop.Container{
		Name: aws.ToString(c.Name), LastStatus: aws.ToString(c.LastStatus), Reason: aws.ToString(c.Reason),
		RuntimeID: aws.ToString(c.RuntimeId), ImageDigest: aws.ToString(c.ImageDigest),
		Ran: c.HealthStatus == types.HealthStatusHealthy || c.HealthStatus == types.HealthStatusUnhealthy,
	}
	for _, agent := range c.ManagedAgents {
		out.Ran = out.Ran || agent.LastStartedAt != nil
	}
	if c.ExitCode != nil {
		// Windows exit codes are unsigned 32-bit numbers, and events show them so; the SDK reads
		// them as signed.
		code := int64(uint32(*c.ExitCode))
		out.ExitCode = &code
	}
	return out
}

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
