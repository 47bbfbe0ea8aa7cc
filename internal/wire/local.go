// Package wire puts the parts together. It is the only room that knows both control and the adapters.
package wire

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

// LocalStack is the name of the control plane on one machine.
const LocalStack = "local"

// envDB is the variable in which a task, and whatever commands it runs, finds the state of the control
// plane that started it.
const envDB = "BATCHPLANE_DB"

// localRegion is the Region in the ARNs of local tasks.
const localRegion = "local"

// LocalTiming is run.DefaultTiming for an ECS on the same machine, where an answer that did not come at
// once will not come, and a look costs little.
var LocalTiming = func() run.Timing {
	t := run.DefaultTiming
	t.Doubt, t.Throttled, t.Settle, t.Told, t.Vanish = 5*time.Second, time.Second, 5*time.Second, 10*time.Second, time.Minute
	t.FirstLook, t.NextLook, t.NoteRunning = 10*time.Second, 5*time.Minute, true
	return t
}()

// LocalConfig configures the control plane on one machine.
type LocalConfig struct {
	DB   string
	Jobs []job.Job
	// Definitions are the bases that jobs name. Their variables, secrets and sizes apply here too;
	// their images do not.
	Definitions []job.TaskDefinition
	// Secrets returns the value of a secret, by what a definition says it is stored as and by the
	// variable that gets it; nil knows none.
	Secrets func(storedAs, variable string) (string, bool)
	// MaxOutput is how many bytes of a task's output are kept; 0 means the runner's default.
	MaxOutput int64
	// Cgroup is what localecs.TakeCgroup returned; "" means that memory is not limited.
	Cgroup string
	// File, if not empty, is the jobs file that no other control plane may run.
	File string
	// Listen is the loopback address for requests; "" means a free port.
	Listen string
	Faults localecs.Faults
	Seed   uint64
	// Rate is the most RunTask calls a second; 0 means no limit, since a machine has no quota.
	Rate int
	// AtOnce makes a new state begin with the current minute instead of the next one.
	AtOnce bool
	// Slots is how many slots are fired at a time, and Abreast how many ends and due runs are handled; 0
	// means 1.
	Slots, Abreast int
	// Inject, if not nil, decides about faults in place of Faults and Seed.
	Inject func(localecs.Kind, localecs.Subject) bool
	// Clock and Runner default to the machine's own, Delays to those that a person can watch.
	Clock  localecs.Clock
	Runner localecs.Runner
	Delays *localecs.Delays
	Timing *run.Timing

	// Notifier shows notices at the terminal; nil shows none.
	Notifier fanout.Carrier
	// Targets get the notices too; nil means no targets.
	Targets *Targets
	Watch   func(j job.Job, before, after run.Run, why string)
	Log     *slog.Logger
	// Command returns how a person types a subcommand for this database, for the commands in notices.
	Command func(subcommand string) string
}

// Local is a control plane on one machine, ready to run.
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
	launcher *fargate.Launcher
	jobsLock *os.File
	unread   atomic.Pointer[error] // see Unread
	closers  []func(context.Context) error
}

