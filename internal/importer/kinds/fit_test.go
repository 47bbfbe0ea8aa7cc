package kinds_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// getSchedule imports what `aws scheduler get-schedule` prints, with other values for the
// schedule and its target.
func getSchedule(t *testing.T, own, target map[string]any) (importer.Result, importer.Entry) {
	t.Helper()
	to := map[string]any{
		"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "RoleArn": "arn:aws:iam::123456789012:role/a",
		"EcsParameters": map[string]any{"TaskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/app", "LaunchType": "FARGATE", "NetworkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{"Subnets": []string{"subnet-0a1b2c3d4e5f60718"}}}},
	}
	parameters, _ := to["EcsParameters"].(map[string]any)
	if p, ok := target["EcsParameters"].(map[string]any); ok {
		maps.Copy(parameters, p)
		target = maps.Clone(target)
		delete(target, "EcsParameters")
	}
	maps.Copy(to, target)
	all := map[string]any{"Name": "a", "GroupName": "default", "State": "ENABLED", "ScheduleExpression": "cron(0 3 * * ? *)", "FlexibleTimeWindow": map[string]any{"Mode": "OFF"}, "Target": to}
	maps.Copy(all, own)
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	r, err := kinds.Import("eventbridge", []*importer.File{{Name: "a.json", Data: text}}, importer.Options{From: from}, kinds.Options{})
	if err != nil || len(r.Entries) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	return r, r.Entries[0]
}

func overrides(t *testing.T, container map[string]any) map[string]any {
	t.Helper()
	container["name"] = "app"
	text, err := json.Marshal(map[string]any{"containerOverrides": []any{container}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"Input": string(text)}
}

// TestImportedJobsAreValid: what EventBridge takes and a jobs file does not take is reported, and
// the result is a valid jobs file all the same.
func TestImportedJobsAreValid(t *testing.T) {
	t.Parallel()
	window := func(minutes int) map[string]any {
		return map[string]any{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}
	}
	parameters := func(key string, value any) map[string]any {
		return map[string]any{"EcsParameters": map[string]any{key: value}}
	}
	for _, c := range []struct {
		name        string
		own, target map[string]any
		jobs        int
		off         bool
		says        string
	}{
		{"a window as long as the period", map[string]any{"ScheduleExpression": "rate(10 minutes)", "FlexibleTimeWindow": window(10)}, nil, 1, false, "changed: its flexible window of 10m reaches the next slot, which comes 10m later: `window: 9m`"},
		{"a window of a day", map[string]any{"FlexibleTimeWindow": window(1440)}, nil, 1, false, "`window: 23h59m`"},
		{"a window each minute", map[string]any{"ScheduleExpression": "cron(* * * * ? *)", "FlexibleTimeWindow": window(5)}, nil, 1, false, "`window: 0s`"},
		{"a window that fits", map[string]any{"FlexibleTimeWindow": window(15)}, nil, 1, false, ""},
		{"no time before the end", map[string]any{"ScheduleExpression": "cron(0 3 1 1 ? *)", "StartDate": "2027-01-02T00:00:00Z", "EndDate": "2027-03-01T00:00:00Z"}, nil, 0, false, "refused: it never fires: its schedule has no time between its start and its end"},
		{"the last time before the end", map[string]any{"ScheduleExpression": "cron(0 3 1 1 ? *)", "StartDate": "2027-01-01T03:00:00Z", "EndDate": "2027-01-01T03:01:00Z"}, nil, 1, false, ""},
		{"an end that has passed", map[string]any{"ScheduleExpression": "rate(10 minutes)", "EndDate": "2026-11-21T23:59:59Z"}, nil, 1, false, "its end has passed, so it starts no more"},
		{"a size of no task", nil, map[string]any{"Input": `{"cpu": "300", "memory": "1000"}`}, 1, true, "its size of 300 CPU units and 1000 MiB is left out"},
		{"a tag of AWS", nil, parameters("Tags", []any{map[string]any{"Key": "aws:x", "Value": "y"}, map[string]any{"Key": "team", "Value": "z"}}), 1, false, `changed: its tag "aws:x" is left out`},
		{"a variable of a bad name", nil, overrides(t, map[string]any{"environment": []any{map[string]any{"name": "1x", "value": "y"}}}), 1, true, `its variable "1x" is left out`},
		{"a variable of ours", nil, overrides(t, map[string]any{"environment": []any{map[string]any{"name": "BATCHPLANE_JOB", "value": "y"}}}), 1, true, `its variable "BATCHPLANE_JOB" is left out`},
		{"too long", nil, overrides(t, map[string]any{"command": []string{"sh", "-c", strings.Repeat("x", 9000)}}), 0, false, "put it into the image, and call it from there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, e := getSchedule(t, c.own, c.target)
			notes := strings.Join(e.Notes, "\n")
			if len(r.Jobs) != c.jobs || !strings.Contains(notes, c.says) || c.jobs > 0 && r.Jobs[0].Disabled != c.off || c.says == "" && e.Verdict != importer.Kept {
				t.Errorf("%d jobs, %s", len(r.Jobs), notes)
			}
			text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
			if err != nil {
				t.Fatal(err)
			}
			if _, problems := jobfile.Load([]jobfile.Source{{Data: text}}, jobfile.Options{Env: noVariables}); len(problems) > 0 && c.jobs > 0 {
				t.Errorf("%v\n%s", problems, text)
			}
		})
	}
}

// TestTargetsOfECS: what an ECS target says besides command and variables is kept or reported,
// and a job that lost something does not start.
func TestTargetsOfECS(t *testing.T) {
	t.Parallel()
	providers := func(items ...map[string]any) map[string]any {
		return map[string]any{"EcsParameters": map[string]any{"LaunchType": "", "CapacityProviderStrategy": items}}
	}
	item := func(name string, weight int) map[string]any {
		return map[string]any{"capacityProvider": name, "weight": weight}
	}
	for _, c := range []struct {
		name        string
		own, target map[string]any
		capacity    job.Capacity
		off         bool
		says        string
	}{
		{"Spot of weight 0", nil, providers(item("FARGATE_SPOT", 0), item("FARGATE", 1)), "", false, ""},
		{"on demand of weight 0", nil, providers(item("FARGATE", 0), item("FARGATE_SPOT", 1)), job.Spot, false, ""},
		{"hosts of weight 0", nil, providers(item("hosts", 0), item("FARGATE", 2)), "", false, ""},
		{"on demand of weight 0 for the first", nil, providers(map[string]any{"capacityProvider": "FARGATE", "weight": 0, "base": 1}, item("FARGATE_SPOT", 1)), "", false, "changed: its strategy puts a task on FARGATE first (base)"},
		{"Spot for the first", nil, providers(item("FARGATE", 1), map[string]any{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1}), job.SpotThenOnDemand, false, "is spread"},
		{"both", nil, providers(item("FARGATE", 1), item("FARGATE_SPOT", 3)), job.SpotThenOnDemand, false, "is spread over FARGATE and FARGATE_SPOT by weights"},
		{"one without a weight", nil, providers(map[string]any{"capacityProvider": "FARGATE_SPOT"}), job.Spot, false, ""},
		{"a larger disk", nil, map[string]any{"Input": `{"ephemeralStorage": {"sizeInGiB": 100}}`}, "", true, "ephemeralStorage in its input has no counterpart"},
		{"files of variables", nil, overrides(t, map[string]any{"environmentFiles": []any{map[string]any{"type": "s3", "value": "arn:aws:s3:::a/b.env"}}}), "", true, "environmentFiles of container app is overridden"},
		// hl-component-ecs-schedule-runtasks of theonestack writes the command as one text.
		{"a command of one text", nil, overrides(t, map[string]any{"command": "python run.py"}), "", true, "its command is one text"},
		{"a key of their own", map[string]any{"KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1"}, nil, "", false, "changed: its schedule was encrypted with the key arn:aws:kms:eu-west-1:123456789012:key/1"},
	} {
		r, e := getSchedule(t, c.own, c.target)
		notes := strings.Join(e.Notes, "\n")
		if len(r.Jobs) != 1 || r.Jobs[0].Capacity != c.capacity || r.Jobs[0].Disabled != c.off || !strings.Contains(notes, c.says) || c.says == "" && e.Verdict != importer.Kept {
			t.Errorf("%s: %+v %s", c.name, r.Jobs, notes)
		}
	}
}

// TestManifestsOfCopilot: what a manifest says and a jobs file cannot say switches the job off
// (aws/copilot-cli, docs/manifest/scheduled-job).
func TestManifestsOfCopilot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, more string
		off        bool
		says       string
	}{
		{"plain", "cpu: 512\nmemory: 1024\n", false, ""},
		{"an entrypoint", "entrypoint: /bin/entry -v\n", true, "its entrypoint /bin/entry -v replaces the image's"},
		{"a volume", "storage: {volumes: {v: {efs: true, path: /data}}}\n", true, "storage has no counterpart"},
		{"a file of variables", "env_file: a.env\n", true, "env_file has no counterpart"},
		{"how long logs stay", "logging: {retention: 30}\n", false, "logging has no counterpart"},
		{"a size of no task", "cpu: 300\nmemory: 700\n", true, "Fargate has no size of 300 CPU units and 700 MiB, so 512 and 1024 are written"},
		{"a size of nothing", "cpu: 99999\nmemory: 700\n", true, "Fargate has no size of 99999 CPU units"},
		{"a variable of a bad name", "variables: {1x: a}\n", true, `its variable "1x" is left out`},
		{"credentials of a registry", "image: {location: 'a:1', credentials: 'arn:aws:secretsmanager:us-west-2:123456789012:secret:a'}\n", true, "image.credentials has no counterpart"},
		{"no image", "image: {location: 'a b'}\n", true, `its image "a b" is not one`},
	} {
		image := "image: {location: 'a:1'}\n"
		if strings.HasPrefix(c.more, "image:") {
			image = ""
		}
		text := "name: a\ntype: Scheduled Job\non: {schedule: '0 3 * * *'}\n" + image + c.more
		r, err := kinds.Import("copilot", []*importer.File{{Name: "copilot/a/manifest.yml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err != nil || len(r.Jobs) != 1 {
			t.Fatal(c.name, err)
		}
		if notes := strings.Join(r.Entries[0].Notes, "\n"); r.Jobs[0].Disabled != c.off || !strings.Contains(notes, c.says) {
			t.Errorf("%s: off %v, %s", c.name, r.Jobs[0].Disabled, notes)
		}
		written, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := jobfile.Load([]jobfile.Source{{Data: written}}, jobfile.Options{Env: noVariables}); len(problems) > 0 {
			t.Errorf("%s: %v\n%s", c.name, problems, written)
		}
	}
}

// TestLoopsOfTemplates: rules that CloudFormation makes in a loop are not passed over
// (CloudFormation User Guide, Fn::ForEach).
func TestLoopsOfTemplates(t *testing.T) {
	t.Parallel()
	const rule = "{Type: 'AWS::Events::Rule', Properties: {ScheduleExpression: rate(1 hour)}}"
	for text, found := range map[string]int{
		"Resources:\n  Fn::ForEach::Jobs: [Name, [a, b], {'Rule${Name}': " + rule + "}]\n":                                                                           1,
		"Resources:\n  Fn::ForEach::Jobs: [Name, [a, b], {'Fn::ForEach::More': [Of, [c], {'Rule${Name}${Of}': " + rule + "}]}]\n":                                    1,
		"Resources:\n  Fn::ForEach::Topics: [Name, [a, b], {'Topic${Name}': {Type: 'AWS::SNS::Topic'}}]\n  R: {Type: 'AWS::Events::Rule', Properties: {State: x}}\n": 0,
	} {
		r, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err != nil {
			t.Fatal(text, err)
		}
		loops := 0
		for _, e := range r.Entries {
			if strings.HasPrefix(e.Item, "loop ") && e.Verdict == importer.Refused && strings.Contains(e.Notes[0], "--live") {
				loops++
			}
		}
		if loops != found {
			t.Errorf("%s: %+v", text, r.Entries)
		}
	}
}
