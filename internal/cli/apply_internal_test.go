package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/render"
)

// cutOff is a group without schedules in which writes fail after the first.
type cutOff struct {
	plane.Registry
	has map[string]render.Schedule
	err func() error
}

func (c *cutOff) Schedule(_ context.Context, name string) (apply.Deployed, error) {
	s, ok := c.has[name]
	if !ok {
		return apply.Deployed{}, port.ErrNotFound
	}
	return apply.Deployed{Schedule: s}, nil
}

func (c *cutOff) Put(_ context.Context, s render.Schedule, _ apply.Kind) error {
	if len(c.has) > 0 {
		return c.err()
	}
	c.has[s.Name] = s
	return nil
}

// TestApplyIsCutOff: the error says how far it came and what to do next. Ctrl-C is not a fault.
func TestApplyIsCutOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault error // nil means that a person interrupts
		code  int
		says  string
	}{
		"by a fault":  {errors.New("the line is dead"), 1, "1 of 2 changes were made and stay, then: the line is dead; apply again to continue\n"},
		"by a person": {nil, 130, "interrupted: 1 of 2 changes were made and stay, and that of the schedule b may have been made; apply again to continue\n"},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		fails := func() error {
			if c.fault != nil {
				return c.fault
			}
			interrupt()
			return fmt.Errorf("writing: %w", ctx.Err())
		}
		var errs bytes.Buffer
		a := &app{Env: Env{Stdout: &bytes.Buffer{}, Stderr: &errs}}
		plan := apply.Plan{Steps: []apply.Step{
			{Kind: apply.Create, Name: "a", Schedule: &render.Schedule{Name: "a"}}, {Kind: apply.Create, Name: "b", Schedule: &render.Schedule{Name: "b"}},
		}}
		p := &plane.Plane{Registry: &cutOff{has: map[string]render.Schedule{}, err: fails}, Poll: plane.Poll{Least: time.Millisecond}}
		code := a.exitCode((&applyCmd{Yes: true}).carryOut(ctx, a, p, plan))
		if code != c.code || !strings.HasSuffix(errs.String(), c.says) || !strings.HasPrefix(errs.String(), "1 of 2: schedule a created\n") {
			t.Errorf("%s: exit code %d, %s", name, code, errs.String())
		}
		interrupt()
	}
	var errs bytes.Buffer
	if code := (Env{Stderr: &errs}).exitCode(fmt.Errorf("reading the jobs: %w", context.Canceled)); code != 130 || !strings.HasPrefix(errs.String(), "batchplane: interrupted (") {
		t.Errorf("who reads and is interrupted: exit code %d, %s", code, errs.String())
	}
}

// TestApplyInAPipeline: --dry-run says by its exit code whether anything would change, also if the plan
// is written for a later step.
func TestApplyInAPipeline(t *testing.T) {
	t.Parallel()
	changes := apply.Plan{Steps: []apply.Step{{Kind: apply.Delete, Name: "a"}}}
	for name, c := range map[string]struct {
		flags applyCmd
		plan  apply.Plan
		code  int
	}{
		"a change":               {applyCmd{DryRun: true, Yes: true}, changes, 2},
		"no change":              {applyCmd{DryRun: true, Yes: true}, apply.Plan{}, 0},
		"a change, written":      {applyCmd{DryRun: true, Yes: true, Plan: "plan"}, changes, 2},
		"no change, written":     {applyCmd{DryRun: true, Yes: true, Plan: "plan"}, apply.Plan{}, 0},
		"a change, only written": {applyCmd{Plan: "plan"}, changes, 0},
	} {
		a := &app{Env: Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}}
		if c.flags.Plan != "" {
			c.flags.Plan = filepath.Join(t.TempDir(), "plan")
		}
		if code := a.exitCode(c.flags.carryOut(t.Context(), a, nil, c.plan)); code != c.code {
			t.Errorf("%s: exit code %d", name, code)
		}
		if _, err := os.Stat(c.flags.Plan); (err == nil) != (c.flags.Plan != "") {
			t.Errorf("%s: the plan: %v", name, err)
		}
	}
}

