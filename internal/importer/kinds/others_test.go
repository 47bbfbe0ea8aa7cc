package kinds_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// TestOtherSchedules: other objects of a file that have a schedule are listed and refused. Objects
// without one do not matter to an import
// (https://argo-workflows.readthedocs.io/en/latest/cron-workflows/,
// https://velero.io/docs/main/api-types/schedule/). Operators have kinds called CronJob too
// (https://book.kubebuilder.io/cronjob-tutorial/cronjob-tutorial.html).
func TestOtherSchedules(t *testing.T) {
	t.Parallel()
	job := "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '0 3 * * *', timeZone: UTC, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}\n"
	workflow := "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: w, namespace: n}\nspec: {schedule: '0 1 * * *', timezone: Europe/Berlin}\n"
	others := "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: velero.io/v1, kind: Schedule, metadata: {name: v}, spec: {schedule: '@every 24h'}}\n- {apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, metadata: {name: x}, spec: {schedules: ['0 1 * * *', '0 2 * * *']}}\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 1}}\n" +
		"- {apiVersion: batch.tutorial.kubebuilder.io/v1, kind: CronJob, metadata: {name: k}, spec: {schedule: '0 1 * * *', jobTemplate: {}}}\n---\napiVersion: batch.tutorial.kubebuilder.io/v1\nkind: CronJob\nmetadata: {name: l}\nspec: {schedule: '0 1 * * *', jobTemplate: {}}\n"
	r, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte(job + "---\n" + workflow + "---\n" + others)}}, importer.Options{From: from}, kinds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	for i := range r.Entries {
		if r.Entries[i].Verdict == importer.Refused {
			refused = append(refused, r.Entries[i].Item)
			if notes := strings.Join(r.Entries[i].Notes, "\n"); !strings.Contains(notes, "goes on running it") {
				t.Errorf("%s: %q", r.Entries[i].Item, notes)
			}
		}
	}
	if want := []string{"cronworkflow n/w", "schedule v", "cronworkflow x", "cronjob k", "cronjob l"}; len(r.Jobs) != 1 || !slices.Equal(refused, want) {
		t.Errorf("%d jobs, refused %q, want %q", len(r.Jobs), refused, want)
	}
}

// TestNoVersion: a CronJob without an apiVersion is one that no cluster has, as in a public file
// (github.com/dmwm/CMSKubernetes, kubernetes/cmsweb/crons/cron-fetch-crl.yaml). Items of a
// CronJobList have none.
func TestNoVersion(t *testing.T) {
	t.Parallel()
	const (
		rest  = "metadata: {name: a}, spec: {schedule: '0 3 * * *', timeZone: UTC, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}"
		wrong = "it has no apiVersion, so kubectl refuses the file"
	)
	run(t, "", "a.yaml", []told{
		{name: "alone", text: "{kind: CronJob, " + rest + "}\n", says: []string{wrong}, jobs: 1, off: true},
		{name: "of a list", text: "{apiVersion: batch/v1, kind: CronJobList, items: [{" + rest + "}]}\n", never: wrong, jobs: 1},
	})
}

