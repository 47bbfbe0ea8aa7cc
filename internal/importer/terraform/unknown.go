package terraform

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
)

// pointless are attributes of rules, targets and schedules that a job has nothing of. The provider
// gives some of them where the code does not
// (https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/scheduler/schedule.go).
var pointless = []string{
	"id", "name", "name_prefix", "description", "tags_all", "region", "role_arn", "target_id", "event_bus_name", "dead_letter_config",
	"group_name", "action_after_completion",
}

// computed are attributes of a task definition that the provider gives, or that a definition of a
// jobs file asks for itself.
var computed = []string{"arn", "arn_without_revision", "id", "revision", "tags_all", "region", "network_mode", "enable_fault_injection", "execution_role_arn"}

// unsaid switches the job off if a plan does not know something of it before the apply, which would
// look as if it were not set: its cluster would be the default one and its command the image's.
func (t thing) unsaid(e *importer.Entry, j *job.Job) {
	own := pointless
	if t.of.kind == "aws_scheduler_schedule" {
		own = append(slices.Clone(own), "arn") // the schedule's; that of its target lies deeper
	}
	open := append(unknown(nil, t.rule, "", append(slices.Clone(pointless), "arn")), unknown(nil, t.of.unknown, "", own)...)
	open = slices.DeleteFunc(open, func(key string) bool { return key == "task_definition_arn" && j.TaskDefinition != "" })
	if i := slices.Index(open, "arn"); i >= 0 {
		open[i] = "the ARN of its cluster"
	}
	if i := slices.Index(open, "task_definition_arn"); i >= 0 {
		open[i] = "the task definition's ARN"
	}
	if len(open) > 0 {
		e.Off(j, "the plan does not know some of it before the apply (%s): give the state, or write what was deployed", strings.Join(open, ", "))
	}
}

// unknown gives the names of the attributes that are only known after the apply, each once and
// without those to skip.
func unknown(open []string, n *doc.Node, name string, skip []string) []string {
	if n.True() && !slices.Contains(open, name) {
		open = append(open, name)
	}
	for _, one := range n.List() {
		if n.Kind == doc.List {
			open = unknown(open, one, name, skip)
		}
	}
	n.Pairs(func(key string, v *doc.Node) {
		if !slices.Contains(skip, key) {
			open = unknown(open, v, importer.Clip(key), slices.DeleteFunc(slices.Clone(skip), func(s string) bool { return s == "arn" }))
		}
	})
	return open
}
