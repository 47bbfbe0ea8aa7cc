package deployer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
)

// registry is an ECS that keeps what was last registered.
type registry struct {
	RegisterAPI
	last *ecs.RegisterTaskDefinitionInput
	err  error
}

func (r *registry) RegisterTaskDefinition(_ context.Context, in *ecs.RegisterTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	if r.last = in; r.err != nil {
		return nil, r.err
	}
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{TaskDefinitionArn: aws.String("arn:" + *in.Family + ":1")}}, nil
}

// TestRegister: a revision that apply registers has the tags of its jobs and of the stack, and the tag
// by which apply recognises it.
func TestRegister(t *testing.T) {
	t.Parallel()
	of := job.TaskDefinition{Family: "app", Image: "example/app:1", Tags: map[string]string{"batchplane:owner": "team-a", "cost": "12"}}
	r := &registry{}
	arn, err := (&Definitions{ECS: r, Stack: "prod", Region: "eu-central-1"}).Register(t.Context(), "mine-app", of)
	if err != nil || arn != "arn:mine-app:1" {
		t.Fatalf("%s, %v", arn, err)
	}
	var got []string
	for _, tag := range r.last.Tags {
		got = append(got, *tag.Key+"="+*tag.Value)
	}
	want := []string{"batchplane:definition=" + apply.DefinitionHash(of), "batchplane:owner=team-a", "batchplane:stack=prod", "cost=12"}
	if !slices.Equal(got, want) {
		t.Errorf("tags %q, want %q", got, want)
	}
	if r.last.RuntimePlatform.CpuArchitecture != types.CPUArchitectureX8664 || *r.last.Cpu != "256" || *r.last.Memory != "512" {
		t.Errorf("%+v, %s, %s", r.last.RuntimePlatform, *r.last.Cpu, *r.last.Memory)
	}
	if len(of.Tags) != 2 || fmt.Sprint(r.last.RequiresCompatibilities) != "[FARGATE]" {
		t.Errorf("%v, %v", of.Tags, r.last.RequiresCompatibilities)
	}
}

func (r *registry) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	if r.err != nil {
		return nil, r.err
	}
	return &ecs.DescribeTaskDefinitionOutput{Tags: append(slices.Clone(r.last.Tags), types.Tag{Key: aws.String("aws:x"), Value: aws.String("y")}), TaskDefinition: &types.TaskDefinition{
		TaskDefinitionArn: aws.String("arn:app:1"), Family: r.last.Family, Cpu: r.last.Cpu, Memory: r.last.Memory, RuntimePlatform: r.last.RuntimePlatform,
		ExecutionRoleArn: r.last.ExecutionRoleArn, TaskRoleArn: r.last.TaskRoleArn, ContainerDefinitions: r.last.ContainerDefinitions,
	}}, nil
}

// TestRevision: a revision is recognised by its tag, and a family without one is none.
func TestRevision(t *testing.T) {
	t.Parallel()
	of := job.TaskDefinition{
		Family: "app", Image: "example/app:1", Container: "main", Architecture: "arm64", CPU: 512, Memory: 1024, ExecutionRole: "arn:e", TaskRole: "arn:t", User: "1000", LogGroup: "/ecs/app",
		Environment: map[string]string{"A": "1"}, Secrets: map[string]string{"S": "/s"}, Tags: map[string]string{"cost": "12"},
	}
	r := &registry{}
	d := &Definitions{ECS: r, Stack: "prod"}
	if _, err := d.Register(t.Context(), "mine-app", of); err != nil || r.last.RuntimePlatform.CpuArchitecture != types.CPUArchitectureArm64 {
		t.Fatal(r.last, err)
	}
	got, ok, err := d.Revision(t.Context(), "mine-app")
	if err != nil || !ok || got.ARN != "arn:app:1" || got.Hash != apply.DefinitionHash(of) {
		t.Errorf("%+v, %t, %v", got, ok, err)
	}
	is := of
	if is.Family = "mine-app"; !reflect.DeepEqual(got.Is, is) {
		t.Errorf("it is %+v, want %+v", got.Is, is)
	}
	r.err = &types.ClientException{}
	if _, ok, err := d.Revision(t.Context(), "mine-app"); ok || err != nil {
		t.Errorf("where there is none: %t, %v", ok, err)
	}
	r.err = errors.New("denied")
	if _, ok, err := d.Revision(t.Context(), "mine-app"); ok || !errors.Is(err, r.err) {
		t.Errorf("where nobody says: %t, %v", ok, err)
	}
	if _, err := d.Register(t.Context(), "mine-app", of); !errors.Is(err, r.err) {
		t.Errorf("where it is refused: %v", err)
	}
}

// void is something between here and ECS, which answers that all is well and nothing else.
type void struct{}

func (void) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{}, nil
}

func (void) RegisterTaskDefinition(context.Context, *ecs.RegisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	return &ecs.RegisterTaskDefinitionOutput{}, nil
}

// TestNothingInTheAnswer: an answer without a task definition is an error, not a definition.
func TestNothingInTheAnswer(t *testing.T) {
	t.Parallel()
	d := &Definitions{ECS: void{}, Stack: "prod"}
	if _, ok, err := d.Revision(t.Context(), "mine-app"); ok || err == nil {
		t.Errorf("found: %t, %v", ok, err)
	}
	if arn, err := d.Register(t.Context(), "mine-app", job.TaskDefinition{Family: "app", Image: "i"}); arn != "" || err == nil {
		t.Errorf("registered: %q, %v", arn, err)
	}
}

// TestContainer: what a base definition says is what its container has, and nothing where it says
// nothing.
func TestContainer(t *testing.T) {
	t.Parallel()
	d := &Definitions{Region: "eu-central-1"}
	c := d.container(job.TaskDefinition{
		Family: "app", Image: "i", Container: "main", User: "1000", LogGroup: "/ecs/app",
		Environment: map[string]string{"B": "2", "A": "1"}, Secrets: map[string]string{"S": "/s"},
	})
	if *c.Name != "main" || *c.User != "1000" || *c.Environment[0].Name+*c.Environment[0].Value+*c.Environment[1].Name != "A1B" || *c.Secrets[0].ValueFrom != "/s" ||
		!maps.Equal(c.LogConfiguration.Options, map[string]string{"awslogs-group": "/ecs/app", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "app"}) {
		t.Errorf("%+v", c)
	}
	if c := d.container(job.TaskDefinition{Family: "app", Image: "i", User: " "}); *c.Name != "app" || c.User != nil || c.LogConfiguration != nil {
		t.Errorf("%+v", c)
	}
}
