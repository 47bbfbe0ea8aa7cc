// Package wire puts the parts together: the only room that knows both control
// and the adapters.
package wire

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

// LocalStack is the name of the control plane on one machine.
const LocalStack = "local"

// localRegion stands in the ARNs of local tasks.
const localRegion = "local"

// LocalTiming is run.DefaultTiming for an ECS on the same machine, where an
// answer that did not come at once will not come, and a look costs little.
var LocalTiming = func() run.Timing {
	t := run.DefaultTiming
	t.Doubt, t.Throttled, t.Settle, t.Told, t.Vanish = 5*time.Second, time.Second, 5*time.Second, 10*time.Second, time.Minute
	t.FirstLook, t.NextLook, t.NoteRunning = 10*time.Second, 5*time.Minute, true
	return t
}()

// LocalConfig says what the control plane on one machine works with.
type LocalConfig struct {
	DB   string
	Jobs []job.Job
	// Definitions are the bases that jobs name: their variables, secrets and
	// sizes hold here too, their images are of no use.
	Definitions []job.TaskDefinition
	// Secrets gives the value of a secret by what a definition says it is stored
	// as, and the variable that gets it; nil knows none.
	Secrets func(storedAs, variable string) (string, bool)
	// MaxOutput is how many bytes of a task's output are kept; the runner's own
	// default when 0.
	MaxOutput int64
	// Cgroup is what localecs.TakeCgroup gave, "" where memory is no limit.
	Cgroup string
	// File, when not empty, is the jobs file that nobody else may run.
	File string
	// Listen is the loopback address for requests, a free port when empty.
	Listen string
	Faults localecs.Faults
	Seed   uint64
	// Rate is how many RunTask calls a second go out at most; 0 is no limit: a
	// machine has no quota.
	Rate int
	// AtOnce begins a new state with the present minute, not with the next one.
	AtOnce bool
	// Abreast is how many slots are fired, and due runs handled, at a time; 1 when 0.
	Abreast int
	// Inject, when not nil, decides on faults in place of Faults and Seed.
	Inject func(localecs.Kind, localecs.Subject) bool
	// Clock and Runner are the machine's own when nil; Delays those that a
	// person can watch.
	Clock  localecs.Clock
	Runner localecs.Runner
	Delays *localecs.Delays
	Timing *run.Timing

	// Notifier tells at the terminal; nil is nobody.
	Notifier fanout.Carrier
	// Targets are told beside Notifier; nil are none.
	Targets *Targets
	Watch   func(j job.Job, before, after run.Run, why string)
	Log     *slog.Logger
	// Command says how a person types a subcommand that means this database,
	// for the commands in notices.
	Command func(subcommand string) string
}

// Local is a control plane on one machine that is ready to run.
type Local struct {
	*local.Program
	Store *sqlite.Store
	ECS   *localecs.Server
	// URL takes people's requests.
	URL string

	db       string
	jobs     []job.Job
	bases    []job.TaskDefinition
	client   *ecs.Client
	jobsLock *os.File
	closers  []func(context.Context) error
}

// NewLocal opens the database, brings up the ECS stand-in and the door for
// requests, and goes on where an earlier process stopped.
func NewLocal(ctx context.Context, cfg LocalConfig) (_ *Local, err error) {
	l := &Local{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close(context.WithoutCancel(ctx)))
		}
	}()
	cfg.defaults()
	l.closers = append(l.closers, func(context.Context) error { l.unlockJobs(); return nil })
	if cfg.File != "" { // first: another --db is no way around this one
		if err := l.LockJobs(cfg.File); err != nil {
			return nil, err
		}
	}
	if err := l.lock(cfg.DB); err != nil {
		return nil, err
	}
	l.Store, err = sqlite.Open(ctx, cfg.DB)
	if err != nil {
		return nil, fmt.Errorf("opening the local state: %w", err)
	}
	l.closers = append(l.closers, func(context.Context) error { return l.Store.Close() })
	if err := l.localECS(ctx, cfg); err != nil {
		return nil, err
	}
	gate := &local.Gate{Present: l.Store.Present}
	if cfg.Rate > 0 {
		gate.Pacer = &control.Window{Rate: cfg.Rate}
	}
	l.Program = &local.Program{Gate: gate, AtOnce: cfg.AtOnce, Abreast: cfg.Abreast, Control: &control.Control{
		Stack: LocalStack, Store: l.Store, Dropped: l.Store.Dropped, Launcher: &fargate.Launcher{ECS: l.client, Now: cfg.Clock.Now}, Notifier: cfg.Targets.notifier(cfg.Notifier, l.Store),
		Logs: local.Logs{Dir: local.LogDir(cfg.DB), Command: cfg.Command("logs")},
		Now:  cfg.Clock.Now,
		Pace: gate, Abreast: max(cfg.Abreast, 1),
		Timing: *cfg.Timing, Log: cfg.Log, Watch: cfg.Watch, RetryCommand: cfg.Command("retry"),
	}}
	jobs, err := l.register(ctx, cfg.Jobs, cfg.Definitions)
	if err != nil {
		return nil, err
	}
	if err := l.Start(ctx, jobs); err != nil {
		return nil, fmt.Errorf("starting: %w", err)
	}
	l.jobs, l.bases = cfg.Jobs, cfg.Definitions
	if err := l.open(ctx, cfg); err != nil {
		return nil, err
	}
	l.ECS.Resume()
	return l, nil
}

