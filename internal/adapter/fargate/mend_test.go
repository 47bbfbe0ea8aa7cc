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
		"a role":            {"AccessDeniedException", who + "iam:PassRole on resource: arn:aws:iam::123456789012:role/payroll because no identity-based policy allows the iam:PassRole action", "", "add arn:aws:iam::123456789012:role/payroll to the stack's parameter TaskRoles"},
		"a cluster":         {"AccessDeniedException", who + "ecs:RunTask on resource: arn:aws:ecs:eu-central-1:123456789012:task-definition/a:1", "jobs", "the cluster jobs to the stack's parameter Clusters"},
		"ECS's own cluster": {"AccessDeniedException", who + "ecs:RunTask on resource: arn:x", "", "the cluster default"},
		"another action":    {"AccessDeniedException", who + "ecs:RunTaskX", "", ""},
		"another error":     {"ClientException", "not authorized to perform: iam:PassRole on resource: arn:x", "", ""},
	} {
		got := mend(stop.Stop{ErrorCode: c.code, Reason: c.reason}, c.cluster)
		if !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
