package aws_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestLifecycle plays what docs/lifecycle.md describes, step by step on one stack: an upgrade, a
// rollback, a restored table, a deletion, a stack that takes over what was kept, and a second
// one, in another account and Region, that stands by and then takes over. Before all that,
// Scheduler throttles.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.schedule(t, aJob("kept"), "0 4 * * *")
	w.alarmed(t)
	w.throttled(t)
	w.upgraded(t)
	w.inVPC(t)
	first := w.resource["Table"]
	w.restored(t)
	if !w.hasTable(t, first) {
		t.Error("the table that was replaced is gone")
	}
	w.deleted(t)
	w.stoodBy(t)
	w.denied(t)
}

// upgraded: a run continues while its control plane is replaced by another version, and by the
// former one again.
func (w *world) upgraded(t *testing.T) {
	t.Helper()
	w.set(func() { w.scripts["long"] = localecs.Script{For: -1} })
	input, id := w.scheduled(t, aJob("long"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Running, soon)
	for _, upgrade := range []struct {
		deploy func(t *testing.T, template, name string, parameters ...string) map[string]string
		change string
	}{
		{w.deployBySAM, "KeepRunsDays=40"},
		{w.deploy, "KeepRunsDays=400 SubnetIds=subnet-0a1b2c3d4e5f60718 SecurityGroupIds=sg-0a1b2c3d4e5f60718"},
	} {
		w.resource = upgrade.deploy(t, w.template, w.name, append([]string{"SlackTargets=ops"}, strings.Fields(upgrade.change)...)...)
		if answer, failed := w.invoke(t, w.resource["Trigger"], input); failed || !strings.Contains(answer, "duplicate") {
			t.Errorf("after %s the same slot was answered: %s", upgrade.change, answer)
		}
	}
	w.rolledBack(t, id, input)
	w.invoke(t, w.resource["People"], `{"stop":"`+string(id)+`","reason":"the story is over"}`)
	if r := w.await(t, id, run.Stopped, soon); len(r.Attempts) != 1 || w.tasks("long") != 1 {
		t.Errorf("%d tasks, attempts %+v", w.tasks("long"), r.Attempts)
	}
}

// rolledBack: a newer version wrote a run that functions of an older version now find. If it has
// a newer form, they leave it as it is and it continues once the newer version is back; if it
// only has fields that the older version does not know, it continues at once.
func (w *world) rolledBack(t *testing.T, id run.ID, input string) {
	t.Helper()
	w.rewrite(t, id, "v", &types.AttributeValueMemberN{Value: "2"})
	if answer, failed := w.invoke(t, w.resource["Trigger"], input); !failed || !strings.Contains(answer, "written by a newer batchplane") {
		t.Errorf("a run of a newer form was answered: %s", answer)
	}
	w.sweep(t)
	w.rewrite(t, id, "v", &types.AttributeValueMemberN{Value: "1"})
	r, err := w.store.Run(t.Context(), id)
	if err != nil || r.Status != run.Running {
		t.Fatalf("it was not left alone: %+v, %v", r, err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	w.rewrite(t, id, "b", &types.AttributeValueMemberS{Value: strings.Replace(string(body), "{", `{"sandbox":{"tier":3},`, 1)})
	if answer, failed := w.invoke(t, w.resource["Trigger"], input); failed || !strings.Contains(answer, "duplicate") {
		t.Errorf("a run with a newer field was answered: %s", answer)
	}
}

// rewrite changes an attribute of a run's item.
func (w *world) rewrite(t *testing.T, id run.ID, name string, value types.AttributeValue) {
	t.Helper()
	if _, err := dynamotest.NewClient(w.url, w.as).UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(w.resource["Table"]), UpdateExpression: aws.String("SET #name = :value"),
		Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "R#" + id.Job()}, "sk": &types.AttributeValueMemberS{Value: id.Slot()},
		},
		ExpressionAttributeNames:  map[string]string{"#name": name},
		ExpressionAttributeValues: map[string]types.AttributeValue{":value": value},
	}); err != nil {
		t.Fatal(err)
	}
}

// farAway is on the internet.
const farAway = "hooks.slack.invalid:443"

// inVPC: the functions now have subnets, and every address except those of AWS's endpoints is
// closed. Events are still handled and reported; only Slack is out of reach.
func (w *world) inVPC(t *testing.T) {
	t.Helper()
	w.call(t, "ssm", "AmazonSSM.PutParameter", map[string]any{
		"Name": "/batchplane/" + w.name + "/slack/far", "Value": "https://hooks.slack.invalid/services/T0/B0/x", "Type": "SecureString",
	}, nil)
	j := aJob("closed-in")
	j.Notify.Targets = []string{"far"}
	w.set(func() { w.scripts["closed-in"] = localecs.Script{ExitCode: 3} })
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	within(t, soon, "the failure is told on SNS", func() bool { return slices.Equal(w.told(t, "closed-in"), []notice.Kind{notice.Failed}) })
	within(t, soon, "Slack was tried", func() bool { return slices.Equal(w.outside.called(), []string{farAway}) })
	w.call(t, "ssm", "AmazonSSM.PutParameter", map[string]any{
		"Name": "/batchplane/" + w.name + "/slack/far", "Value": w.slack.url + webhookPath, "Type": "SecureString", "Overwrite": true,
	}, nil)
}

