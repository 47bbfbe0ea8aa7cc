package fargate_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}

func definition(status, containers string) string {
	return `{"taskDefinition":{"taskDefinitionArn":"` + definitionARN + `","status":"` + status + `","containerDefinitions":[` + containers + `]}}`
}

const (
	app     = `{"name":"app","essential":true}`
	sidecar = `{"name":"log","essential":false}`
)

func TestResolve(t *testing.T) {
	t.Parallel()
	pinned := func(cs ...stop.Defined) run.TaskDefinition {
		return run.TaskDefinition{ARN: definitionARN, Container: "app", Containers: cs}
	}
	logging := func(l run.Log) run.TaskDefinition {
		d := pinned(stop.Defined{Name: "app", Essential: true})
		d.Log = l
		return d
	}
	withLog := func(driver, options string) string {
		return `{"name":"app","logConfiguration":{"logDriver":` + driver + `,"options":{` + options + `}}}`
	}
	cases := map[string]struct {
		container string
		status    int
		body      string
		want      run.TaskDefinition
		// final: the error is ErrUnlaunchable and contains this.
		final string
		// passes: the error is not final.
		passes bool
	}{
		"one container":            {"", 200, definition("ACTIVE", app), pinned(stop.Defined{Name: "app", Essential: true}), "", false},
		"essential is the default": {"", 200, definition("ACTIVE", `{"name":"app"}`), pinned(stop.Defined{Name: "app", Essential: true}), "", false},
		"named beside a sidecar":   {"app", 200, definition("ACTIVE", sidecar+","+app), pinned(stop.Defined{Name: "log"}, stop.Defined{Name: "app", Essential: true}), "", false},
		"its log":                  {"", 200, definition("ACTIVE", withLog(`"awslogs"`, `"awslogs-group":"/ecs/report","awslogs-stream-prefix":"ecs","awslogs-region":"eu-central-1"`)), logging(run.Log{Group: "/ecs/report", Prefix: "ecs"}), "", false},
		"its log elsewhere":        {"", 200, definition("ACTIVE", withLog(`"awslogs"`, `"awslogs-group":"g","awslogs-stream-prefix":"p","awslogs-region":"mars-1"`)), logging(run.Log{Group: "g", Prefix: "p", Region: "mars-1"}), "", false},
		"a log without a prefix":   {"", 200, definition("ACTIVE", withLog(`"awslogs"`, `"awslogs-group":"g"`)), logging(run.Log{}), "", false},
		"a log elsewhere":          {"", 200, definition("ACTIVE", withLog(`"splunk"`, `"awslogs-group":"g","awslogs-stream-prefix":"p"`)), logging(run.Log{Driver: "splunk"}), "", false},
		"a log by FireLens, and no key of it": {
			"", 200, definition("ACTIVE", withLog(`"awsfirelens"`, `"Name":"datadog","Host":"http-intake.logs.datadoghq.eu","apikey":"hunter2","dd_service":"etl"`)),
			logging(run.Log{Driver: "awsfirelens", To: "Name=datadog, Host=http-intake.logs.datadoghq.eu, dd_service=etl"}), "", false,
		},
		"an address with a password": {"", 200, definition("ACTIVE", withLog(`"fluentd"`, `"fluentd-address":"tcp://u:hunter2@logs:24224","tag":"etl"`)), logging(run.Log{Driver: "fluentd", To: "tag=etl"}), "", false},
		"a link to it": {
			"", 200, definition("ACTIVE", `{"name":"app","dockerLabels":{"batchplane.logs":"https://logs.example.com/?q={task}"},"logConfiguration":{"logDriver":"awsfirelens"}}`),
			logging(run.Log{Driver: "awsfirelens", Link: "https://logs.example.com/?q={task}"}), "", false,
		},
		"a link that is none": {"", 200, definition("ACTIVE", `{"name":"app","dockerLabels":{"batchplane.logs":"javascript:alert(1)"},"logConfiguration":{"logDriver":"awsfirelens"}}`), logging(run.Log{Driver: "awsfirelens"}), "", false},
		"restart policy off":  {"", 200, definition("ACTIVE", `{"name":"app","restartPolicy":{"enabled":false}}`), pinned(stop.Defined{Name: "app", Essential: true}), "", false},
		"several, none named": {"", 200, definition("ACTIVE", app+","+sidecar), run.TaskDefinition{}, "say with `container` which is the job (app, log)", false},
		"unknown container":   {"api", 200, definition("ACTIVE", app), run.TaskDefinition{}, `has no container "api", only app`, false},
		"not essential":       {"log", 200, definition("ACTIVE", app+","+sidecar), run.TaskDefinition{}, "container log of " + definitionARN + " is not essential", false},
		"restart policy":      {"", 200, definition("ACTIVE", `{"name":"app","restartPolicy":{"enabled":true}}`), run.TaskDefinition{}, "has a restartPolicy", false},
		"inactive":            {"", 200, definition("INACTIVE", app), run.TaskDefinition{}, "is INACTIVE: register it anew, or name a revision that is ACTIVE", false},
		"unknown family":      {"", 400, `{"__type":"ClientException","message":"Unable to describe task definition."}`, run.TaskDefinition{}, "task definition report cannot be launched: ECS has none of that name: register it, or correct its name in the jobs file (ClientException: Unable", false},
		"another fault of it": {"", 400, `{"__type":"ClientException","message":"Invalid revision number."}`, run.TaskDefinition{}, "cannot be launched: ClientException: Invalid revision number.", false},
		"access denied":       {"", 400, `{"__type":"AccessDeniedException","message":"not authorized"}`, run.TaskDefinition{}, "task definition report cannot be launched: AccessDeniedException: not authorized", false},
		"throttled":           {"", 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, run.TaskDefinition{}, "", true},
		"nothing of it":       {"", 200, `{}`, run.TaskDefinition{}, "", true},
		"no answer of ECS":    {"", 400, ``, run.TaskDefinition{}, "", true},
		"a clock that is off": {"", 403, `{"__type":"RequestTimeTooSkewed","message":"m"}`, run.TaskDefinition{}, "", true},
		"a clock ahead":       {"", 403, `{"__type":"RequestInTheFuture","message":"m"}`, run.TaskDefinition{}, "", true},
		"server fault":        {"", 500, `{"__type":"ServerException","message":"m"}`, run.TaskDefinition{}, "", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			launcher := answering(c.status, c.body).open(t)
			launcher.ECS = quick(launcher.ECS)
			got, err := launcher.Resolve(t.Context(), job.Job{Name: "report", TaskDefinition: "report", Container: c.container})
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			final := errors.Is(err, port.ErrUnlaunchable)
			if (err != nil) != (c.final != "" || c.passes) || final != (c.final != "") {
				t.Fatalf("error %v, final %v", err, final)
			}
			if final && !strings.Contains(err.Error(), c.final) {
				t.Errorf("%q does not say %q", err, c.final)
			}
		})
	}
}

