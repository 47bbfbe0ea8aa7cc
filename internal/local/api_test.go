package local_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// TestDoorKeepsNoConnection: pages ask every few seconds, for days, and each kept connection would take
// a file from the control plane too.
func TestDoorKeepsNoConnection(t *testing.T) {
	t.Parallel()
	var open, all atomic.Int64
	server := httptest.NewUnstartedServer(local.Proving("", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"outcome":"accepted"}`))
	})))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
			all.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	door := local.Door{URL: server.URL}
	for range 20 {
		if trouble, ok := door.Open(t.Context()); !ok || trouble != "" {
			t.Fatalf("open %v, %q", ok, trouble)
		}
	}
	for end := time.Now().Add(5 * time.Second); open.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d connections stay open", open.Load(), all.Load())
		}
	}
}

// TestAskWithoutAnAnswer: a control plane that nobody reached did nothing; one whose answer is lost, or
// that failed, may have done what it was asked for.
func TestAskWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	mute := httptest.NewServer(local.Proving("", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })))
	t.Cleanup(mute.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	r := entry.Request{Run: &port.RunRequest{Job: "etl", RequestID: "1"}}
	if _, err := (local.Door{URL: closed.URL}).Ask(t.Context(), r); !errors.Is(err, plane.ErrNobody) {
		t.Errorf("nobody is there: %v", err)
	}
	_, err := (local.Door{URL: mute.URL}).Ask(t.Context(), r)
	if err == nil || errors.Is(err, plane.ErrNobody) || !strings.Contains(err.Error(), "it may have done what it was asked for") {
		t.Errorf("the answer is lost: %v", err)
	}
	failing := httptest.NewServer(local.Proving("", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the disk is full", http.StatusInternalServerError)
	})))
	t.Cleanup(failing.Close)
	_, err = (local.Door{URL: failing.URL}).Ask(t.Context(), r)
	if err == nil || errors.Is(err, plane.ErrNobody) || err.Error() != "the control plane answered: the disk is full" {
		t.Errorf("it failed: %v", err)
	}
}

// TestADoorBehindWhichNobodyAnswers: a control plane that is suspended is not one that is not there, which
// a person would start again in vain.
func TestADoorBehindWhichNobodyAnswers(t *testing.T) {
	t.Parallel()
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(mute.Close)
	trouble, open := local.Door{URL: mute.URL, PID: os.Getpid()}.Open(t.Context())
	if want := fmt.Sprintf("the control plane, process %d, does not answer: ", os.Getpid()); !open || !strings.HasPrefix(trouble, want) {
		t.Errorf("it lives and does not answer: open %v, %q", open, trouble)
	}
	_, err := local.Door{URL: mute.URL, PID: os.Getpid()}.Ask(t.Context(), entry.Request{Run: &port.RunRequest{Job: "etl", RequestID: "1"}})
	if want := fmt.Sprintf("nothing was asked for: the control plane, process %d, does not answer: ", os.Getpid()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("asked for a run: %v", err)
	}
	over := exec.CommandContext(t.Context(), "true")
	if err := over.Run(); err != nil {
		t.Fatal(err)
	}
	if trouble, open := (local.Door{URL: mute.URL, PID: over.Process.Pid}).Open(t.Context()); open || trouble != "" {
		t.Errorf("its process is gone, and another program has its address: open %v, %q", open, trouble)
	}
	_, err = local.Door{URL: mute.URL, PID: over.Process.Pid}.Ask(t.Context(), entry.Request{Run: &port.RunRequest{Job: "etl", RequestID: "1"}})
	if !errors.Is(err, plane.ErrNobody) || strings.Contains(err.Error(), "kill") {
		t.Errorf("its process is gone, and asked for a run: %v", err)
	}
}

// TestADoorThatSomebodyElseTook: whoever has the address of a control plane that was killed is not
// believed, and is told neither the token nor what was asked for.
func TestADoorThatSomebodyElseTook(t *testing.T) {
	t.Parallel()
	theirs := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "" || len(body) > 0 {
			t.Errorf("it was told %q and %q", r.Header.Get("Authorization"), body)
		}
		_, _ = w.Write([]byte(`{"outcome":"accepted","message":"all jobs are paused"}`))
	})
	for name, h := range map[string]http.Handler{"any answer": theirs, "a proof by another token": local.Proving("another", theirs)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(h)
			t.Cleanup(server.Close)
			door := local.Door{URL: server.URL, Token: "secret", PID: os.Getpid()}
			reply, err := door.Ask(t.Context(), entry.Request{Pause: &port.PauseRequest{Job: "*"}})
			if !errors.Is(err, plane.ErrNobody) || reply.Outcome != "" {
				t.Errorf("%+v, %v", reply, err)
			}
			if trouble, open := door.Open(t.Context()); open || trouble != "" {
				t.Errorf("open %v, %q", open, trouble)
			}
		})
	}
}
