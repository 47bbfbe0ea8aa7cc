package kinds_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// TestWordsForOff: a job that is switched off in the words of YAML 1.1, or in words that only a
// person understands, comes over switched off.
func TestWordsForOff(t *testing.T) {
	t.Parallel()
	const (
		cronJob = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec:\n  schedule: \"0 3 * * *\"\n  timeZone: UTC\n  suspend: WORD\n" +
			"  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: \"busybox:1\", args: [x]}]}}}}\n"
		rule = "Resources:\n  A:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: rate(1 hour)\n      State: WORD\n      Targets:\n" +
			"      - {Id: a, Arn: \"arn:aws:ecs:eu-central-1:123456789012:cluster/c\", RoleArn: \"arn:aws:iam::123456789012:role/r\", EcsParameters: {TaskDefinitionArn: \"arn:aws:ecs:eu-central-1:123456789012:task-definition/x:1\"}}\n"
		list = "region: eu-central-1\ncluster: c\nrules:\n- {name: a, scheduleExpression: \"cron(0 3 * * ? *)\", taskDefinition: t, disabled: WORD}\n"
	)
	for word, c := range map[string]struct {
		text string
		off  bool
	}{
		"true": {cronJob, true}, "True": {cronJob, true}, "yes": {cronJob, true}, "Yes": {cronJob, true}, "on": {cronJob, true}, "y": {cronJob, true}, `"true"`: {cronJob, true},
		"false": {cronJob, false}, "no": {cronJob, false}, "off": {cronJob, false}, "null": {cronJob, false},
		"DISABLED": {rule, true}, "disabled": {rule, true}, "'OFF'": {rule, true}, "ENABLED": {rule, false}, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS": {rule, false},
		"YES": {list, true}, "TRUE": {list, true}, "FALSE": {list, false},
	} {
		r, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte(strings.Replace(c.text, "WORD", word, 1))}}, importer.Options{From: from}, kinds.Options{})
		if err != nil || len(r.Jobs) != 1 || r.Jobs[0].Disabled != c.off {
			t.Errorf("%s: %v, %+v", word, err, r.Jobs)
		}
	}
}

// TestAPatchWithASchedule: a patch of kustomize can name a schedule, but what it patches has the
// image and the command (tektoncd/plumbing, tekton/cronjobs/nightly_oci/peribolos).
func TestAPatchWithASchedule(t *testing.T) {
	t.Parallel()
	const patch = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: trigger}\nspec:\n  schedule: \"0 12 * * *\"\n  timeZone: UTC\n" +
		"  jobTemplate: {spec: {template: {spec: {containers: [{name: a, env: [{name: REVISION, value: main}]}]}}}}\n"
	r, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte(patch)}}, importer.Options{From: from}, kinds.Options{})
	if err != nil || len(r.Jobs) != 1 || !r.Jobs[0].Disabled || !strings.Contains(strings.Join(r.Entries[0].Notes, "\n"), "a patch or a part of one") {
		t.Errorf("%v, %+v", err, r.Entries)
	}
}
