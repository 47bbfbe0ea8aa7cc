package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// check returns an error if the flags do not fit together.
func (c *uiCmd) check() error {
	given := 0
	for _, is := range []bool{c.Port != 0, c.Socket != "", c.Listen != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return usagef("give one of --port, --socket and --listen")
	case c.Port < 0 || c.Port > 65535:
		return usagef("--port %d is not a port", c.Port)
	}
	return nil
}

// listen opens what the flags name and returns the address under which people reach it.
func (c *uiCmd) listen(ctx context.Context) (l net.Listener, base string, err error) {
	if err := c.check(); err != nil {
		return nil, "", err
	}
	if c.Socket != "" {
		l, err = listenUnix(ctx, c.Socket)
		return l, "http://localhost:8765", err
	}
	address := cmp.Or(c.Listen, net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	l, err = (&net.ListenConfig{}).Listen(ctx, family(address), address)
	if err != nil {
		return nil, "", fmt.Errorf("listening on %s: %w", address, err)
	}
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil, "", errors.Join(fmt.Errorf("%s is not a TCP address", l.Addr()), l.Close())
	}
	return l, "http://" + net.JoinHostPort(c.host(at.IP), strconv.Itoa(at.Port)), nil
}

// family returns the network for an address. With "tcp", Go turns 0.0.0.0 into every IPv6 address
// too (https://pkg.go.dev/net#Listen), which nobody asked for.
func family(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
		return "tcp4"
	}
	return "tcp"
}

// host is the name by which people reach an address.
func (c *uiCmd) host(ip net.IP) string {
	switch {
	case len(c.AllowHost) > 0:
		return c.AllowHost[0]
	case ip.IsUnspecified():
		return "localhost"
	case !ip.IsLoopback():
		c.AllowHost = append(c.AllowHost, ip.String())
	}
	return ip.String()
}

// listenUnix listens on a socket that nobody else can use at any moment: it creates the socket in
// a folder of its own and moves it into place.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, usagef("--socket %s exists and is not a socket", path)
		}
		if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("another program already listens on %s", path)
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".batchplane-")
	if err != nil {
		return nil, fmt.Errorf("making the socket %s: %w", path, err)
	}
	defer func() { _ = os.Remove(dir) }() // empty by then
	inner := filepath.Join(dir, "s")
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", inner)
	if err != nil {
		return nil, fmt.Errorf("making the socket %s: %w", path, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if err = errors.Join(os.Chmod(inner, 0o600), os.Rename(inner, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("making the socket %s: %w", path, err), l.Close())
	}
	return unixSocket{l, path}, nil
}

// unixSocket removes its file when it is closed.
type unixSocket struct {
	net.Listener
	path string
}

func (u unixSocket) Close() error { return errors.Join(u.Listener.Close(), os.Remove(u.path)) }
