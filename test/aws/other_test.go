package aws_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// other deploys a second stack in the same account with the same cluster, and with everything
// that a company may require. Neither sees the other's tasks, runs and jobs.
func (w *world) other(t *testing.T) {
	t.Helper()
	const account = "000000000000"
	second := &world{name: "Other-2", emulator: w.emulator}
	second.resource = w.deploy(t, w.template, second.name,
		"Clusters=arn:aws:ecs:us-east-1:"+account+":cluster/jobs,arn:aws:ecs:us-east-1:"+account+":cluster/b",
		"TaskRoles=arn:aws:iam::"+account+":role/a,arn:aws:iam::"+account+":role/b", "SlackTargets=ops,team-a", "LaunchRate=5",
		"EventBusArn=arn:aws:events:us-east-1:"+account+":event-bus/ours", "AlarmTopicArn=arn:aws:sns:us-east-1:"+account+":alarms",
		"LogGroups=/team/", "KeepRunsDays=30", "LogRetentionDays=3", "PermissionsBoundary=arn:aws:iam::aws:policy/PowerUserAccess",
		"RolePath=/service/", "KmsKeyArn=arn:aws:kms:us-east-1:"+account+":key/1234", "ReservedConcurrency=5")
	second.pattern = second.patternOf(t, second.resource)
	second.store = dynamo.New(dynamo.Config{DB: dynamotest.NewClient(w.url, w.as), Table: second.resource["Table"]})

	for _, mine := range []*world{w, second} {
		for _, task := range []*world{w, second} {
			for kind, mark := range map[string]string{
				"startedBy": fmt.Sprintf(`"startedBy":"%s/a/20261122T0900Z/1"`, task.name),
				"variables": fmt.Sprintf(`"overrides":{"containerOverrides":[{"name":"main","environment":[{"name":"BATCHPLANE_STACK","value":%q}]}]}`, task.name),
			} {
				event := fmt.Appendf(nil, `{"version":"0","id":"1","detail-type":"ECS Task State Change","source":"aws.ecs","account":"000000000000",
					"time":"2026-11-22T09:00:00Z","region":"us-east-1","resources":[],"detail":{"lastStatus":"STOPPED",%s}}`, mark)
				if got := w.matches(t, mine.pattern, event); got != (mine == task) {
					t.Errorf("by %s %s sees a task of %s: %t", kind, mine.name, task.name, got)
				}
			}
		}
	}

	input, id := second.scheduled(t, aJob("elsewhere"))
	if answer, failed := w.invoke(t, second.resource["Trigger"], input); failed || !strings.Contains(answer, "launched") {
		t.Fatalf("the second stack's trigger answered %s", answer)
	}
	w.schedule(t, aJob("first-only"), "0 4 * * *")
	w.sweep(t)
	second.sweep(t)
	if r, err := second.store.Run(t.Context(), id); err != nil || r.Status != run.Running {
		t.Errorf("the second stack's run: %+v, %v", r, err)
	}
	if _, err := w.store.Run(t.Context(), id); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("the first stack has it too: %v", err)
	}
	if _, err := w.store.Item(t.Context(), "first-only"); err != nil {
		t.Errorf("the first stack's job: %v", err)
	}
	if _, err := second.store.Item(t.Context(), "first-only"); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("the second stack has it too: %v", err)
	}
}
