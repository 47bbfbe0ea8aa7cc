package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/wire"
)

type localCmd struct {
	What string `arg:"" optional:"" enum:"run,install" default:"run" help:"run, or install: print a systemd unit or a launchd property list that runs this as a service."`

	jobsFiles
	For     *time.Duration `help:"Start no new runs after this long, wait for the open ones, then exit." placeholder:"D"`
	Drain   time.Duration  `help:"On shutdown, wait this long for running tasks before stopping them." placeholder:"D"`
	Grace   time.Duration  `help:"How long tasks get between SIGTERM and SIGKILL on shutdown." default:"30s"`
	Listen  string         `help:"Loopback address for requests; by default a free port." placeholder:"ADDR"`
	Rate    *int           `help:"Launch at most N tasks a second; by default without limit." placeholder:"N"`
	Secrets string         `help:"Secrets file that only you can read, one NAME=VALUE per line." placeholder:"FILE"`
	Targets string         `help:"Targets file for notices, that only you can read; the terminal always gets them." placeholder:"FILE"`
	Watch   bool           `help:"Reload the jobs file, as on SIGHUP, when it or its calendars change."`
	Metrics string         `help:"Loopback address to serve Prometheus metrics on." placeholder:"ADDR"`
	Output  bool           `help:"Print the output of tasks, each line after its job's name."`
	Quiet   bool           `help:"Print one line per run, when it ends."`
	Format  string         `name:"log-format" enum:"text,json" default:"text" help:"Log format: text, or json for log collectors."`
	Zone    string         `help:"Show times in this zone; by default this machine's." placeholder:"ZONE"`
	keepFlags
	UI    bool     `name:"ui" help:"Serve the web pages (see ui); the default on a terminal."`
	Fault []string `help:"Inject a fault at a rate, such as eni=0.3. Kinds: ${faults}." placeholder:"KIND=RATE"`
	Seed  uint64   `help:"Seed for the injected faults; by default random." placeholder:"N"`

	injected localecs.Faults
	secrets  local.Secrets
	live     *liveOutput
	counted  *local.Metrics
	// switched means that the state is new, in a folder that a link may later leave behind.
	switched bool
	// unlimited says why memory is not limited here; nil if it is.
	unlimited error
}

// look makes --zone work as in other commands.
func (c *localCmd) look() looks { return looks{Zone: c.Zone} }

// slots is the number of slots that are fired at the same time, and abreast the number of ends and due
// runs that are handled.
const slots, abreast = 128, 32

// Run runs the control plane in this process.
func (c *localCmd) Run(ctx context.Context, a *app) error {
	a.stack = "" // commands that it prints are for this machine
	if a.json {
		c.Format = "json"
	}
	if c.What == "install" {
		return c.install(a)
	}
	a.json = c.Format == "json"
	ctx, end := a.whileRead(ctx)
	defer end()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	file, err := c.trusted(ctx)
	if err != nil {
		return err
	}
	cfg, err := c.config(a, file)
	if err != nil {
		return err
	}
	targets, err := readTargets(c.Targets)
	if err != nil {
		return err
	}
	t := newTranscript(a)
	cfg.Notifier, cfg.Targets, cfg.Watch, cfg.Log = t, targets, c.watchers(t, &cfg), logger(a)
	l, err := wire.NewLocal(ctx, cfg)
	if err != nil {
		return fmt.Errorf("starting the local control plane: %w", err)
	}
	if err := c.metrics(ctx, l); err != nil {
		return errors.Join(err, l.Close(context.WithoutCancel(ctx)))
	}
	a.places().Remember(cfg.DB)
	t.started(a, l, c)
	for _, text := range c.unmet(file, targets) {
		t.line("%s", text)
	}
	endPages, err := c.pages(ctx, a, cfg.DB)
	if err != nil {
		return errors.Join(err, l.Close(context.WithoutCancel(ctx)))
	}
	defer endPages()
	c.tellManager(l, "READY=1")
	return c.drive(ctx, l, t, a.now(), reload)
}

// config makes the configuration that the flags describe.
func (c *localCmd) config(a *app, file jobfile.File) (cfg wire.LocalConfig, err error) {
	cfg = wire.LocalConfig{
		DB: a.db, Jobs: file.Jobs, Definitions: file.Definitions, File: c.Files[0], Listen: c.Listen, AtOnce: true, Slots: slots, Abreast: abreast,
	}
	if cfg.DB == "" {
		if cfg.DB, err = a.places().Of(c.Files[0]); err != nil {
			return cfg, err
		}
		c.switched = behindLink(c.Files[0], cfg.DB)
		a.db = a.short(cfg.DB)
		cfg.DB = a.db
	}
	cfg.Command = a.command
	if c.Rate != nil {
		cfg.Rate = *c.Rate
	}
	if c.Secrets != "" {
		if c.secrets, err = local.ReadSecrets(c.Secrets); err != nil {
			return cfg, usagef("reading the secrets: %w", err)
		}
	}
	cfg.Secrets, cfg.MaxOutput = c.secrets.Lookup, int64(c.MaxOutput)
	cfg.Cgroup, c.unlimited = localecs.TakeCgroup()
	c.inject(&cfg)
	return cfg, nil
}

