package aws_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// hangs: the first task stays in PROVISIONING. It is stopped when its launch timeout is over and,
// because nothing started, launched again.
func hangs(t *testing.T, w *world) {
	w.set(func() { w.faults["hangs"] = fault{localecs.FaultHang, "1"} })
	j := aJob("hangs")
	j.LaunchTimeout = job.Duration(time.Minute)
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	r := w.await(t, id, run.Succeeded, 4*time.Minute)
	if len(r.Attempts) != 2 || !strings.Contains(r.Attempts[0].StoppedReason, "not RUNNING 1m after its launch") || w.tasks("hangs") != 1 {
		t.Errorf("%d tasks, attempts %+v", w.tasks("hangs"), r.Attempts)
	}
}

func noCluster(t *testing.T, w *world) {
	j := aJob("no-cluster")
	j.Cluster = "nowhere"
	refused(t, w, j, "Cluster not found")
}

// noPassRole: ECS answers as it does if the trigger's role may not pass the task's role.
func noPassRole(t *testing.T, w *world) {
	w.deny("no-role", "iam:PassRole on resource: arn:aws:iam::000000000000:role/payroll")
	refused(t, w, aJob("no-role"), "add arn:aws:iam::000000000000:role/payroll to the stack's parameter TaskRoles")
}

// noRightOnCluster: ECS answers as it does if the policies do not name the job's cluster.
func noRightOnCluster(t *testing.T, w *world) {
	w.deny("no-right", "ecs:RunTask on resource: arn:aws:ecs:us-east-1:000000000000:task-definition/job:1")
	refused(t, w, aJob("no-right"), "add the ARN of the cluster jobs to the stack's parameter Clusters")
}

// deny makes ECS refuse a job's launch for lack of a permission.
func (w *world) deny(name, what string) {
	w.set(func() {
		w.hooks[name+"/1"] = func(out http.ResponseWriter, _ *http.Request, _ http.Handler) {
			out.Header().Set("Content-Type", "application/x-amz-json-1.1")
			out.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(out, `{"__type":"AccessDeniedException","message":"User: arn:aws:sts::000000000000:assumed-role/trigger/x is not authorized to perform: `+what+`"}`)
		}
	})
}

// refused: a launch that ECS refuses for good fails the run at once with ECS's words, is
// reported, and is not sent again.
func refused(t *testing.T, w *world, j job.Job, words string) {
	t.Helper()
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	r := w.await(t, id, run.Failed, soon)
	if !strings.Contains(r.Cause, words) || len(r.Attempts) != 1 || r.Attempts[0].Sends != 1 || w.tasks(j.Name) != 0 {
		t.Errorf("%d tasks, cause %q, attempts %+v", w.tasks(j.Name), r.Cause, r.Attempts)
	}
	within(t, soon, "it is told", func() bool { return slices.Equal(w.told(t, j.Name), []notice.Kind{notice.Failed}) })
}

// revokedWebhook: a target that does not accept a notice keeps it neither from SNS nor from
// another target. Both get it once, although it is tried again until a person has stored a new
// webhook.
func revokedWebhook(t *testing.T, w *world) {
	w.webhook(t, "team-a", "/services/T0/B0/revoked")
	j := aJob("revoked")
	j.Notify.Targets = []string{"ops", "team-a"}
	w.set(func() { w.scripts["revoked"] = localecs.Script{ExitCode: 1} })
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	w.logs(t, "to slack/team-a: Slack does not accept the webhook (404 no_service)")
	within(t, soon, "the others are told", func() bool {
		return slices.Equal(w.told(t, "revoked"), []notice.Kind{notice.Failed}) && w.slack.heard("FAILED", string(id)) == 1
	})
	w.webhook(t, "team-a", webhookPath)
	within(t, 3*time.Minute, "the target with its new webhook is told", func() bool {
		w.sweepNow(t)
		return w.slack.heard("FAILED", string(id)) == 2
	})
	within(t, soon, "nothing is owed", func() bool {
		r, err := w.store.Run(t.Context(), id)
		return err == nil && !r.Open()
	})
	if told := w.told(t, "revoked"); len(told) != 1 {
		t.Errorf("SNS brought %q", told)
	}
}

