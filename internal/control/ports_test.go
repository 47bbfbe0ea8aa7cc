package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// death is the panic that ends a process's life. It is not an error, because errors are
// faults of the program.
type death struct{}

var (
	// errDied says that a process's life has ended that way.
	errDied = errors.New("the process died")
	// errBroken is the error of a call that failed.
	errBroken = errors.New("the call failed")
)

// mode is what happens to a call.
type mode string

const (
	// dies: the process dies at the call.
	dies mode = "dies"
	// fails: the call fails and the process goes on.
	fails mode = "fails"
	// conflicts: a write is answered with ErrConflict. After the write took effect, that is
	// what a client sees that sends a conditional write again.
	conflicts mode = "conflicts"
	// meets: between deciding on a write and the write itself, every input that has come so
	// far comes again, to other processes.
	meets mode = "meets others"
)

// fault strikes the calls with those numbers, from 1, before or after their effect. The zero
// value strikes none.
type fault struct {
	mode  mode
	at    []int
	after bool
}

func (f fault) String() string {
	side := "before"
	if f.after {
		side = "after"
	}
	return fmt.Sprintf("%s %s call %v", f.mode, side, f.at)
}

// ports stands between the control plane and everything outside, counts its calls and strikes
// them with faults.
type ports struct {
	world    *world
	launcher port.Launcher
	fault    fault

	calls []string
	// onCall, if not nil, sees each call before its effect.
	onCall func(name string)
	// onDescribe sees each look at tasks. Looks at the cluster broken fail, and while
	// unresolvable is set no task definition can be resolved.
	onDescribe   func(cluster string, arns []string)
	broken       string
	unresolvable bool
	// struck counts the faults that struck a call.
	struck int
	// claimed says that a run was written; unmarked, that a notice arrived and nothing was
	// written since; again is how often a fault fell in between, so that the notice may come
	// again.
	claimed  bool
	unmarked bool
	again    int
	// sends counts the RunTask requests of each attempt.
	sends map[string]int
	// ends are the bad ends that were written.
	ends []end
	// ended holds the status of each run as last written.
	ended map[run.ID]run.Status
}

// end is one bad end of a run.
type end struct {
	id       run.ID
	attempts int
	kind     notice.Kind
}

// badEnd returns what must be reported of an ended run; "" if nothing must.
func badEnd(r *run.Run) notice.Kind {
	by := stop.Asker("")
	if r.Stopping != nil {
		by = r.Stopping.Asker
	}
	switch {
	case r.Status == run.Failed && by == stop.AskedByTimeout:
		return notice.TimedOut
	case r.Status == run.Failed, r.Status == run.Missed, r.Status == run.Stopped && by != stop.AskedByPerson:
		return notice.Kind(r.Status)
	}
	return ""
}

// call makes one call: effect is what it does, pure whether it only reads.
func (p *ports) call(name string, pure bool, effect func() error) error {
	p.calls = append(p.calls, name)
	if p.onCall != nil {
		p.onCall(name)
	}
	if !slices.Contains(p.fault.at, len(p.calls)) || p.fault.after && pure || (p.fault.mode == conflicts || p.fault.mode == meets) && name != "Commit" {
		return effect()
	}
	p.struck++
	if p.fault.mode == meets {
		if p.unmarked {
			p.again++
		}
		p.world.everythingAgain()
		return effect()
	}
	if p.fault.after {
		if err := effect(); err != nil {
			return err
		}
	}
	if p.unmarked && p.fault.mode != conflicts {
		p.again++
	}
	switch p.fault.mode {
	case dies:
		panic(death{})
	case conflicts:
		return fmt.Errorf("injected: %w", port.ErrConflict)
	}
	return fmt.Errorf("injected: %w", errBroken)
}

// committed records what a write means to the outside.
func (p *ports) committed(c port.Change) {
	p.unmarked = false
	if c.Run == nil {
		return
	}
	p.claimed = true
	if p.ended == nil {
		p.ended = map[run.ID]run.Status{}
	}
	r := c.Run
	if r.Status.Terminal() && !p.ended[r.ID].Terminal() || p.ended[r.ID] == "" && r.Status.Terminal() {
		if kind := badEnd(r); kind != "" {
			p.ends = append(p.ends, end{r.ID, len(r.Attempts), kind})
		}
	}
	p.ended[r.ID] = r.Status
}

