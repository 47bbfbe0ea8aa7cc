package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// files writes files into a new directory and returns its path.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestValidate(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"base.yaml":    "defaults: {timezone: Europe/Berlin, calendar: {skip: holidays.ics}}\njobs:\n  - name: a\n    schedule: 0 9 * * mon-fri\n    command: echo $HOME ${HOME}\n",
		"prod.yaml":    "jobs:\n  - name: a\n    owner: ${BATCHPLANE_TEST_NOBODY:-team-a}\n    cpu: 256\n    memory: 512\n",
		"bad.yaml":     "jobs:\n  - name: a\n    shedule: x\n    cpu: 300\n    owner: ${BATCHPLANE_TEST_NOBODY}\n",
		"holidays.ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nEND:VEVENT\nEND:VCALENDAR\n",
	})
	base, prod, bad := filepath.Join(dir, "base.yaml"), filepath.Join(dir, "prod.yaml"), filepath.Join(dir, "bad.yaml")
	if r := batchplane(t, "validate", "-f", base, "-f", prod); r.code != 0 || r.out != "1 job, no problem on one machine; --for aws also checks what ECS needs\n" {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "validate", "-f", base, "-f", prod, "--for", "local"); r.code != 0 || r.out != "1 job, no problem\n" {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "--json", "validate", "-f", base, "-f", prod); r.code != 0 || r.out != `{"jobs":1,"problems":0,"for":"local"}`+"\n" {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "validate", "-f", base, "-f", prod, "--for", "aws"); r.code != 2 || !strings.Contains(r.err, base+", "+prod+": job a: no network") {
		t.Errorf("what neither of two files has: %+v", r)
	}
	r := batchplane(t, "validate", "-f", base, "-f", prod, "--print")
	want := `jobs:
  - name: a
    owner: team-a
    schedule: "0 9 * * mon-fri"
    timezone: Europe/Berlin
    command: "echo $HOME ${HOME}"
    cpu: 256
    memory: 512
    calendar: {skip: ["2027-01-01"]}
`
	if r.code != 0 || r.out != want {
		t.Errorf("exit code %d, %s%s", r.code, r.out, r.err)
	}
	r = batchplane(t, "validate", "-f", base, "-f", bad)
	for _, says := range []string{
		bad + `:3:5: unknown key "shedule"; did you mean "schedule"?`, bad + ":4:10: cpu: ", bad + ":5:12: owner: ${BATCHPLANE_TEST_NOBODY} is not set", "3 problems",
	} {
		if r.code != 2 || !strings.Contains(r.err, says) {
			t.Errorf("exit code %d, %s; want %s", r.code, r.err, says)
		}
	}
	r = batchplane(t, "--json", "validate", "-f", bad)
	var p struct {
		File, Message string
		Line, Column  int
	}
	if err := json.NewDecoder(strings.NewReader(r.out)).Decode(&p); err != nil || p.File != bad || p.Line != 3 || p.Column != 5 || r.code != 2 {
		t.Errorf("%+v, %v, %+v", p, err, r)
	}
	if r := batchplane(t, "validate", "-f", filepath.Join(dir, "gone.yaml")); r.code != 2 || !strings.Contains(r.err, "gone.yaml") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "schema"); r.code != 0 || !json.Valid([]byte(r.out)) {
		t.Errorf("%+v", r)
	}
}

// onAWS is what jobs need to run on AWS, as a file to put on top of another.
const onAWS = "defaults: {taskDefinition: app, network: {subnets: [subnet-1]}}\n"

