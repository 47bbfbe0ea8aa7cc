package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// t0 is when a world begins: two seconds into the minute of its slot.
var t0 = time.Date(2026, 11, 22, 17, 30, 2, 0, time.UTC)

const stack = "prod"

// world is one stack with everything outside it: the control plane's real handlers, the real
// adapter and SDK client, and an ECS on a virtual clock. All of it runs on the test's
// goroutine, so a world repeats exactly.
type world struct {
	t      *testing.T
	clock  *vclock.Clock
	store  *memory.Store
	ecs    *localecs.Server
	client *ecs.Client
	wire   http.RoundTripper
	runner *localecs.ScriptedRunner
	ports  *ports
	ctl    *control.Control

	// tasks are the tasks that ECS made, by startedBy; made lists all of them in order.
	tasks map[string][]string
	made  []string
	// told are the notices that arrived.
	told []notice.Notice
	// inputs are all inputs that came.
	inputs []func(context.Context) error
	// redeliver says that an input whose handler failed comes again. If it is false, nothing
	// comes any more after the first failure but looks.
	redeliver bool
	deaf      bool
	// slow is how long ECS's answer to RunTask takes, once it has launched.
	slow time.Duration
	// vcpus is the account's quota; 0 means none.
	vcpus float64
}

// setup is what differs between worlds.
type setup struct {
	inject    func(localecs.Kind, localecs.Subject) bool
	script    func(localecs.ContainerSpec) localecs.Script
	fault     fault
	redeliver bool
	slow      time.Duration
	vcpus     float64
}

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	w := &world{
		t: t, clock: vclock.New(t0), store: &memory.Store{}, tasks: map[string][]string{},
		redeliver: s.redeliver, slow: s.slow,
	}
	w.runner = &localecs.ScriptedRunner{Clock: w.clock, Script: s.script}
	w.vcpus = s.vcpus
	w.openECS(s.inject)
	launcher := &fargate.Launcher{ECS: w.client, Now: w.clock.Now}
	w.ports = &ports{world: w, launcher: launcher, fault: s.fault}
	w.ctl = &control.Control{
		Schedules: &group{},
		Stack:     stack, Store: storePort{w.ports}, Launcher: launchPort{w.ports}, Notifier: notifyPort{w.ports},
		Now: w.clock.Now, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), RetryCommand: "batchplane retry", StopCommand: "batchplane stop", Abreast: 1,
	}
	return w
}

