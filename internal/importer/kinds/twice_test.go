package kinds_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

const (
	aRule = `{"Name": "nightly", "Arn": "arn:aws:events:eu-west-1:123456789012:rule/nightly", "State": "ENABLED", "ScheduleExpression": "cron(0 3 * * ? *)", "EventBusName": "default"}`
	// aTarget is what `aws events list-targets-by-rule` prints: it does not say whose targets they are.
	aTarget   = `{"Targets": [{"Id": "1", "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "EcsParameters": {"TaskDefinitionArn": "eu", "LaunchType": "FARGATE", "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-0a1b2c3d4e5f60718"]}}}}]}`
	aSchedule = `{"Name": "s", "GroupName": "default", "Arn": "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s", "ScheduleExpression": "cron(0 3 * * ? *)", "Target": {"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "RoleArn": "r", "EcsParameters": {"TaskDefinitionArn": "eu", "LaunchType": "FARGATE", "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-0a1b2c3d4e5f60718"]}}}}}`
	aBatch    = "region: eu-west-1\nrules: [{name: r, scheduleExpression: cron(0 3 * * ? *), taskDefinition: app}]\n"
	aManifest = "name: a\ntype: Scheduled Job\non: {schedule: '@daily'}\nimage: {location: 'x:1'}\n"
)

func TestWhatTheFilesHaveTwiceRunsOnce(t *testing.T) {
	t.Parallel()
	us := strings.NewReplacer("eu-west-1", "us-east-1", `"eu"`, `"us"`)
	cron := aCronJob("", "", "", "", "")
	state := show("", region("eu", "eu-west-1")...)
	for _, c := range []struct {
		name, kind string
		files      []string
		jobs, on   int
	}{
		{"a rule that is listed and described", "eventbridge", []string{"rules.json", `{"Rules": [` + aRule + `]}`, "nightly.targets.json", aTarget, "described.json", aRule}, 1, 1},
		{"a schedule that is got twice", "eventbridge", []string{"a.json", aSchedule, "b.json", aSchedule}, 1, 1},
		{"a schedule in two Regions", "eventbridge", []string{"a.json", aSchedule, "b.json", us.Replace(aSchedule)}, 2, 1},
		{"a schedule in two accounts", "eventbridge", []string{"a.json", aSchedule, "b.json", strings.ReplaceAll(aSchedule, "123456789012", "210987654321")}, 2, 1},
		{"schedules of one Region", "eventbridge", []string{"a.json", aSchedule, "b.json", strings.NewReplacer(`"s"`, `"z"`, "default/s", "default/z").Replace(aSchedule)}, 2, 2},
		{"a module in two Regions", "terraform", []string{"a.json", show("", append(region("eu", "eu-west-1"), region("us", "us-east-1")...)...)}, 2, 1},
		{"a state and its copy", "terraform", []string{"a.json", state, "b.json", state}, 1, 1},
		{"a CronJob of a base and of an overlay", "kubernetes", []string{"base/a.yaml", cron, "prod/a.yaml", cron}, 2, 1},
		{"a CronJob in two namespaces", "kubernetes", []string{"a.yaml", cron, "b.yaml", strings.Replace(cron, "{name: a}", "{name: a, namespace: b}", 1)}, 2, 2},
		{"rules of one name", "ecschedule", []string{"a.yaml", aBatch, "b.yaml", aBatch}, 2, 1},
		{"rules of one name in two Regions", "ecschedule", []string{"a.yaml", aBatch, "b.yaml", us.Replace(aBatch)}, 2, 1},
		{"manifests of one name", "copilot", []string{"a/manifest.yml", aManifest, "b/manifest.yml", aManifest}, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := together(t, c.kind, c.files...)
			on := 0
			for i := range r.Jobs {
				if !r.Jobs[i].Disabled {
					on++
				}
			}
			if len(r.Jobs) != c.jobs || on != c.on {
				t.Errorf("%d jobs, %d of them on; want %d and %d: %+v", len(r.Jobs), on, c.jobs, c.on, r.Jobs)
			}
		})
	}
}

// TestTargetsBelongToTheRuleOfTheirRegion: the answers of two Regions for rules of one name.
func TestTargetsBelongToTheRuleOfTheirRegion(t *testing.T) {
	t.Parallel()
	us := strings.NewReplacer("eu-west-1", "us-east-1", `"eu"`, `"us"`)
	r := together(t, "eventbridge", "eu/rules.json", aRule, "eu/nightly.targets.json", aTarget, "us/rules.json", us.Replace(aRule), "us/nightly.targets.json", us.Replace(aTarget))
	if len(r.Jobs) != 2 || r.Jobs[0].TaskDefinition != "eu" || r.Jobs[1].TaskDefinition != "us" {
		t.Errorf("%+v", r.Jobs)
	}
}

// TestAListedScheduleOfAnotherRegionIsTold: what was read in one Region says nothing of its namesake.
func TestAListedScheduleOfAnotherRegionIsTold(t *testing.T) {
	t.Parallel()
	const list = `{"Schedules": [{"Name": "s", "GroupName": "default", "Arn": "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s", "Target": {"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c"}}]}`
	for name, c := range map[string]struct {
		list    string
		entries int
	}{
		"the one that was read":          {list, 1},
		"one of another Region":          {strings.ReplaceAll(list, "eu-west-1", "us-east-1"), 2},
		"a list that was made by itself": {strings.Replace(list, `"Arn": "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s", `, "", 1), 1},
	} {
		if r := together(t, "eventbridge", "list.json", c.list, "s.json", aSchedule); len(r.Entries) != c.entries || len(r.Jobs) != 1 {
			t.Errorf("%s: %d jobs, %+v", name, len(r.Jobs), r.Entries)
		}
	}
}

// TestAJobOfAnotherPlaceNamesBoth: a stack starts tasks in its own Region and account alone. The steps
// leave the rule of the other place as it is.
func TestAJobOfAnotherPlaceNamesBoth(t *testing.T) {
	t.Parallel()
	for says, other := range map[string]string{
		"it is in the Region us-east-1 and others in eu-west-1, but a stack starts tasks in its own Region alone":             strings.ReplaceAll(aSchedule, "eu-west-1", "us-east-1"),
		"it is in the account 210987654321 and others in 123456789012, but a stack starts tasks in its own account alone":     strings.ReplaceAll(aSchedule, "123456789012", "210987654321"),
		"it is in the Region eu-north-1 and others in eu-west-1, but a stack starts tasks in its own Region alone: deploy it": strings.Replace(aSchedule, "scheduler:eu-west-1", "scheduler:eu-north-1", 1),
	} {
		r := together(t, "eventbridge", "a.json", aSchedule, "b.json", other)
		first, second := r.Entries[0].Notes, strings.Join(r.Entries[1].Notes, "\n")
		if strings.Count(second, says) != 1 || strings.Contains(strings.Join(first, ""), "others in") {
			t.Errorf("%q, %q; want %q", first, second, says)
		}
		if steps := r.Steps.Text(importer.Target{}); !strings.Contains(steps, "# not before s-2 is decided on") {
			t.Error(steps)
		}
	}
}

// together imports files in one go, each a name and a text.
func together(t *testing.T, kind string, files ...string) importer.Result {
	t.Helper()
	var all []*importer.File
	for pair := range slices.Chunk(files, 2) {
		all = append(all, &importer.File{Name: pair[0], Data: []byte(pair[1])})
	}
	r, err := kinds.Import(kind, all, importer.Options{From: from}, kinds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
