package plane_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/render"
)

// revision is the format of a revision's ARN.
const revision = "arn:aws:ecs:us-east-1:123456789012:task-definition/%s:%d"

// group is a registry in memory.
type group struct {
	schedules map[string]render.Schedule
	revisions map[string][]job.TaskDefinition
	announced int
	// onWrite is called before each write, which fails with its error.
	onWrite func(g *group, name string) error
	// keeps changes what is written, like somebody who writes at the same time.
	keeps func(s render.Schedule) render.Schedule
}

func newGroup() *group {
	return &group{schedules: map[string]render.Schedule{}, revisions: map[string][]job.TaskDefinition{}}
}

func (g *group) Group() string { return "arn:group" }

func (g *group) Schedules(ctx context.Context) (out []apply.Deployed, err error) {
	for name := range g.schedules {
		d, err := g.Schedule(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func (g *group) Schedule(_ context.Context, name string) (apply.Deployed, error) {
	s, ok := g.schedules[name]
	if !ok {
		return apply.Deployed{}, fmt.Errorf("schedule %s: %w", name, port.ErrNotFound)
	}
	d := apply.Deployed{Schedule: s}
	if j, _, err := entry.Registered(s.Input); err == nil {
		d.Job = j
	}
	return d, nil
}

func (g *group) Put(_ context.Context, s render.Schedule, _ apply.Kind) error {
	if g.onWrite != nil {
		if err := g.onWrite(g, s.Name); err != nil {
			return err
		}
	}
	if g.keeps != nil {
		s = g.keeps(s)
	}
	g.schedules[s.Name] = s
	return nil
}

func (g *group) Remove(_ context.Context, name string) error {
	delete(g.schedules, name)
	return nil
}

func (g *group) Announce(context.Context) error {
	g.announced++
	return nil
}

func (g *group) Revision(_ context.Context, family string) (r apply.Revision, ok bool, err error) {
	of := g.revisions[family]
	if len(of) == 0 {
		return r, false, nil
	}
	return apply.Revision{ARN: fmt.Sprintf(revision, family, len(of)), Hash: apply.DefinitionHash(of[len(of)-1])}, true, nil
}

func (g *group) Register(_ context.Context, family string, d job.TaskDefinition) (string, error) {
	g.revisions[family] = append(g.revisions[family], d)
	return fmt.Sprintf(revision, family, len(g.revisions[family])), nil
}

var applied = apply.Wanted{
	Project:     "p",
	Definitions: []job.TaskDefinition{{Family: "base", Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/report:1"}},
	Jobs: []job.Job{
		{Name: "a", Schedule: "30 2 * * *", TaskDefinition: "base"},
		{Name: "b", Schedule: "0 3 * * *", TaskDefinition: "jobs"},
		{Name: "c", TaskDefinition: "jobs"},
	},
	From: time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC),
}

func planeOf(g *group) *plane.Plane {
	return &plane.Plane{Name: "prod", Registry: g, Sleep: func(context.Context, time.Duration) {}}
}

func mustPlan(t *testing.T, p *plane.Plane) apply.Plan {
	t.Helper()
	plan, err := p.PlanApply(t.Context(), applied)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestApply: a plan that was applied is in the registry, and applying again changes nothing.
func TestApply(t *testing.T) {
	t.Parallel()
	g := newGroup()
	p := planeOf(g)
	var did []string
	done, err := p.Apply(t.Context(), mustPlan(t, p), func(s apply.Step) { did = append(did, s.Name) })
	if err != nil || done.Steps != 3 || done.Definitions != 1 || strings.Join(did, "") != "abc" || len(g.schedules) != 3 {
		t.Fatalf("%+v, %v, %v", done, did, err)
	}
	if in := g.schedules["a"].Input; !strings.Contains(in, `"project":"p"`) || !strings.Contains(in, `"taskDefinition":"arn:aws:ecs:us-east-1:123456789012:task-definition/p-base:1"`) {
		t.Errorf("a carries %s", in)
	}
	if plan := mustPlan(t, p); !plan.Empty() || len(plan.Changes) > 0 || plan.Had != 3 {
		t.Errorf("applied again: %+v", plan)
	}
}

// TestApplyAnnounces: the sweep is told what changed in a group that it does not list each
// minute, even if not everything could be done, and is told nothing else.
func TestApplyAnnounces(t *testing.T) {
	t.Parallel()
	g := newGroup()
	p := planeOf(g)
	must := func(want int) {
		t.Helper()
		if _, err := p.Apply(t.Context(), mustPlan(t, p), nil); g.onWrite == nil && err != nil || g.announced != want {
			t.Errorf("announced %d times, want %d: %v", g.announced, want, err)
		}
	}
	must(0)
	for i := range port.ListedAtOnce {
		name := fmt.Sprintf("other-%04d", i)
		g.schedules[name] = render.Schedule{Name: name}
	}
	must(0) // nothing to do
	delete(g.schedules, "a")
	must(1)
	delete(g.schedules, "a")
	delete(g.schedules, "b")
	g.onWrite = func(_ *group, name string) error {
		if name == "b" {
			return errors.New("the line is dead")
		}
		return nil
	}
	must(2)
	must(2) // nothing was done
}

// TestApplyIsCutOff: a failure in the middle leaves what was done, and a new plan continues from
// there without repeating it.
func TestApplyIsCutOff(t *testing.T) {
	t.Parallel()
	g := newGroup()
	p := planeOf(g)
	broken := errors.New("the line is dead")
	g.onWrite = func(_ *group, name string) error {
		if name == "b" {
			return broken
		}
		return nil
	}
	done, err := p.Apply(t.Context(), mustPlan(t, p), nil)
	if !errors.Is(err, broken) || done.Steps != 1 || len(g.schedules) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	g.onWrite = nil
	plan := mustPlan(t, p)
	if len(plan.Steps) != 2 || len(plan.Definitions) != 0 {
		t.Fatalf("the next plan: %+v", plan)
	}
	if _, err := p.Apply(t.Context(), plan, nil); err != nil || len(g.schedules) != 3 || len(g.revisions["p-base"]) != 1 {
		t.Errorf("%v, %d schedules", err, len(g.schedules))
	}
}

// TestApplyMeetsAnother: a plan holds only while the registry is as it was when the plan was
// made.
func TestApplyMeetsAnother(t *testing.T) {
	t.Parallel()
	t.Run("who came before it began", func(t *testing.T) {
		t.Parallel()
		g := newGroup()
		p := planeOf(g)
		plan := mustPlan(t, p)
		g.schedules["c"] = render.Schedule{Name: "c"}
		if done, err := p.Apply(t.Context(), plan, nil); !errors.Is(err, plane.ErrMoved) || done.Steps != 0 || len(g.revisions) != 0 {
			t.Errorf("%+v, %v", done, err)
		}
	})
	t.Run("who came in between", func(t *testing.T) {
		t.Parallel()
		g := newGroup()
		p := planeOf(g)
		g.onWrite = func(g *group, _ string) error {
			g.schedules["c"] = render.Schedule{Name: "c", State: "DISABLED"}
			return nil
		}
		if done, err := p.Apply(t.Context(), mustPlan(t, p), nil); !errors.Is(err, plane.ErrMoved) || done.Steps != 2 || g.schedules["c"].State != "DISABLED" {
			t.Errorf("%+v, %v", done, err)
		}
	})
	t.Run("who wrote last", func(t *testing.T) {
		t.Parallel()
		g := newGroup()
		p := planeOf(g)
		g.keeps = func(s render.Schedule) render.Schedule {
			s.State = "DISABLED"
			return s
		}
		if _, err := p.Apply(t.Context(), mustPlan(t, p), nil); err == nil || !strings.Contains(err.Error(), "differs from what was written") {
			t.Errorf("got %v", err)
		}
	})
}
