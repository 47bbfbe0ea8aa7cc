package terraform

import (
	"bytes"
	"slices"

	"github.com/batchplane/batchplane/internal/importer"
)

// none says what to do with files that have no schedules.
func none(files []*importer.File) error {
	out := importer.ForeignError{Sentence: files[0].Name + " holds no aws_cloudwatch_event_rule with a schedule and no aws_scheduler_schedule: `terraform show -json > state.json` prints the state of a workspace"}
	if slices.ContainsFunc(files, func(f *importer.File) bool { return bytes.Contains(f.Data, []byte(`"kubernetes_cron_job`)) }) {
		out = importer.ForeignError{Sentence: files[0].Name + " holds CronJobs of Kubernetes and no schedules of AWS: `kubectl get cronjobs -A -o json` prints them, and `batchplane import kubernetes` reads that"}
	}
	return &out
}