func (cfg *LocalConfig) defaults() {
	if cfg.Clock == nil {
		cfg.Clock = localecs.RealClock{}
	}
	if cfg.Delays == nil {
		d := localecs.LocalDelays()
		cfg.Delays = &d
	}
	if cfg.Timing == nil {
		cfg.Timing = &LocalTiming
	}
	if cfg.Command == nil {
		cfg.Command = func(sub string) string { return "batchplane " + sub }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
}

// localECS brings up the stand-in, with a client that calls it in this process:
// nobody else can.
func (l *Local) localECS(ctx context.Context, cfg LocalConfig) error {
	key := rand.Text()
	runner := cfg.Runner
	if runner == nil {
		runner = &localecs.ProcessRunner{
			LogDir: local.LogDir(cfg.DB), LockDir: lockDir(cfg.DB), MaxOutput: cfg.MaxOutput, Cgroup: cfg.Cgroup,
			Cut: func(spec localecs.ContainerSpec, bytes int64, why string) {
				cfg.Log.Warn("output of a task could not be kept", "job", spec.Family, "task", spec.StartedBy, "bytes", bytes, "why", why)
			},
		}
	}
	var err error
	l.ECS, err = localecs.New(ctx, localecs.Config{
		DB: l.Store.DB(), Read: l.Store.Reading(), Within: l.Store.Within, Abreast: cfg.Abreast, OnlyStopped: true, Clock: cfg.Clock, Runner: runner, Faults: cfg.Faults, Seed: cfg.Seed, Inject: cfg.Inject, Delays: *cfg.Delays,
		Region: localRegion, AccessKeyID: key, Logger: cfg.Log, Secrets: cfg.Secrets,
		Deliver: func(ctx context.Context, event []byte) error { return l.Control.OnStopped(ctx, event) },
	})
	if err != nil {
		return fmt.Errorf("bringing up the local ECS: %w", err)
	}
	l.db = cfg.DB
	l.closers = append(l.closers, l.ECS.Close)
	l.client = ecs.New(ecs.Options{
		BaseEndpoint: aws.String("http://localhost"), Region: localRegion, HTTPClient: &http.Client{Transport: localecs.Transport{Handler: l.ECS.Handler()}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: key}, nil
		}),
	})
	return nil
}

func lockDir(db string) string { return strings.TrimSuffix(db, ".db") + ".tasks" }

// Keeper drops what is older than that, or more.
func (l *Local) Keeper(runs, output time.Duration, most int64) local.Keeper {
	return local.Keeper{State: l.Store, Logs: local.LogDir(l.db), Locks: lockDir(l.db), Now: l.Control.Now, Runs: runs, Output: output, Most: most}
}

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
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	l.closers = append(l.closers, func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if e := <-done; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	})
	return "http://" + listener.Addr().String(), nil
}

// ServeMetrics serves metrics at a loopback address, as /metrics.
func (l *Local) ServeMetrics(ctx context.Context, address string, metrics http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	_, err := l.serve(ctx, address, mux)
	return err
}

// open opens the door for requests and says in the database where it is.
func (l *Local) open(ctx context.Context, cfg LocalConfig) error {
	token := rand.Text()
	url, err := l.serve(ctx, cfg.Listen, local.Handler(entry.Door{Control: l.Control, Log: cfg.Log}, token, l.Trouble, l.Store.Present))
	if err != nil {
		return err
	}
	l.URL = url
	door, err := json.Marshal(local.Door{URL: url, Token: token, PID: os.Getpid()})
	if err != nil {
		return fmt.Errorf("encoding the door: %w", err)
	}
	if err := l.Store.SetMeta(ctx, local.MetaDoor, string(door)); err != nil {
		return fmt.Errorf("saying where requests are taken: %w", err)
	}
	l.closers = append(l.closers, func(ctx context.Context) error { return l.Store.SetMeta(ctx, local.MetaDoor, "") })
	return nil
}

// Close stops the running tasks, closes the doors and the database. It returns
// once no task runs any more.
func (l *Local) Close(ctx context.Context) error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		errs = append(errs, l.closers[i](ctx))
	}
	l.closers = nil
	return errors.Join(errs...)
}
