package job_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

func plain() job.Job {
	code := int64(75)
	return job.Job{
		Name: "report", Description: "d", Owner: "o", Schedule: "30 2 * * *", Timezone: "Europe/Paris", Disabled: true,
		TaskDefinition: "report", Cluster: "batch", Container: "app", Command: []string{"a", "b"},
		Environment: map[string]string{"A": "1"}, CPU: 256, Memory: 512,
		Network:  job.Network{Subnets: []string{"s"}, SecurityGroups: []string{"g"}, AssignPublicIP: true},
		TaskRole: "t", ExecutionRole: "e", Capacity: job.Spot,
		Retry: job.Retry{
			Attempts: 2, Backoff: job.Duration(time.Minute), Idempotent: true, ExitCodes: []int64{3},
			Rules: []job.Rule{{StopCode: "Spot*", StoppedReason: "r", ContainerReason: "c", ExitCode: &code, Action: job.Relaunch}},
		},
		Notify: job.Notify{Targets: []string{"ops"}, Also: []string{job.AlsoSucceeded}, FirstOnly: true},
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	code := func(n int64) *int64 { return &n }
	rule := func(r job.Rule) func(*job.Job) {
		return func(j *job.Job) { j.Retry.Idempotent, j.Retry.Rules = false, []job.Rule{r} }
	}
	size := func(cpu, memory int) func(*job.Job) {
		return func(j *job.Job) { j.CPU, j.Memory = cpu, memory }
	}
	env := func(name, value string) func(*job.Job) {
		return func(j *job.Job) { j.Environment = map[string]string{name: value} }
	}
	cases := []struct {
		name   string
		change func(*job.Job)
		want   string // field: part of the message; "" is no problem
	}{
		{"a whole job", func(*job.Job) {}, ""},
		{"no name", func(j *job.Job) { j.Name = "" }, `name: "" cannot name a job`},
		{"the longest name", func(j *job.Job) { j.Name = strings.Repeat("a", 48) }, ""},
		{"a name too long", func(j *job.Job) { j.Name = strings.Repeat("a", 49) }, "name: "},
		{"a name with a slash", func(j *job.Job) { j.Name = "a/b" }, "name: "},
		{"a name with a line break", func(j *job.Job) { j.Name = "a\n" }, "name: "},
		{"a name in other letters", func(j *job.Job) { j.Name = "é" }, "name: "},
		{"no size", size(0, 0), ""},
		{"cpu alone", size(256, 0), "cpu: give cpu and memory together"},
		{"memory alone", size(0, 512), "cpu: give cpu and memory together"},
		{"a cpu that Fargate has not", size(300, 512), "cpu: 300 is not a Fargate size"},
		{"the least pair", size(256, 512), ""},
		{"the largest pair", size(16384, 122880), ""},
		{"a memory in between", size(8192, 17*1024), "memory: 17408 MiB does not go with 8192 CPU units: Fargate offers 16384 to 61440 in steps of 4096"},
		{"a memory beyond", size(256, 4096), "memory: 4096 MiB does not go with 256 CPU units: Fargate offers 512, 1024, 2048"},
		{"the most of a network", func(j *job.Job) { j.Network.Subnets, j.Network.SecurityGroups = make([]string, 16), make([]string, 5) }, ""},
		{"a subnet too many", func(j *job.Job) { j.Network.Subnets = make([]string, 17) }, "network.subnets: has 17 entries; ECS takes at most 16"},
		{"a security group too many", func(j *job.Job) { j.Network.SecurityGroups = make([]string, 6) }, "network.securityGroups: has 6 entries; ECS takes at most 5"},
		{"a variable's name", env("1A", "x"), `environment.1A: "1A" cannot name a variable`},
		{"a variable of ours", env("BATCHPLANE_JOB", "x"), "environment.BATCHPLANE_JOB: names beginning with BATCHPLANE_"},
		{"a NUL in a variable", env("A", "x\x00"), "environment.A: contains a NUL"},
		{"a secret", env("DB_PASSWORD", "hunter2"), "environment.DB_PASSWORD: looks like a secret"},
		{"a reference to a secret", env("DB_PASSWORD", "arn:aws:ssm:x"), ""},
		{"a target's name", func(j *job.Job) { j.Notify.Targets = []string{"ok", "a b"} }, `notify.targets[1]: "a b" cannot name a target`},
		{"an opt-in", func(j *job.Job) { j.Notify.Also = []string{"failed"} }, `notify.also[0]: "failed" is not one of`},
		{"capacity", func(j *job.Job) { j.Capacity = "cheap" }, `capacity: "cheap" is not one of on-demand, spot`},
		{"a start and an end", func(j *job.Job) { j.StartAt, j.EndAt = time.Unix(0, 0), time.Unix(60, 0) }, ""},
		{"an end before the start", func(j *job.Job) { j.StartAt, j.EndAt = time.Unix(60, 0), time.Unix(60, 0) }, "endAt: 1970-01-01T"},
		{"a gap", func(j *job.Job) { j.DST.Gap = "late" }, `dst.gap: "late" is not one of run-late, skip`},
		{"an overlap", func(j *job.Job) { j.DST.Overlap = "no" }, `dst.overlap: "no" is not one of once, twice`},
		{"a calendar of both kinds", func(j *job.Job) {
			j.Calendar = job.Calendar{Skip: []string{"2027-01-01"}, Only: []string{"2027-01-02"}}
		}, "calendar: takes skip or only"},
		{"a day that is not", func(j *job.Job) { j.Calendar.Only = []string{"2027-02-29"} }, `calendar: "2027-02-29" is not a day`},
		{"a long calendar", func(j *job.Job) { j.Calendar.Skip = slices.Repeat([]string{"2027-01-01"}, 401) }, "calendar: names 401 days; at most 400"},
		{"a window", func(j *job.Job) { j.Window = job.Duration(15 * time.Minute) }, ""},
		{"a window too long", func(j *job.Job) { j.Window = job.Duration(25 * time.Hour) }, "window: 25h is out of range: 1m to 24h"},
		{"a window of seconds", func(j *job.Job) { j.Window = job.Duration(90 * time.Second) }, "window: 1m30s is not a whole number of minutes"},
		{"no capacity", func(j *job.Job) { j.Capacity = "" }, ""},
		{"attempts below", func(j *job.Job) { j.Retry.Attempts = -1 }, "retry.attempts: -1 is out of range"},
		{"attempts above", func(j *job.Job) { j.Retry.Attempts = 11 }, "retry.attempts: 11 is out of range"},
		{"the longest backoff", func(j *job.Job) { j.Retry.Backoff = job.Duration(time.Hour) }, ""},
		{"a backoff too long", func(j *job.Job) { j.Retry.Backoff = job.Duration(time.Hour + 1) }, "retry.backoff: 1h0m0.000000001s is too long: at most 1h"},
		{"exit code 0", func(j *job.Job) { j.Retry.ExitCodes = []int64{1, 0} }, "retry.exitCodes[1]: 0 is success"},
		{"a rule without an action", rule(job.Rule{StopCode: "a"}), `retry.rules[0].action: "" is not one of relaunch, fail`},
		{"a rule without a pattern", rule(job.Rule{Action: job.Fail}), "retry.rules[0]: a rule needs at least one of"},
		{"a rule that relaunches success", rule(job.Rule{ExitCode: code(0), Action: job.Relaunch}), "retry.rules[0]: exit code 0 is success"},
		{"a rule that relaunches what ran", rule(job.Rule{ExitCode: code(1), Action: job.Relaunch}), "retry.rules[0]: an exit code proves that the job ran"},
		{"a rule that fails on an exit code", rule(job.Rule{ExitCode: code(0), Action: job.Fail}), ""},
		{"a rule on a stop code that may have run", rule(job.Rule{StopCode: "SpotInterruption", Action: job.Relaunch}), "retry.rules[0]: a task with stop code SpotInterruption may have run"},
		{"a rule on a stop code before the start", rule(job.Rule{StopCode: "TaskFailedToStart", Action: job.Relaunch}), ""},
		{"overrides at their largest", func(j *job.Job) { j.Command = []string{strings.Repeat("x", 8000)} }, "command: command, environment and size take"},
		{"a command of a shell", func(j *job.Job) { j.Command = []string{"sh", "-c", strings.Repeat("a && b > c; ", 600)} }, ""},
		{"a NUL in a command", func(j *job.Job) { j.Command = []string{"a\x00"} }, "command: contains a NUL"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := plain()
			c.change(&j)
			got := j.Validate()
			if c.want == "" && len(got) == 0 {
				return
			}
			if c.want == "" || len(got) != 1 || !strings.HasPrefix(got[0].String(), c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestModifiedIsNoPartOfTheDefinition: deploying the same definition again does not change it.
func TestModifiedIsNoPartOfTheDefinition(t *testing.T) {
	t.Parallel()
	j := plain()
	j.Modified = time.Now()
	if body, err := json.Marshal(j); err != nil || j.Hash() != plain().Hash() || strings.Contains(string(body), "odified") {
		t.Errorf("%s, %v", body, err)
	}
}

func TestHashIsStable(t *testing.T) {
	t.Parallel()
	// Runs refer to their definition by this hash: it must not change with a
	// release.
	const want = "e4591521a23ed2d2d8674843269d6947"
	if got := plain().Hash(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestHashSeesEveryField changes every field of a job, however deep, one at a time.
func TestHashSeesEveryField(t *testing.T) {
	t.Parallel()
	one, other := plain(), plain()
	if one.Hash() != other.Hash() {
		t.Fatal("equal jobs have different hashes")
	}
	hashes := map[string]string{one.Hash(): "the unchanged job"}
	for _, f := range leaves(reflect.TypeFor[job.Job](), "") {
		if f == "Modified" || f == "Rule" || f == "SwitchedOff" || f == "CutShort" || f == "Postponed" { // the registry sets them
			continue
		}
		j := plain()
		touch(t, reflect.ValueOf(&j).Elem(), f)
		if other, taken := hashes[j.Hash()]; taken {
			t.Errorf("a change of %s has the hash of %s", f, other)
		}
		hashes[j.Hash()] = f
	}
	if len(hashes) < 25 {
		t.Errorf("only %d fields were changed", len(hashes)-1)
	}
}

// leaves gives the paths of all fields that hold no further fields.
func leaves(typ reflect.Type, path string) (out []string) {
	for f := range typ.Fields() {
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct && ft != reflect.TypeFor[time.Time]() {
			out = append(out, leaves(ft, path+f.Name+".")...)
			continue
		}
		out = append(out, path+f.Name)
	}
	return out
}

func touch(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() == reflect.Slice {
			v = v.Index(0)
		}
		v = v.FieldByName(name)
	}
	if at, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(at.Add(time.Minute)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(reflect.ValueOf("new"), reflect.Zero(v.Type().Elem()))
	case reflect.Pointer:
		n := v.Elem().Int() + 1
		v.Set(reflect.ValueOf(&n))
	default:
		t.Fatalf("%s: do not know how to change a %s", path, v.Kind())
	}
}

func TestJobSurvivesJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(plain())
	if err != nil {
		t.Fatal(err)
	}
	var got job.Job
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, plain()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text, back string
		want       time.Duration
	}{
		{"90s", "1m30s", 90 * time.Second},
		{"10m", "10m", 10 * time.Minute},
		{"2h", "2h", 2 * time.Hour},
		{"1h30m", "1h30m", 90 * time.Minute},
		{"1d", "24h", 24 * time.Hour},
		{"1d12h", "36h", 36 * time.Hour},
		{"2d1s", "48h0m1s", 48*time.Hour + time.Second},
		{"0s", "0s", 0},
		{"1.5s", "1.5s", 1500 * time.Millisecond},
		{"10000d", "10000d", 240000 * time.Hour},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			var d, again job.Duration
			if err := d.UnmarshalText([]byte(c.text)); err != nil || time.Duration(d) != c.want {
				t.Fatalf("got %s, %v", d, err)
			}
			b, err := d.MarshalText()
			if err != nil || string(b) != c.back {
				t.Errorf("written as %s, %v; want %s", b, err, c.back)
			}
			if err := again.UnmarshalText(b); err != nil || again != d {
				t.Errorf("read again as %s, %v", again, err)
			}
		})
	}
}

func TestDurationRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "not a duration", "5": "not a duration", "d": "not a duration", "1.5d": "not a duration", "1h 30m": "not a duration",
		"1d2d": "not a duration", "1w": "not a duration", "10001d": "not a duration", "1d-2h": "not a duration",
		"-1s": "negative", "-1d": "negative", "-0s": "negative", "10000d2400000h": "too long",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if d, err := job.ParseDuration(text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %s, %v, want %q", d, err, want)
			}
		})
	}
}

