package copilot

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// network reads the network of the task. Copilot adds the environment's own security group unless
// deny_default is true
// (https://aws.github.io/copilot-cli/docs/manifest/scheduled-job/#network-vpc-security-groups).
func (m *manifest) network() {
	vpc := m.node.Get("network", "vpc")
	placement, groups := vpc.Get("placement"), vpc.Get("security_groups")
	denies := groups.Get("deny_default").True()
	if inner := groups.Get("groups"); groups.Kind == doc.Map {
		groups = inner
	}
	m.groups(groups)
	subnets := placement.Get("subnets")
	if placement.String() != "private" && subnets.Absent() {
		m.j.Network.AssignPublicIP = true
	}
	own := "its subnets are the environment's, and so is one more security group"
	tagged := ", and one more security group is the environment's"
	if denies {
		own, tagged = "its subnets are the environment's", ""
	}
	switch tags := subnets.Get("from_tags"); {
	case subnets.Kind == doc.List:
		m.j.Network.Subnets = subnets.Texts()
		if !denies {
			m.e.Decide("Copilot adds the environment's own security group: `copilot env show --resources` names it, write it into network.securityGroups")
		}
	case !tags.Absent():
		m.e.Decide("its subnets are those with the tags %s%s: `copilot env show --resources` and `aws ec2 describe-subnets` name them, write network", importer.Clip(strings.Join(tags.Keys, ", ")), tagged)
	default:
		m.e.Decide("%s: `copilot env show --resources` names them, write network", own)
	}
	m.node.Get("network").Pairs(func(key string, v *doc.Node) {
		if key != "vpc" && !v.Absent() && v.String() != "false" {
			m.e.Off(&m.j, "network.%s has no counterpart in a jobs file: if the job needs it, write your own task definition and name it", importer.Clip(key))
		}
	})
}

// groups reads the security groups that are named. Only the stack knows the value of its export.
func (m *manifest) groups(all *doc.Node) {
	for _, g := range all.List() {
		name := g.String()
		if export := g.Get("from_cfn").String(); export != "" {
			name = importer.ReplaceMe
			m.e.Off(&m.j, "a security group comes from the stack's export %s: write its ID for %s", importer.Clip(export), importer.ReplaceMe)
		}
		if name != "" {
			m.j.Network.SecurityGroups = append(m.j.Network.SecurityGroups, name)
		}
	}
}
