package plane_test

import (
	"context"
	"errors"
	"testing"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

var errLine = errors.New("the line is dead")

// flaky is a registry of which one call fails: the n-th of a method, from 1.
type flaky struct {
	*group
	method string
	n      int
}

func (f *flaky) call(method string) error {
	if method != f.method {
		return nil
	}
	if f.n--; f.n == 0 {
		return errLine
	}
	return nil
}

func (f *flaky) Schedules(ctx context.Context) ([]apply.Deployed, error) {
	if err := f.call("Schedules"); err != nil {
		return nil, err
	}
	return f.group.Schedules(ctx)
}

func (f *flaky) Schedule(ctx context.Context, name string) (apply.Deployed, error) {
	if err := f.call("Schedule"); err != nil {
		return apply.Deployed{}, err
	}
	return f.group.Schedule(ctx, name)
}

func (f *flaky) Revision(ctx context.Context, family string) (apply.Revision, bool, error) {
	if err := f.call("Revision"); err != nil {
		return apply.Revision{}, false, err
	}
	return f.group.Revision(ctx, family)
}

func (f *flaky) Register(ctx context.Context, family string, d job.TaskDefinition) (string, error) {
	if err := f.call("Register"); err != nil {
		return "", err
	}
	return f.group.Register(ctx, family, d)
}

func (f *flaky) Remove(ctx context.Context, name string) error {
	if err := f.call("Remove"); err != nil {
		return err
	}
	return f.group.Remove(ctx, name)
}

func (f *flaky) Announce(ctx context.Context) error {
	if err := f.call("Announce"); err != nil {
		return err
	}
	return f.group.Announce(ctx)
}

// TestApplyStopsAtAFailure: whichever call fails, the error says so, and nothing is written that was not
// checked just before.
func TestApplyStopsAtAFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method    string
		n         int
		large     bool // the group is one that the sweep lists in laps
		done      int  // steps, of three
		revisions int
	}{
		"planning, the schedules":   {method: "Schedules", n: 1},
		"planning, the definitions": {method: "Revision", n: 1},
		"checking the second":       {method: "Schedule", n: 2},
		"registering":               {method: "Register", n: 1},
		"checking it once more":     {method: "Schedule", n: 5, done: 1, revisions: 1},
		"reading back":              {method: "Schedule", n: 8, done: 3, revisions: 1},
		"telling the sweep":         {method: "Announce", n: 1, large: true, done: 3, revisions: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGroup()
			p := planeOf(g)
			p.Registry = &flaky{group: g, method: c.method, n: c.n}
			plan, err := p.PlanApply(t.Context(), applied)
			plan.Announce = c.large
			var steps int
			if err == nil {
				_, err = p.Apply(t.Context(), plan, func(apply.Step) { steps++ })
			}
			if !errors.Is(err, errLine) || steps != c.done || len(g.schedules) != c.done || len(g.revisions) != c.revisions {
				t.Errorf("%d steps, %d schedules and %d families, %v", steps, len(g.schedules), len(g.revisions), err)
			}
		})
	}
}

// TestApplyRemoves: a job that is no longer wanted loses its schedule; that this failed is said.
func TestApplyRemoves(t *testing.T) {
	t.Parallel()
	g := newGroup()
	p := planeOf(g)
	if _, err := p.Apply(t.Context(), mustPlan(t, p), nil); err != nil {
		t.Fatal(err)
	}
	fewer := applied
	fewer.Jobs, fewer.Prune = fewer.Jobs[1:], true
	p.Registry = &flaky{group: g, method: "Remove", n: 1}
	for _, want := range []error{errLine, nil} {
		plan, err := p.PlanApply(t.Context(), fewer)
		if err != nil || plan.Stack != "prod" || plan.Group != "arn:group" {
			t.Fatalf("%+v, %v", plan, err)
		}
		_, err = p.Apply(t.Context(), plan, nil)
		if _, gone := p.Registry.Schedule(t.Context(), "a"); !errors.Is(err, want) || errors.Is(gone, port.ErrNotFound) != (want == nil) {
			t.Errorf("%v; then it is: %v", err, gone)
		}
	}
}

// TestApplyEndsWithItsTime: once the caller's time is over, nothing more is written.
func TestApplyEndsWithItsTime(t *testing.T) {
	t.Parallel()
	g := newGroup()
	p := planeOf(g)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if done, err := p.Apply(ctx, mustPlan(t, p), func(apply.Step) { cancel() }); !errors.Is(err, context.Canceled) || done.Steps != 1 || len(g.schedules) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}