func TestLooksSecret(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, value string
		want        bool
	}{
		{"DB_PASSWORD", "x", true},
		{"password", "x", true},
		{"GithubToken", "x", true},
		{"API_KEY", "x", true},
		{"APIKEY", "x", true},
		{"AWS_SECRET_ACCESS_KEY", "x", true},
		{"SSH_PRIVATE_KEY", "x", true},
		{"CREDENTIALS", "x", true},
		{"DB_PASSWORD", "", false},
		{"DB_PASSWORD", "arn:aws:secretsmanager:x", false},
		{"DB_PASSWORD", "/prod/db", false},
		{"PASSWORD_FILE", "x", false},
		{"MAX_TOKENS", "5", false},
		{"KEY", "x", false},
		{"MODE", "x", false},
		{"SECRET_KEY", "x", true},
		{"ENCRYPTION_KEY", "x", true},
		{"CRON_KEY", "x", true},
		{"X-Api-Key", "x", true},
		{"DB_PASS", "x", true},
		{"PASS", "x", true},
		{"MYSQL_PWD", "x", true},
		{"PASSWORD1", "x", true},
		{"TOKEN_2", "x", true},
		{"SLACK_WEBHOOK", "https://example.com/x", true},
		{"SLACK_WEBHOOK_URL", "https://example.com/x", true},
		{"DATABASE_URL", "postgres://u:pw@h/db", true},
		{"DATABASE_URL", "redis://:pw@h/0", true},
		{"DATABASE_URL", "postgres://u@h:5432/db", false},
		{"DATABASE_URL", "postgres://u:$PW@h/db", false},
		{"SITE", "https://example.com:8080/a@b", false},
		{"X", "sk_live_123", true},
		{"X", "eyJhbGciOi", true},
		{"DB_PASSWORD", "/p@ss+word=", true},
		{"USE_TOKEN", "true", false},
		{"PARTITION_KEY", "x", false},
		{"S3_KEY", "a/b.csv", false},
		{"SSH_KEY", "~/.ssh/id", false},
		{"PWD", "x", false},
		{"COMPASS", "x", false},
	}
	for _, c := range cases {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			t.Parallel()
			if got := job.LooksSecret(c.name, c.value); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestPinned(t *testing.T) {
	t.Parallel()
	for definition, want := range map[string]bool{
		"": false, "report": false, "report:7": true, "report:": false,
		"arn:aws:ecs:eu-west-1:123456789012:task-definition/report":   false,
		"arn:aws:ecs:eu-west-1:123456789012:task-definition/report:7": true,
	} {
		if got := (job.Job{TaskDefinition: definition}).Pinned(); got != want {
			t.Errorf("%q: %v", definition, got)
		}
	}
}

func TestOverridesSizeCoversTheLongestNames(t *testing.T) {
	t.Parallel()
	short := job.Job{Name: "a", Container: "app"}
	long := job.Job{Name: strings.Repeat("a", 48), Container: "app"}
	if got := long.OverridesSize() - short.OverridesSize(); got != 2*47 {
		t.Errorf("47 more letters of the name take %d characters; it stands in two variables", got)
	}
	unnamed := job.Job{Name: "a"}
	if got, least := unnamed.OverridesSize(), short.OverridesSize()-len("app")+255; got < least {
		t.Errorf("a container that is not named: %d, at least %d", got, least)
	}
	if fmt.Sprint(short.Validate()) != "[]" {
		t.Error(short.Validate())
	}
}