// TestHowManyJobsApplyRemoves: more than a fifth of a project's jobs, or than --prune-max, are removed only
// if a person says so.
func TestHowManyJobsApplyRemoves(t *testing.T) {
	t.Parallel()
	const many = "nothing was changed: 3 of the project's 10 jobs would be removed; give --prune-max 3 if you mean that"
	for name, c := range map[string]struct {
		had, removed, most int
		typed              string // "--yes" instead of an answer
		says               string // "" if it is carried out
	}{
		"a fifth":                      {10, 2, -1, "--yes", ""},
		"more than a fifth":            {10, 3, -1, "--yes", many},
		"one of few":                   {2, 1, -1, "--yes", ""},
		"as many as are meant":         {10, 3, 3, "--yes", ""},
		"more than are meant":          {10, 3, 2, "--yes", many},
		"none is meant":                {10, 1, 0, "--yes", "nothing was changed: 1 of the project's 10 jobs would be removed; give --prune-max 1 if you mean that"},
		"a fifth, where nobody asks":   {10, 2, -1, "", "nothing was changed: there is no terminal to ask on; give --yes"},
		"more, where nobody asks":      {10, 3, -1, "", many},
		"a fifth, and a person agrees": {10, 2, -1, "y\n", ""},
		"a person does not agree":      {10, 2, -1, "n\n", "nothing was changed"},
		"more, and a person agrees":    {10, 3, -1, "y\ny\n", ""},
		"but not to so many":           {10, 3, -1, "y\nn\n", "nothing was changed"},
		"only to so many":              {10, 3, -1, "n\ny\n", "nothing was changed"},
	} {
		yes := c.typed == "--yes"
		a := &app{Env: Env{Stdin: iotest.OneByteReader(strings.NewReader(c.typed)), Stderr: &bytes.Buffer{}, Screen: Screen{Asks: !yes && c.typed != ""}}}
		err := (&applyCmd{Yes: yes, PruneMax: c.most}).agreed(a, apply.Plan{Had: c.had, Removed: c.removed})
		if (err == nil) != (c.says == "") || err != nil && err.Error() != c.says {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// inGroup is a registry of which only the schedule group is known.
type inGroup struct{ plane.Registry }

func (inGroup) Group() string { return "arn:group/ours" }

// TestWhosePlan: only a plan for this very stack is applied. A stack of another account may have its name.
func TestWhosePlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ plan, says string }{
		"of this stack":      {`{"format":1,"stack":"ours","group":"arn:group/ours"}`, ""},
		"of another stack":   {`{"format":1,"stack":"theirs","group":"arn:group/ours"}`, " is a plan for the stack theirs (arn:group/ours), not for ours (arn:group/ours)"},
		"of another account": {`{"format":1,"stack":"ours","group":"arn:group/theirs"}`, " is a plan for the stack ours (arn:group/theirs), not for ours (arn:group/ours)"},
		"of a newer program": {`{"format":999,"stack":"ours","group":"arn:group/ours"}`, " was written by a newer batchplane (form 999, this program knows "},
		"another document":   {`{"stack":"ours","group":"arn:group/ours"}`, " is not a plan of `apply --plan`"},
		"another text":       {"jobs:", " is not a plan of `apply --plan`"},
		"no file":            {"", "reading the plan: "},
	} {
		file := filepath.Join(t.TempDir(), "plan")
		if c.plan != "" {
			if err := os.WriteFile(file, []byte(c.plan), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		plan, err := (&applyCmd{PlanFile: file}).plan(t.Context(), &app{stack: "ours"}, &plane.Plane{Registry: inGroup{}}, apply.Wanted{})
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || err == nil && plan.Format != 1 {
			t.Errorf("%s: %+v, %v", name, plan, err)
		}
	}
}

// TestAPlanSteersNothing: a plan that is read from a file says each change on a line of its own, and
// cannot control the terminal on which somebody reviews it.
func TestAPlanSteersNothing(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\u009b31m\u202e\nother: added"
	var out bytes.Buffer
	err := (&app{Env: Env{Stdout: &out}}).printPlan(apply.Plan{
		Changes: []jobdiff.Change{{Job: "a" + hostile, Kind: jobdiff.Changed, Words: []string{"b" + hostile}}, {Definition: "c" + hostile, Kind: "d" + hostile}},
		Left:    []string{"e" + hostile},
	})
	if lines := strings.Count(out.String(), "\n"); err != nil || lines != 5 || strings.ContainsAny(out.String(), "\x1b\u009b\u202e") {
		t.Errorf("%d lines, %v: %q", lines, err, out.String())
	}
}
