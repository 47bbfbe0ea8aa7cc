package main_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTargets: a notice goes to the targets of its job, or else to the default. A target that
// accepts none is tried again alone.
func TestTargets(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
jobs:
  - {name: pages, command: exit 3, notify: {targets: [pager, nobody]}}
  - {name: plain, command: exit 4}
`)
	got := make(chan string, 10)
	pager := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Header.Get("Batchplane-Signature") + " " + string(body)
	}))
	t.Cleanup(pager.Close)
	f.write("targets", "default=file\npager="+pager.URL+"\npager.secret=s3cret\nfile=exec:cat >> told; echo >> told\n")
	p := f.local("--targets", "targets")
	p.says("not here: targets that --targets does not have: nobody; their notices go to the terminal only\n")
	f.must("run", "pages")
	if text := <-got; !strings.HasPrefix(text, "t=") || !strings.Contains(text, ",v1=") || !strings.Contains(text, `"kind":"failed","stack":"local","job":"pages"`) {
		t.Errorf("the webhook got %s", text)
	}
	f.must("run", "plain")
	await(t, "the command to be told", func() bool { return f.exists("told") && strings.Contains(f.read("told"), `"job":"plain"`) })
	if strings.Contains(f.read("told"), "pages") {
		t.Errorf("the default was told of a job that names targets:\n%s", f.read("told"))
	}
	p.says("FAILED plain: exit code 4")

	if out := f.must("notify", "test", "pager", "--targets", "targets"); !strings.Contains(out, "pager accepted a notice about batchplane-test/") {
		t.Errorf("notify test says %q", out)
	}
	if text := <-got; !strings.Contains(text, "this is a test of the target pager; nothing has failed") {
		t.Errorf("the webhook got %s", text)
	}
	if code, _, errs := f.do("notify", "test", "page", "--targets", "targets"); code != 1 || !strings.Contains(errs, `there is no target "page"; the targets are file, pager`) {
		t.Errorf("a target that is none: exit code %d, %s", code, errs)
	}
	f.write("targets", "a=ftp://x\nb.secret=x\ndefault=c\n")
	code, _, errs := f.do("local", "-f", "jobs.yaml", "--targets", "targets")
	for _, says := range []string{"target a: want one of slack+https://", "b.secret is of no target", `default names "c", which is no target`} {
		if code != 2 || !strings.Contains(errs, says) {
			t.Errorf("exit code %d, %q is not in %s", code, says, errs)
		}
	}
}

// TestATargetThatTookANotice: it does not get the notice again from the next process, and the
// target that did not accept it does.
func TestATargetThatTookANotice(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: fails, command: exit 3, notify: {targets: [shut, open]}}\n")
	f.write("targets", "open=exec:cat >> open\nshut=exec:test -e mended && cat >> shut\n")
	p := f.local("--targets", "targets")
	f.must("run", "fails")
	p.says("FAILED fails: exit code 3")
	await(t, "the open target to be told", func() bool { return f.exists("open") && strings.Contains(f.read("open"), `"job":"fails"`) })
	await(t, "that it took it to be noted", func() bool { return strings.Contains(p.err.String(), "to shut: ") })
	p.signal(syscall.SIGTERM)
	p.ends()
	f.write("mended", "")
	p = f.local("--targets", "targets")
	await(t, "the other to be told", func() bool { return f.exists("shut") && strings.Contains(f.read("shut"), `"job":"fails"`) })
	if n := strings.Count(f.read("open"), `"kind":`); n != 1 {
		t.Errorf("the open target was told %d times", n)
	}
	if strings.Contains(p.out.String(), "FAILED fails") {
		t.Errorf("the terminal was told again:\n%s", p.out)
	}
}

// TestWatch: a changed file is read without a signal.
func TestWatch(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: one, command: echo one}\n")
	p := f.local("--watch")
	f.write("jobs.yaml", "jobs:\n  - {name: one, command: echo two}\n")
	p.says("reloaded jobs.yaml: 1 change\n  one changed: command: ")
	f.must("run", "one")
	f.becomes("one", "succeeded")
	if out := f.must("logs", "one"); out != "two\n" {
		t.Errorf("it wrote %q", out)
	}
}

// TestWatchOfACalendar: a file that the jobs file names is watched like the jobs file itself, and goes on
// being watched after a change that cannot be read, which is told once.
func TestWatchOfACalendar(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: one, command: echo one, schedule: '0 3 * * *', calendar: {skip: holidays.ics}}\n  - {name: two, command: echo two}\n")
	calendar := func(day string) {
		f.write("holidays.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:"+day+"\nEND:VEVENT\nEND:VCALENDAR\n")
	}
	calendar("20990101")
	p := f.local("--watch")
	f.write("holidays.ics", "nothing yet")
	p.says("nothing was reloaded; the jobs go on as before: ")
	calendar("20990102")
	p.says("reloaded jobs.yaml: 1 change\n  one changed: calendar")
	p.signal(syscall.SIGTERM)
	p.ends()
	if n := strings.Count(p.out.String(), "reloaded"); n != 2 {
		t.Errorf("%d reloads were told, not 2:\n%s", n, p.out)
	}
}

// TestWatchOfASwappedLink: the new file has the same time and length as the one that it replaces.
func TestWatchOfASwappedLink(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs: []\n")
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, says := range map[string]string{"..one": "one", "..two": "two"} {
		if err := os.Mkdir(f.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
		f.write(name+"/jobs.yaml", "jobs:\n  - {name: one, command: echo "+says+"}\n")
		if err := os.Chtimes(f.path(name+"/jobs.yaml"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		if err := os.Symlink(to, f.path(name+".new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.path(name+".new"), f.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..one", "..data")
	link("..data/jobs.yaml", "jobs.yaml")
	p := f.local("--watch")
	f.must("run", "one")
	f.becomes("one", "succeeded")
	link("..two", "..data")
	p.says("reloaded jobs.yaml: 1 change\n  one changed: command: ")
	p.signal(syscall.SIGTERM)
	p.ends()
	f.local()
	if rows := f.history(); len(rows) != 1 {
		t.Errorf("after the next start the history is %+v", rows)
	}
}

// TestAStateBehindALink: a state behind a link that each release switches would be forgotten, and
// the program says so once.
func TestAStateBehindALink(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs: []\n")
	if err := os.Mkdir(f.path("1"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.write("1/jobs.yaml", "jobs:\n  - {name: one, command: echo one}\n")
	if err := os.Symlink("1", f.path("current")); err != nil {
		t.Fatal(err)
	}
	const says = "the jobs file's folder is reached by a link; if each release moves the link, give --db"
	for args, want := range map[string]bool{"--db kept.db": false, "": true, "--quiet": false} {
		_ = os.RemoveAll(f.path("1/.batchplane"))
		if args == "--quiet" { // it has a state by now
			f.must("local", "-f", "current/jobs.yaml", "--for", "0s")
		}
		out := f.must(append([]string{"local", "-f", "current/jobs.yaml", "--for", "0s"}, strings.Fields(args)...)...)
		if strings.Contains(out, says) != want {
			t.Errorf("%q: it says\n%s", args, out)
		}
	}
}

// TestWhatThisMachineDoesNotDo: it is said once, at the start.
func TestWhatThisMachineDoesNotDo(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
taskDefinitions:
  base: {image: app, executionRole: arn:aws:iam::123456789012:role/batchplane/x, secrets: {PGPASSWORD: /batchplane/pg}}
jobs:
  - {name: image, taskDefinition: base}
  - {name: sized, command: exit 0, cpu: 256, memory: 512}
  - {name: spread, command: exit 0, schedule: 0 3 * * *, window: 5m, startWithin: 20m}
`)
	p := f.local()
	for _, says := range []string{
		"not here: an image's own command: give image a `command` to run on this machine\n",
		"not here: cpu is not limited on this machine (sized)\n",
		"not here: window: jobs start at their time, not some minutes later (spread)\n",
		"not here: secrets that neither --secrets nor the environment has: /batchplane/pg; jobs that need them fail\n",
	} {
		p.says(says)
	}
	f.must("run", "image")
	f.becomes("image", "failed")
}

