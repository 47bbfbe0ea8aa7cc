package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/plane"
)

type uiCmd struct {
	Port      int      `help:"Port on 127.0.0.1; a free one unless given." placeholder:"N"`
	Open      bool     `help:"Open the pages in the browser."`
	ReadOnly  bool     `name:"read-only" help:"Show everything and refuse to ask for anything."`
	Socket    string   `help:"Listen on a Unix socket that only you may use, for ssh -L; not on a port." placeholder:"PATH"`
	Listen    string   `help:"Listen on this address, also one that others reach." placeholder:"ADDR"`
	AllowHost []string `name:"allow-host" help:"A name by which the pages are reached, beside localhost." placeholder:"NAME"`
	Zone      string   `help:"The time zone of times; this machine's unless given." placeholder:"ZONE"`
}

// Run serves the pages until it is told to end.
func (c *uiCmd) Run(ctx context.Context, a *app) error {
	if c.Zone != "" {
		zone, err := cron.LoadZone(c.Zone)
		if err != nil {
			return usagef("--zone: %w", err)
		}
		a.zone = zone.Location()
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		l, base, err := c.listen(ctx)
		if err != nil {
			return err
		}
		u, err := a.newUI(p, base, c.AllowHost, c.ReadOnly)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		defer u.close()
		_, _ = fmt.Fprintf(a.Stdout, "batchplane shows %s. Ctrl-C ends it.\n", p.Name)
		if host, _, err := net.SplitHostPort(l.Addr().String()); err == nil && !net.ParseIP(host).IsLoopback() {
			_, _ = fmt.Fprintf(a.Stderr, "batchplane: others can reach %s, and what goes over it is not encrypted: --socket with ssh -L is safer\n", l.Addr())
		}
		if c.Socket != "" {
			_, _ = fmt.Fprintf(a.Stdout, "It listens on %s. From your machine: ssh -L 8765:%s HOST, and use port 8765.\n", c.Socket, c.Socket)
		}
		if c.Open {
			u.open(ctx)
		}
		u.announce(u.server.Address())
		return console.Serve(ctx, l, u.server)
	})
}

// ui is the pages as a command serves them.
type ui struct {
	a      *app
	server *console.Server
	// dir holds addresses with codes, for who cannot be shown one; "" before the first.
	dir string
}

func (a *app) newUI(p *plane.Plane, base string, hosts []string, readOnly bool) (*ui, error) {
	u := &ui{a: a}
	var err error
	u.server, err = console.New(console.Config{
		Plane: p, Base: base, AllowHosts: hosts, ReadOnly: readOnly, User: a.User, Zone: a.zone, ZoneName: a.zoneName(),
		Command: a.command, Announce: u.announce, Now: a.Now, Log: logger(a),
	})
	return u, err
}

// announce shows an address with a code on a terminal. What is no terminal may be
// a journal that others read: there only the file is named that has the address.
func (u *ui) announce(address string) {
	if u.a.hasScreen() {
		_, _ = fmt.Fprintf(u.a.Stdout, "Open %s (works once, for a minute)\n", address)
		return
	}
	file, err := u.keep("address", address+"\n")
	if err != nil {
		_, _ = fmt.Fprintf(u.a.Stderr, "batchplane: %v\n", err)
		return
	}
	_, _ = fmt.Fprintf(u.a.Stdout, "Its address is in %s, which only you may read; it works once, for a minute.\n", file)
}

// open has a browser open a file that leads to the pages: arguments of programs
// can be seen by others.
func (u *ui) open(ctx context.Context) {
	file, err := u.keep("open.html", `<!doctype html><meta charset="utf-8"><title>batchplane</title><meta http-equiv="refresh" content="0; url=`+u.server.Address()+`">`)
	if err == nil {
		program := "xdg-open"
		if runtime.GOOS == "darwin" {
			program = "open"
		}
		err = exec.CommandContext(ctx, program, file).Start() //nolint:gosec // the file is ours
	}
	if err != nil {
		_, _ = fmt.Fprintf(u.a.Stderr, "batchplane: opening a browser: %v; open the address yourself\n", err)
	}
}

// keep writes a file that only this person may read.
func (u *ui) keep(name, text string) (string, error) {
	if u.dir == "" {
		dir, err := os.MkdirTemp("", "batchplane-ui-") // 0700
		if err != nil {
			return "", fmt.Errorf("making a folder for the address: %w", err)
		}
		u.dir = dir
	}
	file := filepath.Join(u.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("writing the address: %w", err)
	}
	return file, nil
}

func (u *ui) close() {
	if u.dir != "" {
		_ = os.RemoveAll(u.dir) // its codes are of no use any more
	}
}

// hasScreen is whether standard output is a person's terminal.
func (a *app) hasScreen() bool { return !a.json && (a.Screen.Width > 0 || a.Screen.Asks) }

// check is an error where the flags do not fit together.
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
		return usagef("--port %d is no port", c.Port)
	}
	return nil
}

// listen opens what the flags name and says how people reach it.
func (c *uiCmd) listen(ctx context.Context) (l net.Listener, base string, err error) {
	if err := c.check(); err != nil {
		return nil, "", err
	}
	if c.Socket != "" {
		l, err = listenUnix(ctx, c.Socket)
		return l, "http://localhost:8765", err
	}
	address := cmp.Or(c.Listen, net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, "", fmt.Errorf("listening on %s: %w", address, err)
	}
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil, "", errors.Join(fmt.Errorf("%s is no address of TCP", l.Addr()), l.Close())
	}
	return l, "http://" + net.JoinHostPort(c.host(at.IP), strconv.Itoa(at.Port)), nil
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

// listenUnix listens on a socket that nobody else may use at any moment: it is
// made in a folder of its own and moved to its place.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, usagef("--socket %s is there and is no socket", path)
		}
		if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("somebody listens on %s already", path)
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

// unixSocket takes its file away when it is closed.
type unixSocket struct {
	net.Listener
	path string
}

func (u unixSocket) Close() error { return errors.Join(u.Listener.Close(), os.Remove(u.path)) }
