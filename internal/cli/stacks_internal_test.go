package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/plane"
)

// TestSeveralStacks: each stack has a door of its own, and its pages link to the others.
func TestSeveralStacks(t *testing.T) {
	t.Parallel()
	doors, err := (&uiCmd{}).doors(t.Context(), []string{"prod", "staging"})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(doors)
	if len(doors) != 2 || doors[0].stack != "prod" || doors[1].stack != "staging" || doors[0].base == doors[1].base {
		t.Fatalf("doors %+v", doors)
	}
	a := &app{Env: Env{Stdout: io.Discard, Stderr: io.Discard}, zone: time.UTC}
	u := a.newUI(&plane.Plane{Name: "prod", Reader: &memory.Store{}}, doors[0].base, nil, false, console.Other{Name: "staging", Base: doors[1].base})
	t.Cleanup(u.close)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serveAll(ctx, doors, []*ui{u, u}) }()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.server.Address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: jar}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), `<a class="stack" href="`+doors[1].base+`/">staging</a>`) {
		t.Errorf("%d, %v: %s", res.StatusCode, err, body)
	}
	if cancel(); <-served != nil {
		t.Error("it did not end in order")
	}
	var usage usageError
	if _, err := (&uiCmd{Socket: "x"}).doors(t.Context(), []string{"a", "b"}); !errors.As(err, &usage) {
		t.Errorf("two stacks on one socket: %v", err)
	}
}

// TestStackTwice: several stacks are given by one flag or by a flag each, and replace what the
// environment says.
func TestStackTwice(t *testing.T) {
	t.Setenv("BATCHPLANE_STACK", "other")
	for want, args := range map[string][]string{
		"other":             nil,
		"prod":              {"--stack", "prod"},
		"prod,staging":      {"--stack", "prod", "--stack=staging"},
		"prod,staging,test": {"--stack", "prod,staging", "--stack", "test"},
	} {
		var g struct {
			Stack stacks `env:"BATCHPLANE_STACK"`
		}
		p, err := kong.New(&g)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse(args); err != nil || string(g.Stack) != want {
			t.Errorf("%q is %q, %v; want %q", args, g.Stack, err, want)
		}
	}
}

// TestOneStackAtATime: a command does not guess which of several stacks is meant.
func TestOneStackAtATime(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code := Main(t.Context(), []string{"--stack", "prod", "--stack", "staging", "jobs"}, Env{Stdout: &out, Stderr: &out})
	if want := "--stack takes one stack, not prod and staging; only `ui` shows several"; code != exitUsage || !strings.Contains(out.String(), want) {
		t.Errorf("code %d: %s", code, &out)
	}
}

// TestCommandsBesideAStack: where BATCHPLANE_STACK is set, a command that is printed for this machine
// names its state, since without --db it would be about the stack.
func TestCommandsBesideAStack(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("BATCHPLANE_STACK", "")
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, ".batchplane"), 0o700), os.WriteFile(filepath.Join(dir, ".batchplane", "jobs.db"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	a := &app{Env: Env{Stderr: io.Discard}}
	a.findState()
	if got := a.command("retry"); got != "batchplane retry" {
		t.Errorf("without a stack: %s", got)
	}
	t.Setenv("BATCHPLANE_STACK", "prod")
	if got := a.command("retry"); got != "batchplane retry --db "+filepath.Join(".batchplane", "jobs.db") {
		t.Errorf("beside a stack: %s", got)
	}
}

// TestAllJobsOfWhichState: where several control planes could be meant, a command about all jobs acts on none. One that
// names the job, or the state, does, and so does any where there is one state.
func TestAllJobsOfWhichState(t *testing.T) {
	state := t.TempDir()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_STATE_HOME", state)
	t.Setenv("BATCHPLANE_STACK", "")
	t.Setenv("BATCHPLANE_DB", "")
	t.Chdir(t.TempDir())
	asked := func(args ...string) (int, string) {
		var out bytes.Buffer
		return Main(t.Context(), args, Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out}), out.String()
	}
	dir := t.TempDir()
	var dbs []string
	for _, name := range []string{"a.db", "b.db"} {
		db := filepath.Join(dir, name)
		if err := os.WriteFile(db, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		local.Places{Getenv: os.Getenv, Dir: "."}.Remember(db)
		dbs = append([]string{db}, dbs...)
		for _, args := range [][]string{{"pause", "--all", "--reason", "x"}, {"resume", "--all"}, {"retry", "--all", "--yes"}} {
			code, out := asked(args...)
			refused := code == exitUsage && strings.Contains(out, "name it with --db, such as --db "+strings.Join(dbs, " or --db "))
			if several := len(dbs) > 1; refused != several || several && strings.Contains(out, "using ") {
				t.Errorf("%v with %d states: exit code %d, %s", args, len(dbs), code, out)
			}
		}
	}
	for _, args := range [][]string{{"pause", "--all", "--reason", "x", "--db", dbs[1]}, {"pause", "report", "--reason", "x"}, {"retry", "report"}} {
		if code, out := asked(args...); strings.Contains(out, "several control planes") {
			t.Errorf("%v: exit code %d, %s", args, code, out)
		}
	}
}
