package doctor_test

import (
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
		{Name: "a", TaskDefinition: "base", Network: job.Network{Subnets: []string{"subnet-1"}}, Notify: job.Notify{Targets: []string{"ops"}}},
		{Name: "b", TaskDefinition: "base", Cluster: "etl"},
		{Name: "c", TaskDefinition: "theirs:3", TaskRole: "arn:x"},
	}
	needs := doctor.Needs(jobs, []job.TaskDefinition{base}, map[string]doctor.Deployed{"theirs:3": {Images: []string{"app:7", "agent:1"}, LogGroups: []string{"/ecs/theirs", "us-west-2:/ecs/agent"}, Roles: []string{"arn:y", ""}}})
	for s, want := range map[doctor.Subject]string{
		{Kind: doctor.Cluster, Name: "default"}: "a c", {Kind: doctor.Cluster, Name: "etl"}: "b",
		{Kind: doctor.Image, Name: "app:7"}: "c", {Kind: doctor.LogGroup, Name: "/ecs/theirs"}: "c", {Kind: doctor.Role, Name: "arn:y"}: "c",
		{Kind: doctor.Image, Name: "agent:1"}: "c", {Kind: doctor.LogGroup, Name: "us-west-2:/ecs/agent"}: "c",
		{Kind: doctor.TaskDefinition, Name: "theirs:3"}: "c", {Kind: doctor.Image, Name: "busybox:1"}: "a b",
		{Kind: doctor.Role, Name: "arn:x"}: "a b c", {Kind: doctor.LogGroup, Name: "/ecs/jobs"}: "a b",
		{Kind: doctor.Secret, Name: "/k"}: "a b", {Kind: doctor.Target, Name: "ops"}: "a", {Kind: doctor.Subnet, Name: "subnet-1"}: "a",
	} {
		if got := strings.Join(needs[s], " "); got != want {
			t.Errorf("%v is needed by %q, want %q", s, got, want)
		}
	}
	if len(needs) != 14 {
		t.Errorf("%d needs: %v", len(needs), needs)
	}
	answers := map[doctor.Subject]doctor.Answer{}
	for s := range needs {
		answers[s] = doctor.Answer{Verdict: doctor.Good}
	}
	elsewhere := doctor.Subject{Kind: doctor.LogGroup, Name: "us-west-2:/ecs/agent"}
	got := doctor.Findings("prod", map[doctor.Subject][]string{elsewhere: {"c"}}, map[doctor.Subject]doctor.Answer{elsewhere: {Verdict: doctor.Wrong}})
	if got[0].Mend != "aws logs create-log-group --log-group-name /ecs/agent --region us-west-2" {
		t.Errorf("elsewhere: %s", got[0].Mend)
	}
	answers[doctor.Subject{Kind: doctor.LogGroup, Name: "/ecs/jobs"}] = doctor.Answer{Verdict: doctor.Wrong, Why: "does not exist"}
	answers[doctor.Subject{Kind: doctor.Target, Name: "ops"}] = doctor.Answer{Verdict: doctor.Wrong, Why: "is not set"}
	delete(answers, doctor.Subject{Kind: doctor.Subnet, Name: "subnet-1"})
	got = doctor.Findings("prod", needs, answers)
	if got[0].Mend != "aws logs create-log-group --log-group-name /ecs/jobs" || got[0].Verdict != doctor.Wrong ||
		!strings.Contains(got[1].Mend, "/batchplane/prod/slack/ops") || got[2].Verdict != doctor.Unknown || got[2].Kind != doctor.Subnet {
		t.Errorf("got %+v", got[:3])
	}
	if slices.ContainsFunc(got[3:], func(f doctor.Finding) bool { return f.Verdict != doctor.Good || f.Mend != "" }) {
		t.Errorf("got %+v", got[3:])
	}
}
