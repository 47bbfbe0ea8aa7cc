package console

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
)

// moment is what everything takes, so that no two time limits end together.
const moment = time.Millisecond

// sleepy is a store that answers in time for one question of a page, and not for two.
type sleepy struct{ memory.Store }

func (*sleepy) Items(ctx context.Context) ([]job.Item, error) {
	select {
	case <-time.After(watchTimeout - moment):
		return nil, nil
	case <-ctx.Done():
		time.Sleep(moment)
		return nil, ctx.Err()
	}
}

// pipes is a listener for connections within a bubble of synctest.
type pipes struct {
	conns chan net.Conn
	over  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.over)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	time.Sleep(moment)
	return here, nil
}

// TestNoAnswerIsTold: who asks a control plane that takes too long is told so by a page, not by the browser that
// the server sent nothing.
func TestNoAnswerIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Plane: &plane.Plane{Name: "prod", Reader: &sleepy{}}, Base: "http://127.0.0.1"})
		ctx, end := context.WithCancel(t.Context())
		l := &pipes{conns: make(chan net.Conn), over: make(chan struct{})}
		served := make(chan error)
		go func() { served <- Serve(ctx, l, s) }()
		transport := &http.Transport{DialContext: l.dial}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/jobs", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(s.sessions.redeem(s.sessions.code()))
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusGatewayTimeout || err != nil || !strings.Contains(string(text), "the control plane did not answer in time") {
			t.Errorf("answered %d, %v:\n%s", answer.StatusCode, err, text)
		}
		_ = answer.Body.Close()
		transport.CloseIdleConnections()
		end()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// TestSpareConnections: a browser opens connections on which it asks for nothing yet. They do not make an
// ordinary end a fault.
func TestSpareConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn), over: make(chan struct{})}
		ctx, end := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Serve(ctx, l, http.NotFoundHandler()) }()
		spare, err := l.dial(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := spare.Read(make([]byte, 1)); err == nil {
			t.Error("it is still open")
		}
	})
}
