package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

// TestHerdAndQuotas: what the jobs of a minute need, how long their launches take at the stack's
// rate, and which quota is too small for them.
func TestHerdAndQuotas(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	jobs := []job.Job{
		{Name: "a", TaskDefinition: "base"},
		{Name: "b", TaskDefinition: "base:3", CPU: 4096},
		{Name: "c", TaskDefinition: "arn:aws:ecs:eu-central-1:1:task-definition/other:7"},
		{Name: "d", TaskDefinition: "base", Capacity: job.Spot},
		{Name: "e", TaskDefinition: "base", Capacity: job.SpotThenOnDemand},
		{Name: "f", TaskDefinition: "theirs:7"},
	}
	h := doctor.HerdOf(at, jobs, doctor.SizesOf([]job.TaskDefinition{{Family: "base", CPU: 1024, Memory: 2048}}, map[string]doctor.Deployed{"theirs:7": {CPU: 2048}, "base:3": {CPU: 8192}}), 2)
	if h.Jobs != 6 || h.Rate != 2 || h.Seconds != 3 || h.VCPU != 7.25 || h.SpotVCPU != 2 {
		t.Errorf("got %+v", h)
	}
	if h := doctor.HerdOf(at, jobs[:5], doctor.SizesOf(nil, nil), 4); h.Seconds != 2 {
		t.Errorf("5 jobs at 4 a second: %d s", h.Seconds)
	}
	names := []string{doctor.OnDemand, doctor.Spot, doctor.Invocations}
	for name, c := range map[string]struct {
		limits map[string]doctor.Limit
		want   []string
	}{
		"all fit": {map[string]doctor.Limit{doctor.OnDemand: {Value: 7.25}, doctor.Spot: {Value: 6}, doctor.Invocations: {Value: 500}}, []string{"ok", "ok", "ok"}},
		"too small": {map[string]doctor.Limit{doctor.OnDemand: {Value: 4}, doctor.Spot: {Value: 1}, doctor.Invocations: {Value: 4}}, []string{
			"wrong 6 jobs of 7.25 vCPU start at 2026-11-22T00:00Z, and the quota is 4: tasks without room wait and are tried again until their deadline: aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 8",
			"wrong 6 jobs of 2 vCPU start at 2026-11-22T00:00Z, and the quota is 1: tasks without room wait and are tried again until their deadline: aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-36FBB829 --desired-value 2",
			"wrong 6 jobs (6) start at 2026-11-22T00:00Z, and the quota is 4 a second: the last ones start later: request an increase in Service Quotas",
		}},
		"nobody may ask": {map[string]doctor.Limit{doctor.OnDemand: {Unseen: "you may not ask: x"}}, []string{"not checked you may not ask: x", "not checked not asked", "not checked not asked"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := doctor.Quotas(doctor.Peaks{OnDemand: h, Spot: h, Starts: h}, c.limits)
			if len(got) != len(c.want) {
				t.Fatalf("got %+v", got)
			}
			for i, f := range got {
				if text := string(f.Verdict) + " " + f.Why + ": " + f.Mend; !strings.HasPrefix(text, c.want[i]) || f.Subject != (doctor.Subject{Kind: doctor.Quota, Name: names[i]}) {
					t.Errorf("got %s, want %s", text, c.want[i])
				}
			}
		})
	}
	few := doctor.HerdOf(at, jobs[:3], doctor.SizesOf(nil, nil), 20)
	if got := doctor.Quotas(doctor.Peaks{OnDemand: few, Spot: few, Starts: few}, map[string]doctor.Limit{doctor.OnDemand: {Value: 9}, doctor.Invocations: {Value: 9}}); len(got) != 2 {
		t.Errorf("without Spot: %+v", got)
	}
	one := doctor.HerdOf(at, jobs[1:2], doctor.SizesOf(nil, nil), 20)
	got := doctor.Quotas(doctor.Peaks{OnDemand: one, Spot: few, Starts: few}, map[string]doctor.Limit{doctor.OnDemand: {Value: 3}, doctor.Invocations: {Value: 9}})
	if len(got) != 2 || !strings.HasPrefix(got[0].Why, "1 job of 4 vCPU starts at 2026-11-22T00:00Z, and the quota is 3: ") || got[1].Verdict != doctor.Good {
		t.Errorf("of one large job: %+v", got)
	}
}
