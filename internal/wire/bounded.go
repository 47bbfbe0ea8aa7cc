package wire

import (
	"net"
	"sync"
)

// mostClients is how many connections a listener has at once. A browser opens six, and a request of the
// command line lasts for moments.
const mostClients = 128

// Bounded returns a listener that has at most mostClients connections at once. Everybody on this machine
// may connect to a port of the control plane. Without a bound, another user could so take all files that
// this process may open, and nothing could be launched. Further clients wait in the kernel's queue.
func Bounded(l net.Listener) net.Listener {
	return &bounded{Listener: l, places: make(chan struct{}, mostClients), closed: make(chan struct{})}
}

type bounded struct {
	net.Listener

	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err //nolint:wrapcheck // http.Server looks at it
	}
	return &placed{Conn: c, leave: sync.OnceFunc(func() { <-b.places })}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close() //nolint:wrapcheck // as the listener's own
}

// placed is a connection that gives its place back when it is closed.
type placed struct {
	net.Conn

	leave func()
}

func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close() //nolint:wrapcheck // as the connection's own
}
