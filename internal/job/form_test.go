package job_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestIsFormOf: a schedule carries the deployed definition if it has the hash once it takes
// over what the schedule says itself.
func TestIsFormOf(t *testing.T) {
	t.Parallel()
	full := job.Job{Name: "a", Command: []string{"x"}, Schedule: "0 9 * * *", Timezone: "Asia/Tokyo"}
	bounded := full
	bounded.StartAt, bounded.EndAt = minutes(0), minutes(60)
	with := func(j job.Job, change func(*job.Job)) job.Job { change(&j); return j }
	bare := func(j *job.Job) { j.Schedule, j.Timezone = "", "" }
	for name, c := range map[string]struct {
		carried, deployed job.Job
		want              bool
	}{
		"as deployed":                       {full, full, true},
		"without expression and zone":       {with(full, bare), full, true},
		"without the expression":            {with(full, func(j *job.Job) { j.Schedule = "" }), full, true},
		"without the zone only":             {with(full, func(j *job.Job) { j.Timezone = "" }), full, false},
		"with another expression":           {with(full, func(j *job.Job) { j.Schedule = "0 8 * * *" }), full, false},
		"with another zone":                 {with(full, func(j *job.Job) { j.Schedule, j.Timezone = "", "Asia/Seoul" }), full, false},
		"with another command":              {with(full, func(j *job.Job) { j.Command = []string{"y"} }), full, false},
		"switched off in the registry":      {full, with(full, func(j *job.Job) { j.Disabled = true }), true},
		"switched on in the registry":       {with(full, func(j *job.Job) { j.Disabled = true }), full, true},
		"without its bounds":                {full, bounded, true},
		"with a wider time":                 {with(full, func(j *job.Job) { j.StartAt, j.EndAt = minutes(-1), minutes(61) }), bounded, true},
		"with a later start":                {with(bounded, func(j *job.Job) { j.StartAt = minutes(1) }), bounded, false},
		"with an earlier end":               {with(bounded, func(j *job.Job) { j.EndAt = minutes(59) }), bounded, false},
		"with bounds that are not deployed": {bounded, full, false},
	} {
		deployed := c.deployed
		if got := c.carried.IsFormOf(deployed, deployed.Hash()); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestNothingConfigured: a part of a definition is left out of its JSON only if each of its
// fields is empty.
func TestNothingConfigured(t *testing.T) {
	t.Parallel()
	for _, zero := range []interface{ IsZero() bool }{job.Retry{}, job.Network{}, job.Notify{}, job.Calendar{}} {
		if !zero.IsZero() {
			t.Errorf("%T is something", zero)
		}
		whole := reflect.TypeOf(zero)
		for i := range whole.NumField() {
			one := reflect.New(whole).Elem()
			switch f := one.Field(i); f.Kind() {
			case reflect.Slice:
				f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			case reflect.Bool:
				f.SetBool(true)
			default:
				f.SetInt(1)
			}
			if some, ok := one.Interface().(interface{ IsZero() bool }); !ok || some.IsZero() {
				t.Errorf("%T with %s is nothing", zero, whole.Field(i).Name)
			}
		}
	}
}

// TestTaskDefinitionFaults: what is wrong with a base definition, and that a secret is named,
// never written.
func TestTaskDefinitionFaults(t *testing.T) {
	t.Parallel()
	ok := job.TaskDefinition{Family: "app", Image: "repo/app:1", Architecture: "arm64", CPU: 512, Memory: 1024, Environment: map[string]string{"A": "b"}, Secrets: map[string]string{"A": "arn:aws:x", "B": "/app/b"}}
	with := func(change func(*job.TaskDefinition)) job.TaskDefinition { d := ok; change(&d); return d }
	for name, c := range map[string]struct {
		definition job.TaskDefinition
		says       string
	}{
		"none":                   {ok, ""},
		"the least":              {job.TaskDefinition{Family: "a", Image: "b"}, ""},
		"no family":              {with(func(d *job.TaskDefinition) { d.Family = "" }), "family: "},
		"no image":               {with(func(d *job.TaskDefinition) { d.Image = "" }), "image: "},
		"two words":              {with(func(d *job.TaskDefinition) { d.Image = "a b" }), "image: "},
		"another architecture":   {with(func(d *job.TaskDefinition) { d.Architecture = "mips" }), "architecture: "},
		"no such size":           {with(func(d *job.TaskDefinition) { d.Memory = 1000 }), "memory: "},
		"a secret as a variable": {with(func(d *job.TaskDefinition) { d.Environment = map[string]string{"DB_PASSWORD": "x1y2z3"} }), "environment.DB_PASSWORD: "},
		"a secret itself":        {with(func(d *job.TaskDefinition) { d.Secrets = map[string]string{"A": "hunter2"} }), "secrets.A: must be the ARN"},
		"a secret without name":  {with(func(d *job.TaskDefinition) { d.Secrets = map[string]string{"A B": "/x"} }), "cannot name a variable"},
	} {
		var says []string
		for _, p := range c.definition.Validate() {
			says = append(says, p.String())
		}
		if got := strings.Join(says, "; "); (got == "") != (c.says == "") || !strings.Contains(got, c.says) || len(says) > 1 {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

// TestRuleInWords: a person reads each pattern with the name that the jobs file uses.
func TestRuleInWords(t *testing.T) {
	t.Parallel()
	code := int64(3)
	rule := job.Rule{StopCode: "a", StoppedReason: "b", ContainerReason: "c", ExitCode: &code, Action: job.Fail}
	if got, want := rule.String(), `stopCode "a", stoppedReason "b", containerReason "c", exitCode 3: fail`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := (job.Rule{StoppedReason: "b", Action: job.Relaunch}).String(), `stoppedReason "b": relaunch`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