// TestOutputIsBounded: --max-output limits the output, and the output says so.
func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: loud, command: 'i=0; while [ $i -lt 1000 ]; do echo \"line $i\"; i=$((i+1)); done; exit 3'}\n")
	p := f.local("--max-output", "1KB")
	f.must("run", "loud")
	p.says("| line 999\n")
	out := f.must("logs", "loud")
	if len(out) > 1200 || !strings.HasPrefix(out, "line 0\n") || !strings.Contains(out, "of one task's output 1024 bytes are kept; the last of them come when it ends]\n[batchplane: ") || !strings.HasSuffix(out, "line 999\n") {
		t.Errorf("the log has %d bytes:\n%s", len(out), out)
	}
}

// TestFollowingMoreThanIsKept: logs --follow says so at once, and shows the end.
func TestFollowingMoreThanIsKept(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: loud, command: 'i=0; while [ $i -lt 1000 ]; do echo \"line $i\"; i=$((i+1)); done; while ! test -e go; do sleep 0.02; done; echo over'}\n")
	f.local("--max-output", "1KB")
	f.must("run", "loud")
	follower := f.start("logs", "loud", "--follow")
	follower.says("[batchplane: of one task's output 1024 bytes are kept; the last of them come when it ends]\n")
	f.write("go", "")
	if code := follower.ends(); code != 0 || !strings.HasSuffix(follower.out.String(), "line 999\nover\n") {
		t.Errorf("exit code %d; it says\n%s", code, follower.out)
	}
}

