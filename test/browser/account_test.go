package browser

import (
	"context"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/doctor"
)

// account lacks a cluster, and does not let task definitions be looked at.
type account struct{}

// checked makes the pages offer to check an account.
func checked(c *console.Config) { c.Plane.Account = account{} }

func (account) Answers(_ context.Context, subjects []doctor.Subject) map[doctor.Subject]doctor.Answer {
	out := map[doctor.Subject]doctor.Answer{}
	for _, s := range subjects {
		out[s] = doctor.Answer{Verdict: doctor.Good}
		switch s.Kind {
		case doctor.Cluster:
			out[s] = doctor.Answer{Verdict: doctor.Wrong, Why: "there is no such cluster"}
		case doctor.TaskDefinition:
			out[s] = doctor.Answer{Verdict: doctor.Unknown, Why: "your credentials may not call ecs:DescribeTaskDefinition"}
		}
	}
	return out
}

func (account) Allowed(context.Context, []doctor.Use) map[doctor.Use]doctor.Answer { return nil }
func (account) Definitions(context.Context, []string) map[string]doctor.Deployed   { return nil }
func (account) Limits(context.Context) map[string]doctor.Limit                     { return nil }
