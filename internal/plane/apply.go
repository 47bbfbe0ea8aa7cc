package plane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/render"
)

// Registry is where jobs are deployed: a stack's schedule group and its task definitions.
type Registry interface {
	// Group returns the ARN of the group, which identifies it for ever.
	Group() string
	// Schedules returns all schedules of the group. Schedule returns one, or port.ErrNotFound
	// if there is none of that name.
	Schedules(ctx context.Context) ([]apply.Deployed, error)
	Schedule(ctx context.Context, name string) (apply.Deployed, error)
	// Put creates or changes a schedule; Remove removes one.
	Put(ctx context.Context, s render.Schedule, kind apply.Kind) error
	Remove(ctx context.Context, name string) error
	// Announce makes the sweep look at once for what is new in a large group.
	Announce(ctx context.Context) error
	// Revision returns the newest revision of a family; ok is false if there is none.
	Revision(ctx context.Context, family string) (r apply.Revision, ok bool, err error)
	// Register registers a revision of a family and returns its ARN.
	Register(ctx context.Context, family string, d job.TaskDefinition) (arn string, err error)
}

// ErrMoved means that the registry is not as it was when the plan was made.
var ErrMoved = errors.New("the registry has changed since the plan was made")

// PlanApply reads the registry and plans the changes that bring it to what is wanted.
func (p *Plane) PlanApply(ctx context.Context, w apply.Wanted) (apply.Plan, error) {
	r := apply.Registry{Revisions: map[string]apply.Revision{}}
	var err error
	if r.Schedules, err = p.Registry.Schedules(ctx); err != nil {
		return apply.Plan{}, err
	}
	for _, d := range w.Definitions {
		family := apply.Family(w.Project, d.Family)
		known, ok, err := p.Registry.Revision(ctx, family)
		if err != nil {
			return apply.Plan{}, err
		}
		if ok {
			r.Revisions[family] = known
		}
	}
	plan, err := apply.Of(w, r)
	plan.Stack, plan.Group = p.Name, p.Registry.Group()
	plan.Announce = len(r.Schedules)+len(plan.Steps) > port.ListedAtOnce
	return plan, err
}

// writeEvery is the shortest time between two writes. EventBridge Scheduler accepts 50 a second
// in the slower Regions (AWS General Reference, "Amazon EventBridge Scheduler endpoints and
// quotas"), and others write too.
const writeEvery = 40 * time.Millisecond

// Applied is how far a plan was carried out. Open names the schedule of which an error leaves unknown whether it
// was written, or is "".
type Applied struct {
	Definitions, Steps int
	Open               string
}

// Apply carries out a plan. It reads each schedule again before it writes it, and at the end
// reads all of them back and compares. It calls did, unless nil, after each step. Whatever was
// done before an error stays; a new plan continues from there.
func (p *Plane) Apply(ctx context.Context, plan apply.Plan, did func(apply.Step)) (done Applied, err error) {
	defer func() {
		if plan.Announce && done.Steps > 0 {
			err = errors.Join(err, p.announce(ctx))
		}
	}()
	for _, s := range plan.Steps {
		if err := p.unmoved(ctx, s); err != nil {
			return done, err
		}
	}
	arns := map[string]string{}
	for _, d := range plan.Definitions {
		if arns[d.Family], err = p.Registry.Register(ctx, apply.Family(plan.Project, d.Family), d); err != nil {
			return done, err
		}
		done.Definitions++
	}
	want := map[string]string{}
	for _, s := range plan.Steps {
		hash, write, err := p.step(ctx, s, arns)
		if err != nil {
			return done, err
		}
		if err := write(); err != nil {
			done.Open = s.Name
			return done, err
		}
		want[s.Name] = hash
		done.Steps++
		if did != nil {
			did(s)
		}
		p.sleep(ctx, writeEvery)
	}
	return done, p.readBack(ctx, plan, want)
}

func (p *Plane) announce(ctx context.Context) error {
	if err := p.Registry.Announce(ctx); err != nil {
		return fmt.Errorf("telling the sweep, which finds what is new within five minutes anyway: %w", err)
	}
	return nil
}

// step returns what carries out one step, and the hash of the schedule that the group must have then.
func (p *Plane) step(ctx context.Context, s apply.Step, arns map[string]string) (hash string, write func() error, err error) {
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	// Scheduler's writes take no condition, so somebody else may still write between this check
	// and the write.
	if err := p.unmoved(ctx, s); err != nil {
		return "", nil, err
	}
	if s.Kind == apply.Delete {
		return "", func() error { return p.Registry.Remove(ctx, s.Name) }, nil
	}
	schedule, err := s.Ready(arns)
	if err != nil {
		return "", nil, err
	}
	return apply.Hash(schedule), func() error { return p.Registry.Put(ctx, schedule, s.Kind) }, nil
}

// unmoved returns an error if a schedule is not as the plan found it.
func (p *Plane) unmoved(ctx context.Context, s apply.Step) error {
	is, err := p.hashOf(ctx, s.Name)
	if err == nil && is != s.Was {
		return fmt.Errorf("%w: the schedule %s has changed; make a new plan", ErrMoved, s.Name)
	}
	return err
}

func (p *Plane) hashOf(ctx context.Context, name string) (string, error) {
	d, err := p.Registry.Schedule(ctx, name)
	switch {
	case isNotFound(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return apply.Hash(d.Schedule), nil
}

// readBack compares the schedules in the registry with what was written.
func (p *Plane) readBack(ctx context.Context, plan apply.Plan, want map[string]string) error {
	for _, s := range plan.Steps {
		is, err := p.hashOf(ctx, s.Name)
		if err != nil {
			return fmt.Errorf("reading back what was written: %w", err)
		}
		if is != want[s.Name] {
			return fmt.Errorf("the schedule %s differs from what was written: somebody else writes to the group; apply again", s.Name)
		}
	}
	return nil
}
