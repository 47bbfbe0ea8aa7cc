package eventbridge

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
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
		own, other := importer.PlaceOf(rule), importer.PlaceOf(ecs.Get(t, "Arn").String())
		if strings.Contains(ecs.Get(t, "Arn").String(), ":cluster/") && own != (importer.Place{}) && other != (importer.Place{}) && own != other {
			return true
		}
	}
	return false
}

// unread gives the schedules that are only listed. Those of several Regions may share a name.
func (g *gathering) unread() (out []item) {
	arns := map[string]map[string]bool{} // of those that were read, by name
	for i := range g.items {
		if arns[g.items[i].what] == nil {
			arns[g.items[i].what] = map[string]bool{}
		}
		arns[g.items[i].what][g.items[i].arn] = true
	}
	for i := range g.listed {
		same, arn := arns[g.listed[i].what], g.listed[i].arn
		if same == nil || arn != "" && !same[arn] && !same[""] {
			out = append(out, g.listed[i])
		}
	}
	return out
}
