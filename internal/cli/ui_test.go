package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/plane"
)

func uiOf(t *testing.T, screen Screen) (*ui, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	a := &app{Env: Env{Stdout: &out, Stderr: &out, Screen: screen}, zone: time.UTC}
	u, err := a.newUI(&plane.Plane{Name: "test"}, "http://127.0.0.1:1", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.close)
	return u, &out
}

// TestAddressIsNotForJournals: output that is not a terminal may be a journal that others read.
func TestAddressIsNotForJournals(t *testing.T) {
	t.Parallel()
	u, out := uiOf(t, Screen{})
	address := u.server.Address()
	u.announce(address)
	if strings.Contains(out.String(), "code=") {
		t.Fatalf("the code is in the output: %s", out)
	}
	file := filepath.Join(u.dir, "address")
	if !strings.Contains(out.String(), file) {
		t.Fatalf("the output does not name the file: %s", out)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if dir, err := os.Stat(u.dir); err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v, %v", dir, err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != address+"\n" {
		t.Errorf("the file has %q, %v", text, err)
	}
	u.close()
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("the file stays when the server ends")
	}

	u, out = uiOf(t, Screen{Width: 80})
	if u.announce(address); !strings.Contains(out.String(), address) {
		t.Errorf("a person at a terminal is not shown the address: %s", out)
	}
}

// TestTheAddressAfterACleanUp: somebody else may have made a folder of the same name since.
func TestTheAddressAfterACleanUp(t *testing.T) {
	t.Parallel()
	u, _ := uiOf(t, Screen{})
	u.announce("first")
	theirs := u.dir
	t.Cleanup(func() { _ = os.RemoveAll(theirs) })
	kept := filepath.Join(t.TempDir(), "ours") // so that its number is not given to theirs
	if err := errors.Join(os.Rename(theirs, kept), os.Mkdir(theirs, 0o700)); err != nil {
		t.Fatal(err)
	}
	u.announce("second")
	if text, err := os.ReadFile(filepath.Join(u.dir, "address")); err != nil || string(text) != "second\n" {
		t.Errorf("the new address: %q, %v", text, err)
	}
	if found, err := os.ReadDir(theirs); err != nil || len(found) > 0 {
		t.Errorf("another's folder holds %v, %v", found, err)
	}
}

// TestAnAddressThatCannotBeTold: nobody could open the pages.
func TestAnAddressThatCannotBeTold(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	u, out := uiOf(t, Screen{})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	err = new(uiCmd).greet(t.Context(), u.a, &plane.Plane{Name: "test"}, door{listener: l}, u)
	if err == nil || !strings.HasSuffix(err.Error(), "; name a folder that can be written in TMPDIR") {
		t.Errorf("%v; %s", err, out)
	}
}

// TestOpenHidesTheCode: everybody can see the arguments of programs.
func TestOpenHidesTheCode(t *testing.T) {
	dir := t.TempDir()
	said := filepath.Join(dir, "said")
	script := "#!/bin/sh\necho \"$@\" > " + said + ".new && mv " + said + ".new " + said + "\n"
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	u, _ := uiOf(t, Screen{Width: 80})
	u.open(t.Context())
	var args []byte
	for end := time.Now().Add(30 * time.Second); len(args) == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		args, _ = os.ReadFile(said)
	}
	file := strings.TrimSpace(string(args))
	if file == "" || strings.Contains(file, "code=") {
		t.Fatalf("the browser was called with %q", file)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if text, _ := os.ReadFile(file); !strings.Contains(string(text), "code=") {
		t.Errorf("the file leads nowhere: %s", text)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	t.Run("a socket for one person", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ui.sock")
		l, err := listenUnix(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || info.Mode()&os.ModeSocket == 0 {
			t.Errorf("the socket: %v, %v", info.Mode(), err)
		}
		if _, err := listenUnix(t.Context(), path); err == nil {
			t.Error("two listen on one socket")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		left, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
	t.Run("not over a file", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "precious")
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := listenUnix(t.Context(), path); err == nil {
			t.Error("a file was replaced")
		}
	})
	t.Run("loopback unless told", func(t *testing.T) {
		t.Parallel()
		l, base, err := (&uiCmd{}).listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		if !strings.HasPrefix(base, "http://127.0.0.1:") {
			t.Errorf("it listens on %s", base)
		}
	})
	t.Run("no more than was said", func(t *testing.T) {
		t.Parallel()
		// Go turns 0.0.0.0 into every address of both families, unless told otherwise.
		l, _, err := (&uiCmd{Listen: "0.0.0.0:0"}).listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		if host, _, _ := net.SplitHostPort(l.Addr().String()); host != "0.0.0.0" {
			t.Errorf("it listens on %s", host)
		}
	})
	t.Run("one place only", func(t *testing.T) {
		t.Parallel()
		if _, _, err := (&uiCmd{Port: 1, Socket: "x"}).listen(context.Background()); err == nil {
			t.Error("a port and a socket were taken")
		}
	})
}

// TestStrangersPage: a visitor without a code gets an answer that reveals nothing of the pages.
func TestStrangersPage(t *testing.T) {
	t.Parallel()
	u, _ := uiOf(t, Screen{})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	u.server.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("answered %d", w.Code)
	}
}

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
	u, err := a.newUI(&plane.Plane{Name: "prod", Reader: &memory.Store{}}, doors[0].base, nil, false, console.Other{Name: "staging", Base: doors[1].base})
	if err != nil {
		t.Fatal(err)
	}
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
