package wire

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestClientsTakeFewFiles: whoever may connect does not take more of the process's files, however many
// connections they open. Who waits is let in as soon as another client leaves.
func TestClientsTakeFewFiles(t *testing.T) {
	t.Parallel()
	l := &Local{}
	url, err := l.serve(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "wrong token", http.StatusUnauthorized)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.closers[0](context.WithoutCancel(t.Context())) })
	asks := func() net.Conn {
		client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", url[len("http://"):])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		if _, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		return client
	}
	answered := func(client net.Conn, within time.Duration) error {
		if err := client.SetReadDeadline(time.Now().Add(within)); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err == nil {
			_ = answer.Body.Close()
		}
		return err
	}
	var first net.Conn
	for range mostClients {
		client := asks()
		if err := answered(client, 20*time.Second); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = client
		}
	}
	waits := asks()
	if err := answered(waits, 200*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("client %d was let in: %v", mostClients+1, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := answered(waits, 20*time.Second); err != nil {
		t.Errorf("it is not let in when another leaves: %v", err)
	}
}

// TestABoundedListenerEnds: a listener whose places are all taken can be closed, and a connection that is
// closed twice gives back one place.
func TestABoundedListenerEnds(t *testing.T) {
	t.Parallel()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Bounded(inner)
	accept := func() net.Conn {
		client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	for range mostClients - 1 {
		accept()
	}
	twice := accept()
	_, _ = twice.Close(), twice.Close()
	accept()
	if b, ok := l.(*bounded); !ok || len(b.places) != mostClients {
		t.Fatalf("not all places are taken: %+v", l)
	}
	over := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		over <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-over:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it still waits for a place")
	}
}
