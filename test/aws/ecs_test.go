package aws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPermissionsOnECS uses the emulator's own ECS, whose tasks never end and send no events, to
// test what the policies say about ECS: launch, look, stop.
func TestPermissionsOnECS(t *testing.T) {
	t.Parallel()
	tool(t, "sam", "sam")
	w := &world{name: "bp-ecs", emulator: startEmulator(t)}
	const target = "AmazonEC2ContainerServiceV20141113."
	// The emulator's IAM knows neither tasks nor task definitions as resources, nor the key
	// ecs:cluster. So this test covers only the actions; the tests of the template check their
	// limits.
	w.template = build(t, "task-definition/*", "*", "task/*", "*", "ArnLike:", "ArnLikeIfExists:")
	w.resource = w.deployBySAM(t, w.template, w.name) // as people do
	w.store = dynamo.New(dynamo.Config{DB: dynamotest.NewClient(w.url, w.as), Table: w.resource["Table"]})
	w.call(t, "ecs", target+"CreateCluster", map[string]string{"clusterName": "jobs"}, nil)
	w.call(t, "ecs", target+"RegisterTaskDefinition", map[string]any{
		"family": "job", "requiresCompatibilities": []string{"FARGATE"}, "cpu": "256", "memory": "512", "networkMode": "awsvpc",
		"containerDefinitions": []map[string]any{{"name": "main", "image": "image", "essential": true}},
	}, nil)

	j := aJob("mine")
	j.Timeout = job.Duration(time.Second) // then the sweep looks, and stops it
	input, id := w.scheduled(t, j)
	if answer, failed := w.invoke(t, w.resource["Trigger"], input); failed || !strings.Contains(answer, "launched") {
		t.Fatalf("the trigger answered %s", answer)
	}
	within(t, soon, "the task is stopped", func() bool {
		w.sweepNow(t)
		r, err := w.store.Run(t.Context(), id)
		return err == nil && r.Stopping != nil && !r.Owes(run.StopTask)
	})
	w.denied(t)
}
