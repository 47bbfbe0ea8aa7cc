package ecsevent

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

func load(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name)) //nolint:gosec // a test's own file
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestCapturedDocuments(t *testing.T) {
	t.Parallel()
	want := map[string]struct {
		status  string
		class   stop.Class
		started stop.Answer
	}{
		"01-docs-fargate-running.json":                                       {"RUNNING", stop.NotStopped, stop.Unknown},
		"02-pending-ec2-two-containers.json":                                 {"PENDING", stop.NotStopped, stop.Unknown},
		"03-running-task-with-stopped-container.json":                        {"RUNNING", stop.NotStopped, stop.Unknown},
		"04-stopped-userinitiated-fargate-exec-elb.json":                     {"STOPPED", stop.StoppedByUser, stop.Yes},
		"06-running-fargate-exec.json":                                       {"RUNNING", stop.NotStopped, stop.Unknown},
		"07-stopped-scaling-exit137.json":                                    {"STOPPED", stop.Interrupted, stop.Yes},
		"09-stopped-exit1-fargate.json":                                      {"STOPPED", stop.AppFailed, stop.Yes},
		"11-running-fargate-service.json":                                    {"RUNNING", stop.NotStopped, stop.Unknown},
		"12-stopped-userinitiated-fargate13.json":                            {"STOPPED", stop.StoppedByUser, stop.Yes},
		"14-stopped-two-containers-999-and-0.json":                           {"STOPPED", stop.AppFailed, stop.Yes},
		"16-spot-terminationnotice-warning-partial.json":                     {"RUNNING", stop.NotStopped, stop.Unknown},
		"17-stopped-never-started-eni-stoppingAt-before-connectivityAt.json": {"STOPPED", stop.Retry, stop.No},
		"18-stopped-failed-to-start-no-stopCode.json":                        {"STOPPED", stop.Ambiguous, stop.Unknown},
		"19-deprovisioning-exit254.json":                                     {"DEPROVISIONING", stop.NotStopped, stop.Unknown},
		"20-running-with-a-reason-and-exit0-no-stopCode.json":                {"RUNNING", stop.NotStopped, stop.Unknown},
		"detail-ec2-capacityprovider-exit0.json":                             {"STOPPED", stop.Succeeded, stop.Yes},
		"detail-fargate-TaskFailedToStart-ecr-auth.json":                     {"", stop.Ambiguous, stop.No},
		"detail-stepfunctions-fargatespot-exit0-PascalCase.json":             {"STOPPED", stop.Succeeded, stop.Yes},
		"detail-stopfailed-describe-awscli-TaskFailedToStart-ec2.json":       {"STOPPED", stop.Ambiguous, stop.Unknown},
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d captured files, %d expectations, %v", len(files), len(want), err)
	}
	for name, w := range want {
		d, err := Parse(load(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v := stop.Classify(d.Stop())
		if d.Task.LastStatus != w.status || v.Class != w.class || v.Started != w.started {
			t.Errorf("%s: status %q, %s, started %s by %s, want %v", name, d.Task.LastStatus, v.Class, v.Started, v.Rule, w)
		}
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestFieldsOfAnEvent(t *testing.T) {
	t.Parallel()
	d, err := Parse(load(t, "09-stopped-exit1-fargate.json"))
	if err != nil {
		t.Fatal(err)
	}
	one, code := int64(1), "EssentialContainerExited"
	task := Task{
		ARN:           "arn:aws:ecs:us-east-1:123456789012:task/eeccdb34-d8cf-49e7-b379-1cf4f123c0ee",
		ClusterARN:    "arn:aws:ecs:us-east-1:123456789012:cluster/crossfeed-staging-worker",
		DefinitionARN: "arn:aws:ecs:us-east-1:123456789012:task-definition/crossfeed-staging-worker:2",
		LastStatus:    "STOPPED", DesiredStatus: "STOPPED", Version: 5,
		CreatedAt: at("2020-08-14T18:05:49.598Z"), PullStartedAt: at("2020-08-14T18:06:09.694Z"), StartedAt: at("2020-08-14T18:06:20.694Z"),
		ExecutionStoppedAt: at("2020-08-14T18:06:23Z"), StoppedAt: at("2020-08-14T18:06:47.229Z"),
		StopCode: &code, StoppedReason: "Essential container in task exited", Overridden: []string{"main"},
		Containers: []stop.Container{{
			Name: "main", LastStatus: "STOPPED", ExitCode: &one, RuntimeID: "eeccdb34-d8cf-49e7-b379-1cf4f123c0ee-3935363592",
			ImageDigest: "sha256:080467614c0d7d5a5b092023b762931095308ae1dec8e54481fbd951f9784391",
		}},
	}
	if !reflect.DeepEqual(d.Task, task) {
		t.Errorf("task\n%+v\nwant\n%+v", d.Task, task)
	}
	if e := (Envelope{Source: Source, DetailType: DetailType}); d.Envelope != e || d.ID != "894b524e-14de-560e-a4ac-a644ba56d06b" {
		t.Errorf("envelope %+v, id %s, want %+v", d.Envelope, d.ID, e)
	}
}

func TestTimesInEveryShape(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`"2020-08-14T18:06:20Z"`:             "2020-08-14T18:06:20Z",
		`"2020-08-14T18:06:20.3Z"`:           "2020-08-14T18:06:20.3Z",
		`"2020-08-14T18:06:20.123456789Z"`:   "2020-08-14T18:06:20.123456789Z",
		`"2026-08-24T18:21:57.814000+03:00"`: "2026-08-24T15:21:57.814Z",
		`1563421494.186`:                     "2019-07-18T03:44:54.186Z",
		`1563421497`:                         "2019-07-18T03:44:57Z",
		`1.563421497E9`:                      "2019-07-18T03:44:57Z",
		`1680596463814`:                      "2023-04-04T08:21:03.814Z",
		`"1680596463814"`:                    "2023-04-04T08:21:03.814Z",
		`"1563421494.186"`:                   "2019-07-18T03:44:54.186Z",
		`"2023-04-04T08:21:03.814"`:          "2023-04-04T08:21:03.814Z",
		`"2023-04-04T08:21:03"`:              "2023-04-04T08:21:03Z",
		`"2023-04-04 08:21:03"`:              "2023-04-04T08:21:03Z",
		`"Tue Apr  4 08:21:03 UTC 2023"`:     "2023-04-04T08:21:03Z",
		`"Tue, 04 Apr 2023 08:21:03 GMT"`:    "2023-04-04T08:21:03Z",
	} {
		d, err := Parse([]byte(`{"taskArn":"t","startedAt":` + written + `}`))
		if err != nil || !d.Task.StartedAt.Equal(at(want)) || d.Task.StartedAt.Location() != time.UTC {
			t.Errorf("%s is %v, %v, want %s", written, d.Task.StartedAt, err, want)
		}
	}
}

var otherShapes = map[string]struct {
	doc   string
	check func(Document, stop.Stop) bool
}{
	"detail alone":        {`{"lastStatus":"STOPPED","stopCode":"UserInitiated"}`, func(_ Document, s stop.Stop) bool { return s.Code == "UserInitiated" && s.LastStatus == "STOPPED" }},
	"detail in a wrapper": {`{"id":"x","detail":{"stopCode":"UserInitiated"}}`, func(d Document, s stop.Stop) bool { return d.ID == "x" && s.Code == "UserInitiated" }},
	"tasks of one":        {`{"tasks":[{"taskArn":"a"}],"failures":[]}`, func(d Document, _ stop.Stop) bool { return d.Task.ARN == "a" }},
	"Pascal case in a wrapper": {
		`{"Task":{"TaskArn":"a","StopCode":"","Containers":[{"Name":"n","ExitCode":3221225786}]}}`,
		func(_ Document, s stop.Stop) bool { return !s.CodeMissing && *s.Containers[0].ExitCode == 3221225786 },
	},
	"stop code null":            {`{"taskArn":"a","stopCode":null}`, func(_ Document, s stop.Stop) bool { return s.CodeMissing }},
	"stoppedAt alone":           {`{"taskArn":"a","stoppedAt":1}`, func(_ Document, s stop.Stop) bool { return s.LastStatus == "STOPPED" }},
	"stoppedAt beside a status": {`{"taskArn":"a","lastStatus":"RUNNING","stoppedAt":1}`, func(_ Document, s stop.Stop) bool { return s.LastStatus == "RUNNING" }},
	"no status":                 {`{"taskArn":"a"}`, func(_ Document, s stop.Stop) bool { return stop.Classify(s).Class == stop.NotStopped }},
	"container instance":        {`{"taskArn":"a","containerInstanceArn":"i"}`, func(_ Document, s stop.Stop) bool { return s.OnInstance }},
	"a pull":                    {`{"taskArn":"a","pullStartedAt":1}`, func(_ Document, s stop.Stop) bool { return s.SawPull }},
	"known definition": {
		`{"task":{"taskArn":"a"},"definition":[{"name":"app"},{"name":"x","essential":false}],"container":"app"}`,
		func(_ Document, s stop.Stop) bool {
			return s.Container == "app" && reflect.DeepEqual(s.Definition, []stop.Defined{{Name: "app", Essential: true}, {Name: "x"}})
		},
	},
	"overrides": {
		`{"taskArn":"a","overrides":{"containerOverrides":[{"name":"app","environment":[{"name":"K","value":"v"}]},{"name":"b"}]}}`,
		func(d Document, s stop.Stop) bool {
			return d.Task.Environment["app"]["K"] == "v" && reflect.DeepEqual(s.Mentioned, []string{"app", "b"})
		},
	},
	"what does not matter may be wrong": {
		`{"taskArn":"a","cpu":1,"memory":"null","attachments":7,"tags":"x","containers":[{"cpu":"null","memory":[],"networkInterfaces":{}}]}`,
		func(d Document, _ stop.Stop) bool { return len(d.Task.Containers) == 1 },
	},
	"run task failure": {
		`{"id":7,"runTaskFailure":{"reason":"RESOURCE:CPU","detail":"d","arn":"a"}}`,
		func(d Document, s stop.Stop) bool {
			return d.ID == "7" && s.Kind == stop.LaunchFailure && s.Reason == "RESOURCE:CPU" && s.Detail == "d" && s.ARN == "a"
		},
	},
	"run task exception": {
		`{"runTaskException":{"code":"ThrottlingException","message":"Rate exceeded"}}`,
		func(_ Document, s stop.Stop) bool { return stop.Throttled(s) },
	},
	"exception as a client prints it": {
		`{"runTaskException":{"message":"An error occurred (ThrottlingException) when calling the RunTask operation (reached max retries: 4): Rate exceeded"}}`,
		func(_ Document, s stop.Stop) bool { return stop.Throttled(s) },
	},
	"exception with its name": {
		`{"runTaskException":{"message":"ConflictException: no"}}`,
		func(_ Document, s stop.Stop) bool { return stop.Classify(s).Rule == stop.RuleConflict },
	},
	"corpus line": {
		`{"id":"l","kind":"event","stopCode":"TaskFailedToStart","stoppedReason":"Timeout waiting for network interface provisioning","startedAtPresent":false,"containers":[{"exitCode":null,"reason":null}]}`,
		func(_ Document, s stop.Stop) bool { return stop.Classify(s).Relaunch() },
	},
	"corpus line that started": {
		`{"kind":"event","stopCode":"TaskFailedToStart","stoppedReason":"Timeout waiting for network interface provisioning","startedAtPresent":true}`,
		func(_ Document, s stop.Stop) bool { return stop.Classify(s).Started == stop.Yes },
	},
	"corpus line, failure":   {`{"kind":"runtask-failure","stoppedReason":"AGENT"}`, func(_ Document, s stop.Stop) bool { return s.Kind == stop.LaunchFailure && s.Reason == "AGENT" }},
	"corpus line, exception": {`{"kind":"runtask-exception","stoppedReason":"ServerException: x"}`, func(_ Document, s stop.Stop) bool { return s.Kind == stop.LaunchException }},
}

func TestOtherShapes(t *testing.T) {
	t.Parallel()
	for name, c := range otherShapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse([]byte(c.doc))
			if err != nil || !c.check(d, d.Stop()) {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
}

func TestMissingNameLowersTrust(t *testing.T) {
	t.Parallel()
	const doc = `{"lastStatus":"STOPPED","stopCode":"TaskFailedToStart","stoppedReason":"CannotPullContainerError: i/o timeout",
		"containers":[{"name":"app"}],"overrides":{"containerOverrides":[{"name":"app"}NAME]}}`
	for name, want := range map[string]bool{"": true, `,{"name":"b"}`: false} {
		d, err := Parse([]byte(strings.Replace(doc, "NAME", name, 1)))
		if v := stop.Classify(d.Stop()); err != nil || v.Relaunch() != want {
			t.Errorf("override %q: %+v, %v", name, v, err)
		}
	}
}

func TestErrorsNameTheField(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		``:                          "document: want an object",
		`[]`:                        "document: want an object",
		`null`:                      "document: want an ECS task",
		`{"x":1}`:                   "document: want an ECS task",
		`{"a":`:                     "document: want an object",
		`{} {}`:                     "document: want an object",
		`{"detail":"x"}`:            "detail: want an object",
		`{"detail":{}}`:             "detail: want an ECS task",
		`{"detail":{"stopCode":3}}`: "detail.stopCode: want a string",
		`{"task":{"containers":[{"exitCode":"1x"}]}}`:     "task.containers[0].exitCode: want an integer",
		`{"task":{"containers":[{"exitCode":""}]}}`:       "task.containers[0].exitCode: want an integer",
		`{"task":{"containers":[{"exitCode":" 0"}]}}`:     "task.containers[0].exitCode: want an integer",
		`{"task":{"containers":[{"exitCode":1.5}]}}`:      "task.containers[0].exitCode: want an integer",
		`{"tasks":[{"taskArn":"a","startedAt":"today"}]}`: "tasks[0].startedAt: want a time",
		`{"tasks":[{"taskArn":"a","startedAt":true}]}`:    "tasks[0].startedAt: want a time",
		`{"tasks":[{"taskArn":"a","startedAt":"nan"}]}`:   "tasks[0].startedAt: want a time",
		`{"tasks":[]}`: "tasks: want one task, not 0",
		`{"tasks":[{"taskArn":"a"},{"taskArn":"b"}]}`:                "tasks: want one task, not 2",
		`{"taskArn":"a","containers":{}}`:                            "containers: want an array",
		`{"taskArn":"a","containers":[null]}`:                        "containers[0]: want an object",
		`{"taskArn":"a","exitcode":1,"stopCode":"a","StopCode":"b"}`: "stopcode: want this key once",
		`{"kind":"event","startedAtPresent":"yes"}`:                  "startedAtPresent: want true or false",
		`{"kind":"other"}`:                                           "kind: want event, runtask-failure or runtask-exception",
		`{"taskArn":"a","definition":[{"name":1}]}`:                  "definition[0].name: want a string",
	} {
		if _, err := Parse([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v, want %s", doc, err, want)
		}
	}
}

func TestForeignEvents(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"source":"aws.ecs","detail-type":"ECS Deployment State Change","detail":{"eventName":"x"}}`,
		`{"source":"aws.batch","detail-type":"Batch Job State Change","detail":{"containers":3}}`,
		`{"source":"my.app","detail-type":"ECS Task State Change","detail":{"taskArn":"a"}}`,
	} {
		if _, err := Parse([]byte(doc)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		f.Add(load(f, filepath.Base(file)))
	}
	f.Add([]byte(`{"kind":"event","stopCode":null,"containers":[{"exitCode":1}]}`))
	f.Add([]byte(`{"runTaskException":{"message":"x"}}`))
	f.Add([]byte(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"a","lastStatus":3}}`)) // is refused
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			if !reflect.DeepEqual(d, Document{}) {
				t.Fatalf("half a document beside %v: %+v", err, d)
			}
			return
		}
		s := d.Stop()
		v := stop.Classify(s)
		if !v.Relaunch() {
			return
		}
		if !s.StartedAt.IsZero() || (s.LastStatus != "" && s.LastStatus != "STOPPED") {
			t.Fatalf("relaunched: %+v", s)
		}
		for _, c := range s.Containers {
			if c.ExitCode != nil || len(c.RuntimeID) == 64 {
				t.Fatalf("relaunched: %+v", s)
			}
		}
	})
}
