package fargate_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const definitionARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7"

func launch(j job.Job) port.Launch {
	return port.Launch{
		Stack: "prod", Run: run.ScheduledID(j.Name, t0), ScheduledFor: t0.Truncate(60e9), Attempt: 2,
		Task: run.TaskDefinition{ARN: definitionARN, Container: "app"}, Job: j,
	}
}

var everything = job.Job{
	Name: "report", Cluster: "batch", Container: "app", Command: []string{"/bin/report", "--day", "it's \"today\" <&> ü"},
	Environment: map[string]string{"ZONE": "1", "A": "", "M": "x=y", port.EnvAttempt: "99"},
	CPU:         1024, Memory: 2048, TaskRole: "arn:aws:iam::123456789012:role/job", ExecutionRole: "arn:aws:iam::123456789012:role/exec",
	Network: job.Network{Subnets: []string{"subnet-b", "subnet-a"}, SecurityGroups: []string{"sg-1"}, AssignPublicIP: true},
}

func spot(j job.Job) job.Job {
	j.Capacity = job.Spot
	return j
}

func TestInput(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]port.Launch{
		"least.json":      launch(job.Job{Name: "report"}),
		"everything.json": launch(everything),
		"spot.json":       launch(spot(job.Job{Name: "report"})),
		"tagged.json":     launch(job.Job{Name: "report", Owner: "team <a>", Tags: map[string]string{"cost-center": "7", "Team": "data"}}),
		"private.json":    launch(job.Job{Name: "report", Network: job.Network{Subnets: []string{"subnet-a"}}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := wire(t, fargate.Input(l))
			same(t, name, first)
			for range 20 {
				if again := wire(t, fargate.Input(l)); !bytes.Equal(again, first) {
					t.Fatalf("equal launches, two requests:\n%s\n%s", first, again)
				}
			}
		})
	}
	if empty := wire(t, fargate.Input(launch(job.Job{Name: "report", Command: []string{}}))); !bytes.Equal(empty, wire(t, fargate.Input(launch(job.Job{Name: "report"})))) {
		t.Errorf("no command and an empty one, two requests: %s", empty)
	}
}

// TestInputTellsLaunchesApart: another stack, run or attempt gives another token and another startedBy.
func TestInputTellsLaunchesApart(t *testing.T) {
	t.Parallel()
	first := launch(everything)
	others := map[string]func(*port.Launch){
		"stack":   func(l *port.Launch) { l.Stack = "staging" },
		"run":     func(l *port.Launch) { l.Run = run.ByHandID("report", "q") },
		"attempt": func(l *port.Launch) { l.Attempt = 3 },
	}
	for name, change := range others {
		other := launch(everything)
		change(&other)
		a, b := fargate.Input(first), fargate.Input(other)
		if *a.ClientToken == *b.ClientToken || *a.StartedBy == *b.StartedBy {
			t.Errorf("another %s has token %s and startedBy %s too", name, *b.ClientToken, *b.StartedBy)
		}
	}
}

// TestRunVariables: job.OverridesSize reserves room for exactly the variables that a launch sets.
func TestRunVariables(t *testing.T) {
	t.Parallel()
	var set []string
	for _, pair := range fargate.Input(launch(job.Job{Name: "report"})).Overrides.ContainerOverrides[0].Environment {
		set = append(set, *pair.Name)
	}
	named := []string{port.EnvRun, port.EnvJob, port.EnvScheduledFor, port.EnvAttempt, port.EnvStack}
	slices.Sort(named)
	if reserved := slices.Sorted(maps.Keys(job.RunVariables)); !slices.Equal(set, reserved) || !slices.Equal(set, named) {
		t.Errorf("a launch sets %v, room is reserved for %v, control names %v", set, reserved, named)
	}
}

// TestOverridesSize: what the SDK sends is never larger than what was checked when the jobs file was
// read.
func TestOverridesSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := genJob(t)
		l := launch(j)
		l.Stack = rapid.StringMatching(`[A-Za-z][A-Za-z0-9-]{0,47}`).Draw(t, "stack")
		l.Attempt = rapid.IntRange(1, 9999).Draw(t, "attempt")
		l.Task.Container = j.Container
		if j.Container == "" {
			l.Task.Container = rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(t, "the only container")
		}
		if rapid.Bool().Draw(t, "by hand") {
			l.Run = run.ByHandID(j.Name, "q")
		}
		var sent struct{ Overrides json.RawMessage }
		if err := json.Unmarshal(wireOf(t, l), &sent); err != nil {
			t.Fatal(err)
		}
		if len(sent.Overrides) > j.OverridesSize() {
			t.Fatalf("%d characters are sent, %d were reckoned with: %s", len(sent.Overrides), j.OverridesSize(), sent.Overrides)
		}
	})
}

func genJob(t *rapid.T) job.Job {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("<>&\"\\\n\t\x01\u2028é😀ab"))))
	j := job.Job{
		Name:        rapid.StringMatching(`[A-Za-z0-9_-]{1,48}`).Draw(t, "name"),
		Container:   rapid.StringMatching(`[A-Za-z0-9_-]{0,255}`).Draw(t, "container"),
		Command:     rapid.SliceOfN(text, 0, 5).Draw(t, "command"),
		Environment: rapid.MapOfN(rapid.StringMatching(`[A-Z_]{1,20}`), text, 0, 5).Draw(t, "environment"),
	}
	for name := range j.Environment {
		if strings.HasPrefix(name, "BATCHPLANE_") {
			delete(j.Environment, name)
		}
	}
	if rapid.Bool().Draw(t, "sized") {
		j.CPU, j.Memory = 16384, 122880
	}
	if rapid.Bool().Draw(t, "roles") {
		j.TaskRole, j.ExecutionRole = text.Draw(t, "task role"), text.Draw(t, "execution role")
	}
	return j
}

// wireOf is wire for a rapid test.
func wireOf(t *rapid.T, l port.Launch) []byte {
	sent := &sender{}
	_, _ = client("http://ecs.invalid", sent).RunTask(t.Context(), fargate.Input(l), noRetry)
	if sent.body == nil {
		t.Fatal("nothing was sent")
	}
	return sent.body
}
