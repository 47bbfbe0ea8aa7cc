package fargate

import (
	"cmp"
	"strings"

	"github.com/batchplane/batchplane/internal/lazyregexp"
	"github.com/batchplane/batchplane/internal/stop"
)

// The wording of IAM's refusals: the stack may not pass a role, or may not launch.
var (
	notPassed   = lazyregexp.New(`not authorized to perform: iam:PassRole on resource: (arn:[^ ]+)`)
	elsewhere   = lazyregexp.New(`with an explicit deny(?: in (an? [A-Za-z -]*policy|a permissions boundary))?|because no (service control policy|resource control policy|permissions boundary|session policy|VPC endpoint policy) allows`)
	notLaunched = lazyregexp.New(`not authorized to perform: ecs:RunTask\b`)
)

// ForbiddenBy names the kind of policy that forbids a call whatever others allow, from the wording of AWS's
// refusal; "" if the refusal does not say that (IAM user guide, "Troubleshoot access denied error
// messages").
func ForbiddenBy(message string) string {
	m := elsewhere().FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	return cmp.Or(m[1], "a "+cmp.Or(m[2], "policy"))
}

// mend says what a person can change so that a refused launch is let through: which parameter of the
// stack, whose policy, or which cluster. It is "" if ECS's own words say it.
func mend(s stop.Stop, cluster string) string {
	if s.ErrorCode == "ClusterNotFoundException" { // which does not say which one
		return "there is no cluster " + cmp.Or(cluster, "default") + " here: create it, or name another in the job's `cluster`"
	}
	if s.ErrorCode != "AccessDeniedException" {
		return ""
	}
	if by := ForbiddenBy(s.Reason); by != "" {
		return "no parameter of the stack can allow it, " + by + " does not let it: ask whoever manages that"
	}
	if m := notPassed().FindStringSubmatch(s.Reason); m != nil {
		add := "add " + m[1] + " to the stack's parameter TaskRoles, or give the role a path that TaskRolePath has"
		if strings.Contains(s.Reason, "no identity-based policy") {
			return add
		}
		return add + "; if it is there already, a permissions boundary or a policy of the organization forbids it"
	}
	if notLaunched().MatchString(s.Reason) {
		return "add the ARN of the cluster " + cmp.Or(cluster, "default") + " to the stack's parameter Clusters, if it is not there"
	}
	return ""
}
