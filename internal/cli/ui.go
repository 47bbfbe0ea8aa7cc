package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/wire"
)

type uiCmd struct {
	Port      int      `help:"Port on 127.0.0.1; by default a free one. Several stacks (--stack a,b) use consecutive ports from it on." placeholder:"N"`
	Open      bool     `help:"Open the pages in the browser."`
	ReadOnly  bool     `name:"read-only" help:"Show everything, without buttons."`
	Socket    string   `help:"Listen on a Unix socket that only you can use instead of a port; for ssh -L." placeholder:"PATH"`
	Listen    string   `help:"Listen on this address, even one that others can reach." placeholder:"ADDR"`
	AllowHost []string `name:"allow-host" help:"A host name to accept besides localhost." placeholder:"NAME"`
	Zone      string   `help:"Show times in this zone; by default this machine's." placeholder:"ZONE"`
}

// look makes --zone work as in other commands.
func (c *uiCmd) look() looks { return looks{Zone: c.Zone} }

// Run serves the pages until it is told to end.
func (c *uiCmd) Run(ctx context.Context, a *app) error {
	doors, err := c.doors(ctx, strings.Split(a.stack, ","))
	if err != nil {
		return err
	}
	return c.serve(ctx, a, doors, 0, nil)
}

// door is where the pages of one stack can be reached.
type door struct {
	stack, base string
	listener    net.Listener
}

// doors opens a door for each stack, on consecutive ports if the first is given.
func (c *uiCmd) doors(ctx context.Context, stacks []string) (doors []door, err error) {
	if len(stacks) > 1 && c.Socket != "" {
		return nil, usagef("--socket shows one stack; give one of %s", strings.Join(stacks, ", "))
	}
	for i, name := range stacks {
		own := *c
		if own.Port > 0 {
			own.Port += i
		}
		d := door{stack: name}
		if d.listener, d.base, err = own.listen(ctx); err != nil {
			closeAll(doors)
			return nil, err
		}
		c.AllowHost = own.AllowHost
		doors = append(doors, d)
	}
	return doors, nil
}

func closeAll(doors []door) {
	for _, d := range doors {
		_ = d.listener.Close()
	}
}

// serve prepares the stacks of the doors from i on, then serves them with those that are ready.
func (c *uiCmd) serve(ctx context.Context, a *app, doors []door, i int, ready []*ui) error {
	if i == len(doors) {
		return serveAll(ctx, doors, ready)
	}
	d, own := doors[i], *a
	own.stack = d.stack
	err := own.withPlane(ctx, func(p *plane.Plane) error {
		var others []console.Other
		for _, o := range doors {
			if o.stack != d.stack {
				others = append(others, console.Other{Name: o.stack, Base: o.base})
			}
		}
		u := own.newUI(p, d.base, c.AllowHost, c.ReadOnly, others...)
		defer u.close()
		if err := c.greet(ctx, a, p, d, u); err != nil {
			return err
		}
		return c.serve(ctx, a, doors, i+1, append(ready, u))
	})
	closeAll(doors) // those that were not served
	return err
}

// serveAll serves until ctx or one of the listeners ends.
func serveAll(ctx context.Context, doors []door, ready []*ui) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, len(doors))
	for i, d := range doors {
		go func() { done <- ready[i].serve(ctx, d.listener) }()
	}
	var err error
	for range doors {
		err = errors.Join(err, <-done)
		cancel()
	}
	return err
}

// greet says what is shown, and where. It returns an error if nobody could open that.
func (c *uiCmd) greet(ctx context.Context, a *app, p *plane.Plane, d door, u *ui) error {
	_, _ = fmt.Fprintf(a.Stdout, "batchplane shows %s. Ctrl-C stops it.\n", notice.Printable(p.Name))
	if host, _, err := net.SplitHostPort(d.listener.Addr().String()); err == nil && !net.ParseIP(host).IsLoopback() {
		_, _ = fmt.Fprintf(a.Stderr, "batchplane: others can reach %s, and its traffic is not encrypted: --socket with ssh -L is safer\n", d.listener.Addr())
	}
	if c.Socket != "" {
		_, _ = fmt.Fprintf(a.Stdout, "It listens on %[1]s. From your machine: ssh -L 8765:%[1]s HOST, and use port 8765.\n", notice.Printable(c.Socket))
	}
	if c.Open {
		u.open(ctx)
	}
	return u.tell(u.server.Address())
}

// ui is the pages as a command serves them.
type ui struct {
	a      *app
	server *console.Server
	// dir holds files with addresses and codes that must not be printed; "" before the first. made is what
	// was made there.
	dir  string
	made fs.FileInfo
}

func (a *app) newUI(p *plane.Plane, base string, hosts []string, readOnly bool, others ...console.Other) *ui {
	u := &ui{a: a}
	u.server = console.New(console.Config{
		Plane: p, Base: base, Others: others, AllowHosts: hosts, ReadOnly: readOnly, User: a.User, Zone: a.zone, ZoneName: a.zoneName(),
		Command: a.command, Announce: u.announce, Now: a.Now, Log: logger(a),
	})
	return u
}

// serve serves the pages until ctx ends.
func (u *ui) serve(ctx context.Context, l net.Listener) error {
	return console.Serve(ctx, wire.Bounded(l), u.server)
}

// announce is tell for addresses that are asked for later.
func (u *ui) announce(address string) {
	if err := u.tell(address); err != nil {
		_, _ = fmt.Fprintf(u.a.Stderr, "batchplane: %v\n", err)
	}
}

// tell prints an address with a code if there is a terminal. Otherwise the output may be a journal that
// others read, so it prints only the name of the file that holds the address.
func (u *ui) tell(address string) error {
	if u.a.hasScreen() {
		_, _ = fmt.Fprintf(u.a.Stdout, "Open %s (works once, for a minute)\n", address)
		return nil
	}
	file, err := u.keep("address", address+"\n")
	if err != nil {
		return fmt.Errorf("the address of the pages cannot be told: %w; name a folder that can be written in TMPDIR", err)
	}
	_, _ = fmt.Fprintf(u.a.Stdout, "Its address is in %s, which only you may read; it works once, for a minute.\n", file)
	return nil
}

// open makes a browser open a file that leads to the pages, because others can see the arguments
// of programs.
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

// keep writes a file that only this person may read. Folders for temporary files are cleaned up after
// days; then anybody may have put another folder in the place of ours.
func (u *ui) keep(name, text string) (string, error) {
	if now, err := os.Lstat(u.dir); err != nil || !os.SameFile(now, u.made) {
		dir, err := os.MkdirTemp("", "batchplane-ui-") // 0700
		if err != nil {
			return "", fmt.Errorf("making a folder for it: %w", err)
		}
		if u.made, err = os.Lstat(dir); err != nil {
			return "", fmt.Errorf("looking at its folder: %w", err)
		}
		u.dir = dir
	}
	file := filepath.Join(u.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("writing it: %w", err)
	}
	return file, nil
}

func (u *ui) close() {
	if u.dir != "" {
		_ = os.RemoveAll(u.dir) // its codes are no longer of use
	}
}

// hasScreen reports whether standard output is a person's terminal.
func (a *app) hasScreen() bool { return !a.json && (a.Screen.Width > 0 || a.Screen.Asks) }
