package localecs_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/localecs"
)

func TestLimitsOfRunTask(t *testing.T) {
	t.Parallel()
	overrides := func(n int) func(*ecs.RunTaskInput) {
		return func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
				Name: aws.String("job"), Command: []string{strings.Repeat("x", n-len(`{"containerOverrides":[{"command":[""],"name":"job"}]}`))},
			}}}
		}
	}
	startedBy := func(s string) func(*ecs.RunTaskInput) {
		return func(in *ecs.RunTaskInput) { in.StartedBy = &s }
	}
	count := func(n int32) func(*ecs.RunTaskInput) {
		return func(in *ecs.RunTaskInput) { in.Count = &n }
	}
	definition := func(s string) func(*ecs.RunTaskInput) {
		return func(in *ecs.RunTaskInput) { in.TaskDefinition = &s }
	}
	tests := []struct {
		name   string
		change func(*ecs.RunTaskInput)
		want   string // error code; "" for none
	}{
		{"token of 64", token(strings.Repeat("!", 63) + "~"), ""},
		{"token of 65", token(strings.Repeat("a", 65)), "InvalidParameterException"},
		{"token with a space", token("a b"), "InvalidParameterException"},
		{"token with é", token("é"), "InvalidParameterException"},
		{"startedBy of 128", startedBy(strings.Repeat("aZ9/_-b/", 16)), ""},
		{"startedBy of 129", startedBy(strings.Repeat("a", 129)), "InvalidParameterException"},
		{"startedBy with a colon", startedBy("dev:job"), "InvalidParameterException"},
		{"overrides of 8192", overrides(8192), ""},
		{"overrides of 8193", overrides(8193), "InvalidParameterException"},
		{"count of 10", count(10), ""},
		{"count of 11", count(11), "InvalidParameterException"},
		{"count of 0", count(0), "InvalidParameterException"},
		{"override of an unknown container", func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("other")}}}
		}, "InvalidParameterException"},
		{"strategy and launch type", func(in *ecs.RunTaskInput) {
			in.LaunchType = types.LaunchTypeFargate
			in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 1}}
		}, "InvalidParameterException"},
		{"strategy of no weight", func(in *ecs.RunTaskInput) {
			in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}}
		}, "InvalidParameterException"},
		{"cluster unknown", func(in *ecs.RunTaskInput) { in.Cluster = aws.String("other") }, "ClusterNotFoundException"},
		{"cluster by ARN", func(in *ecs.RunTaskInput) {
			in.Cluster = aws.String("arn:aws:ecs:us-east-1:123456789012:cluster/default")
		}, ""},
		{"definition unknown", definition("nobody"), "ClientException"},
		{"definition of an unknown revision", definition("job:2"), "ClientException"},
		{"definition of revision 0", definition("job:0"), "ClientException"},
		{"definition by ARN", definition("arn:aws:ecs:us-east-1:123456789012:task-definition/job:1"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *localecs.Config) { c.Clusters = []string{"default"} })
			out, err := h.RunTask(t.Context(), input(tt.change))
			equal(t, "error code", codeOf(err), tt.want)
			if err == nil && len(out.Tasks) == 0 {
				t.Errorf("no task: %+v", out)
			}
			h.clock.Advance(time.Minute)
			equal(t, "started", len(h.runner.Started()) > 0, tt.want == "")
		})
	}
}

func codeOf(err error) string {
	var refused smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.ErrorCode()
	}
	return err.Error()
}

func TestSeveralTasksOfOneRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	out, err := h.RunTask(t.Context(), input(func(in *ecs.RunTaskInput) { in.Count = aws.Int32(3) }))
	if err != nil || len(out.Tasks) != 3 {
		t.Fatalf("RunTask = %+v, %v; want 3 tasks", out, err)
	}
	h.clock.Advance(time.Minute)
	equal(t, "starts", len(h.runner.Started()), 3)
}