func (c *localCmd) check() error {
	switch {
	case c.For != nil && *c.For < 0:
		return usagef("--for %s is negative", *c.For)
	case c.Drain < 0 || c.Grace < 0:
		return usagef("--drain and --grace must not be negative")
	case c.Keep < minKeep:
		return usagef("--keep %s must be at least %s", c.Keep, minKeep)
	case c.Rate != nil && *c.Rate < 1:
		return usagef("--rate %d must be at least 1", *c.Rate)
	}
	return nil
}

// trusted reads the jobs files, unless others may change them.
func (c *localCmd) trusted(ctx context.Context) (jobfile.File, error) {
	if err := errors.Join(c.faults(), c.check()); err != nil {
		return jobfile.File{}, err
	}
	for _, name := range c.Files {
		if err := local.Trusted(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return jobfile.File{}, usageError{err}
		}
	}
	return c.read(ctx, "started")
}

// short returns a path relative to this folder, if it is below it.
func (a *app) short(path string) string {
	if dir, err := os.Getwd(); err == nil {
		if dir, err = filepath.EvalSymlinks(dir); err == nil {
			if rel, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(rel, "..") {
				return rel
			}
		}
	}
	return path
}

// drive runs the control plane until it is told to end, and then shuts it down.
func (c *localCmd) drive(ctx context.Context, l *wire.Local, t *transcript, started time.Time, reload <-chan os.Signal) error {
	length := time.Duration(0)
	if c.For != nil {
		length = max(*c.For, 1)
	}
	watched := onTerminal()
	ctx, end := context.WithCancel(ctx)
	defer end()
	over := make(chan error, 1)
	go func() { over <- l.Run(ctx, length) }()
	var err error
	var files watcher
	var ticks <-chan time.Time // none without --watch
	if c.Watch {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		ticks = ticker.C
	}
	go c.keep(ctx, l)
	go t.hourly(ctx, l)
	go localecs.ReapOrphans(ctx, time.Minute)
	endOutput := c.showOutput(ctx)
	for running := true; running; {
		select {
		case <-ticks:
			if files.settled(c.changed()) {
				c.reload(ctx, l, t)
			}
		case <-reload:
			if watched && !onTerminal() {
				end() // the terminal was closed
				continue
			}
			c.reload(ctx, l, t)
		case err = <-over:
			running = false
		}
	}
	c.tellManager(l, "STOPPING=1")
	// The context may be over; what follows must still happen.
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		err = c.stopTasks(ctx, l, t)
	}
	endOutput()
	return errors.Join(err, unlessUnread(t.summary(ctx, l, started)), l.Close(ctx))
}

// stopTasks stops the tasks that still run when the control plane is told to end, so that history
// does not show them as running. Waiting runs continue at the next start.
func (c *localCmd) stopTasks(ctx context.Context, l *wire.Local, t *transcript) error {
	if c.Drain > 0 {
		if left, err := c.drain(ctx, l, t); err != nil || left == 0 {
			return err
		}
	}
	left, err := l.Running(ctx)
	if err != nil || left == 0 {
		return err
	}
	t.line("stopping %s within %s; press Ctrl-C again to end at once", job.Counted(left, "running task"), c.Grace)
	left, err = l.StopTasks(ctx, c.Grace)
	for before := left + 1; left > 0 && left < before; {
		l.ECS.Kill()
		before = left // nothing survives SIGKILL; this waits until that has been recorded
		left, err = l.StopTasks(ctx, killWait)
	}
	if left > 0 {
		t.line("the end of %s was not seen; the next start says what became of them", job.Counted(left, "task"))
	}
	return err
}

// killWait bounds the wait for the next of the tasks that were killed.
const killWait = 3 * time.Second

// drain waits for running tasks, until a second signal.
func (c *localCmd) drain(ctx context.Context, l *wire.Local, t *transcript) (left int, err error) {
	if left, err = l.Running(ctx); err != nil || left == 0 {
		return left, err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	defer stop()
	t.line("waiting for %s, at most %s; nothing new is started; press Ctrl-C again to stop them", job.Counted(left, "running task"), c.Drain)
	return l.DrainTasks(ctx, c.Drain)
}

// logger logs warnings, the same one once a minute at most.
func logger(a *app) *slog.Logger {
	w, o := &lockedWriter{w: a.Stderr}, &slog.HandlerOptions{Level: slog.LevelWarn}
	if a.json {
		return slog.New(local.LimitLog(slog.NewJSONHandler(w, o)))
	}
	return slog.New(local.LimitLog(slog.NewTextHandler(w, o)))
}
