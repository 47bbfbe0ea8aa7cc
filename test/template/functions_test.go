package template_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire/environ"
	"github.com/batchplane/batchplane/internal/wire/notify"
	"github.com/batchplane/batchplane/internal/wire/onstopped"
	"github.com/batchplane/batchplane/internal/wire/sweep"
	"github.com/batchplane/batchplane/internal/wire/trigger"
	"github.com/batchplane/batchplane/internal/wire/widget"
)

// function is what is known about one function of the stack.
type function struct {
	config  any
	start   func(environ.Lookup) error
	timeout time.Duration
}

// functions are the stack's functions by logical id.
var functions = map[string]function{
	"Trigger":   {trigger.Config{}, func(l environ.Lookup) error { _, err := trigger.New(l); return err }, 30 * time.Second},
	"OnStopped": {onstopped.Config{}, func(l environ.Lookup) error { _, err := onstopped.New(l); return err }, 30 * time.Second},
	"Notify":    {notify.Config{}, func(l environ.Lookup) error { _, err := notify.New(l); return err }, 2 * time.Minute},
	"Sweep":     {sweep.Config{}, func(l environ.Lookup) error { _, err := sweep.New(l); return err }, 150 * time.Second},
	"Widget":    {widget.Config{}, func(l environ.Lookup) error { _, err := widget.New(l); return err }, 30 * time.Second},
}

// variables returns the values that the template gives a function, by name.
func variables(t *testing.T, template object, id string) map[string]string {
	t.Helper()
	given := map[string]string{}
	add := func(from any) {
		for _, name := range keys(t, from) {
			given[name] = flow(at(t, from, name))
		}
	}
	add(at(t, template, "Globals", "Function", "Environment", "Variables"))
	if p := at(t, template, "Resources", id, "Properties"); slices.Contains(keys(t, p), "Environment") {
		add(at(t, p, "Environment", "Variables"))
	}
	return given
}

// TestEnvironmentsAreTheConfigurations: a function is given exactly what it reads, and each
// variable has the value after which it is named.
func TestEnvironmentsAreTheConfigurations(t *testing.T) {
	t.Parallel()
	template := load(t)
	values := map[string]string{
		"BATCHPLANE_STACK":          "!Ref AWS::StackName",
		"BATCHPLANE_TABLE":          "!If [OwnTable, !Ref Table, !Select [1, !Split [/, !Sub ${ExistingTable}//]]]",
		"BATCHPLANE_KEEP_DAYS":      "!Ref KeepRunsDays",
		"BATCHPLANE_NOT_BEFORE":     "!Ref NotBefore",
		"BATCHPLANE_STANDBY":        "!Ref Standby",
		"BATCHPLANE_METRICS":        "!If [Measures, true, false]",
		"BATCHPLANE_TOPIC":          "!Ref Notices",
		"BATCHPLANE_BUS":            "!If [NamesBus, !Ref EventBusArn, default]",
		"BATCHPLANE_SLACK_PATH":     "!Sub /batchplane/${AWS::StackName}/slack/",
		"BATCHPLANE_SLACK_DEFAULT":  "!Join [,, !Ref SlackTargets]",
		"BATCHPLANE_TRIGGER":        "!GetAtt Trigger.Arn",
		"BATCHPLANE_PEOPLE":         "!Ref People",
		"BATCHPLANE_LOG_GROUPS":     "!Ref LogGroups",
		"BATCHPLANE_FAILURES":       "!Join [,, !Ref TriggerFailures, !Ref OnStoppedFailures, !Ref NotifyFailures, !Ref SweepFailures]",
		"BATCHPLANE_SCHEDULE_GROUP": "!Ref AWS::StackName",
		"BATCHPLANE_LAUNCH_RATE":    "!Ref LaunchRate",
		"BATCHPLANE_STOPPED_TASKS":  "!Ref StoppedTasks",
	}
	for id := range kinds(t, template, "AWS::Serverless::Function") {
		f, ok := functions[id]
		if !ok {
			t.Errorf("function %s is not in this test", id)
			continue
		}
		given := variables(t, template, id)
		if given["GOMAXPROCS"] != "1" { // see docs/decisions/0028-one-stack-in-other-hands.md
			t.Errorf("function %s has GOMAXPROCS %q", id, given["GOMAXPROCS"])
		}
		delete(given, "GOMAXPROCS")
		if got, want := slices.Sorted(maps.Keys(given)), readBy(f.config); !slices.Equal(got, want) {
			t.Errorf("function %s gets %q and reads %q", id, got, want)
		}
		for name, value := range given {
			if value != values[name] {
				t.Errorf("function %s gets %s = %s, want %s", id, name, value, values[name])
			}
		}
	}
}

