package jobfile_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

const holidays = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270101\r\nDTEND;VALUE=DATE:20270104\r\nSUMMARY:New\r\n  Year\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\nDTSTART:20270211\nEND:VEVENT\nBEGIN:VEVENT\nSTATUS:CANCELLED\nDTSTART:20270301\nEND:VEVENT\nEND:VCALENDAR\n"

func options(env map[string]string) jobfile.Options {
	return jobfile.Options{
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			files := map[string]string{
				"holidays.ics": holidays,
				"yearly.ics":   "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nRRULE:FREQ=YEARLY\nSUMMARY:New Year\nEND:VEVENT\n",
				"text.ics":     "hello",
			}
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, errors.New("no such file")
		},
	}
}

func load(o jobfile.Options, texts ...string) (jobfile.File, string) {
	names := []string{"base.yaml", "prod.yaml", "more.yaml"}
	var sources []jobfile.Source
	for i, text := range texts {
		sources = append(sources, jobfile.Source{Name: names[i], Data: []byte(text)})
	}
	f, problems := jobfile.Load(sources, o)
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s:%s\n", p.File, p)
	}
	return f, b.String()
}

const base = `
defaults: {timezone: Europe/Berlin, environment: {STAGE: dev}, retry: {attempts: 2, backoff: 1m}}
taskDefinitions:
  small: {image: "example/app:1", cpu: 256, memory: 512}
jobs:
  - name: one
    schedule: "0 3 * * *"
    command: echo ${HOME} one
    environment: {A: "1", B: "2"}
    notify: [ops]
  - &two
    name: two
    command: [two, "${HOME}"]
`

