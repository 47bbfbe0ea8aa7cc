package fargate

import (
	"cmp"
	"regexp"
	"strings"
	"sync"

	"github.com/batchplane/batchplane/internal/stop"
)

// The wording of IAM's refusals: the stack may not pass a role, or may not launch.
var (
	notPassed = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`not authorized to perform: iam:PassRole on resource: (arn:[^ ]+)`)
	})
	// elsewhere finds the policy that is not one of the stack's role (IAM user guide, "Troubleshoot
	// access denied error messages").
	elsewhere = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`with an explicit deny in (an? [A-Za-z -]*policy|a permissions boundary)|because no (service control policy|resource control policy|permissions boundary|session policy|VPC endpoint policy) allows`)
	})
	notLaunched = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`not authorized to perform: ecs:RunTask\b`) })
)

// mend says which parameter of the stack would allow a launch that its policies forbid, "" if none
// would.
func mend(s stop.Stop, cluster string) string {
	if s.ErrorCode != "AccessDeniedException" {
		return ""
	}
	if m := elsewhere().FindStringSubmatch(s.Reason); m != nil {
		return "no parameter of the stack can allow it, " + cmp.Or(m[1], "a "+m[2]) + " does not let it: ask whoever manages that"
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