// TestValidateForAWS: validate and render refuse at once what cannot run on AWS, in files that
// are for AWS or declared to be. Files for one machine are not held to that.
func TestValidateForAWS(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"local.yaml": "jobs: [{name: a, schedule: \"0 3 * * *\", command: x}]",
		"aws.yaml":   "jobs: [{name: a, schedule: \"0 3 * * *\", cluster: etl, command: [x, REPLACE-ME]}]",
		"off.yaml":   "jobs: [{name: a, schedule: \"0 3 * * *\", enabled: false, taskDefinition: app}]",
	})
	local, aws, off := filepath.Join(dir, "local.yaml"), filepath.Join(dir, "aws.yaml"), filepath.Join(dir, "off.yaml")
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"for one machine":         {[]string{"validate", "-f", local}, 0, nil},
		"for one machine, asked":  {[]string{"validate", "-f", local, "--for", "aws"}, 2, []string{local + ": job a: no network", local + ": job a: no taskDefinition", "2 problems"}},
		"rendered":                {[]string{"render", "-f", local}, 2, []string{"so nothing was rendered", "job a: no network", "job a: no taskDefinition"}},
		"for AWS":                 {[]string{"validate", "-f", aws}, 2, []string{"job a: command holds REPLACE-ME", "job a: no network", "job a: no taskDefinition", "3 problems"}},
		"for AWS, tried here":     {[]string{"validate", "-f", aws, "--for", "local"}, 0, nil},
		"another cluster":         {[]string{"validate", "-f", aws, "--clusters", "jobs,default"}, 2, []string{"job a: cluster etl is not one of the stack's parameter Clusters (jobs, default)"}},
		"an empty parameter":      {[]string{"validate", "-f", aws, "--clusters", ""}, 2, []string{"job a: cluster etl is not one of the stack's parameter Clusters (default)"}},
		"another cluster, render": {[]string{"render", "-f", aws, "--clusters", "jobs", "--clusters", "web"}, 2, []string{"job a: cluster etl is not one of the stack's parameter Clusters (jobs, web)"}},
		"switched off":            {[]string{"validate", "-f", off}, 0, []string{"warning: job a: no network"}},
		"switched off, rendered":  {[]string{"render", "-f", off}, 0, []string{"warning: job a: no network"}},
		"rendered with --json":    {[]string{"--json", "render", "-f", off}, 0, []string{"warning: job a: no network"}},
		"printed, with faults":    {[]string{"validate", "-f", aws, "--print"}, 2, []string{aws + ": job a: no network", "3 problems"}},
		"printed, as JSON":        {[]string{"--json", "validate", "-f", aws, "--print"}, 2, []string{aws + ": job a: no network", "3 problems"}},
		"printed with --json":     {[]string{"--json", "validate", "-f", off, "--print"}, 0, []string{"warning: job a: no network"}},
	} {
		r := batchplane(t, c.args...)
		for _, says := range c.says {
			if !strings.Contains(r.err, says) {
				t.Errorf("%s: %s; want %q", name, r.err, says)
			}
		}
		if r.code != c.code || len(c.says) == 0 && r.err != "" || (c.code != 0 && r.out != "") != strings.HasPrefix(name, "printed, ") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestValidateWarnsOfThePast: jobs whose time is over are not a fault, but a warning says so.
func TestValidateWarnsOfThePast(t *testing.T) {
	t.Parallel()
	file := filepath.Join(files(t, map[string]string{"jobs.yaml": `jobs:
  - {name: once, schedule: "at(2020-01-01T00:00:00)"}
  - {name: ended, schedule: "0 3 * * *", endAt: 2020-01-01}
  - {name: only, schedule: "0 3 * * *", calendar: {only: [2020-01-01]}}
  - {name: off, schedule: "at(2020-01-01T00:00:00)", enabled: false}
  - {name: fine, schedule: "0 3 * * *"}
  - {name: byhand}
`}), "jobs.yaml")
	r := batchplane(t, "validate", "-f", file)
	want := `warning: job once: schedule: the last time of at(2020-01-01T00:00:00) lies in the past: it will never run; remove the job, its history stays
warning: job ended: endAt: 2020-01-01T00:00:00Z lies in the past: it will never run; remove the job, its history stays
warning: job only: calendar: the last day of only, 2020-01-01, lies in the past: it will never run; remove the job, its history stays
`
	if r.code != 0 || r.out != "6 jobs, no problem on one machine; --for aws also checks what ECS needs\n" || r.err != want {
		t.Errorf("%+v", r)
	}
	r = batchplane(t, "--json", "validate", "-f", file)
	if r.code != 0 || r.err != "" || !strings.HasPrefix(r.out, `{"jobs":6,"problems":0,"for":"local","warnings":["job once: `) {
		t.Errorf("%+v", r)
	}
	defaults := filepath.Join(files(t, map[string]string{"aws.yaml": onAWS}), "aws.yaml")
	if r := batchplane(t, "render", "-f", file, "-f", defaults); r.code != 0 || !strings.Contains(r.err, "job ended: endAt: 2020-01-01T00:00:00Z lies in the past") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "preview", "-f", file); r.code != 0 || strings.Count(r.out, "lies in the past: it will never run") != 3 {
		t.Errorf("%+v", r)
	}
}

