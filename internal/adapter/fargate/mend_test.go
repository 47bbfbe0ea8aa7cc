package fargate

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/stop"
)

func TestMend(t *testing.T) {
	t.Parallel()
	const who = "User: arn:aws:sts::123456789012:assumed-role/trigger/x is not authorized to perform: "
	for name, c := range map[string]struct{ code, reason, cluster, says string }{
		"a role":             {"AccessDeniedException", who + "iam:PassRole on resource: arn:aws:iam::123456789012:role/payroll because no identity-based policy allows the iam:PassRole action", "", "add arn:aws:iam::123456789012:role/payroll to the stack's parameter TaskRoles"},
		"no reason":          {"AccessDeniedException", who + "iam:PassRole on resource: arn:aws:iam::123456789012:role/payroll", "", "TaskRolePath has; if it is there already, a permissions boundary or a policy of the organization forbids it"},
		"an SCP":             {"AccessDeniedException", who + "iam:PassRole on resource: arn:aws:iam::123456789012:role/payroll with an explicit deny in a service control policy", "", "no parameter of the stack can allow it, a service control policy does not let it"},
		"an SCP of launches": {"AccessDeniedException", who + "ecs:RunTask on resource: arn:aws:ecs:eu-central-1:123456789012:task-definition/a:1 with an explicit deny in an identity-based policy", "jobs", "an identity-based policy does not let it"},
		"a deny of old":      {"AccessDeniedException", who + "ecs:RunTask on resource: arn:x with an explicit deny", "", "no parameter of the stack can allow it, a policy does not let it"},
		"a boundary":         {"AccessDeniedException", who + "iam:PassRole on resource: arn:aws:iam::123456789012:role/payroll because no permissions boundary allows the iam:PassRole action", "", "a permissions boundary does not let it"},
		"a boundary's deny":  {"AccessDeniedException", who + "ecs:RunTask on resource: arn:x with an explicit deny in a permissions boundary", "", "a permissions boundary does not let it"},
		"a cluster":          {"AccessDeniedException", who + "ecs:RunTask on resource: arn:aws:ecs:eu-central-1:123456789012:task-definition/a:1", "jobs", "the cluster jobs to the stack's parameter Clusters"},
		"ECS's own cluster":  {"AccessDeniedException", who + "ecs:RunTask on resource: arn:x", "", "the cluster default"},
		"no such cluster":    {"ClusterNotFoundException", "Cluster not found.", "etl", "there is no cluster etl here: create it"},
		"another action":     {"AccessDeniedException", who + "ecs:RunTaskX", "", ""},
		"another error":      {"ClientException", "not authorized to perform: iam:PassRole on resource: arn:x", "", ""},
	} {
		got := mend(stop.Stop{ErrorCode: c.code, Reason: c.reason}, c.cluster)
		if !strings.Contains(got, c.says) || (got == "") != (c.says == "") || name == "a role" && strings.Contains(got, "forbids") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