// restored: the table is as it was before a run was launched. The slot of that run is not
// launched again when its trigger comes again. A person's retry finds out what became of it, and
// slots from NotBefore on run as always.
func (w *world) restored(t *testing.T) {
	t.Helper()
	before, known := w.scheduled(t, aJob("known"))
	w.send(t, w.resource["Trigger"], before)
	w.await(t, known, run.Succeeded, soon)
	stream := w.copied(t, w.resource["Table"], "batchplane-restored")
	input, forgotten := w.scheduled(t, aJob("forgotten"))
	w.send(t, w.resource["Trigger"], input)
	ran := w.await(t, forgotten, run.Succeeded, soon)

	from := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	w.resource = w.deploy(t, w.template, w.name, "SlackTargets=ops", "ExistingTable="+stream, "NotBefore="+from.Format("2006-01-02T15:04Z"))
	w.resource["Table"] = "batchplane-restored"
	w.store = dynamo.New(dynamo.Config{DB: dynamotest.NewClient(w.url, w.as), Table: w.resource["Table"]})
	w.sweep(t)
	if r, err := w.store.Run(t.Context(), known); err != nil || r.Status != run.Succeeded {
		t.Errorf("what ran before is %s, %v", r.Status, err)
	}
	answer, failed := w.invoke(t, w.resource["Trigger"], input)
	if failed || !strings.Contains(answer, "NotBefore") || w.tasks("forgotten") != 1 {
		t.Errorf("the slot that was forgotten was answered %s, and there are %d tasks", answer, w.tasks("forgotten"))
	}
	w.invoke(t, w.resource["People"], `{"retry":"`+string(forgotten)+`","by":"mia"}`)
	// ECS still has the client token of the attempt, and answers with its task.
	if r := w.await(t, forgotten, run.Succeeded, soon); len(r.Attempts) != 1 || r.Attempts[0].TaskARN != ran.Attempts[0].TaskARN || w.tasks("forgotten") != 1 {
		t.Errorf("a person's retry: %d tasks, attempts %+v", w.tasks("forgotten"), r.Attempts)
	}
	within(t, 2*time.Minute, "NotBefore comes", func() bool { return !time.Now().Before(from) })
	input, id := w.scheduled(t, aJob("after"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Succeeded, soon)
}

// copied restores a table, adds what a restore leaves out, and returns the ARN of the new table's
// stream. The emulator restores the present state, whatever time is asked for.
func (w *world) copied(t *testing.T, from, to string) string {
	t.Helper()
	db := dynamotest.NewClient(w.url, w.as)
	if _, err := db.RestoreTableToPointInTime(t.Context(), &dynamodb.RestoreTableToPointInTimeInput{
		SourceTableName: aws.String(from), TargetTableName: aws.String(to), RestoreDateTime: aws.Time(time.Now()),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: aws.String(to), DeletionProtectionEnabled: aws.Bool(true),
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage},
	}); err != nil {
		t.Fatal(err)
	}
	return w.streamOf(t, to)
}

func (w *world) hasTable(t *testing.T, name string) bool {
	t.Helper()
	out, err := dynamotest.NewClient(w.url, w.as).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(name)})
	return err == nil && out.Table.TableStatus == types.TableStatusActive
}

// deleted: the stack is deleted. Its table and the schedules of the jobs' stacks stay, and a
// stack of the same name takes both over.
func (w *world) deleted(t *testing.T) {
	t.Helper()
	stream := w.streamOf(t, w.resource["Table"])
	sam(t, w.emulator, "delete", "--stack-name", w.name, "--no-prompts", "--region", "us-east-1")
	if status, _, _ := w.request(t, "lambda", http.MethodGet, "/2015-03-31/functions/"+w.resource["Trigger"], nil, nil); status != http.StatusNotFound {
		t.Errorf("the trigger is still there: %d", status)
	}
	if !w.hasTable(t, w.resource["Table"]) {
		t.Fatal("the table is gone")
	}
	if s := w.deployedSchedule(t, "kept"); s.Target == nil {
		t.Fatal("the schedules are gone")
	}
	w.resource = w.deploy(t, w.template, w.name, "SlackTargets=ops", "ExistingTable="+stream, "ExistingScheduleGroup=yes")
	w.resource["Table"] = "batchplane-restored"
	w.resource["ScheduleGroup"] = w.name
	w.pattern = w.patternOf(t, w.resource)
	w.sweep(t)
	if item, err := w.store.Item(t.Context(), "kept"); err != nil || item.Gone {
		t.Errorf("the schedule that was kept: %+v, %v", item, err)
	}
	input, id := w.scheduled(t, aJob("anew"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Succeeded, soon)
}

func (w *world) streamOf(t *testing.T, table string) string {
	t.Helper()
	out, err := dynamotest.NewClient(w.url, w.as).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(table)})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Table.LatestStreamArn)
}