// captured tries events that ECS sent to others on the deployed rule. As they were, they are not
// ours. With our mark, they are ours exactly if their task has stopped.
func (w *world) captured(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(root + "/internal/ecsevent/testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	ours := func(d map[string]any) { d["startedBy"] = w.name + "/etl/20261122T0900Z/1" }
	const here = `{"account":"000000000000","region":"us-east-1"}`
	for _, file := range append(files, root+"/events/onstopped.json") {
		detail := detailOf(t, file)
		status, ok := detail["lastStatus"].(string)
		if !ok {
			continue // not in the form of events
		}
		if status == "STOPPED" {
			stopped++
		}
		for _, tc := range []struct {
			name string
			mark func(map[string]any)
			from string
			want bool
		}{
			{"as it was", func(map[string]any) {}, here, false},
			{"with our startedBy", ours, here, status == "STOPPED"},
			{"of a stack of our name in another account", ours, `{"account":"999999999999","region":"us-east-1"}`, false},
			{"of a stack of our name in another Region", ours, `{"account":"000000000000","region":"eu-central-1"}`, false},
			{"with our variables", func(d map[string]any) {
				delete(d, "startedBy")
				d["overrides"] = map[string]any{"containerOverrides": []any{
					map[string]any{"name": "aws-guardduty-agent"},
					map[string]any{"name": "main", "environment": []any{
						map[string]any{"name": "BATCHPLANE_RUN_ID", "value": "etl/20261122T0900Z"}, map[string]any{"name": "BATCHPLANE_STACK", "value": w.name},
					}},
				}}
			}, here, status == "STOPPED"},
		} {
			d := detailOf(t, file)
			tc.mark(d)
			whole := map[string]any{
				"version": "0", "id": "1", "detail-type": "ECS Task State Change", "source": "aws.ecs",
				"time": "2026-11-22T09:00:00Z", "resources": []any{}, "detail": d,
			}
			if err := json.Unmarshal([]byte(tc.from), &whole); err != nil {
				t.Fatal(err)
			}
			event, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			if got := w.matches(t, w.pattern, event); got != tc.want {
				t.Errorf("%s (%s) %s: the rule takes it: %t", filepath.Base(file), status, tc.name, got)
			}
		}
	}
	if stopped < 6 {
		t.Errorf("only %d captured events are of stopped tasks", stopped)
	}
}

// detailOf returns what a captured file says about the task.
func detailOf(t *testing.T, file string) map[string]any {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	if detail, ok := event["detail"].(map[string]any); ok {
		return detail
	}
	return event
}

// poison puts into the table what no function can use: a change that belongs to no run but looks
// like one that must be reported, and a due run that a newer version wrote. Both are logged;
// other runs and notices continue beside them.
func (w *world) poison(t *testing.T) {
	t.Helper()
	newer := run.ScheduledID("newer", time.Now())
	str := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	num := func(n int64) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
	}
	db, table := dynamotest.NewClient(w.url, w.as), aws.String(w.resource["Table"])
	key := map[string]types.AttributeValue{"pk": str("R#newer"), "sk": str(newer.Slot())}
	for _, item := range []map[string]types.AttributeValue{
		{"pk": str("X#1"), "sk": str("1"), "tell": str("failed")},
		{
			"pk": key["pk"], "sk": key["sk"], "tell": str("failed"), "v": num(99), "r": num(1), "b": str("?"),
			"op": str("look#0"), "od": num(time.Now().Add(-time.Minute).UnixMilli()),
		},
	} {
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	w.sweep(t)
	w.logs(t, `"ignored a change of what is no run"`)
	w.logs(t, string(newer)+" was written by a newer batchplane (version 99")
	w.set(func() { w.scripts["after-poison"] = localecs.Script{ExitCode: 3} })
	input, id := w.scheduled(t, aJob("after-poison"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	within(t, soon, "a failure after the poison is told", func() bool {
		return slices.Equal(w.told(t, "after-poison"), []notice.Kind{notice.Failed})
	})
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key})
	if err != nil || len(out.Item) != 8 {
		t.Errorf("the newer version's run is now %v, %v", out.Item, err)
	}
}
