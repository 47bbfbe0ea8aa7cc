package terraform

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer/doc"
)

// elsewhere gives a schedule that does not start an ECS task, and says what it is; "" if it is
// none.
func elsewhere(r resource) (expression, why string) {
	v := r.values
	switch r.kind {
	case "kubernetes_cron_job", "kubernetes_cron_job_v1":
		return first(v.Get("spec")).Get("schedule").String(), inCluster
	case "kubernetes_manifest":
		if v.Get("manifest", "kind").String() == "CronJob" {
			return v.Get("manifest", "spec", "schedule").String(), inCluster
		}
	case "google_cloud_scheduler_job":
		return v.Get("schedule").String(), "it is a job of Google's Cloud Scheduler, which goes on starting it: write a job by hand if it is to move"
	case "awscc_scheduler_schedule", "awscc_events_rule":
		return v.Get("schedule_expression").String(), "it is a resource of the provider awscc, which is not read: `batchplane import eventbridge --live` reads what is deployed"
	case "aws_cloudwatch_event_rule", "aws_scheduler_schedule": // read
	case "aws_cloudformation_stack":
		if strings.Contains(v.Get("template_body").String(), "ScheduleExpression") {
			return "", "its template holds rules or schedules of its own: `aws cloudformation get-template` prints it, and `batchplane import eventbridge` reads that"
		}
	default:
		if expression = scheduled(v); expression != "" {
			return expression, "its schedule starts no ECS task: leave it there"
		}
	}
	return "", ""
}

// scheduled gives an expression of EventBridge's form among the values of a resource of any kind,
// such as a canary of Synthetics or an association of Systems Manager.
func scheduled(v *doc.Node) string {
	block := first(v.Get("schedule"))
	for _, n := range []*doc.Node{v.Get("schedule_expression"), v.Get("schedule"), block.Get("expression"), block.Get("schedule_expression")} {
		if text := n.String(); strings.HasPrefix(text, "cron(") || strings.HasPrefix(text, "rate(") || strings.HasPrefix(text, "at(") {
			return text
		}
	}
	return ""
}

const inCluster = "it is a CronJob of Kubernetes: `kubectl get cronjobs -A -o json` prints it, and `batchplane import kubernetes` reads that"
