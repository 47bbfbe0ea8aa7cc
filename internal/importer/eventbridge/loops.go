package eventbridge

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer/doc"
)

// isTemplate reports whether a document is a CloudFormation template that has something a schedule
// starts.
func isTemplate(d *doc.Node) bool { return starts(d.Get("Resources"), 0) }

// forEach begins the key of resources that CloudFormation makes in a loop.
const forEach = "Fn::ForEach::"

// starts reports whether the resources, including those of loops, have something that a schedule
// starts.
func starts(resources *doc.Node, depth int) (found bool) {
	resources.Pairs(func(id string, r *doc.Node) {
		switch r.Get("Type").String() {
		case ruleType, scheduleType, "AWS::Serverless::Function", "AWS::Serverless::StateMachine":
			found = true
		}
		if loop := r.List(); strings.HasPrefix(id, forEach) && len(loop) == 3 && depth < maxResolve {
			found = found || starts(loop[2], depth+1)
		}
	})
	return found
}

// loop reports a loop that makes rules or schedules, which are therefore not in the file.
func (g *gathering) loop(file, id string, r *doc.Node) {
	if loop := r.List(); strings.HasPrefix(id, forEach) && len(loop) == 3 && starts(loop[2], 0) {
		g.items = append(g.items, item{
			file: file, line: r.Line, what: "loop " + id, name: id,
			odd: "CloudFormation makes rules or schedules of this loop: import what was deployed with --live, or the template that `aws cloudformation get-template --template-stage Processed` prints",
		})
	}
}
