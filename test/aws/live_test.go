package aws_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	live "github.com/batchplane/batchplane/internal/adapter/scheduled"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// liveActions are the actions that docs/migration.md names for `import eventbridge --live`.
var liveActions = []string{"events:ListRules", "events:ListTargetsByRule", "scheduler:ListSchedules", "scheduler:GetSchedule"}

// allowing returns a policy that allows actions.
func allowing(actions []string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
}

// TestLiveImport: what is deployed is read with a reader's permissions alone, page by page, and
// becomes jobs.
func TestLiveImport(t *testing.T) {
	t.Parallel()
	e := startEmulator(t)
	const task = `{"TaskDefinitionArn":"arn:aws:ecs:us-east-1:000000000000:task-definition/mailer","LaunchType":"FARGATE","NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-1"]}}}`
	call := func(target, body string) {
		t.Helper()
		code, _, answer := e.request(t, "events", http.MethodPost, "/", map[string]string{"X-Amz-Target": "AWSEvents." + target, "Content-Type": "application/x-amz-json-1.1"}, []byte(body))
		if code != http.StatusOK {
			t.Fatalf("%s: %d %s", target, code, answer)
		}
	}
	call("PutRule", `{"Name":"nightly","ScheduleExpression":"cron(0 5 ? * * *)","State":"ENABLED"}`)
	call("PutTargets", `{"Rule":"nightly","Targets":[{"Id":"1","Arn":"arn:aws:ecs:us-east-1:000000000000:cluster/batch","RoleArn":"arn:aws:iam::000000000000:role/e","Input":"{\"containerOverrides\":[{\"name\":\"app\",\"command\":[\"send\"]}]}","EcsParameters":`+task+`}]}`)
	call("PutRule", `{"Name":"events","EventPattern":"{\"source\":[\"shop\"]}"}`)
	for _, s := range []struct{ name, body string }{
		{"berlin", `{"ScheduleExpression":"cron(30 2 * * ? *)","ScheduleExpressionTimezone":"Europe/Berlin","FlexibleTimeWindow":{"Mode":"FLEXIBLE","MaximumWindowInMinutes":15},"State":"DISABLED","Target":{"Arn":"arn:aws:ecs:us-east-1:000000000000:cluster/batch","RoleArn":"arn:aws:iam::000000000000:role/e","EcsParameters":` + task + `}}`},
		{"fn", `{"ScheduleExpression":"rate(1 day)","FlexibleTimeWindow":{"Mode":"OFF"},"Target":{"Arn":"arn:aws:lambda:us-east-1:000000000000:function:x","RoleArn":"arn:aws:iam::000000000000:role/e"}}`},
	} {
		if code, _, answer := e.request(t, "scheduler", http.MethodPost, "/schedules/"+s.name, map[string]string{"Content-Type": "application/json"}, []byte(s.body)); code != http.StatusOK {
			t.Fatalf("%s: %d %s", s.name, code, answer)
		}
	}
	read := func(name string, actions []string) ([]byte, error) {
		cfg := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(e.url), Credentials: e.user(t, name, allowing(actions))}
		return live.Reader{Rules: eventbridge.NewFromConfig(cfg), Schedules: scheduler.NewFromConfig(cfg)}.Read(t.Context())
	}
	data, err := read("live-reader", liveActions)
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range liveActions {
		_, operation, _ := strings.Cut(missing, ":")
		others := slices.DeleteFunc(slices.Clone(liveActions), func(a string) bool { return a == missing })
		if _, err := read("without-"+operation, others); err == nil || !strings.Contains(err.Error(), operation) || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	r, err := kinds.Import("eventbridge", []*importer.File{{Name: "live", Data: data}}, importer.Options{From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}, kinds.Options{Flags: " --region us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, entry := range r.Entries {
		name := ""
		if entry.Job != nil {
			name = *entry.Job
		}
		said = append(said, entry.Item+" "+name)
	}
	text := strings.Join(said, "\n")
	for _, want := range []string{"rule nightly nightly", "schedule default/berlin berlin", "schedule default/fn "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if len(r.Jobs) != 2 || strings.Contains(text, "rule events") {
		t.Fatalf("%d jobs:\n%s\n%s", len(r.Jobs), text, data)
	}
	for _, j := range r.Jobs {
		if j.TaskDefinition == "" || len(j.Network.Subnets) != 1 || j.Name == "berlin" && (!j.Disabled || j.Window == 0) {
			t.Errorf("%+v", j)
		}
	}
}

// TestLiveActionsAreDocumented: migration.md names every action that the reader needs.
func TestLiveActionsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/migration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range liveActions {
		if !strings.Contains(string(text), "`"+a+"`") {
			t.Errorf("%s is not named", a)
		}
	}
}

// user creates an IAM user with one policy, and returns its access key.
func (e *emulator) user(t *testing.T, name, policy string) aws.CredentialsProvider {
	t.Helper()
	ask := func(action string, more url.Values) string {
		t.Helper()
		form := url.Values{"Action": {action}, "Version": {"2010-05-08"}, "UserName": {name}}
		maps.Copy(form, more)
		code, _, answer := e.request(t, "iam", http.MethodPost, "/", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(form.Encode()))
		if code != http.StatusOK {
			t.Fatalf("%s: %d %s", action, code, answer)
		}
		return string(answer)
	}
	ask("CreateUser", nil)
	ask("PutUserPolicy", url.Values{"PolicyName": {"only"}, "PolicyDocument": {policy}})
	answer := ask("CreateAccessKey", nil)
	field := func(tag string) string {
		_, rest, _ := strings.Cut(answer, "<"+tag+">")
		value, _, _ := strings.Cut(rest, "<")
		return value
	}
	key := aws.Credentials{AccessKeyID: field("AccessKeyId"), SecretAccessKey: field("SecretAccessKey")}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		t.Fatalf("no access key in %s", answer)
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil })
}
