package cli_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/test/golden"
)

// TestJobs: the table of jobs on a wide screen, on a narrow one, and in a pipe.
func TestJobs(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("pause", "report", "--until", "2h", "--reason", "the table moves")
	w.must("skip-next", "broken")
	w.swept()
	golden.Check(t, "testdata/jobs.txt", w.must("jobs"))
	golden.Check(t, "testdata/jobs.jsonl", w.must("jobs", "--json"))
	for name, width := range map[string]int{"40": 40, "80": 80, "160": 160} {
		r := w.on(cli.Screen{Width: width, Color: name == "160"}, "jobs")
		golden.Check(t, "testdata/jobs-"+name+".txt", r.out+r.err)
		for line := range strings.Lines(r.out) {
			if n := len([]rune(colors.ReplaceAllString(line, ""))) - 1; n > width {
				t.Errorf("on %d columns a line has %d: %s", width, n, line)
			}
		}
	}
	for args, want := range map[string]string{
		"jobs --failing": "broken", "jobs --paused": "report", "jobs re* br*": "broken report", "jobs --owner team-b": "", "jobs --owner team-a --failing": "broken", "jobs --owner team-a re*": "report",
	} {
		var got []string
		for line := range strings.Lines(w.must(append(strings.Fields(args), "-o", "json")...)) {
			_, rest, _ := strings.Cut(line, `{"job":"`)
			name, _, _ := strings.Cut(rest, `"`)
			got = append(got, name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", args, got, want)
		}
	}
}

// TestPauses: the list says who paused, why, until when, and what was skipped.
func TestPauses(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("pause", "report", "--until", "2026-11-24T08:00", "--reason", "the table moves")
	w.must("skip-next", "broken")
	w.must("pause", "--all")
	slot := at.AddDate(0, 0, 3)
	w.clock.AdvanceTo(slot)
	w.scheduled("report", slot)
	golden.Check(t, "testdata/pauses.txt", w.must("pauses", "-o", "wide"))
	golden.Check(t, "testdata/pauses.jsonl", w.must("pauses", "--json"))
	for _, args := range []string{"resume --all", "resume report", "resume broken"} {
		w.must(strings.Fields(args)...)
	}
	if got := w.must("pauses", "--json"); got != "" {
		t.Errorf("after all were taken back: %s", got)
	}
}

// TestRetryAll: it lists first, retries only what is safe, does it once however often it is
// asked, and never without a yes.
func TestRetryAll(t *testing.T) {
	t.Parallel()
	w := past(t)
	const none = "there is nothing to retry\n"
	if r := w.run("retry", "--all", "--since", "1h", "--job", "re*"); r.code != 0 || r.out != none {
		t.Errorf("of jobs that succeed: %+v", r)
	}
	r := w.run("retry", "--all")
	golden.Check(t, "testdata/retry-all-ended.txt", r.out)
	if r.code != 0 || !strings.HasPrefix(r.err, "nothing was retried: ") || !strings.HasSuffix(r.err, " --even ended retries them\n") {
		t.Errorf("with nothing safe: %+v", r)
	}
	for args, c := range map[string]struct {
		code int
		says string
	}{
		"--even ended":             {2, "there is no terminal to ask on; give --yes"},
		"--even ended --max 0":     {1, "found 1 run, more than the 0 that are retried at once"},
		"--even nonsense":          {2, "--even"},
		"broken":                   {2, "name a <run>, or give --all, which takes jobs by --job"},
		"--status done":            {2, `--status "done" is not one of`},
		"--even ended --cause xyz": {0, "checked runs scheduled since 2026-11-21 15:05:00 (Europe/Berlin)"},
		"--since 1h --job re*":     {0, "(Europe/Berlin); --since goes further back"},
		"--job nope":               {1, `there is no job "nope" here`},
	} {
		r := w.run(append([]string{"retry", "--all"}, strings.Fields(args)...)...)
		if r.code != c.code || !strings.Contains(r.err, c.says) {
			t.Errorf("%s: %+v, want %d %s", args, r, c.code, c.says)
		}
	}
	asked := func(answer string) result {
		return withEnv(t, cli.Env{Now: w.clock.Now, Zone: berlin, Screen: cli.Screen{Asks: true}, Stdin: strings.NewReader(answer)},
			"--db", w.db, "retry", "--all", "--even", "ended")
	}
	if r := asked("n\n"); r.code != 1 || !strings.Contains(r.err, "retry 1 run? [y/N]") || !strings.Contains(r.err, "nothing was retried") {
		t.Errorf("answered no: %+v", r)
	}
	if r := asked("yes\n"); r.code != 0 || !strings.Contains(r.out, "launched attempt 2 of broken/20261122T0200Z") {
		t.Errorf("answered yes: %+v", r)
	}
	if r := w.run("retry", "--all", "--yes", "--even", "ended"); r.code != 0 || r.out != none {
		t.Errorf("again while it runs: %+v", r)
	}
	w.clock.Advance(5 * time.Minute)
	if got := w.must("show", "broken"); !strings.Contains(got, "attempt 2") || strings.Contains(got, "attempt 3") {
		t.Errorf("after it was retried: %s", got)
	}
}

// TestWaiting: the exit codes that pipelines rely on.
func TestWaiting(t *testing.T) {
	t.Parallel()
	w := past(t)
	wait := func(args ...string) result {
		t.Helper()
		done := make(chan result)
		go func() { done <- w.run(args...) }()
		for {
			select {
			case r := <-done:
				return r
			case <-time.After(20 * time.Millisecond):
				w.clock.Advance(5 * time.Second)
			}
		}
	}
	if r := wait("run", "report", "--wait", "--request-id", "deploy-7"); r.code != 0 || r.out != "" || !strings.Contains(r.err, "has succeeded: succeeded\n") {
		t.Errorf("a success: %+v", r)
	}
	if r := wait("run", "report", "--wait", "--request-id", "deploy-7"); r.code != 0 || !strings.Contains(r.err, "duplicate") {
		t.Errorf("the same request again: %+v", r)
	}
	if r := wait("run", "broken", "--follow", "--json"); r.code != 3 || strings.Count(r.err, "\n") != 2 || !regexp.MustCompile(`^\{"run":"broken/manual-[0-9a-f]+","outcome":"accepted".*\n(?s:.*)"exitCode":3,.*\n$`).MatchString(r.out) {
		t.Errorf("a failure: %+v", r)
	}
	if r := wait("retry", "broken", "--wait"); r.code != 3 || !strings.HasPrefix(r.err, "safe to retry? only you know: attempt 1 ended by itself with code 3: nothing of it still runs, and a retry repeats what it did\n") || !strings.Contains(r.err, "has failed: exit code 3") {
		t.Errorf("a retry: %+v", r)
	}
	if r := w.run("retry", "broken", "--attempts", "1"); r.code != 1 || !strings.Contains(r.out, "has changed since you looked: its attempts were 1 and are 2 now, and it has failed; look at it again before you retry it") {
		t.Errorf("a retry by somebody who saw one attempt: %+v", r)
	}
	if r := w.run("run", "endless", "--wait", "--timeout", "300ms"); r.code != 124 || !strings.Contains(r.err, "goes on; `batchplane logs --follow --db DB ") {
		t.Errorf("a wait that times out: %+v", r)
	}
	if r := w.run("run", "nope", "--wait", "--json"); r.code != 125 || !strings.HasPrefix(r.out, `{"outcome":"refused"`) {
		t.Errorf("refused, as JSON: %+v", r)
	}
	if r := w.run("run", "nope", "--wait"); r.code != 125 || !strings.Contains(r.err, `there is no job "nope"`) {
		t.Errorf("refused: %+v", r)
	}
	w.must("stop", "endless", "--reason", "tea")
	w.clock.Advance(time.Minute)
	w.close()
	for _, flag := range []string{"--wait", "--follow"} {
		if r := w.run("run", "report", flag); r.code != 125 || !strings.Contains(r.err, "no control plane is running") {
			t.Errorf("nobody listens, %s: %+v", flag, r)
		}
	}
}

// TestBareNames: a job's name means the run that the command can apply to.
func TestBareNames(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("run", "endless")
	w.must("run", "endless")
	if r := w.run("stop", "endless", "--reason", "x"); r.code != 0 || !strings.Contains(r.err, "endless has 2 open runs; using endless/manual-") {
		t.Errorf("of two: %+v", r)
	}
	w.must("pause", "report")
	slot := at.AddDate(0, 0, 3)
	w.clock.AdvanceTo(slot)
	w.scheduled("report", slot)
	if r := w.run("logs", "report"); r.code != 0 || !strings.HasPrefix(r.err, "report/20261122T0130Z is the newest of report that was launched\n") {
		t.Errorf("logs of one whose newest was skipped: %+v", r)
	}
	if r := w.run("retry", "report"); r.code != 1 || !strings.Contains(r.err+r.out, "report/20261122T0130Z already succeeded") {
		t.Errorf("retry of one whose newest was skipped: %+v", r)
	}
}

// refused is an ECS that launches nothing.
type refused struct{ port.Launcher }

func (refused) Launch(_ context.Context, l port.Launch) run.Event {
	return run.Refused{Attempt: l.Attempt, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClusterNotFoundException", Reason: "Cluster not found."}}
}

// TestWaitingForWhatECSRefuses: the run has failed, for the first request and for a repeated one.
func TestWaitingForWhatECSRefuses(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.l.Control.Launcher = refused{w.l.Control.Launcher}
	for _, outcome := range []string{"refused", "duplicate"} {
		r := w.run("run", "report", "--wait", "--request-id", "deploy-7", "--json")
		if r.code != 1 || !strings.Contains(r.out, `"outcome":"`+outcome+`"`) || !strings.Contains(r.out, `"status":"failed"`) || !strings.Contains(r.err, "has failed: ") {
			t.Errorf("%s: %+v", outcome, r)
		}
	}
}
