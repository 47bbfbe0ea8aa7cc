package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "local", "run", "retry", "stop", "history", "show", "logs", "classify", "pause", "resume", "skip-next", "status", "jobs", "pauses", "apply", "tail", "audit", "kept", "redrive", "doctor"} {
		args := append(strings.Fields(command), "--help")
		r := batchplane(t, args...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%q: exit code %d, %s", args, r.code, r.err)
		}
		golden.Check(t, "testdata/"+strings.TrimSuffix("help-"+command, "-")+".txt", r.out)
	}
	if asked := batchplane(t, "help", "show"); asked != batchplane(t, "show", "--help") {
		t.Errorf("help show says\n%s", asked.out)
	}
	if bare := batchplane(t); bare != batchplane(t, "--help") {
		t.Errorf("without arguments: %+v", bare)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.scheduled("report", at) // a duplicate
	golden.Check(t, "testdata/show-relaunched.txt", w.must("show", "report/20261120T0130Z"))
	golden.Check(t, "testdata/show-relaunched.json", w.must("show", "--json", "report/20261120T0130Z"))
	golden.Check(t, "testdata/show-failed.txt", w.must("show", "broken"))
	w.must("run", "endless", "--env", "LANG=de", "--", "--until", "x y")
	w.clock.Advance(time.Minute)
	w.swept()
	golden.Check(t, "testdata/show-running.txt", random.ReplaceAllString(w.must("show", "endless"), "${1}0123"))
}

// TestReadWhileDown: whoever reads what runs now or comes next is told if nobody keeps that current any more.
func TestReadWhileDown(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("run", "endless")
	w.swept()
	asked := [][]string{{"jobs"}, {"history"}, {"show", "endless"}}
	for _, args := range asked {
		w.must(args...)
	}
	w.clock.Advance(6 * time.Minute)
	const late = "the sweep last finished 6m0s ago; what is shown may be old\n"
	for _, args := range asked {
		if r := w.run(args...); r.code != 0 || r.err != late {
			t.Errorf("%q: %+v", args, r)
		}
		w.must(append(args, "--json")...)
	}
	for _, args := range [][]string{{"history", "--status", "failed"}, {"show", "broken"}} { // what has ended does not change
		w.must(args...)
	}
}

func TestWhichRun(t *testing.T) {
	t.Parallel()
	w := past(t)
	first := func(args ...string) string {
		line, _, _ := strings.Cut(w.must(args...), "\n")
		return strings.TrimSpace(strings.TrimPrefix(line, "run"))
	}
	for ref, want := range map[string]string{
		"report":                "report/20261122T0130Z",
		"report@02:30":          "report/20261122T0130Z",
		"report@2:30":           "report/20261122T0130Z",
		"broken@03:00":          "broken/20261122T0200Z",
		"report/20261120T0130Z": "report/20261120T0130Z",
	} {
		if got := first("show", ref); got != want {
			t.Errorf("show %s is of %s, want %s", ref, got, want)
		}
	}
	for _, c := range []struct {
		ref  string
		code int
		says string
	}{
		{"never", 1, `job "never" has no runs; ` + "`history`"},
		{"nope", 1, `there is no job "nope" here`},
		{"report@02:31", 1, `job "report" has no run at 02:31 in its zone, Europe/Berlin; ` + "`history report`"},
		{"report/20261101T0130Z", 1, "there is no run report/20261101T0130Z; `history report`"},
		{"report@noon", 2, `"noon" is not a time of day: write report@02:30`},
		{"report@", 2, `"" is not a time of day`},
		{"report@24:00", 2, `"24:00" is not a time of day`},
		{"report/2026", 2, `"report/2026" is not a run: write job/20261122T1730Z`},
		{"report/20261120T0130Z/1", 2, "is not a run"},
		{"../etc/passwd", 2, "is not a run"},
		{"", 2, `"" is not a run: write job/20261122T1730Z, job or job@02:30`},
		{"two words", 2, "is not a run"},
	} {
		for _, command := range [][]string{{"show"}, {"logs"}, {"retry"}, {"stop", "--reason", "x"}} {
			r := w.run(append(command, "--", c.ref)...)
			says := r.out + r.err
			if r.code != c.code || !strings.Contains(says, c.says) && !strings.Contains(says, "there is no run") {
				t.Errorf("%s %q: exit code %d, %q; want %d, %q", command[0], c.ref, r.code, says, c.code, c.says)
			}
			if strings.Count(says, "\n") != 1 {
				t.Errorf("%s %q: want one line, got %q", command[0], c.ref, says)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"nonsense", 2, "unexpected argument nonsense; see `batchplane --help`"},
		{"stop report", 2, "missing flags: --reason=TEXT; see `batchplane stop --help`"},
		{"cron 30 2 * * *", 2, "unexpected argument 2: put the whole schedule in quotes, '30 2 * * *'; see `batchplane cron --help`"},
		{"import bamboo config.xml", 2, "bamboo is neither a file nor a kind that can be imported: eventbridge, "},
		{"history --nonsense", 2, "unknown flag --nonsense"},
		{"history --limit x", 2, "--limit"},
		{"history --limit 0", 2, "--limit 0 must be at least 1"},
		{"history --status done", 2, `--status "done" is not one of queued, launching, running, succeeded,`},
		{"history report --limit 2 broken", 2, `unexpected argument broken: write them in a row, with no flag between them`},
		{"validate jobs.yaml", 2, `unexpected argument jobs.yaml: give a jobs file with -f`},
		{"local jobs.yaml", 2, `but got "jobs.yaml": give a jobs file with -f`},
		{"show report broken", 2, `unexpected argument broken; see`},
		{"history --status starting", 2, `a run that is starting or stopping is running, one in doubt launching`},
		{"tail nope", 1, `there is no job "nope" here`},
		{"notify test ops --targets /nonexistent/file", 2, `reading the targets: `},
		{"history --since yesterday", 2, `--since "yesterday" is neither a duration such as 24h or 7d nor a time such as`},
		{"history --since -1h", 2, "--since"},
		{"history nope", 1, "there is no job \"nope\" here; `jobs` lists all jobs"},
		{"jobs nope", 1, "there is no job \"nope\" here"},
		{"show reprot", 1, "there is no job \"reprot\" here, did you mean \"report\"?; `jobs` lists all jobs"},
		{"history ../x", 2, "cannot name a job"},
		{"history --before x", 2, "--before: "},
		{"history --zone Mars", 2, "--zone: "},
		{"history -o xml", 2, "must be one of"},
		{"apply", 2, "give jobs files with -f, or a plan that --plan wrote"},
		{"apply plan -f jobs.yaml", 2, "give jobs files with -f, or a plan that --plan wrote"},
		{"apply plan --prune", 2, "--prune goes with jobs files"},
		{"apply -f jobs.yaml --plan -", 2, "--plan takes a file; `apply --json --dry-run` prints the plan"},
		{"apply -f jobs.yaml --prune", 2, "name the stack with --stack or BATCHPLANE_STACK"},
		{"show", 2, "<run>"},
		{"stop report", 2, "--reason"},
		{"run", 2, "<job>"},
		{"logs report --attempt 9", 1, "has no attempt 9: it has 2"},
		{"logs report --attempt x", 2, "--attempt"},
		{"local", 2, "--file"},
		{"local -f no-such.yaml", 2, "no-such.yaml"},
		{"local -f jobs.yaml --for x", 2, "--for"},
		{"local -f jobs.yaml --fault eni", 2, "kind=rate"},
		{"local -f jobs.yaml --fault eni=2", 2, "from 0 to 1"},
		{"local -f jobs.yaml --fault gremlin=0.5", 2, "lost-event"},
		{"classify no-such.json", 2, "no-such.json"},
	} {
		r := w.run(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.err, c.says) || r.out != "" {
			t.Errorf("%s: exit code %d, %q, %q; want %d, %q", c.args, r.code, r.out, r.err, c.code, c.says)
		}
		if !strings.HasPrefix(r.err, "batchplane: ") || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%s: want one line that begins with the program, got %q", c.args, r.err)
		}
	}
}

