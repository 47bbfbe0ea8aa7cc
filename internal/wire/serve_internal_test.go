package wire

import (
	"net"
	"net/http"
	"testing"
	"time"
)

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
