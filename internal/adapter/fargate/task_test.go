package fargate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// quickAPI is an API whose client does not wait and retry, so that faults of calls other than RunTask
// show at once.
type quickAPI struct{ fargate.API }

func quick(a fargate.API) fargate.API { return quickAPI{a} }

func (q quickAPI) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return q.API.DescribeTaskDefinition(ctx, in, noRetry)
}

func (q quickAPI) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	return q.API.DescribeTasks(ctx, in, noRetry)
}

func (q quickAPI) StopTask(ctx context.Context, in *ecs.StopTaskInput, _ ...func(*ecs.Options)) (*ecs.StopTaskOutput, error) {
	return q.API.StopTask(ctx, in, noRetry)
}

func (q quickAPI) ListTasks(ctx context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	return q.API.ListTasks(ctx, in, noRetry)
}

// TestDescribe reads captured events twice: as events, and as DescribeTasks would answer for the same
// task.
func TestDescribe(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../ecsevent/testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		decode(t, data, &doc)
		detail, ok := doc["detail"].(map[string]any)
		if !ok || detail["taskArn"] == nil {
			continue // the same shapes without an envelope
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			sameTask(t, detail)
		})
	}
	t.Run("every field", func(t *testing.T) {
		t.Parallel()
		var detail map[string]any
		decode(t, []byte(everyField), &detail)
		sameTask(t, detail)
	})
}

// everyField is a task in which everything that is read is set.
const everyField = `{
	"taskArn": "` + taskARN + `", "clusterArn": "c", "taskDefinitionArn": "d", "startedBy": "prod/report/20261122T1730Z/2", "group": "family:report",
	"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "version": 7, "launchType": "FARGATE", "capacityProviderName": "FARGATE_SPOT",
	"containerInstanceArn": "i", "createdAt": "2026-11-22T17:30:02.345Z", "pullStartedAt": "2026-11-22T17:30:03Z", "startedAt": "2026-11-22T17:30:04Z",
	"stoppingAt": "2026-11-22T17:30:05Z", "executionStoppedAt": "2026-11-22T17:30:06Z", "stoppedAt": "2026-11-22T17:30:07Z",
	"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
	"containers": [
		{"containerArn": "app", "name": "app", "lastStatus": "STOPPED", "exitCode": 3, "reason": "OutOfMemoryError", "runtimeId": "r", "imageDigest": "sha256:1"},
		{"containerArn": "windows", "name": "windows", "lastStatus": "STOPPED", "exitCode": 3221225786, "runtimeId": "s"},
		{"containerArn": "healthy", "name": "healthy", "lastStatus": "STOPPED", "healthStatus": "HEALTHY"}, {"containerArn": "ill", "name": "ill", "lastStatus": "STOPPED", "healthStatus": "UNHEALTHY"},
		{"containerArn": "unasked", "name": "unasked", "lastStatus": "STOPPED", "healthStatus": "UNKNOWN", "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "PENDING"}]},
		{"containerArn": "entered", "name": "entered", "lastStatus": "STOPPED", "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED", "lastStartedAt": 1795368604}]},
		{"containerArn": "never", "name": "never", "lastStatus": "PENDING"}],
	"overrides": {"containerOverrides": [{"name": "app", "environment": [{"name": "A", "value": "1"}]}, {"name": "never"}]}}`

func sameTask(t *testing.T, detail map[string]any) {
	t.Helper()
	event, err := json.Marshal(detail)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ecsevent.Parse(event)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := json.Marshal(map[string]any{"tasks": []any{asDescribed(detail)}})
	if err != nil {
		t.Fatal(err)
	}
	tasks, missing, err := answering(200, string(answer)).open(t).Describe(t.Context(), "batch", []string{taskARN})
	if err != nil || len(tasks) != 1 || len(missing) != 0 {
		t.Fatalf("%d tasks, %d missing, %v", len(tasks), len(missing), err)
	}
	if got, want := tasks[0].Stop(), want.Task.Stop(); !reflect.DeepEqual(got, want) {
		t.Errorf("stop\n%+v\nof the event\n%+v", got, want)
	}
	// It is known who launched a described task, so its environment is not read.
	want.Task.Environment = nil
	if !reflect.DeepEqual(tasks[0], want.Task) {
		t.Errorf("task\n%+v\nof the event\n%+v", tasks[0], want.Task)
	}
}

// asDescribed returns an event's task with its times as the API has them: seconds since 1970.
func asDescribed(detail map[string]any) map[string]any {
	task := map[string]any{}
	for k, v := range detail {
		task[k] = v
		s, ok := v.(string)
		if at, err := time.Parse(time.RFC3339, s); ok && strings.HasSuffix(k, "At") && err == nil {
			task[k] = float64(at.UnixMilli()) / 1000
		}
	}
	return task
}