func TestTaskDefinitions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	container := types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("busybox"), Command: []string{"other"}}
	describe := func(name string) (string, types.TaskDefinitionStatus, error) {
		out, err := h.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
		if err != nil {
			return "", "", err
		}
		return aws.ToString(out.TaskDefinition.TaskDefinitionArn), out.TaskDefinition.Status, nil
	}
	const family = "arn:aws:ecs:us-east-1:123456789012:task-definition/job:"
	equal(t, "second content", h.register("job", container), family+"2")
	equal(t, "second content again", h.register("job", container), family+"2")
	for name, want := range map[string]string{"job": "2", "job:1": "1", family + "2": "2"} {
		arn, status, err := describe(name)
		if arn != family+want || status != types.TaskDefinitionStatusActive || err != nil {
			t.Errorf("%s = %s %s, %v; want revision %s", name, arn, status, err, want)
		}
	}
	if _, _, err := describe("nobody"); codeOf(err) != "ClientException" {
		t.Errorf("unknown family: %v", err)
	}

	if _, err := h.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("job:2")}); err != nil {
		t.Fatal(err)
	}
	if arn, _, err := describe("job"); arn != family+"1" {
		t.Errorf("the family's newest ACTIVE revision = %s, %v; want 1", arn, err)
	}
	if _, status, err := describe("job:2"); status != types.TaskDefinitionStatusInactive {
		t.Errorf("job:2 is %s, %v; want INACTIVE", status, err)
	}
	_, err := h.RunTask(t.Context(), input(func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("job:2") }))
	var client *types.ClientException
	if !errors.As(err, &client) || client.ErrorMessage() != "TaskDefinition is inactive" {
		t.Errorf("running job:2: %v", err)
	}
	equal(t, "the inactive content registered again", h.register("job", container), family+"3")

	h.crash()
	h.open()
	equal(t, "registered again after a restart", h.register("job", container), family+"3")
}

// TestTagsOfATaskDefinition: tags are returned if they are asked for, even after a restart.
func TestTagsOfATaskDefinition(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("tagged"), ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("a"), Image: aws.String("busybox")}},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	}
	if _, err := h.RegisterTaskDefinition(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	tags := func(family string, include ...types.TaskDefinitionField) string {
		t.Helper()
		out, err := h.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &family, Include: include})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, tag := range out.Tags {
			text += aws.ToString(tag.Key) + "=" + aws.ToString(tag.Value)
		}
		return text
	}
	equal(t, "not asked for", tags("tagged"), "")
	h.crash()
	h.open()
	equal(t, "asked for", tags("tagged", types.TaskDefinitionFieldTags), "team=a")
	equal(t, "of one without", tags("job", types.TaskDefinitionFieldTags), "")
}

func TestATaskIsSeenOnlyAfterAWhileAndForgottenAfterAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) { c.Delays.Invisible = 5 * time.Second })
	arn := h.run()
	look := func() (described, listed, missing int) {
		t.Helper()
		d, err := h.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
		if err != nil {
			t.Fatal(err)
		}
		l, err := h.ListTasks(t.Context(), &ecs.ListTasksInput{StartedBy: aws.String("dev/job/slot/1")})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Failures {
			if aws.ToString(f.Reason) == "MISSING" && aws.ToString(f.Arn) == arn {
				missing++
			}
		}
		return len(d.Tasks), len(l.TaskArns), missing
	}
	steps := []struct {
		name                       string
		at                         time.Duration
		described, listed, missing int
	}{
		{"too new", 4999 * time.Millisecond, 0, 0, 1},
		{"seen", 5 * time.Second, 1, 1, 0},
		{"stopped, so not found by startedBy", 2 * time.Minute, 1, 0, 0},
		{"remembered for an hour", time.Hour + time.Minute - time.Millisecond, 1, 0, 0},
		{"forgotten", time.Hour + time.Minute, 0, 0, 1},
	}
	for _, step := range steps {
		h.clock.AdvanceTo(start.Add(step.at))
		d, l, m := look()
		if d != step.described || l != step.listed || m != step.missing {
			t.Errorf("%s: described %d, listed %d, missing %d; want %d, %d, %d", step.name, d, l, m, step.described, step.listed, step.missing)
		}
	}
	if _, err := h.StopTask(t.Context(), &ecs.StopTaskInput{Task: &arn}); codeOf(err) != "InvalidParameterException" {
		t.Errorf("stopping a forgotten task: %v", err)
	}
}

func TestDescribeTasksTakesAHundred(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n, want := range map[int]string{0: "InvalidParameterException", 100: "", 101: "InvalidParameterException"} {
		names := make([]string, n)
		for i := range names {
			names[i] = "nobody"
		}
		_, err := h.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: names})
		if codeOf(err) != want {
			t.Errorf("%d tasks: %v, want %q", n, err, want)
		}
	}
}

func TestListTasks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var arns []string
	for _, name := range []string{"a", "b", "c"} {
		arns = append(arns, h.run(token(name)))
		h.clock.Advance(time.Second)
	}
	var listed []string
	pages := ecs.NewListTasksPaginator(h.Client, &ecs.ListTasksInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, page.TaskArns...)
	}
	same(t, "pages", listed, arns)
	_, err := h.ListTasks(t.Context(), &ecs.ListTasksInput{StartedBy: aws.String("x"), Family: aws.String("job")})
	equal(t, "startedBy with another filter", codeOf(err), "InvalidParameterException")
	h.clock.Advance(2 * time.Minute)
	out, err := h.ListTasks(t.Context(), &ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped, Family: aws.String("job")})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "stopped ones", out.TaskArns, arns)
}