// TestSlack: Slack gets a notice through --targets.
func TestSlack(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only there a variable says whose certificates are trusted")
	}
	f := newFolder(t, "jobs:\n  - {name: fails, command: exit 3, notify: {targets: [ops]}}\n")
	got := make(chan string, 10)
	hook := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.URL.Path + " " + string(body)
	}))
	t.Cleanup(hook.Close)
	f.write("trusted.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw})))
	f.env = []string{"SSL_CERT_FILE=" + f.path("trusted.pem"), "NO_PROXY=*"}
	f.write("targets", "ops=slack+"+hook.URL+"/services/T0/B0/secret\n")
	p := f.local("--targets", "targets")
	f.must("run", "fails")
	select {
	case text := <-got:
		if !strings.HasPrefix(text, "/services/T0/B0/secret {") || !strings.Contains(text, "fails") || !strings.Contains(text, "exit code 3") {
			t.Errorf("Slack got %s", text)
		}
	case <-time.After(patience):
		t.Fatalf("Slack got nothing: %s", p.err)
	}
	if strings.Contains(p.out.String()+p.err.String(), "secret") {
		t.Errorf("the webhook is printed:\n%s%s", p.out, p.err)
	}
}

// TestLogFormatJSON: each line is an object that says what it is, including lines of tasks,
// notices, and what this machine does not do.
func TestLogFormatJSON(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: fails, cpu: 256, memory: 512, command: 'echo \"<&>\"; exit 3'}\n")
	p := f.start("local", "-f", "jobs.yaml", "--log-format", "json", "--output")
	p.says(`"type":"started"`)
	f.must("run", "fails")
	p.says(`"type":"notice"`)
	p.says(`"type":"output"`)
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	types := map[string]int{}
	for line := range strings.Lines(p.out.String()) {
		var x struct{ Type, Line, Status, Message string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		types[x.Type]++
		if x.Type == "output" && x.Line != "<&>" {
			t.Errorf("the task's line is %q", x.Line)
		}
	}
	for _, name := range []string{"started", "message", "change", "notice", "output", "summary"} {
		if types[name] == 0 {
			t.Errorf("there is no %s in\n%s", name, p.out)
		}
	}
}
