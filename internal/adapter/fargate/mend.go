package fargate

import (
	"cmp"
	"regexp"
	"sync"

	"github.com/batchplane/batchplane/internal/stop"
)

// The wording of IAM's refusals: the stack may not pass a role, or may not launch.
var (
	notPassed = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`not authorized to perform: iam:PassRole on resource: (arn:[^ ]+)`)
	})
	notLaunched = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`not authorized to perform: ecs:RunTask\b`) })
)

// mend says which parameter of the stack would allow a launch that its policies forbid, "" if none
// would.
func mend(s stop.Stop, cluster string) string {
	if s.ErrorCode != "AccessDeniedException" {
		return ""
	}
	if m := notPassed().FindStringSubmatch(s.Reason); m != nil {
		return "add " + m[1] + " to the stack's parameter TaskRoles, or give the role a path that TaskRolePath has"
	}
	if notLaunched().MatchString(s.Reason) {
		return "add the ARN of the cluster " + cmp.Or(cluster, "default") + " to the stack's parameter Clusters, if it is not there"
	}
	return ""
}
