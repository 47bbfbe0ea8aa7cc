package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
)

const smallCrontab = "# nightly\n30 2 * * * /opt/report >> /var/log/report.log 2>&1\nAPI_KEY=topsecret\n0 30 * * * /opt/never\n"

func TestImportCrontab(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"crontab": smallCrontab})
	in, out := filepath.Join(dir, "crontab"), filepath.Join(dir, "jobs.yaml")
	r := batchplane(t, "import", "crontab", in, "--zone", "Europe/Berlin", "-o", out)
	for _, says := range []string{"line 2, changed:", "job report: cron(30 2 * * ? *)", "line 4, refused:", "3 lines: 0 kept, 2 changed, 0 need a decision, 1 refused; 1 job"} {
		if r.code != 0 || !strings.Contains(r.out, says) {
			t.Errorf("exit code %d, %s; want %s", r.code, r.out, says)
		}
	}
	off := filepath.Join(files(t, map[string]string{"off": smallCrontab + "# 0 4 * * * /opt/off\n"}), "off")
	if r := batchplane(t, "import", "crontab", off); !strings.Contains(r.out, "line 5, kept:") || !strings.Contains(r.out, "4 lines: 1 kept,") {
		t.Errorf("what is listed is not what is counted: %+v", r)
	}
	for _, args := range [][]string{{"crontab", "--zone", "Europe/Berlin", in}, {"--zone", "Europe/Berlin", "crontab", in}, {"--zone", "Europe/Berlin", in}} {
		if r := batchplane(t, append([]string{"import"}, args...)...); r.code != 0 || !strings.Contains(r.out, "job report: cron(30 2 * * ? *)") {
			t.Errorf("import %q: %+v", args, r)
		}
	}
	if v := batchplane(t, "validate", "-f", out, "--for", "local"); v.code != 0 {
		t.Errorf("%+v", v)
	}
	if v := batchplane(t, "validate", "-f", out); v.code != 2 || !strings.Contains(v.err, "task definition imported: image is REPLACE-ME") {
		t.Errorf("what only a person can fill in is not asked for: %+v", v)
	}
	for _, name := range []string{out, in + ".imported"} {
		text, err := os.ReadFile(name) //nolint:gosec // a test's own file
		if err != nil || strings.Contains(string(text), "topsecret") != (name != out) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	if again := batchplane(t, "import", "crontab", in, "--zone", "UTC", "-o", out); again.code != 2 || !strings.Contains(again.err, "already exists") {
		t.Errorf("%+v", again)
	}
	if undone := batchplane(t, "import", "crontab", in+".imported", "--undo"); undone.code != 0 || undone.out != smallCrontab {
		t.Errorf("%+v", undone)
	}
	if undone := batchplane(t, "import", "crontab", in, "--undo"); undone.code != 1 || undone.out != "" {
		t.Errorf("%+v", undone)
	}
}

// TestImportOfWhatHasNoSchedule: a line of the report does not end with a colon.
func TestImportOfWhatHasNoSchedule(t *testing.T) {
	t.Parallel()
	rules := `{"Rules": [{"Name": "stopped", "EventPattern": "{}", "State": "ENABLED"}, {"Name": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)"}]}`
	r := batchplane(t, "import", "eventbridge", filepath.Join(files(t, map[string]string{"rules.json": rules}), "rules.json"))
	if !strings.Contains(r.out, "rule stopped, refused\n") || !strings.Contains(r.out, "rule nightly, refused: cron(0 3 * * ? *)\n") {
		t.Errorf("%+v", r)
	}
}

