package cli

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
)

func uiOf(t *testing.T, screen Screen) (*ui, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	a := &app{Env: Env{Stdout: &out, Stderr: &out, Screen: screen}, zone: time.UTC}
	u := a.newUI(&plane.Plane{Name: "test"}, "http://127.0.0.1:1", nil, false)
	t.Cleanup(u.close)
	return u, &out
}

// TestZoneOfPages: a zone that does not exist is told before anything is opened.
func TestZoneOfPages(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code := Main(t.Context(), []string{"ui", "--zone", "No/Where", "--db", filepath.Join(t.TempDir(), "absent.db")}, Env{Stdout: &out, Stderr: &out})
	if code != exitUsage || !strings.Contains(out.String(), "--zone") {
		t.Errorf("code %d: %s", code, &out)
	}
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

// TestPagesTakeFewFiles: other users of this machine may connect to the pages, which a control plane may
// serve from its own process. However often they do, they do not take all files that it may open.
func TestPagesTakeFewFiles(t *testing.T) {
	t.Parallel()
	u, _ := uiOf(t, Screen{})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- u.serve(ctx, l) }()
	t.Cleanup(func() {
		end()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	const many = 300
	for i := range many {
		client, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		if _, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if err := client.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err = client.Read(make([]byte, 1))
		if errors.Is(err, os.ErrDeadlineExceeded) && i > 20 { // enough for some browsers
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("%d clients were let in at once", many)
}