func (w *world) openECS(inject func(localecs.Kind, localecs.Subject) bool) {
	w.t.Helper()
	var err error
	w.ecs, err = localecs.New(w.t.Context(), localecs.Config{
		Clock: w.clock, Runner: w.runner, Deliver: w.deliver, VCPUs: w.vcpus,
		Inject: func(k localecs.Kind, s localecs.Subject) bool {
			w.observe(s)
			return inject != nil && inject(k, s)
		},
		Delays: localecs.Delays{
			Provisioning: 10 * time.Second, Pending: 10 * time.Second, Deprovisioning: 5 * time.Second,
			Invisible: 3 * time.Second, SpotAfter: 20 * time.Second, SpotGrace: 2 * time.Minute,
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.ecs.Resume()
	w.wire = localecs.Transport{Handler: w.ecs.Handler()}
	w.client = newClient(roundTripper(func(r *http.Request) (*http.Response, error) { return w.wire.RoundTrip(r) }))
	w.register("report", "app")
}

// transport puts something between the SDK's client and ECS.
func (w *world) transport(f func(*http.Request, http.RoundTripper) (*http.Response, error)) {
	next := w.wire
	w.wire = roundTripper(func(r *http.Request) (*http.Response, error) { return f(r, next) })
}

func newClient(rt http.RoundTripper) *ecs.Client {
	return ecs.New(ecs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://ecs.invalid"), HTTPClient: &http.Client{Transport: rt},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	})
}

// register makes a new revision of a task definition.
func (w *world) register(family string, containers ...string) {
	w.t.Helper()
	in := &ecs.RegisterTaskDefinitionInput{Family: aws.String(family)}
	for _, c := range containers {
		in.ContainerDefinitions = append(in.ContainerDefinitions, types.ContainerDefinition{
			Name: aws.String(c), Image: aws.String("example/" + c), Essential: aws.Bool(true),
		})
	}
	if _, err := w.client.RegisterTaskDefinition(w.t.Context(), in); err != nil {
		w.t.Fatal(err)
	}
}

// observe records which tasks ECS made. ECS asks for faults at every change of a task's
// state, even if the event is then lost.
func (w *world) observe(s localecs.Subject) {
	if s.TaskID != "" && !slices.Contains(w.tasks[s.StartedBy], s.TaskID) {
		w.tasks[s.StartedBy] = append(w.tasks[s.StartedBy], s.TaskID)
		w.made = append(w.made, s.TaskID)
	}
}

// deliver hands ECS's event to the control plane. An error makes ECS's stand-in deliver it
// again, later each time.
func (w *world) deliver(_ context.Context, body []byte) error {
	if w.deaf {
		return nil
	}
	return w.input(func(ctx context.Context) error { return w.ctl.OnStopped(ctx, body) })
}

// input lets one process of the control plane handle an input. It returns the process's death
// or its error if the input is to come again.
func (w *world) input(handle func(context.Context) error) error {
	w.inputs = append(w.inputs, handle)
	err := w.process(handle)
	if err != nil && !w.redeliver {
		w.deaf = true
		return nil
	}
	return err
}

// everythingAgain makes all inputs so far come once more, and looks.
func (w *world) everythingAgain() {
	for _, handle := range slices.Clone(w.inputs) {
		_ = w.process(handle)
	}
	w.look()
}

// process is one life of a process, which may die in the middle of it.
func (w *world) process(handle func(context.Context) error) (err error) {
	defer func() {
		if why := recover(); why != nil {
			if why != (death{}) {
				panic(why)
			}
			err = errDied
		}
	}()
	return handle(w.t.Context())
}

// after makes an input come after a while, and again a minute later for as long as its
// handler fails.
func (w *world) after(d time.Duration, handle func(context.Context) error) {
	w.clock.AfterFunc(d, func() {
		if w.deaf {
			return
		}
		if err := w.input(handle); err != nil {
			w.after(time.Minute, handle)
		}
	})
}

// live lets time pass, with a look in every minute in which a run is due, until nothing is
// left to happen.
func (w *world) live() {
	w.t.Helper()
	for end := t0.Add(12 * time.Hour); w.clock.Now().Before(end); {
		next, ok := w.nextTime()
		if !ok {
			return
		}
		w.clock.AdvanceTo(next)
		if due, ok := w.store.NextDue(); ok && !due.After(w.clock.Now()) {
			w.look()
		}
		if w.untoldMissed() {
			_ = w.process(w.ctl.CheckSlots)
		}
	}
	w.t.Errorf("after 12 hours it still goes on: %s", w.story())
}

func (w *world) look() {
	_ = w.process(func(ctx context.Context) error {
		_, err := w.ctl.Look(ctx)
		return err
	})
}

// nextTime returns when something happens next: a callback of the clock, or the look in the
// minute of the run that is due first.
func (w *world) nextTime() (time.Time, bool) {
	next, ok := w.clock.Next()
	if w.untoldMissed() {
		next, ok = w.clock.Now().Truncate(time.Minute).Add(time.Minute), true
	}
	if due, open := w.store.NextDue(); open {
		at := due.Truncate(time.Minute).Add(time.Minute)
		if !at.After(w.clock.Now()) {
			at = w.clock.Now().Truncate(time.Minute).Add(time.Minute)
		}
		if !ok || at.Before(next) {
			next, ok = at, true
		}
	}
	return next, ok
}

// untoldMissed reports whether missed slots wait for a sweep to report them.
func (w *world) untoldMissed() bool {
	w.t.Helper()
	items, err := w.store.Items(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.ContainsFunc(items, func(i job.Item) bool { return i.Missed != nil })
}

func (w *world) runs() []run.Run {
	w.t.Helper()
	rs, err := w.store.Runs(w.t.Context(), port.Query{})
	if err != nil {
		w.t.Fatal(err)
	}
	return rs
}

// know puts jobs into the registry, without a fault.
func (w *world) know(jobs ...job.Job) {
	w.t.Helper()
	c := control.Control{Stack: stack, Store: w.store, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)}
	if err := c.Sync(w.t.Context(), jobs); err != nil {
		w.t.Fatal(err)
	}
}

// starts returns the tasks of which a container was started, in order.
func (w *world) starts() []string {
	var ids []string
	for _, s := range w.runner.Started() {
		if !slices.Contains(ids, s.TaskID) {
			ids = append(ids, s.TaskID)
		}
	}
	return ids
}

// story returns what a person who debugs a world wants to see.
func (w *world) story() string {
	var b strings.Builder
	for _, r := range w.runs() {
		fmt.Fprintf(&b, "\n  %s %s: %s; owed %v, due %v", r.ID, r.Status, r.Cause, r.Owed, r.DueAt)
		for _, a := range r.Attempts {
			fmt.Fprintf(&b, "\n    attempt %d: %d sends, %d refusals, doubt %v, %s %s", a.N, a.Sends, a.Refusals, a.Doubt, a.Rule, a.Next)
		}
	}
	fmt.Fprintf(&b, "\n  tasks %v, started %v", w.tasks, w.starts())
	for _, n := range w.told {
		fmt.Fprintf(&b, "\n  told %s", n.ID)
	}
	return b.String() + "\n  calls " + strings.Join(w.ports.calls, " ")
}