// NewLocal opens the database, starts the stand-in for ECS and the door for requests, and continues
// where an earlier process stopped.
func NewLocal(ctx context.Context, cfg LocalConfig) (_ *Local, err error) {
	l := &Local{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close(context.WithoutCancel(ctx)))
		}
	}()
	cfg.defaults()
	l.closers = append(l.closers, func(context.Context) error { l.unlockJobs(); return nil })
	if cfg.File != "" { // first: another --db must not get around this lock
		if err := l.LockJobs(cfg.File); err != nil {
			return nil, err
		}
	}
	if err := l.lock(cfg.DB); err != nil {
		return nil, err
	}
	if err := l.openState(ctx, cfg.DB); err != nil {
		return nil, fmt.Errorf("opening the local state: %w", err)
	}
	if err := l.localECS(ctx, cfg); err != nil {
		return nil, err
	}
	gate := &local.Gate{Present: l.Store.Present}
	if cfg.Rate > 0 {
		gate.Pacer = &control.Window{Rate: cfg.Rate}
	}
	l.launcher = &fargate.Launcher{ECS: l.client, Now: cfg.Clock.Now}
	l.Program = &local.Program{Gate: gate, AtOnce: cfg.AtOnce, Abreast: cfg.Slots, Control: &control.Control{
		Stack: LocalStack, Store: l.Store, Dropped: l.Store.Dropped, Launcher: l.launcher, Notifier: cfg.Targets.notifier(cfg.Notifier, l.Store), Zones: cron.Location,
		Logs: local.Logs{Dir: local.LogDir(cfg.DB), Command: cfg.Command("logs")},
		Now:  cfg.Clock.Now,
		Pace: gate, Abreast: max(cfg.Abreast, 1),
		Timing: *cfg.Timing, Log: cfg.Log, Watch: cfg.Watch, RetryCommand: cfg.Command("retry"), StopCommand: cfg.Command("stop"),
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

// openState opens the database, unless another user prepared it. It finds that out only then: in a folder
// such as /tmp, somebody could still put a file there before.
func (l *Local) openState(ctx context.Context, db string) (err error) {
	if l.Store, err = sqlite.Open(ctx, db); err != nil {
		return err
	}
	l.closers = append(l.closers, func(context.Context) error { return l.Store.Close() })
	return local.TrustedState(db, local.LogDir(db), lockDir(db))
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

// localECS starts the stand-in, with a client that calls it within this process. Nobody else can call
// it.
func (l *Local) localECS(ctx context.Context, cfg LocalConfig) error {
	key := rand.Text()
	db, err := filepath.Abs(cfg.DB)
	if err != nil {
		return fmt.Errorf("finding the folder of the state: %w", err)
	}
	runner := cfg.Runner
	if runner == nil {
		runner = &localecs.ProcessRunner{
			LogDir: local.LogDir(cfg.DB), LockDir: lockDir(cfg.DB), MaxOutput: cfg.MaxOutput, Cgroup: cfg.Cgroup,
			Env: map[string]string{envDB: db},
			Cut: func(spec localecs.ContainerSpec, bytes int64, why string) {
				cfg.Log.Warn("output of a task could not be kept", "job", spec.Family, "task", spec.StartedBy, "bytes", bytes, "why", why)
			},
		}
	}
	l.ECS, err = localecs.New(ctx, localecs.Config{
		DB: l.Store.DB(), Read: l.Store.Reading(), Within: l.Store.Within, Abreast: cfg.Abreast, OnlyStopped: true, Clock: cfg.Clock, Runner: runner, Faults: cfg.Faults, Seed: cfg.Seed, Inject: cfg.Inject, Delays: *cfg.Delays,
		Region: localRegion, AccessKeyID: key, Logger: cfg.Log, Secrets: cfg.Secrets,
		Launching: func() bool { return l.Firing() },
		Deliver:   func(ctx context.Context, event []byte) error { return l.Control.OnStopped(ctx, event) },
		Saved:     local.Owed,
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

// Keeper returns a Keeper for this state.
func (l *Local) Keeper(runs, output time.Duration, most int64) local.Keeper {
	return local.Keeper{State: l.Store, Logs: local.LogDir(l.db), Locks: lockDir(l.db), Now: l.Control.Now, Runs: runs, Output: output, Most: most}
}

// open opens the door for requests and records its address in the database.
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
	l.closers = append(l.closers, func(ctx context.Context) error {
		if err := l.Store.SetMeta(ctx, local.MetaDoor, ""); err != nil {
			return fmt.Errorf("noting that requests are no longer taken: %w", err)
		}
		return nil
	})
	return nil
}

// Close stops the running tasks, closes the doors and the database, and returns once no task runs any
// more.
func (l *Local) Close(ctx context.Context) error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		errs = append(errs, l.closers[i](ctx))
	}
	l.closers = nil
	return errors.Join(errs...)
}
