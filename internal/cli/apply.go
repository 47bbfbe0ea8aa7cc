package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/render"
)

type applyCmd struct {
	PlanFile string   `arg:"" optional:"" name:"plan" help:"A plan written by --plan, to apply."`
	Files    []string `short:"f" name:"file" sep:"none" help:"A jobs file with a project; repeat -f to override earlier files." placeholder:"FILE"`
	Prune    bool     `help:"Remove the project's jobs that are not in the files."`
	PruneMax int      `help:"Remove at most N jobs; by default a fifth of the project's." default:"-1" placeholder:"N"`
	DryRun   bool     `help:"Only show what would change; the exit code is 2 if anything would."`
	Yes      bool     `help:"Skip the confirmation."`
	Plan     string   `help:"Write the plan to this file and change nothing." placeholder:"FILE"`
}

// exitDiffers is the exit code of --dry-run if something would change.
const exitDiffers = 2

// Run deploys jobs files to a stack.
func (c *applyCmd) Run(ctx context.Context, a *app) error {
	if (c.PlanFile == "") == (len(c.Files) == 0) {
		return usagef("give jobs files with -f, or a plan that --plan wrote")
	}
	if c.PlanFile != "" && c.Prune {
		return usagef("--prune goes with jobs files: a plan says what is removed; give it when the plan is written")
	}
	if c.Plan == stdout {
		return usagef("--plan takes a file; `apply --json --dry-run` prints the plan")
	}
	if a.stack == "" {
		return usagef("name the stack with --stack or BATCHPLANE_STACK; on this machine `%s -f FILE` runs the jobs of the file", a.command("local"))
	}
	wanted, err := c.wanted(ctx, a)
	if err != nil {
		return err
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		plan, err := c.plan(ctx, a, p, wanted)
		if err != nil {
			return err
		}
		if err := a.printPlan(plan); err != nil {
			return err
		}
		return c.carryOut(ctx, a, p, plan)
	})
}

// wanted reads the jobs files.
func (c *applyCmd) wanted(ctx context.Context, a *app) (w apply.Wanted, err error) {
	if c.PlanFile != "" {
		return w, nil
	}
	files := jobsFiles{Files: c.Files}
	file, err := files.read(ctx, "applied")
	if err != nil {
		return w, err
	}
	if file.Project == "" {
		return w, usagef("the jobs file names no project: add `project: NAME` at its top; it names the jobs that are deployed together, and jobs of other projects are left alone")
	}
	if faults, later := render.Runnable(file.Jobs, file.Definitions, nil, holdsSecret); len(faults) > 0 {
		return w, usagef("the jobs cannot run on AWS as they are, so nothing was applied:\n%s", strings.Join(faults, "\n"))
	} else if len(later) > 0 {
		a.warn(later)
	}
	a.warnAWS(file.Jobs, a.now())
	return wantedOf(file, c.Prune, a.now()), nil
}

func wantedOf(file jobfile.File, prune bool, now time.Time) apply.Wanted {
	return apply.Wanted{Project: file.Project, Jobs: file.Jobs, Definitions: file.Definitions, Prune: prune, From: now}
}

// plan makes a plan, or reads one from a file.
func (c *applyCmd) plan(ctx context.Context, a *app, p *plane.Plane, w apply.Wanted) (plan apply.Plan, err error) {
	if c.PlanFile == "" {
		plan, err := p.PlanApply(ctx, w)
		if refusal, ok := errors.AsType[*apply.RefusedError](err); ok {
			return plan, fmt.Errorf("nothing was changed:\n%w", refusal)
		}
		return plan, err
	}
	data, err := readBounded(ctx, c.PlanFile, mostPlan)
	if err != nil {
		return plan, usagef("reading the plan: %w", err)
	}
	if err := json.Unmarshal(data, &plan); err != nil || plan.Format == 0 {
		return plan, usagef("%s is not a plan of `apply --plan`", c.PlanFile)
	}
	switch {
	case plan.Format > apply.Format:
		return plan, usagef("%s was written by a newer batchplane (form %d, this program knows %d): upgrade this program", c.PlanFile, plan.Format, apply.Format)
	case plan.Stack != a.stack || plan.Group != p.Registry.Group():
		return plan, usagef("%s is a plan for the stack %s (%s), not for %s (%s)", c.PlanFile, plan.Stack, plan.Group, a.stack, p.Registry.Group())
	}
	return plan, nil
}

// mostPlan bounds a plan in bytes: all jobs of a jobs file, each in two schedules.
const mostPlan = 64 << 20

func (a *app) printPlan(plan apply.Plan) error {
	if a.json {
		return printJSON(a.Stdout, plan)
	}
	return a.printChanges(plan.Changes, plan.Left)
}

func (c *applyCmd) carryOut(ctx context.Context, a *app, p *plane.Plane, plan apply.Plan) error {
	if c.Plan != "" {
		if err := writePlan(c.Plan, plan); err != nil {
			return err
		}
	}
	switch {
	case plan.Empty(), c.Plan != "" && !c.DryRun:
		return nil
	case c.DryRun:
		return exitError(exitDiffers)
	}
	if err := c.agreed(a, plan); err != nil {
		return err
	}
	did := 0
	done, err := p.Apply(ctx, plan, func(s apply.Step) {
		did++
		_, _ = fmt.Fprintf(a.Stderr, "%d of %d: schedule %s %sd\n", did, len(plan.Steps), s.Name, s.Kind)
	})
	if errors.Is(err, context.Canceled) {
		open := ""
		if done.Open != "" {
			open = fmt.Sprintf(", and that of the schedule %s may have been made", done.Open)
		}
		_, _ = fmt.Fprintf(a.Stderr, "interrupted: %d of %s were made and stay%s; apply again to continue\n", done.Steps, job.Counted(len(plan.Steps), "change"), open)
		return exitError(exitInterrupted)
	}
	if err != nil {
		return fmt.Errorf("%d of %s were made and stay, then: %w; apply again to continue", done.Steps, job.Counted(len(plan.Steps), "change"), err)
	}
	_, _ = fmt.Fprintln(a.Stderr, "applied and read back as written; the sweep takes it over within a minute")
	return nil
}

func writePlan(name string, plan apply.Plan) error {
	b, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the plan: %w", err)
	}
	if err := replaceFile(name, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// agreed returns an error unless a person wants the plan carried out.
func (c *applyCmd) agreed(a *app, plan apply.Plan) error {
	most := c.PruneMax
	if most < 0 {
		most = max(1, plan.Had/5)
	}
	const nothing = "nothing was changed"
	many := plan.Removed > most
	if many && (c.Yes || !a.asks()) {
		return fmt.Errorf(nothing+": %d of the project's %s would be removed; give --prune-max %d if you mean that", plan.Removed, job.Counted(plan.Had, "job"), plan.Removed)
	}
	err := a.agreed(c.Yes, fmt.Sprintf("apply this to %s?", a.stack), nothing)
	if err == nil && many {
		err = a.agreed(false, fmt.Sprintf("%d of the project's %s will be removed; remove them?", plan.Removed, job.Counted(plan.Had, "job")), nothing)
	}
	return err
}
