package doctor_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

func TestNeedsAndFindings(t *testing.T) {
	t.Parallel()
	base := job.TaskDefinition{Family: "base", Image: "busybox:1", ExecutionRole: "arn:x", LogGroup: "/ecs/jobs", Secrets: map[string]string{"K": "/k"}}
	jobs := []job.Job{
		{Name: "a", TaskDefinition: "base", Network: job.Network{Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}}, Notify: job.Notify{Targets: []string{"ops"}}},
		{Name: "b", TaskDefinition: "base", Cluster: "etl"},
		{Name: "c", TaskDefinition: "theirs:3", TaskRole: "arn:x", ExecutionRole: "arn:x"},
	}
	needs := doctor.Needs(jobs, []job.TaskDefinition{base}, map[string]doctor.Deployed{"theirs:3": {Images: []string{"app:7", "agent:1"}, LogGroups: []string{"/ecs/theirs", "us-west-2:/ecs/agent"}, Roles: []string{"arn:y", ""}}})
	for s, want := range map[doctor.Subject]string{
		{Kind: doctor.Cluster, Name: "default"}: "a c", {Kind: doctor.Cluster, Name: "etl"}: "b",
		{Kind: doctor.Image, Name: "app:7"}: "c", {Kind: doctor.LogGroup, Name: "/ecs/theirs"}: "c", {Kind: doctor.Role, Name: "arn:y"}: "c",
		{Kind: doctor.Image, Name: "agent:1"}: "c", {Kind: doctor.LogGroup, Name: "us-west-2:/ecs/agent"}: "c",
		{Kind: doctor.TaskDefinition, Name: "theirs:3"}: "c", {Kind: doctor.Image, Name: "busybox:1"}: "a b",
		{Kind: doctor.Role, Name: "arn:x"}: "a b c", {Kind: doctor.LogGroup, Name: "/ecs/jobs"}: "a b",
		{Kind: doctor.Secret, Name: "/k"}: "a b", {Kind: doctor.Target, Name: "ops"}: "a", {Kind: doctor.Subnet, Name: "subnet-1"}: "a",
		{Kind: doctor.SecurityGroup, Name: "sg-1"}: "a",
	} {
		if got := strings.Join(needs[s], " "); got != want {
			t.Errorf("%v is needed by %q, want %q", s, got, want)
		}
	}
	if len(needs) != 15 {
		t.Errorf("%d needs: %v", len(needs), needs)
	}
	answers := map[doctor.Subject]doctor.Answer{}
	for s := range needs {
		answers[s] = doctor.Answer{Verdict: doctor.Good}
	}
	answers[doctor.Subject{Kind: doctor.LogGroup, Name: "/ecs/jobs"}] = doctor.Answer{Verdict: doctor.Wrong, Why: "does not exist"}
	answers[doctor.Subject{Kind: doctor.Target, Name: "ops"}] = doctor.Answer{Verdict: doctor.Wrong, Why: "is not set"}
	delete(answers, doctor.Subject{Kind: doctor.Subnet, Name: "subnet-1"})
	got := doctor.Findings("prod", needs, answers)
	if got[0].Mend != "aws logs create-log-group --log-group-name /ecs/jobs" || got[0].Verdict != doctor.Wrong ||
		!strings.Contains(got[1].Mend, "/batchplane/prod/slack/ops") || got[2].Verdict != doctor.Unknown || got[2].Kind != doctor.Subnet || got[2].Why != "not asked" {
		t.Errorf("got %+v", got[:3])
	}
	if slices.ContainsFunc(got[3:], func(f doctor.Finding) bool { return f.Verdict != doctor.Good || f.Mend != "" }) {
		t.Errorf("got %+v", got[3:])
	}
}

// TestMends: what is wrong comes with its reason, its jobs and what mends it, in the order of kinds and names.
func TestMends(t *testing.T) {
	t.Parallel()
	needs, answers := map[doctor.Subject][]string{}, map[doctor.Subject]doctor.Answer{}
	var want []doctor.Finding
	for _, c := range []struct {
		kind       doctor.Kind
		name, mend string
	}{
		{doctor.Cluster, "arn:aws:ecs:eu-central-1:1:cluster/etl", "aws ecs create-cluster --cluster-name etl"},
		{doctor.Cluster, "web", "aws ecs create-cluster --cluster-name web"},
		{doctor.TaskDefinition, "theirs:3", "register it, or define it under taskDefinitions"},
		{doctor.Role, "arn:x", "create the role with a trust policy for ecs-tasks.amazonaws.com"},
		{doctor.Image, "app:7", "push the image, or correct its name in taskDefinitions"},
		{doctor.LogGroup, "/ecs/jobs", "aws logs create-log-group --log-group-name /ecs/jobs"},
		{doctor.LogGroup, "us-west-2:/ecs/agent", "aws logs create-log-group --log-group-name /ecs/agent --region us-west-2"},
		{doctor.Secret, "/k", "create the secret or parameter, or correct its ARN in secrets"},
		{doctor.Target, "ops", "aws ssm put-parameter --type SecureString --name /batchplane/prod/slack/ops --value file://webhook.txt"},
		{doctor.Subnet, "subnet-1", "correct its name in the jobs file"},
	} {
		f := doctor.Finding{Subject: doctor.Subject{Kind: c.kind, Name: c.name}, Verdict: doctor.Wrong, Why: "no " + c.name, Mend: c.mend, Jobs: []string{"a"}}
		needs[f.Subject], answers[f.Subject] = f.Jobs, doctor.Answer{Verdict: f.Verdict, Why: f.Why}
		want = append(want, f)
	}
	if got := doctor.Findings("prod", needs, answers); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
