package cli_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/test/golden"
)

// TestAudit: audit shows who asked for what, through which door, and the answer.
func TestAudit(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("pause", "report", "--reason", "the table moves")
	w.clock.Advance(time.Minute)
	w.must("run", "endless", "--request-id", "x")
	w.clock.Advance(time.Minute)
	w.run("retry", "report/20261122T0130Z")
	golden.Check(t, "testdata/audit.txt", random.ReplaceAllString(w.must("audit"), "${1}0123"))
	for args, want := range map[string]int{"--job report": 2, "--by ana": 3, "--by mia": 0, "--since 90s": 2} {
		if got := strings.Count(w.must(append([]string{"audit", "--json"}, strings.Fields(args)...)...), "\n"); got != want {
			t.Errorf("audit %s: %d, want %d", args, got, want)
		}
	}
	if r := w.run("audit", "--json", "--limit", "1"); strings.Count(r.out, "\n") != 1 || !strings.Contains(r.err, "there are more: add --limit 10") {
		t.Errorf("one of all: %+v", r)
	}
	w.run("skip-next", "report") // which is refused: it is paused
	for args, want := range map[string]string{"audit": "  skip-next  report  ", "audit --json": `"what":"skipNext"`} {
		if got := w.must(strings.Fields(args)...); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q:\n%s", args, want, got)
		}
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	w := past(t)
	if err := w.l.Store.Keep(t.Context(), port.Kept{At: at, Reason: "not usable", Body: []byte("{\"a\":\n\x1b[31m1}")}); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/kept.txt", w.must("kept"))
	id := regexp.MustCompile(`"id":"([0-9a-f]+)"`).FindStringSubmatch(w.must("kept", "--json"))
	if got := w.must("kept", id[1]); !strings.Contains(got, "why       not usable\n") || strings.Contains(got, "\x1b") {
		t.Errorf("one of them: %q", got)
	}
	if r := w.run("kept", "0000"); r.code != 1 || !strings.Contains(r.err, "there is no kept input 0000") {
		t.Errorf("of none: %+v", r)
	}
	for range 2 {
		if err := w.l.Store.Keep(t.Context(), port.Kept{At: at, Reason: "newer", Body: []byte("{")}); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.run("kept", "--json", "--limit", "2"); strings.Count(r.out, "\n") != 2 || !strings.Contains(r.err, "there are more: add --limit 20") {
		t.Errorf("two of three: %+v", r)
	}
	w.must("kept", "--limit", "3") // says of no more
	if got := w.must("kept", id[1], "--limit", "1"); !strings.Contains(got, "why       not usable\n") {
		t.Errorf("one that is not among the newest: %q", got)
	}
}

// TestKeptIsShownWhole: an input is cut only where it must fit a terminal.
func TestKeptIsShownWhole(t *testing.T) {
	t.Parallel()
	w := past(t)
	body := strings.Repeat("x", 500)
	if err := w.l.Store.Keep(t.Context(), port.Kept{At: at, Reason: "not usable", Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	terminal := cli.Screen{Asks: true, Width: 80}
	for name, c := range map[string]struct {
		r     result
		whole bool
	}{
		"into a pipe":       {w.run("kept"), true},
		"wide":              {w.on(terminal, "kept", "-o", "wide"), true},
		"fits the terminal": {w.on(terminal, "kept"), false},
	} {
		if c.r.code != 0 || strings.Contains(c.r.out, body) != c.whole || !strings.Contains(c.r.out, "not usable") {
			t.Errorf("%s: %+v", name, c.r)
		}
	}
}

// TestKeptIsSettled: a kept input is dropped or tried again once somebody asks for that. One that
// still cannot be used stays. The request is kept with its answer.
func TestKeptIsSettled(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, reason := range []string{"one", "two"} {
		if err := w.l.Store.Keep(t.Context(), port.Kept{At: at, Reason: reason, Body: []byte("{")}); err != nil {
			t.Fatal(err)
		}
	}
	two := regexp.MustCompile(`"id":"([0-9a-f]+)"`).FindStringSubmatch(w.must("kept", "--json"))[1]
	asks := cli.Screen{Asks: true, Width: 80}
	answers := func(answer string, args ...string) result {
		t.Helper()
		return withEnv(t, cli.Env{Now: w.clock.Now, Zone: berlin, Screen: asks, Stdin: strings.NewReader(answer)}, append([]string{"--db", w.db, "kept", two}, args...)...)
	}
	if r := answers(""); r.code != 0 || !strings.Contains(r.err, "kept --db "+w.db+" "+two+" --again` tries it again, --drop drops it") {
		t.Errorf("shown on a terminal: %+v", r)
	}
	for name, c := range map[string]struct {
		r    result
		code int
		says string
	}{
		"nobody is there":  {w.run("kept", two, "--drop"), 2, "nothing was done: there is no terminal to ask on; give --yes"},
		"which one?":       {w.run("kept", "--drop", "--yes"), 2, "name one"},
		"both":             {w.run("kept", two, "--drop", "--again"), 2, "can't be used together"},
		"not wanted":       {answers("n\n", "--drop"), 1, "drop " + two + " (two)? [y/N] batchplane: nothing was done"},
		"not now":          {answers("n\n", "--again"), 1, "try " + two + " (two) again? [y/N] batchplane: nothing was done"},
		"in vain":          {answers("y\n", "--again"), 1, "refused: " + two + " still cannot be used and stays: not usable"},
		"without question": {w.run("kept", two, "--again", "--yes"), 1, "still cannot be used"},
	} {
		if c.r.code != c.code || !strings.Contains(c.r.err+c.r.out, c.says) {
			t.Errorf("%s: %+v", name, c.r)
		}
	}
	if r := answers("yes\n", "--drop"); r.code != 0 || !strings.HasSuffix(r.out, two+" is dropped\n") {
		t.Errorf("wanted: %+v", r)
	}
	if got := w.must("kept"); strings.Contains(got, two) || strings.Count(got, "\n") != 2 {
		t.Errorf("left are %s", got)
	}
	if got := w.must("audit", "--json"); strings.Count(got, `"what":"kept"`) != 3 || !strings.Contains(got, `"do":"drop"`) || !strings.Contains(got, two+" is dropped") {
		t.Errorf("audit: %s", got)
	}
}

// TestRedriveHere: one machine has no failure queues, and redrive says so.
func TestRedriveHere(t *testing.T) {
	t.Parallel()
	w := past(t)
	for args, says := range map[string]string{
		"redrive": "no failure queues here", "redrive trigger --drop --yes": "no failure queues here",
		"redrive --drop": "name a queue", "redrive theirs": "must be one of",
	} {
		if r := w.run(strings.Fields(args)...); r.code == 0 || !strings.Contains(r.err, says) {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if got := w.must("audit", "--json"); strings.Contains(got, "redrive") {
		t.Errorf("the audit has requests that nobody made: %s", got)
	}
}

// TestTail: tail prints what happens while it looks, and nothing from before.
func TestTail(t *testing.T) {
	t.Parallel()
	w := past(t)
	ctx, stop := context.WithCancel(t.Context())
	var out, errs syncBuffer
	ended := make(chan int)
	go func() {
		ended <- cli.Main(ctx, []string{"--db", w.db, "tail"}, cli.Env{Stdout: &out, Stderr: &errs, Now: w.clock.Now, Zone: berlin})
	}()
	until := func(words string) {
		t.Helper()
		deadline := time.Now().Add(time.Minute)
		for !regexp.MustCompile(words).MatchString(out.String() + errs.String()) {
			if time.Now().After(deadline) {
				t.Fatalf("waited in vain for %s: %s", words, out.String())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	until("times in Europe/Berlin")
	for !regexp.MustCompile(`endless/manual-[0-9a-f]+ +(starting|running)`).MatchString(out.String()) {
		// The first look finds what was there before, which is not printed.
		w.must("run", "endless")
		time.Sleep(300 * time.Millisecond)
	}
	if strings.Contains(out.String(), "20261122T0130Z") {
		t.Errorf("it told of what was before: %s", out.String())
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}

func TestVersionCompletionMan(t *testing.T) {
	t.Parallel()
	w := past(t)
	if got := w.must("version"); !regexp.MustCompile(`^batchplane \S+.*, go\S+, \w+/\w+\n$`).MatchString(got) {
		t.Errorf("version: %s", got)
	}
	if flag, command := batchplane(t, "--version", "--json"), batchplane(t, "version", "--json"); flag != command || flag.code != 0 {
		t.Errorf("--version: %+v", flag)
	}
	if got := w.must("version", "--json"); !strings.Contains(got, `"go":"go`) {
		t.Errorf("version as JSON: %s", got)
	}
	// Where the program knows nothing, the shell completes the names of files.
	for shell, files := range map[string]string{"bash": "-o default", "zsh": "_files", "fish": "__fish_complete_path"} {
		if got := w.must("completion", shell); !strings.Contains(got, "__complete") || !strings.Contains(got, files) {
			t.Errorf("completion of %s: %s", shell, got)
		}
	}
	for typed, want := range map[string]string{
		"":                          "local run retry", // the first of them
		"his":                       "history",
		"history --sta":             "--stack --status",
		"show re":                   "report",
		"show report/20261120":      "report/20261120T0130Z",
		"run br":                    "broken",
		"pause ne":                  "never",
		"logs report --follow bro":  "broken",
		"version ":                  "",
		"history --owner team-a re": "report",
		"history --owner re":        "", // no job is an owner
		"history --status fa":       "failed",
		"history --status=fa":       "--status=failed",
		"history --status = fa":     "failed", // as bash takes it apart
		"history --status =":        "queued launching running succeeded failed stopped skipped missed",
		"history --status failed,m": "failed,missed",
		"history -o w":              "wide",
		"history -o wide re":        "report",
		"completion ":               "bash zsh fish",
		"local in":                  "install",
		"redrive ":                  "trigger onstopped notify sweep",
		"validate -f ":              "", // files, which the shell knows
	} {
		words := strings.Split(typed, " ")
		out := w.must(append([]string{"__complete", "--"}, words...)...)
		got := strings.Join(strings.Fields(out), " ")
		if got != want && (typed != "" || !strings.HasPrefix(got, want)) || strings.Contains("\n"+out, "\n\n") {
			t.Errorf("%q: %q, want %s", typed, out, want)
		}
	}
	man := w.must("man")
	for _, says := range []string{
		".TH BATCHPLANE 1", ".SS history", `.B \-\-since=D`, ".SH ENVIRONMENT",
		".nf\n    batchplane local \\-f jobs.yaml              run a file's jobs on this machine\n", "in the browser\n\n.fi\nA run is named", "nf\n  BATCHPLANE_RUN_ID, BATCHPLANE_JOB   report/",
	} {
		if !strings.Contains(man, says) {
			t.Errorf("man does not say %s", says)
		}
	}
}

// TestCompletionOfABareZsh: zsh completes although nothing before has loaded its completion, as with an empty
// .zshrc.
func TestCompletionOfABareZsh(t *testing.T) {
	t.Parallel()
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skip("zsh is not installed")
	}
	cmd := exec.CommandContext(t.Context(), zsh, "-f", "-i")
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = strings.NewReader(batchplane(t, "completion", "zsh").out + "print -r -- it completes by $_comps[batchplane]\n")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "it completes by _batchplane\n") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestInstallOfGoRun: a unit must not name a program that is gone once the command ends.
func TestInstallOfGoRun(t *testing.T) {
	t.Parallel()
	for path, code := range map[string]int{"/tmp/go-build4101557224/b001/exe/batchplane": 2, "/usr/local/bin/batchplane": 0} {
		r := withEnv(t, cli.Env{Executable: path}, "local", "install", "-f", "jobs.yaml")
		if r.code != code || strings.Contains(r.out, path) != (code == 0) || strings.Contains(r.err, "go install ./cmd/batchplane") != (code != 0) {
			t.Errorf("%s: %+v", path, r)
		}
	}
}
