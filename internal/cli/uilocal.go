package cli

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/batchplane/batchplane/internal/wire"
)

// pages serves the pages of the control plane in this process until end is called, if they are
// wanted.
func (c *localCmd) pages(ctx context.Context, a *app, db string) (end func(), err error) {
	if !c.UI && !a.hasScreen() {
		return func() {}, nil
	}
	p, err := wire.LocalPlane(ctx, db)
	if err != nil {
		return nil, err
	}
	p.Now = a.Now
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listening for the pages: %w", err), p.Close())
	}
	u := a.newUI(p, "http://"+l.Addr().String(), nil, false)
	u.announce(u.server.Address())
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- u.serve(ctx, l) }()
	return func() {
		cancel()
		if err := errors.Join(<-done, p.Close()); err != nil {
			_, _ = fmt.Fprintf(a.Stderr, "batchplane: %v\n", err)
		}
		u.close()
	}, nil
}