func TestDescribeMissing(t *testing.T) {
	t.Parallel()
	a := answering(200, `{"tasks":[],"failures":[{"arn":"gone","reason":"MISSING"},{"arn":"other","reason":"ACCESS","detail":"d"}]}`)
	tasks, missing, err := a.open(t).Describe(t.Context(), "", []string{"gone", "other"})
	if len(tasks) != 0 || !reflect.DeepEqual(missing, []string{"gone"}) {
		t.Errorf("%v, %v", tasks, missing)
	}
	var untold *port.UntoldError
	if !errors.As(err, &untold) || !reflect.DeepEqual(untold.Tasks, map[string]string{"other": "ACCESS: d"}) {
		t.Errorf("what is neither described nor missing: %v", err)
	}
}

// TestFindReadsAllPages: a page without tasks is not the end of the list, and what is behind it is not
// missing.
func TestFindReadsAllPages(t *testing.T) {
	t.Parallel()
	a := &api{now: t0}
	a.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if a.requests() == 1 {
			_, _ = io.WriteString(w, `{"taskArns":[],"nextToken":"more"}`)
			return
		}
		_, _ = io.WriteString(w, `{"taskArns":["`+taskARN+`"]}`)
	}
	found, err := a.open(t).Find(t.Context(), "batch", "prod/report/20261122T1730Z/1")
	if err != nil || !reflect.DeepEqual(found, []string{taskARN}) || !bytes.Contains(a.bodies[1], []byte(`"nextToken":"more"`)) {
		t.Errorf("found %q, %v; the second request was %s", found, err, a.bodies[len(a.bodies)-1])
	}
}

// TestRefused: which errors are ECS's final answer, and which pass by themselves.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"access denied":       {400, `{"__type":"AccessDeniedException","message":"not authorized"}`, true},
		"another cluster":     {400, `{"__type":"InvalidParameterException","message":"Long arn required"}`, true},
		"throttled":           {400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, false},
		"throttled by code":   {400, `{"__type":"TooManyRequestsException","message":"m"}`, false},
		"a fault of ECS":      {500, `{"__type":"ServerException","message":"m"}`, false},
		"a proxy":             {403, `<html>`, false},
		"expired credentials": {400, `{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}`, false},
		"a clock gone wrong":  {403, `{"__type":"InvalidSignatureException","message":"Signature expired"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := answering(c.status, c.body).open(t)
			l.ECS = quick(l.ECS)
			_, _, described := l.Describe(t.Context(), "batch", []string{taskARN})
			_, found := l.Find(t.Context(), "batch", "prod/report/20261122T1730Z/1")
			stopped := l.StopTask(t.Context(), "batch", taskARN, "x")
			for call, err := range map[string]error{"DescribeTasks": described, "ListTasks": found, "StopTask": stopped} {
				if err == nil || errors.Is(err, port.ErrRefused) != c.want {
					t.Errorf("%s: %v is ErrRefused: %t, want %t", call, err, !c.want, c.want)
				}
			}
			if _, err := l.Resolve(t.Context(), job.Job{Name: "a", TaskDefinition: "a"}); err == nil || errors.Is(err, port.ErrUnlaunchable) != c.want {
				t.Errorf("DescribeTaskDefinition: %v is final: %t, want %t", err, !c.want, c.want)
			}
		})
	}
}

// TestClusterGone: a cluster cannot be deleted while one of its tasks runs, so there is nothing to
// describe, find or stop.
func TestClusterGone(t *testing.T) {
	t.Parallel()
	l := answering(400, `{"__type":"ClusterNotFoundException","message":"Cluster not found."}`).open(t)
	if tasks, missing, err := l.Describe(t.Context(), "batch", []string{"a", "b"}); err != nil || len(tasks) != 0 || !reflect.DeepEqual(missing, []string{"a", "b"}) {
		t.Errorf("described %v, missing %v, %v", tasks, missing, err)
	}
	if arns, err := l.Find(t.Context(), "batch", "prod/a/1"); err != nil || len(arns) != 0 {
		t.Errorf("found %v, %v", arns, err)
	}
}

func TestDescribeFails(t *testing.T) {
	t.Parallel()
	launcher := answering(500, `{"__type":"ServerException","message":"m"}`).open(t)
	launcher.ECS = quick(launcher.ECS)
	if _, missing, err := launcher.Describe(t.Context(), "", []string{taskARN}); err == nil || missing != nil {
		t.Errorf("a fault of the service is no news of a task: %v, %v", missing, err)
	}
}