// TestValidateTellsThatACalendarEnds: a warning appears when the last named day of a calendar is
// within two weeks, and when it is over.
func TestValidateTellsThatACalendarEnds(t *testing.T) {
	t.Parallel()
	day := func(n int) string { return noon.AddDate(0, 0, n).Format(time.DateOnly) }
	for name, c := range map[string]struct{ last, says string }{
		"far":  {day(30), ""},
		"near": {day(7), "calendar: the last day of only is " + day(7)},
		"over": {day(-2), "calendar: the last day of only, " + day(-2) + ", lies in the past: it will never run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, map[string]string{
				"jobs.yaml": "jobs:\n  - name: close\n    schedule: 0 3 * * *\n    command: \"true\"\n    calendar: {only: [\"2026-01-02\", \"" + c.last + "\"]}\n",
			})
			r := batchplane(t, "validate", "-f", filepath.Join(dir, "jobs.yaml"))
			if r.code != 0 || c.says == "" && strings.Contains(r.out+r.err, "calendar") || !strings.Contains(r.out+r.err, c.says) {
				t.Errorf("%+v, want %q", r, c.says)
			}
		})
	}
}

// TestCommandsWithSecrets: who writes a secret into a command is warned, in whatever form, but not who writes where it
// is.
func TestCommandsWithSecrets(t *testing.T) {
	t.Parallel()
	for command, warns := range map[string]bool{
		`"psql postgres://me:hunter2@db/x"`: true, `"psql 'host=db password=hunter2'"`: true, `"PGPASSWORD=hunter2 psql -c x"`: true, `"MYSQL_PWD=hunter2 mysql db"`: true,
		`[curl, -u, "me:hunter2", "https://x"]`: true, `[mysql, -phunter2, db]`: true, `[load, --password, hunter2]`: true, `"load --password=hunter2"`: true,
		`"PGPASSWORD=$PW psql 'host=db password=$PW'"`: false, `[curl, -u, "$USER:$PASS", "https://x"]`: false, `[load, --password-file, /run/pw]`: false, `[load, --password=file:/run/pw]`: false,
		`"mysql -p$PW db"`: false, `[python, -c, 'connect(password=os.environ["PW"])']`: false, `"sort -k2 --key=3"`: false,
		`"ffmpeg -i a -pass 1 b"`: false, `"ruby -e 'connect(password: ENV[\"PW\"])'"`: false, `"pg_dump --no-password -h db x"`: false, `"openssl enc -pass pass:$PW"`: false,
		`[sh, -c, "curl -H 'Authorization: Bearer '\"$T\" https://x"]`: false, `"load --password=${PW:?}"`: false, `"load --password=${PW:-hunter2}"`: true, `"openssl enc -pass pass:hunter2"`: true, `[load, --secret-id, prod/db]`: false,
	} {
		jobs := "defaults: {network: {subnets: [subnet-1]}}\ntaskDefinitions: {app: {image: x, executionRole: r}}\njobs:\n  - {name: a, taskDefinition: app, command: " + command + "}\n"
		r := batchplane(t, "validate", "-f", filepath.Join(files(t, map[string]string{"jobs.yaml": jobs}), "jobs.yaml"), "--for", "aws")
		if r.code != 0 || strings.Contains(r.err, "command holds what looks like a secret") != warns || strings.Contains(r.err, "hunter2") {
			t.Errorf("%s: %+v", command, r)
		}
	}
}