// readBy returns the variables that fill a function's configuration, by name.
func readBy(config any) (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(config)) {
		if name, ok := f.Tag.Lookup("env"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// platform is what Lambda sets.
var platform = map[string]string{
	"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
}

// TestStarts: each function starts with what the template and Lambda set, and asks for nothing
// else. Without anything it says at once all that is missing.
func TestStarts(t *testing.T) {
	t.Parallel()
	template := load(t)
	forms := map[string]string{
		"BATCHPLANE_NOT_BEFORE": "2026-11-22T17:30Z", "BATCHPLANE_STANDBY": "true", "BATCHPLANE_METRICS": "true", "BATCHPLANE_STACK": "prod", "BATCHPLANE_SLACK_PATH": "/batchplane/prod/slack/",
	}
	optional := []string{"GOMAXPROCS", "BATCHPLANE_NOT_BEFORE", "BATCHPLANE_STANDBY", "BATCHPLANE_METRICS", "BATCHPLANE_SLACK_DEFAULT", "BATCHPLANE_LOG_GROUPS", "AWS_SESSION_TOKEN"}
	for id, f := range functions {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			env := maps.Clone(platform)
			for name := range variables(t, template, id) {
				env[name] = "7"
				if form, ok := forms[name]; ok {
					env[name] = form
				}
			}
			empty := f.start(func(string) (string, bool) { return "", false })
			for name := range env {
				if slices.Contains(optional, name) {
					continue
				}
				if empty == nil || !strings.Contains(empty.Error(), "environment variable "+name+": is not set") {
					t.Errorf("with nothing set it does not say that %s is missing: %v", name, empty)
				}
			}
			if err := f.start(func(name string) (string, bool) {
				value, ok := env[name]
				if !ok && !strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
					t.Errorf("it asks for %s", name)
				}
				return value, ok
			}); err != nil {
				t.Errorf("with all that is set: %v", err)
			}
		})
	}
}

// TestFunctionsAreBuiltApart: each has its own folder with a main, is built by Go for Lambda's
// runtime of Amazon Linux 2023, and has nothing of its own but what is named here.
func TestFunctionsAreBuiltApart(t *testing.T) {
	t.Parallel()
	template := load(t)
	shared, ok := at(t, template, "Globals", "Function").(object)
	if !ok {
		t.Fatal("functions share nothing")
	}
	delete(shared, "Environment") // of the test above
	if got := canonical(t, shared); got != `{"Architectures":["!Ref Architecture"],"Handler":"bootstrap","LoggingConfig":{"ApplicationLogLevel":"TRACE","LogFormat":"JSON","SystemLogLevel":"WARN"},"MemorySize":256,"Runtime":"provided.al2023","VpcConfig":["!If","InVpc",{"SecurityGroupIds":"!Ref SecurityGroupIds","SubnetIds":"!Ref SubnetIds"},"!Ref AWS::NoValue"]}` {
		t.Errorf("functions share %s", got)
	}
	own := []string{"CodeUri", "Description", "Environment", "EventInvokeConfig", "Events", "LoggingConfig", "MemorySize", "ReservedConcurrentExecutions", "Role", "Timeout"}
	for id, want := range functions {
		f := at(t, template, "Resources", id)
		folder := words(t, f, "Properties", "CodeUri")
		main, err := os.ReadFile(filepath.Join(root, folder, "main.go"))
		if err != nil || !strings.Contains(string(main), "package main") || strings.Count(string(main), "\n") > 30 {
			t.Errorf("%s: %v, or no main of at most 30 lines", folder, err)
		}
		if folder != "functions/"+strings.ToLower(id) || canonical(t, at(t, f, "Metadata")) != `{"BuildMethod":"go1.x","BuildProperties":{"TrimGoPath":true}}` {
			t.Errorf("%s is not built by itself", id)
		}
		for _, key := range keys(t, at(t, f, "Properties")) {
			if !slices.Contains(own, key) {
				t.Errorf("%s has its own %s", id, key)
			}
		}
		if got := number(t, f, "Properties.Timeout"); time.Duration(got)*time.Second != want.timeout {
			t.Errorf("%s has %d seconds", id, got)
		}
	}
}

// TestTimeouts: the functions have enough time for what the code intends to do in it, and no
// function still waits for the answer to its launch when that launch is sent again. A sweep
// launches until the next one has begun, which may come a minute late, and begins nothing that it
// could not finish.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	resources := at(t, load(t), "Resources")
	timeout := func(id string) time.Duration {
		return time.Duration(number(t, resources, id+".Properties.Timeout")) * time.Second
	}
	call := seconds(t, "internal/adapter/fargate/fargate.go", "callLimit")
	if call > run.DefaultTiming.Doubt/4 {
		t.Errorf("a call may take %s, and a launch is sent again after %s", call, run.DefaultTiming.Doubt)
	}
	last := seconds(t, "internal/wire/sweep/sweep.go", "lastCalls")
	if look := timeout("Sweep") - seconds(t, "internal/wire/sweep/sweep.go", "spare") - last; look < 2*time.Minute || last <= call {
		t.Errorf("a sweep launches for %s, and ends %s after its last call", look, last)
	}
	batch := number(t, resources, "Notify.Properties.Events.Changes.Properties.BatchSize")
	slack := seconds(t, "internal/wire/notify/notify.go", "slackTimeout")
	if left := timeout("Notify") - seconds(t, "internal/wire/notify/batch.go", "spare"); time.Duration(batch)*slack > left {
		t.Errorf("%d notices may take %s each, and there are %s for them", batch, slack, left)
	}
}

// number returns a whole number of the template.
func number(t *testing.T, from any, path string) int {
	t.Helper()
	n, err := strconv.Atoi(canonical(t, down(t, from, path)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

// seconds returns a constant of the code that another package cannot use.
func seconds(t *testing.T, file, name string) time.Duration {
	t.Helper()
	m := regexp.MustCompile(`(?m)^(?:const |\t)` + name + ` += (\d+) \* time\.Second$`).FindSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s has no constant %s in seconds", file, name)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * time.Second
}