// TestImportToStdout: -o - prints the jobs file, and the report beside it. No file is written.
func TestImportToStdout(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"crontab": smallCrontab})
	in, out := filepath.Join(dir, "crontab"), filepath.Join(dir, "jobs.yaml")
	batchplane(t, "import", "crontab", in, "--zone", "UTC", "-o", out)
	want, err := os.ReadFile(out) //nolint:gosec // a test's own file
	r := batchplane(t, "import", "crontab", in, "--zone", "UTC", "-o", "-")
	if err != nil || r.code != 0 || r.out != string(want) || !strings.Contains(r.err, "job report: cron(30 2 * * ? *)") || !strings.Contains(r.err, "batchplane apply -f jobs.yaml") || !strings.HasSuffix(r.err, "which the steps need, is not written: give -o a file\n") {
		t.Errorf("%v, %+v", err, r)
	}
	if r := batchplane(t, "--json", "import", "crontab", in, "--zone", "UTC", "-o", "-"); r.out != string(want) || !strings.HasPrefix(r.err, "{") || !strings.HasSuffix(r.err, "}\n") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "--json", "import", in, "--zone", "UTC", "-o", "-"); r.out != string(want) || !strings.HasPrefix(r.err, "{") {
		t.Errorf("without a kind, the report is no JSON: %+v", r)
	}
	if r := batchplane(t, "import", "crontab", in+".imported", "--undo", "-o", "-"); r.code != 0 || r.out != smallCrontab {
		t.Errorf("%+v", r)
	}
	render := files(t, map[string]string{"jobs.yaml": "jobs: [{name: a, taskDefinition: app, network: {subnets: [subnet-1]}}]"})
	for _, kind := range []string{"--rules=false", "--terraform"} {
		if r := batchplane(t, "render", kind, "-f", filepath.Join(render, "jobs.yaml"), "-o", "-"); r.code != 0 || r.out == "" || r.err != "" {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	if r := batchplane(t, "apply", "--stack", "prod", "plan.json", "--prune"); r.code != 2 || !strings.Contains(r.err, "--prune goes with jobs files") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "apply", "--stack", "prod", "-f", out, "--plan", "-"); r.code != 2 || !strings.Contains(r.err, "--plan takes a file") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Lstat("-"); err == nil {
		t.Error("a file is named -")
	}
}

// TestImportInTheFolderOfJobs: what lies there is named by where it is.
func TestImportInTheFolderOfJobs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jobs")
	if err := os.MkdirAll(filepath.Join(dir, "nightly"), 0o700); err != nil {
		t.Fatal(err)
	}
	const config = "<project><triggers><hudson.triggers.TimerTrigger><spec>H 3 * * *</spec></hudson.triggers.TimerTrigger></triggers><builders><hudson.tasks.Shell><command>/x</command></hudson.tasks.Shell></builders></project>"
	if err := os.WriteFile(filepath.Join(dir, "nightly", "config.xml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if r := batchplane(t, "import", "jenkins", "nightly/config.xml", "--zone", "UTC"); r.code != 0 || !strings.Contains(r.out, "job's full name, nightly;") || !strings.Contains(r.out, "disable-job nightly") {
		t.Errorf("%+v", r)
	}
}

// TestImportOfAFolder: /etc/cron.d is a folder, and so are most that hold manifests.
func TestImportOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if r := batchplane(t, "import", "crontab", dir); r.code != 2 || !strings.Contains(r.err, dir+" is a folder: name its files, and crontabs one at a time") {
		t.Errorf("%+v", r)
	}
}

// TestImportWritesBothOrNone: if either file exists, the other is not written.
func TestImportWritesBothOrNone(t *testing.T) {
	t.Parallel()
	for _, there := range []string{"jobs.yaml", "crontab.imported"} {
		dir := files(t, map[string]string{"crontab": smallCrontab, there: "mine"})
		r := batchplane(t, "import", "crontab", filepath.Join(dir, "crontab"), "--zone", "UTC", "-o", filepath.Join(dir, "jobs.yaml"))
		if r.code != 2 || !strings.Contains(r.err, there+" already exists") {
			t.Errorf("%s: %+v", there, r)
		}
		found, err := os.ReadDir(dir)
		if text, _ := os.ReadFile(filepath.Join(dir, there)); err != nil || len(found) != 2 || string(text) != "mine" { //nolint:gosec // a test's own file
			t.Errorf("%s: %v %v %q", there, found, err, text)
		}
	}
}

