package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve serves a listener until ctx ends; open streams end with it. There is no time limit for an
// entire answer, because streams are long; every write has its own.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	streams, end := context.WithCancel(ctx)
	defer end()
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: answerTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return streams }, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	if w, ok := h.(interface{ Warm(ctx context.Context) }); ok {
		go w.Warm(streams)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving the pages: %w", err)
	case <-ctx.Done():
	}
	end()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(closing)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // to Shutdown, a connection on which nothing was asked for yet is busy
	}
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("ending the pages: %w", err)
	}
	return nil
}