func TestFiltersOfListTasks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.run()
	for name, tt := range map[string]struct {
		filter ecs.ListTasksInput
		want   int
	}{
		"none":                   {ecs.ListTasksInput{}, 1},
		"its family":             {ecs.ListTasksInput{Family: aws.String("job")}, 1},
		"another family":         {ecs.ListTasksInput{Family: aws.String("other")}, 0},
		"its startedBy":          {ecs.ListTasksInput{StartedBy: input().StartedBy}, 1},
		"another startedBy":      {ecs.ListTasksInput{StartedBy: aws.String("other")}, 0},
		"its launch type":        {ecs.ListTasksInput{LaunchType: types.LaunchTypeFargate}, 1},
		"another launch type":    {ecs.ListTasksInput{LaunchType: types.LaunchTypeEc2}, 0},
		"a service's":            {ecs.ListTasksInput{ServiceName: aws.String("web")}, 0},
		"an instance's":          {ecs.ListTasksInput{ContainerInstance: aws.String("i")}, 0},
		"another desired status": {ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped}, 0},
		"its desired status":     {ecs.ListTasksInput{DesiredStatus: types.DesiredStatusRunning}, 1},
		"another cluster":        {ecs.ListTasksInput{Cluster: aws.String("other")}, 0},
	} {
		out, err := h.ListTasks(t.Context(), &tt.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		equal(t, name, len(out.TaskArns), tt.want)
	}
}

func TestRequestsThatAreNotTheAPIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) { c.AccessKeyID = "local" })
	tests := []struct {
		name    string
		prepare func(*http.Request)
		want    string
	}{
		{"a page's form", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, "UnknownOperationException"},
		{"no target", func(r *http.Request) { r.Header.Del("X-Amz-Target") }, "UnknownOperationException"},
		{"an operation of ECS's that is not here", func(r *http.Request) {
			r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.CreateService")
		}, "UnknownOperationException"},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, "UnknownOperationException"},
		{"another access key", func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=loca/20261122/us-east-1/ecs/aws4_request")
		}, "UnrecognizedClientException"},
		{"no access key", func(r *http.Request) { r.Header.Del("Authorization") }, "UnrecognizedClientException"},
		{"not JSON", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{")) }, "SerializationException"},
		{"nothing", func(r *http.Request) { r.Body = http.NoBody }, "SerializationException"},
		{"more than a mebibyte", func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat(" ", 1<<20+1)))
		}, "SerializationException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"taskDefinition":"job"}`))
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.RunTask")
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/ecs/aws4_request")
			tt.prepare(r)
			w := httptest.NewRecorder()
			h.server.Handler().ServeHTTP(w, r)
			equal(t, "status", w.Code, http.StatusBadRequest)
			if !strings.Contains(w.Body.String(), `"__type":"`+tt.want+`"`) {
				t.Errorf("body = %s, want %s", w.Body, tt.want)
			}
		})
	}
	equal(t, "the SDK's own request", h.run() != "", true)
}

func TestATransportNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	lost := false
	h := newHouse(t, func(c *localecs.Config) {
		c.Inject = func(k localecs.Kind, _ localecs.Subject) bool { return lost && k == localecs.FaultLostAnswer }
	})
	h.Client = ecs.New(h.Options(), func(o *ecs.Options) {
		o.BaseEndpoint = aws.String("http://ecs.local")
		o.HTTPClient = &http.Client{Transport: localecs.Transport{Handler: h.server.Handler()}}
	})
	lost = true
	out, err := h.RunTask(t.Context(), input())
	if err == nil {
		t.Errorf("RunTask = %+v, want its answer lost", out)
	}
	lost = false
	arn := h.run()
	h.clock.Advance(time.Second)
	equal(t, "described", aws.ToString(h.describe(arn).LastStatus), "RUNNING")
	equal(t, "starts", len(h.runner.Started()), 1)
}

// TestTheMemoryOfAContainer: the limit is the launch's, else the definition's, else there is none: the
// task's own size is not a limit.
func TestTheMemoryOfAContainer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("limited", types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("busybox"), Command: []string{"true"}, Memory: aws.Int32(300)})
	for _, c := range []struct {
		family, override string
		want             int
	}{{"job", "", 0}, {"limited", "", 300}, {"job", "1024", 1024}, {"limited", "1024", 1024}} {
		_, err := h.RunTask(t.Context(), input(func(in *ecs.RunTaskInput) {
			in.TaskDefinition, in.ClientToken = &c.family, aws.String(c.family+c.override)
			if c.override != "" {
				in.Overrides = &types.TaskOverride{Memory: &c.override}
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Minute)
		started := h.runner.Started()
		equal(t, c.family+" "+c.override, started[len(started)-1].Memory, c.want)
	}
}