// TestImportExpectsUsers: a file named like the system's crontabs is expected to name users.
func TestImportExpectsUsers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "cron.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cron.d/shop", "shop"} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("0 1 * * * shop /x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := batchplane(t, "import", "crontab", file, "--zone", "UTC")
		if asks := strings.Contains(r.out, "say --users"); r.code != 0 || asks != (name == "shop") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestImportJSON: one object per line, with exactly the fields that other programs read.
func TestImportJSON(t *testing.T) {
	t.Parallel()
	r := withInput(t, smallCrontab, "--json", "import", "crontab", "-", "--zone", "Europe/Berlin")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.code != 0 || len(lines) != 5 || strings.Contains(r.out, "topsecret") {
		t.Fatalf("%+v", r)
	}
	want := []string{"aws", "command", "guard", "job", "kind", "line", "neverFires", "notes", "schedule", "stdin", "text", "user", "verdict"}
	var kinds []string
	for _, line := range lines[:4] {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for key := range e {
			keys = append(keys, key)
		}
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == "proof" }) // present if a schedule was translated
		if slices.Sort(keys); !slices.Equal(keys, want) {
			t.Errorf("%v", keys)
		}
		kinds = append(kinds, fmt.Sprint(e["kind"]))
		if e["kind"] == "job" && (e["job"] != "report" || e["schedule"] != "30 2 * * *" || e["command"] != "/opt/report >> /var/log/report.log 2>&1" || e["guard"] != nil) {
			t.Errorf("%v", e)
		}
	}
	if !slices.Equal(kinds, []string{"comment", "job", "env", "invalid"}) {
		t.Errorf("%v", kinds)
	}
	var last struct {
		Kind, Verdict string
		Steps         importer.Switching
	}
	if err := json.Unmarshal([]byte(lines[4]), &last); err != nil || last.Kind != "steps" || len(last.Steps.Over) != 3 || len(last.Steps.Back) != 2 ||
		!slices.Equal(last.Steps.Over[2].Commands, []string{"batchplane apply -f jobs.yaml --stack batchplane"}) {
		t.Errorf("%v %+v", err, last)
	}
}

// TestImportForLocal: the report and the steps are about this machine. Only a crontab has commands of a
// host.
func TestImportForLocal(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"crontab": smallCrontab, "manifest.yml": "name: a\ntype: Scheduled Job\non: {schedule: '@daily'}\nimage: {location: 'x:1'}\n"})
	in, out := filepath.Join(dir, "crontab"), filepath.Join(dir, "jobs.yaml")
	r := batchplane(t, "import", "crontab", in, "--for", "local", "--zone", "Europe/Berlin", "-o", out)
	for _, says := range []string{"    job report: 30 2 * * *\n", "    = the schedule stays as it is", "3 lines: 1 kept, 1 changed, 0 need a decision, 1 refused; 1 job", "\n(cd && batchplane local -f " + out + " --secrets secrets)\n"} {
		if r.code != 0 || !strings.Contains(r.out, says) {
			t.Errorf("exit code %d, %s; want %q", r.code, r.out, says)
		}
	}
	if v := batchplane(t, "validate", "-f", out, "--for", "local"); v.code != 0 {
		t.Errorf("%+v", v)
	}
	if r := batchplane(t, "--json", "import", in, "--for", "local", "--zone", "UTC"); r.code != 0 || !strings.Contains(r.out, `"aws":[]`) || !strings.Contains(r.out, "batchplane local -f jobs.yaml") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "import", in, "--for", "local"); r.code != 0 || !strings.Contains(r.err, "the zone of the crontab is taken to be this machine's, ") || strings.Contains(r.out, "zone is not known") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "import", in); r.code != 0 || strings.Contains(r.err, "this machine's") || !strings.Contains(r.out, "the host's zone is not known") {
		t.Errorf("for AWS, where another machine may ask: %+v", r)
	}
	if r := batchplane(t, "import", filepath.Join(dir, "manifest.yml"), "--for", "local"); r.code != 2 || !strings.Contains(r.err, "--for local goes with a crontab: what copilot starts are containers") {
		t.Errorf("%+v", r)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"huge": strings.Repeat("x", 11<<20), "none": "@reboot /opt/x\n"})
	for says, args := range map[string][]string{
		"did you mean":                 {filepath.Join(dir, "none"), "--zone", "Europe/Berlim"},
		"has more than 10485760 bytes": {filepath.Join(dir, "huge")},
		"gone":                         {filepath.Join(dir, "gone")},
		"--job goes with --undo":       {filepath.Join(dir, "none"), "--job", "a"},
		"none of it became a job":      {filepath.Join(dir, "none"), "-o", filepath.Join(dir, "out.yaml")},
	} {
		if r := batchplane(t, append([]string{"import", "crontab"}, args...)...); r.code == 0 || !strings.Contains(r.err, says) {
			t.Errorf("%q: %+v; want %q", args, r, says)
		}
	}
}
