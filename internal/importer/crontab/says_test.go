package crontab_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
)

// TestWhatAnEntrySays: what a line of a crontab is told, or is not told.
func TestWhatAnEntrySays(t *testing.T) {
	t.Parallel()
	const noZone, mailed, secret = "the host's zone is not known: UTC is assumed for the whole file", "cron mailed its output, as that of all others without MAILTO", "comes from the task definition's secrets"
	for name, c := range map[string]struct {
		zone, text string
		entry      int
		says       string
		not        bool
	}{
		"no zone":                             {"", at("/x"), 0, noZone, false},
		"no zone is told once":                {"", at("/x") + at("/y"), 1, noZone, true},
		"no zone is needed beside CRON_TZ":    {"", "CRON_TZ=Asia/Tokyo\n" + at("/x"), 1, noZone, true},
		"a zone":                              {"UTC", at("/x"), 0, noZone, true},
		"mail to the user":                    {"UTC", at("/x"), 0, mailed, false},
		"mail to the user is told once":       {"UTC", at("/x") + at("/y"), 1, mailed, true},
		"a name of no variable":               {"UTC", "\"a b\"=x\n" + at("/x"), 0, "cannot name a variable of a task: it is left out", false},
		"a value that is no UTF-8":            {"UTC", "A=\xff\n" + at("/x"), 0, "its value is not UTF-8", false},
		"a secret":                            {"UTC", "D=postgres://u:hunter2@h/d\n" + at("/x"), 1, secret, false},
		"a secret that the file takes back":   {"UTC", "D=postgres://u:hunter2@h/d\nD=none\n" + at("/x"), 2, secret, true},
		"TZ":                                  {"UTC", "TZ=Asia/Tokyo\n" + at("/x"), 0, "the schedule is in the host's zone", false},
		"TZ beside CRON_TZ":                   {"UTC", "CRON_TZ=Asia/Tokyo\nTZ=Asia/Tokyo\n" + at("/x"), 1, "the schedule is in CRON_TZ's zone", false},
		"HOME":                                {"UTC", "HOME=/srv/app\n" + at("./x"), 0, "cron starts the jobs below in that folder of the host", false},
		"PATH":                                {"UTC", "PATH=/srv/app\n" + at("./x"), 0, "cron starts the jobs below in that folder of the host", true},
		"a caged shell":                       {"UTC", "SHELL=/bin/rbash\n" + at("/x"), 0, "/bin/rbash is bash within the bounds of its host", false},
		"a variable with a $ that is used":    {"UTC", "A=$HOME/a\n" + at("/x $A"), 1, "it has most likely failed each time", false},
		"a variable without a $ that is used": {"UTC", "A=/a\n" + at("/x $A"), 1, "it has most likely failed each time", true},
		"a carriage return":                   {"UTC", "0 1 * * * /x\r\n", 0, "the line ends with a carriage return", false},
		"options of Slurm":                    {"UTC", "#SCRON -t 1:00:00\n" + at("/x"), 1, "#SCRON lines above, which are left out", false},
		"options of Slurm for another job":    {"UTC", "#SCRON -t 1:00:00\n" + at("/x") + at("/y"), 2, "#SCRON lines above", true},
		"options of Slurm for a line that is refused":      {"UTC", "#SCRON -t 1:00:00\n1 2 3\n" + at("/y"), 2, "#SCRON lines above", true},
		"options of Slurm with a variable below":           {"UTC", "#SCRON -t 1:00:00\nA=b\n" + at("/y"), 2, "#SCRON lines above", false},
		"a pipe":                                           {"UTC", at("/x | /y"), 0, "a pipe: only the last", false},
		"a pipe whose failures count":                      {"UTC", at("set -euo pipefail; /x | /y"), 0, "a pipe: only the last", true},
		"a pipe whose failures count, and then not":        {"UTC", at("set -o pipefail; set +o pipefail; /x | /y"), 0, "a pipe: only the last", false},
		"a mirror of another place":                        {"UTC", at("rsync -a --delete --exclude-from /x h:/a /b"), 0, "deletes elsewhere", true},
		"commands beside each other":                       {"UTC", at("/x; /y"), 0, "several commands with ;", false},
		"commands beside each other that stop":             {"UTC", at("set -eu; /x; /y"), 0, "several commands with ;", true},
		"commands beside each other that stop, and a pipe": {"UTC", at("set -e; /x | /y"), 0, "a pipe: only the last", false},
		"no log": {"UTC", "-" + at("/x"), 0, "the - before it keeps cronie from writing its runs to the syslog", false},
	} {
		r, err := readText([]byte(c.text), options{Zone: c.zone, From: from})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if notes := strings.Join(r.Entries[c.entry].Notes, "\n"); strings.Contains(notes, c.says) == c.not {
			t.Errorf("%s: %q says %q", name, r.Entries[c.entry].Text, notes)
		}
	}
}