// TestPutTogether: where files without a last line feed were put together, the line --- of the next
// one is a part of a value, and two objects are one. Neither of them is lost without a word.
func TestPutTogether(t *testing.T) {
	t.Parallel()
	one := func(name string) string {
		return "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: " + name + "}\nspec:\n  schedule: 0 3 * * *\n  jobTemplate:\n    spec: {template: {spec: {containers: [{name: a, image: b}]}}}\n  concurrencyPolicy: Allow"
	}
	for _, kind := range []string{"", "kubernetes"} {
		_, err := kinds.Import(kind, []*importer.File{{Name: "all.yaml", Data: []byte(one("a") + "---\n" + one("b"))}}, importer.Options{From: from}, kinds.Options{})
		if err == nil || !strings.Contains(err.Error(), `all.yaml could not be read: line 9: the document has a second "apiVersion"`) {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

// TestServicesBesideJobs: copilot/*/manifest.yml has the manifests of services too. They are listed.
func TestServicesBesideJobs(t *testing.T) {
	t.Parallel()
	service := &importer.File{Name: "web", Data: []byte("name: web\ntype: Load Balanced Web Service\nimage: {build: ., port: 80}\n")}
	manifest := &importer.File{Name: "night", Data: []byte("name: night\ntype: Scheduled Job\non: {schedule: '@daily'}\nimage: {build: .}\n")}
	for _, kind := range []string{"", "copilot"} {
		r, err := kinds.Import(kind, []*importer.File{service, manifest}, importer.Options{From: from}, kinds.Options{})
		if err != nil || len(r.Jobs) != 1 || r.Entries[0].Item != "service web" || !strings.Contains(strings.Join(r.Entries[0].Notes, "\n"), "only a Scheduled Job has a schedule") {
			t.Errorf("%q: %v, %+v", kind, err, r.Entries)
		}
		if _, err := kinds.Import(kind, []*importer.File{service, service}, importer.Options{From: from}, kinds.Options{}); err == nil || !strings.Contains(err.Error(), "is the manifest of a Copilot service") {
			t.Errorf("%q: %v", kind, err)
		}
	}
	if _, err := kinds.Import("kubernetes", []*importer.File{service, manifest}, importer.Options{From: from}, kinds.Options{}); err == nil || !strings.Contains(err.Error(), "`batchplane import copilot night` reads it") {
		t.Error(err)
	}
}

// TestBrokenTemplate: {{resolve:...}} is CloudFormation's own, so a template with it that is not YAML
// says where it is broken.
func TestBrokenTemplate(t *testing.T) {
	t.Parallel()
	text := "Resources:\n  R:\n    Type: AWS::Events::Rule\n\tProperties: {}\n  S: {Type: X, Properties: {A: '{{resolve:ssm:/a:1}}'}}\n"
	for _, kind := range []string{"", "eventbridge"} {
		_, err := kinds.Import(kind, []*importer.File{{Name: "a.yaml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err == nil || !strings.Contains(err.Error(), "a.yaml could not be read: this is not YAML (line 4)") {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

// TestPassedYears: a schedule whose years have passed is reported, like one whose only time has
// passed.
func TestPassedYears(t *testing.T) {
	t.Parallel()
	for expression, says := range map[string]string{
		"cron(0 12 ? * SUN 2020)": "its last time has passed", "at(2020-01-01T00:00:00)": "its one time has passed",
		"cron(0 12 ? * SUN 2020-2099)": "", "rate(5 minutes)": "",
	} {
		text := `{"Schedules":[{"Name":"s","State":"ENABLED","ScheduleExpression":"` + expression + `","FlexibleTimeWindow":{"Mode":"OFF"},"Target":{"Arn":"arn:aws:ecs:eu-west-1:123456789012:cluster/c","RoleArn":"arn:aws:iam::123456789012:role/r","EcsParameters":{"TaskDefinitionArn":"arn:aws:ecs:eu-west-1:123456789012:task-definition/t:1"}}}]}`
		r, err := kinds.Import("eventbridge", []*importer.File{{Name: "a.json", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(r.Entries[0].Notes, "\n"); !strings.Contains(notes, says) || strings.Contains(notes, "time has passed") != (says != "") {
			t.Errorf("%s: %q, want %q", expression, notes, says)
		}
	}
}

// TestCutAnswer: an answer of the AWS CLI that says it is not the whole is told, since a rule that
// is not in it would stay behind.
func TestCutAnswer(t *testing.T) {
	t.Parallel()
	for text, told := range map[string]bool{
		`{"Rules":[{"Name":"a","ScheduleExpression":"rate(1 hour)"}],"NextToken":"eyJ"}`:   true,
		`{"Schedules":[{"Name":"a","GroupName":"default","Target":{}}],"NextToken":"eyJ"}`: true,
		`{"Rules":[{"Name":"a","ScheduleExpression":"rate(1 hour)"}],"NextToken":null}`:    false,
		`{"Rules":[{"Name":"a","ScheduleExpression":"rate(1 hour)","State":"ENABLED"}]}`:   false,
	} {
		r, err := kinds.Import("", []*importer.File{{Name: "rules.json", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(r.Entries, func(e importer.Entry) bool {
			return e.Item == "the rest of rules.json" && e.Verdict == importer.Refused && strings.Contains(e.Notes[0], "NextToken")
		})
		if found != told {
			t.Errorf("%s: told %v, %+v", text, found, r.Entries)
		}
	}
}

// TestNoReader: without a reader for the files there is an error, not a panic.
func TestNoReader(t *testing.T) {
	t.Parallel()
	line := []*importer.File{{Name: "a", Data: []byte("what nobody recognises\n")}}
	for name, c := range map[string]struct {
		kind  string
		files []*importer.File
		says  string
	}{
		"an unknown kind":             {"anacron", line, `"anacron" is no kind that is imported: use one of eventbridge, `},
		"an unknown kind and no file": {"anacron", nil, `"anacron" is no kind`},
		"no kind and no file":         {"", nil, "there is no file to import"},
		"a kind and no file":          {"crontab", nil, "there is no file to import"},
		"an empty file":               {"", []*importer.File{{Name: "a", Data: []byte("\n")}}, "a is empty"},
	} {
		if _, err := kinds.Import(c.kind, c.files, importer.Options{From: from}, kinds.Options{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestFileOfAnItem: the report names an item's file if there are several.
func TestFileOfAnItem(t *testing.T) {
	t.Parallel()
	for kind, text := range map[string]string{
		"kubernetes":  "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: NAME}\nspec: {schedule: '5 2 * * *', jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: i, command: [x]}]}}}}}\n",
		"eventbridge": `{"Resources": {"NAME": {"Type": "AWS::Events::Rule", "Properties": {"Name": "NAME", "ScheduleExpression": "rate(1 hour)"}}}}`,
		"copilot":     "name: NAME\ntype: Scheduled Job\nimage: {location: i}\non: {schedule: '5 2 * * *'}\n",
		"terraform":   `{"format_version": "1.0", "values": {"root_module": {"resources": [{"address": "aws_cloudwatch_event_rule.NAME", "mode": "managed", "type": "aws_cloudwatch_event_rule", "name": "NAME", "values": {"name": "NAME", "schedule_expression": "rate(1 hour)"}}]}}}`,
	} {
		one := &importer.File{Name: "one", Data: []byte(strings.ReplaceAll(text, "NAME", "a"))}
		two := &importer.File{Name: "two", Data: []byte(strings.ReplaceAll(text, "NAME", "b"))}
		for _, c := range []struct {
			files []*importer.File
			want  []string
		}{{[]*importer.File{one}, []string{""}}, {[]*importer.File{one, two}, []string{"one", "two"}}} {
			r, err := kinds.Import(kind, c.files, importer.Options{From: from}, kinds.Options{})
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			var got []string
			for _, e := range r.Entries {
				got = append(got, e.File)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s of %d files: items are of %q, want %q", kind, len(c.files), got, c.want)
			}
		}
	}
}