type storePort struct{ *ports }

var _ port.Store = storePort{}

func (p storePort) Run(ctx context.Context, id run.ID) (r run.Run, err error) {
	err = p.call("Run", true, func() error { r, err = p.world.store.Run(ctx, id); return err })
	return r, err
}

func (p storePort) Commit(ctx context.Context, c port.Change) error {
	return p.call("Commit", false, func() error {
		err := p.world.store.Commit(ctx, c)
		if err == nil {
			p.committed(c)
		}
		return err
	})
}

func (p storePort) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) (rs []run.Run, err error) {
	err = p.call("Due", true, func() error { rs, err = p.world.store.Due(ctx, lane, now, limit); return err })
	return rs, err
}

func (p storePort) Rest(r run.Run, from, until time.Time) { p.world.store.Rest(r, from, until) }

func (p storePort) SetAside(ctx context.Context, id run.ID, reason string) error {
	return p.call("SetAside", false, func() error { return p.world.store.SetAside(ctx, id, reason) })
}

func (p storePort) Exist(ctx context.Context, ids []run.ID) (known map[run.ID]bool, err error) {
	err = p.call("Exist", true, func() error { known, err = p.world.store.Exist(ctx, ids); return err })
	return known, err
}

func (p storePort) Runs(ctx context.Context, q port.Query) (rs []run.Run, err error) {
	err = p.call("Runs", true, func() error { rs, err = p.world.store.Runs(ctx, q); return err })
	return rs, err
}

func (p storePort) Item(ctx context.Context, name string) (i job.Item, err error) {
	err = p.call("Item", true, func() error { i, err = p.world.store.Item(ctx, name); return err })
	return i, err
}

func (p storePort) Items(ctx context.Context) (is []job.Item, err error) {
	err = p.call("Items", true, func() error { is, err = p.world.store.Items(ctx); return err })
	return is, err
}

func (p storePort) Definition(ctx context.Context, hash string) (j job.Job, err error) {
	err = p.call("Definition", true, func() error { j, err = p.world.store.Definition(ctx, hash); return err })
	return j, err
}

func (p storePort) Definitions(ctx context.Context, hashes []string) (js map[string]job.Job, err error) {
	err = p.call("Definitions", true, func() error { js, err = p.world.store.Definitions(ctx, hashes); return err })
	return js, err
}

func (p storePort) PutDefinition(ctx context.Context, j job.Job) error {
	return p.call("PutDefinition", false, func() error { return p.world.store.PutDefinition(ctx, j) })
}

func (p storePort) Keep(ctx context.Context, k port.Kept) error {
	return p.call("Keep", false, func() error { return p.world.store.Keep(ctx, k) })
}

func (p storePort) Kept(ctx context.Context, limit int) (ks []port.Kept, err error) {
	err = p.call("Kept", true, func() error { ks, err = p.world.store.Kept(ctx, limit); return err })
	return ks, err
}

func (p storePort) Settle(ctx context.Context, k port.Kept) error {
	return p.call("Settle", false, func() error { return p.world.store.Settle(ctx, k) })
}

func (p storePort) Mark(ctx context.Context, name string) (at time.Time, err error) {
	err = p.call("Mark", true, func() error { at, err = p.world.store.Mark(ctx, name); return err })
	return at, err
}

func (p storePort) MoveMark(ctx context.Context, name string, from, to time.Time) error {
	return p.call("MoveMark", false, func() error { return p.world.store.MoveMark(ctx, name, from, to) })
}

func (p storePort) SetMark(ctx context.Context, name string, at time.Time) error {
	return p.call("SetMark", false, func() error { return p.world.store.SetMark(ctx, name, at) })
}

type launchPort struct{ *ports }

var _ port.Launcher = launchPort{}

func (p launchPort) Resolve(ctx context.Context, j job.Job) (d run.TaskDefinition, err error) {
	if p.unresolvable {
		return d, errBroken
	}
	err = p.call("Resolve", true, func() error { d, err = p.launcher.Resolve(ctx, j); return err })
	return d, err
}

// Launch also lets the answer take its time: whatever happens meanwhile happens before the
// caller knows that it launched.
func (p launchPort) Launch(ctx context.Context, l port.Launch) (e run.Event) {
	err := p.call("Launch", false, func() error {
		p.counted(ctx, l)
		e = p.launcher.Launch(ctx, l)
		if p.world.slow > 0 {
			p.world.clock.Advance(p.world.slow)
		}
		return nil
	})
	if err != nil {
		return run.NoAnswer{Attempt: l.Attempt, Err: err.Error()}
	}
	return e
}

