package deployer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
)

// RegisterAPI is the part of the ECS client that Definitions uses.
type RegisterAPI interface {
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(context.Context, *ecs.RegisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error)
}

// Definitions registers base task definitions. It is the task definitions' half of plane.Registry.
type Definitions struct {
	ECS RegisterAPI
	// Stack and Region are those of the control plane.
	Stack, Region string
}

// hashTag is the tag that says what a revision was made from.
const hashTag = "batchplane:definition"

// stackTag is the tag that names the control plane.
const stackTag = job.OurTags + "stack"

const arm64 = "arm64" // one of job.Architectures

// Revision implements plane.Registry.
func (d *Definitions) Revision(ctx context.Context, family string) (r apply.Revision, ok bool, err error) {
	out, err := d.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: &family, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	})
	// ECS answers this if a family has no ACTIVE revision (ECS API reference, DescribeTaskDefinition:
	// ClientException).
	var none *types.ClientException
	if errors.As(err, &none) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("looking for the task definition %s: %w", family, err)
	}
	if out.TaskDefinition == nil { // something between here and ECS answered
		return r, false, fmt.Errorf("looking for the task definition %s: it is not in the answer", family)
	}
	r.ARN = aws.ToString(out.TaskDefinition.TaskDefinitionArn)
	r.Is = registered(out.TaskDefinition)
	for _, t := range out.Tags {
		switch key := aws.ToString(t.Key); {
		case key == hashTag:
			r.Hash = aws.ToString(t.Value)
		case key != stackTag && !strings.HasPrefix(key, "aws:"):
			r.Is.Tags[key] = aws.ToString(t.Value)
		}
	}
	return r, true, nil
}

// registered returns what Register was given for a revision, without its tags.
func registered(is *types.TaskDefinition) job.TaskDefinition {
	t := job.TaskDefinition{
		Family: aws.ToString(is.Family), ExecutionRole: aws.ToString(is.ExecutionRoleArn), TaskRole: aws.ToString(is.TaskRoleArn),
		Environment: map[string]string{}, Secrets: map[string]string{}, Tags: map[string]string{},
	}
	t.CPU, _ = strconv.Atoi(aws.ToString(is.Cpu)) // ECS gives units, whatever was registered
	t.Memory, _ = strconv.Atoi(aws.ToString(is.Memory))
	if p := is.RuntimePlatform; p != nil && p.CpuArchitecture == types.CPUArchitectureArm64 {
		t.Architecture = arm64
	}
	for i := range is.ContainerDefinitions[:min(1, len(is.ContainerDefinitions))] {
		c := &is.ContainerDefinitions[i]
		t.Container, t.Image, t.User = aws.ToString(c.Name), aws.ToString(c.Image), aws.ToString(c.User)
		if c.LogConfiguration != nil {
			t.LogGroup = c.LogConfiguration.Options["awslogs-group"]
		}
		for _, e := range c.Environment {
			t.Environment[aws.ToString(e.Name)] = aws.ToString(e.Value)
		}
		for _, e := range c.Secrets {
			t.Secrets[aws.ToString(e.Name)] = aws.ToString(e.ValueFrom)
		}
	}
	return t
}

// Register implements plane.Registry.
func (d *Definitions) Register(ctx context.Context, family string, t job.TaskDefinition) (arn string, err error) {
	cpu, memory := t.Size()
	architecture := types.CPUArchitectureX8664
	if t.Architecture == arm64 {
		architecture = types.CPUArchitectureArm64
	}
	out, err := d.ECS.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &family, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, NetworkMode: types.NetworkModeAwsvpc,
		Cpu: aws.String(strconv.Itoa(cpu)), Memory: aws.String(strconv.Itoa(memory)),
		RuntimePlatform:  &types.RuntimePlatform{OperatingSystemFamily: types.OSFamilyLinux, CpuArchitecture: architecture},
		ExecutionRoleArn: given(t.ExecutionRole), TaskRoleArn: given(t.TaskRole),
		ContainerDefinitions: []types.ContainerDefinition{d.container(t)},
		Tags:                 d.tags(t),
	})
	if err != nil {
		return "", fmt.Errorf("registering the task definition %s: %w", family, err)
	}
	if out.TaskDefinition == nil {
		return "", fmt.Errorf("registering the task definition %s: its revision is not in the answer", family)
	}
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn), nil
}

func (d *Definitions) tags(t job.TaskDefinition) []types.Tag {
	all := maps.Clone(t.Tags)
	if all == nil {
		all = map[string]string{}
	}
	all[hashTag], all[stackTag] = apply.DefinitionHash(t), d.Stack
	out := make([]types.Tag, 0, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(all[k])})
	}
	return out
}

func (d *Definitions) container(t job.TaskDefinition) types.ContainerDefinition {
	c := types.ContainerDefinition{Name: &t.Family, Image: &t.Image, Essential: aws.Bool(true), User: given(t.User)}
	if t.Container != "" {
		c.Name = &t.Container
	}
	for _, name := range slices.Sorted(maps.Keys(t.Environment)) {
		c.Environment = append(c.Environment, types.KeyValuePair{Name: aws.String(name), Value: aws.String(t.Environment[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Secrets)) {
		c.Secrets = append(c.Secrets, types.Secret{Name: aws.String(name), ValueFrom: aws.String(t.Secrets[name])})
	}
	if t.LogGroup != "" {
		c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": t.LogGroup, "awslogs-region": d.Region, "awslogs-stream-prefix": t.Family,
		}}
	}
	return c
}

// given returns nil for a blank text.
func given(s string) *string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return &s
}
