package wire

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestServerLetsGo: a client that needs no token to connect does not hold a connection for ever, neither
// within its request nor after the answer.
func TestServerLetsGo(t *testing.T) {
	t.Parallel()
	for name, sends := range map[string]string{
		"within its request": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n",
		"after the answer":   "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := serverOf(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "wrong token", http.StatusUnauthorized)
			}))
			if server.ReadTimeout > time.Minute || server.IdleTimeout > 2*time.Minute {
				t.Errorf("it waits for %s and %s", server.ReadTimeout, server.IdleTimeout)
			}
			server.ReadTimeout, server.IdleTimeout = min(server.ReadTimeout, time.Second), min(server.IdleTimeout, time.Second)
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(func() { _ = server.Close() })
			client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })
			if err := client.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Write([]byte(sends)); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(client); err != nil || !strings.Contains(string(answer), "401") {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}

// TestServerEndsDespiteAStalledClient: whoever opens a connection and does not end its request keeps
// the control plane from ending only for so long.
func TestServerEndsDespiteAStalledClient(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(reached)
		http.Error(w, "wrong token", http.StatusUnauthorized)
	})}
	go func() { _ = server.Serve(listener) }()
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if _, err := client.Write([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-reached
	over := make(chan error, 1)
	go func() { over <- end(t.Context(), server, 50*time.Millisecond) }()
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it still waits for the client")
	}
}