// TestOptionsOfSlurm: they describe no job.
func TestOptionsOfSlurm(t *testing.T) {
	t.Parallel()
	if j, _ := lastJob(imported(t, "#SCRON -p batch\n#SCRON -t 1:00:00\n"+at("/x"))); j.Description != "" {
		t.Error(j.Description)
	}
}

// TestOfTheDefinition: only a file with secrets gets a task definition, and a variable is a secret or
// a value.
func TestOfTheDefinition(t *testing.T) {
	t.Parallel()
	r := imported(t, "A=1\n"+at("/x"))
	if j, _ := lastJob(r); len(r.Definitions) != 0 || j.TaskDefinition != "" || j.Environment["A"] != "1" {
		t.Errorf("without secrets: %+v, %+v", r.Definitions, j)
	}
	r = imported(t, "D=none\nD=postgres://u:hunter2@h/d\n"+at("/x"))
	if j, _ := lastJob(r); len(r.Definitions) != 1 || j.TaskDefinition != r.Definitions[0].Family || len(j.Environment) > 0 {
		t.Errorf("with one: %+v, %+v", r.Definitions, j)
	}
}

// TestOfNoDay: a date that does not exist is one that never fires.
func TestOfNoDay(t *testing.T) {
	t.Parallel()
	if _, e := lastJob(imported(t, "0 1 31 2 * /x\n")); !e.NeverFires || e.Verdict != importer.Refused {
		t.Errorf("%+v", e)
	}
}

// TestStepsOfAFile: where its lines go back to, and what they do of jobs that are off.
func TestStepsOfAFile(t *testing.T) {
	t.Parallel()
	const off, place = "crontab.imported also comments out the lines of jobs that came over switched off", "PLACE is where the system reads this crontab"
	const system = "sudo cp -p PLACE crontab.old && sudo cp crontab.imported PLACE"
	for name, c := range map[string]struct{ file, text, says, not string }{
		"a user's":            {"-", at("/x"), "crontab crontab.imported", off},
		"a user's, of no one": {"-", at("/x"), "crontab crontab.imported", place},
		"with a job off":      {"-", at("/x & /y"), off, place},
		"with more of them":   {"-", at("/x & /y") + at("/z & /y"), "put crontab.kept in place of crontab.imported below: batchplane import crontab crontab.imported --undo --job x,z -o crontab.kept\n(umask 077", place},
		"and back":            {"-", at("/x & /y"), "\ncrontab crontab.old\n", place},
		"a system's":          {"-", at("root /x"), place, off},
		"a system's, copied":  {"-", at("root /x"), system, off},
		"of /etc":             {"/etc/cron.d/x", at("root /x"), "sudo cp -p /etc/cron.d/x x.old && sudo cp x.imported /etc/cron.d/x", place},
	} {
		in := importer.New(crontab.Kind, importer.Options{Zone: "UTC", From: from})
		if err := (crontab.Reader{}).Read(in, []*importer.File{{Name: c.file, Data: []byte(c.text)}}); err != nil {
			t.Fatal(err)
		}
		if steps := in.Steps.Text(importer.Target{}); !strings.Contains(steps, c.says) || strings.Contains(steps, c.not) {
			t.Errorf("%s: %s", name, steps)
		}
	}
}

// TestTheLastDay: the schedule whose command looks for a month's last day is EventBridge's, with an L.
func TestTheLastDay(t *testing.T) {
	t.Parallel()
	const want = "cron(0,15,30,45 1 L 1,3,5,7,9,11 ? *)"
	if j, e := lastJob(imported(t, "*/15 1 28-31 */2 * [ $(date -d tomorrow +\\%d) = 01 ] && /x\n")); j.Schedule != want || !slices.Equal(e.AWS, []string{want}) || e.Proof == "" {
		t.Errorf("%s, %q, %q", j.Schedule, e.AWS, e.Proof)
	}
}
