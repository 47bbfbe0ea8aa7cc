package deployer

import (
	"context"
	"fmt"
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
}

func (r *registry) RegisterTaskDefinition(_ context.Context, in *ecs.RegisterTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	r.last = in
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
	if len(of.Tags) != 2 || fmt.Sprint(r.last.RequiresCompatibilities) != "[FARGATE]" {
		t.Errorf("%v, %v", of.Tags, r.last.RequiresCompatibilities)
	}
}