// TestDefinitionTags: a base definition has the owner and the tags that its jobs have in
// common, including those of the defaults.
func TestDefinitionTags(t *testing.T) {
	t.Parallel()
	f, problems := load(options(nil), `
defaults: {owner: team-a, taskDefinition: app, tags: {cost: "12"}}
taskDefinitions: {app: {image: "x:1"}, alone: {image: "x:1"}, nobodys: {image: "x:1"}}
jobs:
  - {name: one, tags: {a: "1"}}
  - {name: two, tags: {a: "2"}}
  - {name: three, taskDefinition: alone, owner: team-b}
`)
	var got []string
	for _, d := range f.Definitions {
		got = append(got, fmt.Sprint(d.Tags))
	}
	want := "[map[batchplane:owner:team-a cost:12] map[batchplane:job:three batchplane:owner:team-b cost:12] map[]]"
	if problems != "" || fmt.Sprint(got) != want {
		t.Errorf("got %s, %s", got, problems)
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	f, problems := load(options(map[string]string{"TAG": "7", "CPU": "512", "ON": "false"}), base, `
defaults: {environment: {STAGE: "${STAGE:-prod}"}, retry: {attempts: 3}}
taskDefinitions:
  small: {image: "example/app:${TAG}"}
jobs:
  - {name: three, environment: {X: "$${Y} ${TAG}"}, command: three}
  - {name: one, environment: {B: "3"}, notify: [], cpu: "${CPU}", memory: 1024, enabled: "${ON}"}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	one, two, three := f.Jobs[0], f.Jobs[1], f.Jobs[2]
	if len(f.Jobs) != 3 || one.Name+two.Name+three.Name != "onetwothree" {
		t.Fatalf("%+v", f.Jobs)
	}
	if want := map[string]string{"STAGE": "prod", "A": "1", "B": "3"}; !reflect.DeepEqual(one.Environment, want) {
		t.Errorf("environment: %v", one.Environment)
	}
	if one.Command[2] != "echo ${HOME} one" || two.Command[1] != "${HOME}" {
		t.Errorf("commands were touched: %q %q", one.Command, two.Command)
	}
	if one.Schedule != "0 3 * * *" || len(one.Notify.Targets) != 0 || one.CPU != 512 || !one.Disabled {
		t.Errorf("one: %+v", one)
	}
	if two.Retry.Attempts != 3 || two.Retry.Backoff == 0 || two.Environment["STAGE"] != "prod" {
		t.Errorf("two: %+v", two)
	}
	if three.Environment["X"] != "${Y} 7" {
		t.Errorf("three: %+v", three)
	}
	if d := f.Definitions; len(d) != 1 || d[0].Image != "example/app:7" || d[0].CPU != 256 {
		t.Errorf("definitions: %+v", d)
	}
}

// TestUnsetVariables: a variable that is not set is one problem, whatever its place takes.
func TestUnsetVariables(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"owner", "cpu", "enabled", "timeout", "retry.idempotent", "retry.attempts", "retry.exitCodes"} {
		value, key := `"${NOBODY}"`, field
		if outer, inner, ok := strings.Cut(field, "."); ok {
			key, value = outer, "{"+inner+`: "${NOBODY}"}`
			if strings.HasSuffix(inner, "s") && inner != "attempts" {
				value = "{" + inner + `: ["${NOBODY}"]}`
			}
		}
		_, problems := load(options(nil), `jobs: [{name: a, schedule: "0 3 * * *", `+key+": "+value+"}]")
		if strings.Count(problems, "\n") != 1 || !strings.Contains(problems, "${NOBODY} is not set") {
			t.Errorf("%s: %s", field, problems)
		}
	}
}

// TestLoadProblems: each problem names its file and its place.
func TestLoadProblems(t *testing.T) {
	t.Parallel()
	one := func(fields string) string { return "jobs: [{name: a, schedule: \"0 3 * * *\", " + fields + "}]" }
	for name, c := range map[string]struct {
		texts []string
		want  string
	}{
		"a variable that is not set":         {[]string{one(`owner: "${NOBODY}"`)}, "base.yaml:1:48: owner: ${NOBODY} is not set in the environment: set it, or write ${NOBODY:-a default}\n"},
		"in the overlay":                     {[]string{base, "jobs:\n  - name: one\n    cpu: 300\n    memory: 512\n"}, "prod.yaml:3:10: cpu: 300 is not a Fargate size"},
		"the overlay's own jobs":             {[]string{base, "jobs: [{name: one}, {name: one}]"}, `prod.yaml:1:28: a second job named "one"`},
		"a base without an image":            {[]string{"taskDefinitions: {x: {cpu: 256, memory: 512}}\njobs: [{name: a}]"}, `base.yaml:1:`},
		"a secret in a base":                 {[]string{"taskDefinitions: {x: {image: i, executionRole: r, secrets: {K: hunter2}}}\njobs: [{name: a}]"}, "taskDefinitions.x.secrets.K: must be the ARN"},
		"a calendar that recurs":             {[]string{one("calendar: {skip: yearly.ics}")}, `yearly.ics: line 4, the event "New Year": it recurs (RRULE): list its days instead`},
		"no calendar":                        {[]string{one("calendar: {skip: text.ics}")}, "text.ics: this is not an iCalendar file"},
		"an absent calendar":                 {[]string{one("calendar: {skip: gone.ics}")}, "the calendar: no such file"},
		"no list":                            {[]string{one("calendar: {only: weekdays}")}, `"weekdays" is neither a list of days nor an .ics file`},
		"a day that is not":                  {[]string{one("calendar: {only: [2027-02-30]}")}, `calendar: "2027-02-30" is not a day`},
		"a calendar without a slot":          {[]string{`jobs: [{name: a, schedule: "0 3 * * 1", calendar: {only: [2027-01-05]}}]`}, "calendar: no slot of \"0 3 * * 1\" is left"},
		"a time":                             {[]string{one("startAt: tomorrow")}, `startAt: "tomorrow" is not a time`},
		"an end before the start":            {[]string{one("startAt: 2027-01-02, endAt: 2027-01-01")}, "endAt: 2027-01-01T00:00:00Z is not after startAt"},
		"lists that are too long":            {[]string{`jobs: [{name: a, schedule: "cron(0-58/2 0-22/2 1-31/2 * ? 1970-2198/2)"}]`}, "base.yaml:1:28: schedule: cron(0-58/2"},
		"late, in the hour that comes twice": {[]string{`jobs: [{name: a, schedule: "30 2 * * *", timezone: Europe/Berlin, dst: {overlap: twice}, startWithin: 2h}]`}, "startWithin: 2h is longer than the 1h between two slots"},
		"a window too long":                  {[]string{`jobs: [{name: a, schedule: "*/5 * * * *", window: 5m}]`}, "base.yaml:1:51: window: 5m is not shorter than the 5m between two slots"},
		"a word of dst":                      {[]string{one("dst: {gap: maybe}")}, `dst.gap: "maybe" is not one of run-late, skip`},
		"another tool's word":                {[]string{one("cmd: date")}, `unknown key "cmd"; did you mean "command"?`},
		"retries":                            {[]string{one("retries: 3")}, `unknown key "retries"; did you mean "retry"?`},
		"a key of a definition":              {[]string{one("secrets: {A: b}")}, `unknown key "secrets": it belongs in one of taskDefinitions, which the job names with taskDefinition`},
		"a key of retry in a job":            {[]string{one("idempotent: true")}, `unknown key "idempotent": it belongs under retry` + "\n"},
		"a key of retry in defaults":         {[]string{"defaults: {idempotent: true}\njobs: [{name: a}]"}, `defaults: unknown key "idempotent": it belongs under retry` + "\n"},
		"a key of notify in retry":           {[]string{one("retry: {firstOnly: true}")}, `retry: unknown key "firstOnly": it belongs under notify of a job`},
		"a key of a job in retry":            {[]string{one("retry: {timeout: 1h}")}, `retry: unknown key "timeout": it belongs beside retry, not under it`},
		"a key of a job in a definition":     {[]string{"taskDefinitions: {x: {image: i, command: [date]}}\njobs: [{name: a}]"}, `unknown key "command": it belongs in the job that names this definition`},
		"a key of a job in the file":         {[]string{"timezone: UTC\njobs: [{name: a}]"}, `unknown key "timezone": it belongs in one of jobs or, where jobs share it, in defaults`},
		"a key of each job in defaults":      {[]string{"defaults: {command: [date]}\njobs: [{name: a}]"}, `unknown key "command": it belongs in one of jobs, since each has its own`},
		"a key of the file in a job":         {[]string{one("project: p")}, `unknown key "project": it belongs at the top of the file`},
		"a key of a definition in the file":  {[]string{"image: i\njobs: [{name: a}]"}, `unknown key "image": it belongs in one of taskDefinitions, which`},
		"a key of a job in an input":         {[]string{one("inputs: {IN: {owner: me}}")}, `unknown key "owner"; the known keys are`},
		"a tab":                              {[]string{"jobs:\n\t- name: a\n"}, "base.yaml:2:1: a tab indents this line, but YAML takes only spaces: use two spaces"},
		"a tab behind spaces":                {[]string{"jobs:\n  - name: a\n  \tschedule: x\n"}, "base.yaml:3:3: a tab indents this line"},
		"an unknown key of the whole":        {[]string{"task_definitions: {}\njobs: [{name: a}]"}, `unknown key "task_definitions"; did you mean "taskDefinitions"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, problems := load(options(nil), c.texts...); !strings.Contains(problems, c.want) {
				t.Errorf("got  %swant %s", problems, c.want)
			}
		})
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	f, problems := load(options(nil), `
defaults: {timezone: Asia/Tokyo, startAt: 2027-01-01, calendar: {skip: holidays.ics}}
jobs:
  - {name: a, schedule: "0 9 * * *", endAt: "2027-06-01 09:00", dst: {gap: skip, overlap: twice}, window: 5m}
  - {name: b, schedule: "0 9 * * *", startAt: 2027-02-01T00:00Z, timezone: Europe/Berlin, calendar: {only: [2027-03-01]}}
  - {name: skips, schedule: "30 2,3 * * *", timezone: Europe/Berlin, dst: {gap: skip}, startWithin: 1h}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	a, b := f.Jobs[0], f.Jobs[1]
	if got := a.StartAt.Format("2006-01-02T15:04Z") + a.EndAt.Format(" 2006-01-02T15:04Z"); got != "2026-12-31T15:00Z 2027-06-01T00:00Z" {
		t.Errorf("a: %s", got)
	}
	if want := []string{"2027-01-01", "2027-01-02", "2027-01-03", "2027-02-11"}; !reflect.DeepEqual(a.Calendar.Skip, want) {
		t.Errorf("a: %v", a.Calendar)
	}
	if got := b.StartAt.Format("2006-01-02T15:04Z"); got != "2027-02-01T00:00Z" || len(b.Calendar.Skip) != 0 || len(b.Calendar.Only) != 1 {
		t.Errorf("b: %s %+v", got, b.Calendar)
	}
}

// TestCalendarOfDefaults: a job may not have both halves, so the defaults may not either, whichever
// comes first.
func TestCalendarOfDefaults(t *testing.T) {
	t.Parallel()
	for _, calendar := range []string{"{skip: [2027-01-01], only: [2027-01-02]}", "{only: [2027-01-02], skip: [2027-01-01]}"} {
		_, problems := load(options(nil), "defaults: {calendar: "+calendar+"}\njobs: [{name: a, schedule: '0 9 * * *'}]")
		if !strings.Contains(problems, "base.yaml:1:22: calendar: takes skip or only, not both") {
			t.Errorf("%s: %q", calendar, problems)
		}
	}
}

// TestSkippedMidnight: a day begins after the gap, and not an hour before on the other day.
func TestSkippedMidnight(t *testing.T) {
	t.Parallel()
	f, problems := load(options(nil), `jobs: [{name: a, schedule: "30 23 * * *", timezone: Atlantic/Azores, startAt: 2026-03-29, endAt: "2027-03-28T00:30"}]`)
	if problems != "" {
		t.Fatal(problems)
	}
	if got := f.Jobs[0].StartAt.Format("2006-01-02T15:04Z") + f.Jobs[0].EndAt.Format(" 2006-01-02T15:04Z"); got != "2026-03-29T01:00Z 2027-03-28T01:00Z" {
		t.Error(got)
	}
}

// TestEncodeRoundTrip: Load reads what Encode writes as the same job.
func TestEncodeRoundTrip(t *testing.T) {
	t.Parallel()
	code := int64(75)
	whole := job.Job{
		Name: "on", Description: "yes", Schedule: "30 2 * * *", Timezone: "Europe/Paris", Disabled: true, TaskDefinition: "report:7",
		Command: []string{"/bin/sh", "-c", "set -e\necho \"a: b\" # c\n"}, Environment: map[string]string{"A": "1", "B": "no", "C": "08", "D": "a: b", "E": "${X} $${Y} $Z"},
		CPU: 256, Memory: 512, Network: job.Network{Subnets: []string{"s"}, AssignPublicIP: true}, Capacity: job.Spot,
		Retry:  job.Retry{Attempts: 2, Rules: []job.Rule{{StopCode: "Spot*", ExitCode: &code, Action: job.Fail}}, ExitCodes: []int64{3}},
		Notify: job.Notify{Also: []string{"succeeded"}, FirstOnly: true},
		When:   job.When{DST: job.DST{Gap: "skip"}, Calendar: job.Calendar{Skip: []string{"2027-01-01"}}},
	}
	same(t, whole)
	rapid.Check(t, func(t *rapid.T) {
		j := job.Job{Name: "a", Owner: rapid.StringN(0, 40, 200).Draw(t, "owner"), Environment: map[string]string{}}
		for i := range rapid.IntRange(0, 3).Draw(t, "variables") {
			j.Environment[fmt.Sprintf("V%d", i)] = strings.ReplaceAll(rapid.StringN(0, 40, 200).Draw(t, "value"), "\x00", "")
		}
		text := rapid.SampledFrom([]string{"a\nb", "a\n\nb\n", " a\nb ", "'", "\"\\", "- a", "# a", "a #b", "{a: b}", "*a", "\u2028", "\u0085", "\ufeff", "\t", "${A}"}).Draw(t, "text")
		j.Command = []string{"/bin/sh", "-c", text + rapid.StringOfN(rapid.RuneFrom([]rune("ab \n:#'\"-é")), 0, 20, -1).Draw(t, "more")}
		if strings.TrimSpace(j.Command[2]) == "" || strings.Contains(j.Owner, "\x00") {
			j.Command, j.Owner = []string{"x"}, ""
		}
		same(t, j)
	})
}

func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, j job.Job,
) {
	t.Helper()
	text, err := jobfile.Encode(jobfile.File{Jobs: []job.Job{j}, Definitions: []job.TaskDefinition{{Family: "f", Image: "i"}}}, map[string][]string{"a": {"x\ny: z"}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	f, problems := jobfile.Load([]jobfile.Source{{Data: text}}, options(nil))
	if len(problems) > 0 || len(f.Jobs) != 1 || f.Jobs[0].Hash() != j.Hash() || len(f.Definitions) != 1 {
		t.Fatalf("%v\n%s\nread as %+v\nwant %+v", problems, text, f, j)
	}
}
