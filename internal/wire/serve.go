package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// serve serves h at a loopback address and returns its URL.
func (l *Local) serve(ctx context.Context, address string, h http.Handler) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%q is not an address: write it like 127.0.0.1:8080", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("%q is not a loopback address: whoever reaches the control plane can run commands here", address)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("listening on %s: %w", address, err)
	}
	listener = Bounded(listener)
	server := serverOf(h)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	l.closers = append(l.closers, func(ctx context.Context) error {
		err := end(ctx, server, answerWithin)
		if e := <-done; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	})
	return "http://" + listener.Addr().String(), nil
}

// serverOf returns a server that lets go of a client which sends nothing more. Everybody on this machine
// may connect, also who has no token, and each connection takes a place of the listener.
func serverOf(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// answerWithin is how long requests may take to be answered once the control plane ends.
const answerWithin = 5 * time.Second

// end ends a server once it has answered all requests, or after a time: a client that does not end its
// request needs no token, and would be waited for without end.
func end(ctx context.Context, server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if server.Shutdown(ctx) == nil {
		return nil
	}
	return server.Close() //nolint:wrapcheck // as Shutdown's
}

// ServeMetrics serves metrics as /metrics at a loopback address.
func (l *Local) ServeMetrics(ctx context.Context, address string, metrics http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	_, err := l.serve(ctx, address, mux)
	return err
}