// counted checks that a send is in the store before it goes out: a send that is not counted
// would let a refusal prove too much.
func (p launchPort) counted(ctx context.Context, l port.Launch) {
	if p.sends == nil {
		p.sends = map[string]int{}
	}
	by := l.RoundID().StartedBy(l.Stack)
	p.sends[by]++
	r, err := p.world.store.Run(ctx, l.Run)
	if err != nil {
		p.world.t.Errorf("launching what is not stored: %v", err)
		return
	}
	if a := r.Attempt(l.Attempt); a == nil || a.Sends < p.sends[by] {
		p.world.t.Errorf("send %d of %s goes out but is not counted: %s", p.sends[by], by, p.world.story())
	}
}

func (p launchPort) Describe(ctx context.Context, cluster string, arns []string) (ts []ecsevent.Task, missing []string, err error) {
	if p.onDescribe != nil {
		p.onDescribe(cluster, arns)
	}
	if p.broken != "" && cluster == p.broken {
		return nil, nil, errBroken
	}
	err = p.call("Describe", true, func() error { ts, missing, err = p.launcher.Describe(ctx, cluster, arns); return err })
	return ts, missing, err
}

func (p launchPort) StopTask(ctx context.Context, cluster, arn, reason string) error {
	return p.call("StopTask", false, func() error { return p.launcher.StopTask(ctx, cluster, arn, reason) })
}

func (p launchPort) Find(ctx context.Context, cluster, startedBy string) (arns []string, err error) {
	err = p.call("Find", true, func() error { arns, err = p.launcher.Find(ctx, cluster, startedBy); return err })
	return arns, err
}

type notifyPort struct{ *ports }

func (p notifyPort) Notify(_ context.Context, n notice.Notice) ([]string, error) {
	return []string{"ops"}, p.call("Notify", false, func() error {
		p.world.told = append(p.world.told, n)
		p.unmarked = true
		return nil
	})
}

// noDescribe is an ECS that does not answer when asked about tasks.
type noDescribe struct{ port.Launcher }

func (noDescribe) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return nil, nil, errBroken
}

// partly is an ECS that tells of one task, refuses the second and says nothing about the
// third.
type partly struct {
	port.Launcher
	world *world
}

func (p partly) Describe(ctx context.Context, cluster string, arns []string) ([]ecsevent.Task, []string, error) {
	tasks, _, err := p.Launcher.Describe(ctx, cluster, arns)
	untold := map[string]string{}
	for _, t := range tasks {
		if strings.Contains(t.StartedBy, "/other/") {
			untold[t.ARN] = "ACCESS"
		}
	}
	tasks = slices.DeleteFunc(tasks, func(t ecsevent.Task) bool { return !strings.Contains(t.StartedBy, "/good/") })
	for _, r := range p.world.runs() {
		if a := r.Last(); a != nil && r.ID.Job() == "other" && slices.Contains(arns, a.TaskARN) {
			untold[a.TaskARN] = "ACCESS"
		}
	}
	if len(untold) > 0 && err == nil {
		err = &port.UntoldError{Tasks: untold}
	}
	return tasks, nil, err
}

// noDefinitions is a store whose definitions cannot be read.
type noDefinitions struct {
	port.Store
	why error
}

func (s noDefinitions) Definition(context.Context, string) (job.Job, error) {
	return job.Job{}, s.why
}

func (p storePort) PutAsked(ctx context.Context, a port.Asked) error {
	return p.call("PutAsked", false, func() error { return p.world.store.PutAsked(ctx, a) })
}

func (p storePort) PutPending(ctx context.Context, s port.Pending) error {
	return p.call("PutPending", false, func() error { return p.world.store.PutPending(ctx, s) })
}

func (p storePort) DonePending(ctx context.Context, id string) error {
	return p.call("DonePending", false, func() error { return p.world.store.DonePending(ctx, id) })
}

func (p storePort) Pending(ctx context.Context, limit int) (ps []port.Pending, err error) {
	err = p.call("Pending", true, func() error { ps, err = p.world.store.Pending(ctx, limit); return err })
	return ps, err
}