// TestJobsWithAMisspeltName: beside jobs that are there, a name that is not is an error, and
// the others are listed.
func TestJobsWithAMisspeltName(t *testing.T) {
	t.Parallel()
	w := past(t)
	r := w.run("jobs", "report", "nope", "nor-this")
	if r.code != 1 || r.err != "batchplane: there is no job \"nope\" here; `jobs` lists all jobs\n" || !strings.Contains(r.out, "report") {
		t.Errorf("exit code %d, %q, %q", r.code, r.err, r.out)
	}
	if r := w.run("jobs", "report", "--paused"); r.code != 0 || r.err != "" {
		t.Errorf("a job that the other conditions leave out: exit code %d, %q", r.code, r.err)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	w := past(t)
	r, err := w.l.Store.Run(t.Context(), run.ID("report/20261122T0130Z"))
	if err != nil {
		t.Fatal(err)
	}
	logs := local.Logs{Dir: local.LogDir(w.db)}
	if err := os.MkdirAll(filepath.Join(logs.Dir, "report"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"busy\n", "done\nno newline at the end"} {
		if err := os.WriteFile(logs.Path("report", r.Attempts[i].TaskARN), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"report", "done\nno newline at the end"},
		{"report --attempt 1", "busy\n"},
		{"report --attempt 2 --follow", "done\nno newline at the end"},
		{"report --json", `{"attempt":2,"line":"done","run":"report/20261122T0130Z"}` + "\n" + `{"attempt":2,"line":"no newline at the end","run":"report/20261122T0130Z"}` + "\n"},
	} {
		if got := w.must(append([]string{"logs"}, strings.Fields(c.args)...)...); got != c.want {
			t.Errorf("logs %s: %q, want %q", c.args, got, c.want)
		}
	}
	w.must("run", "endless", "--request-id", "x")
	for args, says := range map[string]string{
		"broken":          "of broken/20261122T0200Z wrote no output: a container ended, and its exit code is not 0 or was not reported\n",
		"broken --follow": "of broken/20261122T0200Z wrote no output: a container ended, and its exit code is not 0 or was not reported\n",
		"endless":         " has written no output so far; --follow waits for it\n",
	} {
		if got := w.run(append([]string{"logs"}, strings.Fields(args)...)...); got.code != 0 || got.out != "" || !strings.HasPrefix(got.err, "attempt 1 of ") || !strings.HasSuffix(got.err, says) {
			t.Errorf("logs %s, of a task that wrote nothing: %+v", args, got)
		}
	}
}
