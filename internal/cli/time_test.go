package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

// process matches what differs in each process that listens.
var process = regexp.MustCompile(`process [0-9]+ at http://127\.0\.0\.1:[0-9]+`)

// TestStatus: the status of a control plane that never swept, of a busy one, and of one that has
// ended.
func TestStatus(t *testing.T) {
	t.Parallel()
	w := past(t)
	show := func(name string) {
		t.Helper()
		for ending, r := range map[string]result{".txt": w.run("status"), ".json": w.run("status", "--json")} {
			golden.Check(t, "testdata/status-"+name+ending, process.ReplaceAllString(r.out, "process PID at URL"))
			if wrong := strings.Contains(r.out, "wrong"); r.err != "" || wrong != (r.code == 1) {
				t.Errorf("%s: exit code %d, %s; something is wrong: %v", name, r.code, r.err, wrong)
			}
		}
	}
	show("new")
	if _, err := w.l.Control.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must("pause", "report", "--until", "2h", "--reason", "the table\x1b[31m moves")
	w.must("pause", "--all")
	if err := w.l.Control.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must("run", "endless", "--force")
	if err := w.l.Store.Keep(t.Context(), port.Kept{At: w.clock.Now(), Reason: "of nobody", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(6*time.Minute + 500*time.Millisecond)
	show("busy")
	w.close()
	show("ended")
}

// TestPausing: what a person asks for, and the answer.
func TestPausing(t *testing.T) {
	t.Parallel()
	w := past(t) // it is 2026-11-22 02:05 UTC, 03:05 in Berlin
	const both, neither = `^batchplane: give a job or --all, not both`, `^batchplane: name a job, or give --all`
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"pause", 2, neither},
		{"pause report --all", 2, both},
		{"resume", 2, neither},
		{"resume report --all", 2, both},
		{"skip-next", 2, `^batchplane: .*<job>`},
		{"skip-next --all", 2, `^batchplane: unknown flag --all`},
		{"pause report --until yesterday", 2, `^batchplane: --until "yesterday" is neither a duration such as 2h or 3d nor 12:00, tomorrow, or a time such as 2026-11-23T08:00\n$`},
		{"pause report --until -1h", 2, `^batchplane: `},
		{"pause report --until=-1h", 2, `^batchplane: --until "-1h" is neither a duration`},
		{"pause report --until 0s", 1, `^refused: 2026-11-22T02:05:00Z is in the past: give --until a future time\n$`},
		{"pause report --until 2026-11-22T03:04", 1, `^refused: 2026-11-22T02:04:00Z is in the past`},
		{"pause report --until 2026-11-21", 1, `^refused: 2026-11-20T23:00:00Z is in the past`},
		{"pause nope", 1, `^refused: there is no job "nope"\n$`},
		{"resume report", 1, `^refused: report has no pause of its own: ` + "`pauses`" + ` lists those in force\n$`},
		{"resume --all", 1, `^refused: there is no pause of all jobs: ` + "`pauses`" + ` lists those in force\n$`},
		{"skip-next endless", 1, `^refused: endless has no active schedule, so there is no slot to skip\n$`},
		{"pause report --until 2026-11-22T08:00", 0, `^report is paused until 2026-11-22 07:00 UTC; slots until then are recorded as skipped\n$`},
		{"pause report --until 2026-11-22T08:00Z", 0, `^report is paused until 2026-11-22 08:00 UTC`},
		{"pause report --until tomorrow", 0, `^report is paused until 2026-11-22 23:00 UTC`},
		{"pause report --until 12:00", 0, `^report is paused until 2026-11-22 11:00 UTC`},
		{"pause report --until 3:05", 0, `^report is paused until 2026-11-23 02:05 UTC`},
		{"pause report --until 3d", 0, `^report is paused until 2026-11-25 02:05 UTC`},
		{"run report", 1, `^refused: report is paused by ana until 2026-11-25 02:05 UTC: use --force to run it anyway\n$`},
		{"pause report --reason db", 0, "^report is paused until `resume`; "},
		{"run report", 1, `^refused: report is paused by ana: db: use --force`},
		{"run report --force", 0, `^launched report/manual-`},
		{"resume report", 0, `^report is resumed\n$`},
		{"pause --all", 0, "^all jobs are paused until `resume`; "},
		{"run report", 1, `^refused: report is paused by ana: use --force`},
		{"resume --all", 0, `^all jobs are resumed\n$`},
		{"pause --all --until 12:00", 0, `^all jobs are paused until 2026-11-22 11:00 UTC`},
		{"resume --all", 0, `^all jobs are resumed\n$`},
		{"skip-next report", 0, `^the slot of report at 2026-11-23 01:30 UTC will be skipped\n$`},
		{"skip-next report", 0, `^the next slot of report will already be skipped\n$`},
	} {
		r := w.run(strings.Fields(c.args)...)
		if says := r.out + r.err; r.code != c.code || !regexp.MustCompile(c.says).MatchString(says) {
			t.Errorf("%s: exit code %d, %q; want %d, %s", c.args, r.code, says, c.code, c.says)
		}
	}
	var reply port.Reply
	if err := json.Unmarshal([]byte(w.must("pause", "report", "--json", "--until", "1h")), &reply); err != nil || reply.Outcome != port.Accepted {
		t.Errorf("%+v, %v", reply, err)
	}
	w.close()
	for _, args := range []string{"pause report", "resume report", "skip-next report"} {
		if r := w.run(strings.Fields(args)...); r.code != 1 || !strings.Contains(r.err, "no control plane is running") {
			t.Errorf("nobody listens: %s: %+v", args, r)
		}
	}
}

// TestLocalRate: a rate of zero is refused, because it would silently launch nothing.
func TestLocalRate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "jobs.yaml")
	if err := os.WriteFile(file, []byte(jobsYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "local.db")
	for rate, says := range map[string]string{"0": "batchplane: --rate 0 must be at least 1\n", "-3": "batchplane: --rate -3 must be at least 1\n"} {
		r := batchplane(t, "local", "--db", db, "-f", file, "--rate="+rate)
		if r.code != 2 || r.err != says || r.out != "" {
			t.Errorf("--rate=%s: %+v", rate, r)
		}
	}
	if _, err := os.Stat(db); !os.IsNotExist(err) {
		t.Errorf("a state was made: %v", err)
	}
}

// TestShowSaysHow: show says how a run came about without a trigger, and what a waiting run waits
// for.
func TestShowSaysHow(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.clock.Advance(48 * time.Hour)
	if err := w.l.Control.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.must("show", "report"); !strings.Contains(got, "missed: no trigger came within 15m") || !strings.Contains(got, "trigger          no trigger came; recorded at ") {
		t.Errorf("%s", got)
	}
	rs, err := w.l.Store.Runs(t.Context(), port.Query{Job: "report", Status: run.Missed})
	if err != nil || len(rs) != 2 {
		t.Errorf("%d are missed, %v", len(rs), err)
	}
}
