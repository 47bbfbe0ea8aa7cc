package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestInstall: install prints a unit and starts nothing.
func TestInstall(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	out := f.must("local", "install", "-f", "jobs.yaml", "--drain", "1h")
	wants := []string{
		"Type=notify\n", "must exist and have access to the program and the jobs file; jobs that need root's rights need root here.\nUser=", "ExecStart=" + binary + " local -f " + f.path("jobs.yaml") + " --drain 1h0m0s --grace 30s --quiet --db /var/lib/batchplane/jobs.db\n",
		"ExecReload=/bin/kill -HUP $MAINPID\n", "StateDirectory=batchplane\n", "Delegate=yes\n", "TimeoutStopSec=3645\n", "WorkingDirectory=" + f.dir + "\n",
	}
	if runtime.GOOS == "darwin" {
		wants = []string{"<key>ProgramArguments</key>", "<string>" + f.path("jobs.yaml") + "</string>"}
	}
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if f.exists(".batchplane") {
		t.Error("something was started")
	}
}

// TestInstallKeepsFlags: the service does what the command would do.
func TestInstallKeepsFlags(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	flags := []string{
		"--rate 5", "--watch", "--output", "--listen 127.0.0.1:7070", "--metrics 127.0.0.1:9464", "--zone Asia/Tokyo", "--log-format json",
		"--keep 30d", "--keep-logs 7d", "--most-logs 1GB", "--max-output 512KB", "--fault eni=0.5", "--seed 7", "--for 8h0m0s",
	}
	words := []string{"local", "install", "-f", "jobs.yaml", "--db", "mine.db", "--secrets", "s", "--targets", "t"}
	for _, flag := range flags {
		words = append(words, strings.Fields(flag)...)
	}
	out := f.must(words...)
	for _, flag := range append(flags, "--db "+f.path("mine.db"), "--secrets "+f.path("s"), "--targets "+f.path("t")) {
		name, value, _ := strings.Cut(flag, " ")
		want := flag
		if runtime.GOOS == "darwin" && value != "" {
			want = name + "</string>\n    <string>" + value
		}
		if strings.Count(out, want) != 1 && name != "--db" || !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if out := f.must("local", "install", "-f", "jobs.yaml", "--json"); !strings.Contains(out, "--log-format") {
		t.Errorf("--json is not in\n%s", out)
	}
	if out := f.must("local", "install", "-f", "jobs.yaml", "--db", `5% "$a".db`); runtime.GOOS != "darwin" && !strings.Contains(out, ` "`+f.path(`5%% \"$$a\".db`)+`"`) {
		t.Errorf("the signs of a unit file are not escaped in\n%s", out)
	}
	if code, _, errs := f.do("local", "install", "-f", "jobs.yaml", "--keep", "1h"); code != 2 || !strings.Contains(errs, "--keep 1h must be at least 2d") {
		t.Errorf("what would not start: exit code %d, %s", code, errs)
	}
	if code, out, errs := f.do("local", "install", "-f", "jobs.yaml", "--db", "a\nExecStartPre=/bin/evil"); code != 2 || out != "" || !strings.Contains(errs, "which a unit cannot hold") {
		t.Errorf("a path of two lines: exit code %d, %s, %s", code, out, errs)
	}
}

// TestSystemdTakesTheUnit: whatever characters the folder's name has.
func TestSystemdTakesTheUnit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	for name, folder := range map[string]string{"plain": "plain", "awkward": `sp ace %n $HOME "q" 'a' b\c;d`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t, jobs)
			dir := filepath.Join(f.dir, folder)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			f.write(filepath.Join(folder, "jobs.yaml"), jobs)
			f.write("batchplane.service", f.must("local", "install", "-f", filepath.Join(dir, "jobs.yaml"), "--drain", "1h"))
			out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", f.path("batchplane.service")).CombinedOutput() //nolint:gosec // a test's own
			if err != nil || strings.Contains(string(out), "batchplane.service:") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestUnderASupervisor: a service manager is told when the service is ready, and when it stops.
func TestUnderASupervisor(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	address := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = manager.Close() })
	heard := make(chan string, 10)
	go func() {
		b := make([]byte, 100)
		for {
			n, err := manager.Read(b)
			if err != nil {
				return
			}
			heard <- string(b[:n])
		}
	}()
	f.env = []string{"NOTIFY_SOCKET=" + address}
	p := f.local("--quiet", "--metrics", "127.0.0.1:0")
	if text := <-heard; text != "READY=1" {
		t.Errorf("heard %q", text)
	}
	p.signal(syscall.SIGTERM)
	if text := <-heard; text != "STOPPING=1" {
		t.Errorf("heard %q", text)
	}
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
}

// TestLiveOutputAndMetrics: a run's output is shown live, and its end is counted.
func TestLiveOutputAndMetrics(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p := f.local("--output", "--quiet", "--metrics", address)
	f.must("run", "stepwise")
	p.says("stepwise | one\n")
	f.write("go", "")
	p.says("stepwise | two\n")
	f.becomes("stepwise", "succeeded")
	res, err := http.Get("http://" + address + "/metrics") //nolint:noctx,gosec // of this test's own program
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if !strings.Contains(string(body), `batchplane_runs_total{job="stepwise",status="succeeded"} 1`) {
		t.Errorf("the metrics are\n%s", body)
	}
	foreign, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Host = "rebound.example"
	if res, err = http.DefaultClient.Do(foreign); err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusForbidden {
		t.Errorf("by a stranger's name the metrics are answered %d", res.StatusCode)
	}
	if n := strings.Count(p.out.String(), "stepwise/manual-"); n != 1 {
		t.Errorf("%d lines of one run:\n%s", n, p.out)
	}
}

// TestAsProcessOne: in a container, a stop ends the tasks within their grace, and then the
// process itself.
func TestAsProcessOne(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	words := []string{"--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Geteuid() != 0 {
		words = append(words, "--user", "--map-root-user")
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", append(words, "true")...).CombinedOutput(); err != nil { //nolint:gosec // a test's own
		t.Skipf("no process namespace to be had: %s%v", out, err)
	}
	p := f.startAs("unshare", append(words, binary, "local", "-f", "jobs.yaml", "--grace", "300ms")...)
	p.says("Ctrl-C stops it.")
	f.must("run", "deaf")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	inside, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(inside)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	if r := f.history()[0]; r.Status != "stopped" || *r.ExitCode != 137 {
		t.Errorf("%+v", r)
	}
}