func TestResolveNothing(t *testing.T) {
	t.Parallel()
	a := answering(200, definition("ACTIVE", app))
	_, err := a.open(t).Resolve(t.Context(), job.Job{Name: "report"})
	if !errors.Is(err, port.ErrUnlaunchable) || a.requests() != 0 {
		t.Errorf("%v after %d requests", err, a.requests())
	}
}

// TestResolveRemembers: the newest revision is asked for once a minute, a pinned one once. A fault is
// not remembered.
func TestResolveRemembers(t *testing.T) {
	t.Parallel()
	a := answering(200, definition("ACTIVE", app))
	launcher := a.open(t)
	resolve := func(name string, want int) {
		t.Helper()
		if _, err := launcher.Resolve(t.Context(), job.Job{Name: "report", TaskDefinition: name}); err != nil {
			t.Fatal(err)
		}
		if n := a.requests(); n != want {
			t.Errorf("%v after the start: %d requests, want %d", a.now.Sub(t0), n, want)
		}
	}
	resolve("report", 1)
	a.now = t0.Add(time.Minute - time.Nanosecond)
	resolve("report", 1)
	resolve("other", 2)
	a.now = t0.Add(time.Minute)
	resolve("report", 3)
	resolve("arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7", 4)
	resolve("report", 4)
	a.now = t0.Add(time.Hour)
	resolve("arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7", 4)

	fault := answering(400, `{"__type":"ClientException","message":"m"}`)
	launcher = fault.open(t)
	for range 2 {
		_, _ = launcher.Resolve(t.Context(), job.Job{Name: "report", TaskDefinition: "report"})
	}
	if n := fault.requests(); n != 2 {
		t.Errorf("a fault was remembered: %d requests", n)
	}
}
