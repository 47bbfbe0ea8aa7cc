package eventbridge

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
)

// identity tells a schedule, or the target of a rule, from all others; "" if the file does not say it.
func (i *item) identity() string {
	if i.arn == "" {
		return ""
	}
	return i.arn + " " + ecs.Get(i.target, "Id").String()
}

// apart reports whether a rule and a target are in different Regions or accounts: then the target
// belongs to another rule with this name. A rule starts tasks where it is.
func apart(rule string, targets []*doc.Node) bool {
	for _, t := range targets {
		own, other := place(rule), place(ecs.Get(t, "Arn").String())
		if strings.Contains(ecs.Get(t, "Arn").String(), ":cluster/") && own != "" && other != "" && own != other {
			return true
		}
	}
	return false
}

// place gives the Region and the account of an ARN.
func place(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[3] + ":" + parts[4]
}
