package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/render"
	"github.com/batchplane/batchplane/internal/timetable"
)

type renderCmd struct {
	jobsFiles
	Output    string   `short:"o" help:"Write the template to this file instead of standard output; jobs that do not fit into it go to NAME-2 and so on." placeholder:"FILE"`
	Terraform bool     `help:"Render Terraform JSON (jobs.tf.json) instead of a template, with variables for the outputs of the control plane's stack."`
	Rules     bool     `help:"Render scheduled EventBridge rules instead of schedules: UTC only, small inputs."`
	Clusters  clusters `help:"The stack's parameter Clusters: names or ARNs of the clusters where jobs may run." placeholder:"C"`
}

// Run renders the jobs stack's template.
func (c *renderCmd) Run(ctx context.Context, a *app) error {
	file, err := c.read(ctx, "rendered")
	if err != nil {
		return err
	}
	now := a.now()
	faults, later := render.Runnable(file.Jobs, file.Definitions, c.Clusters, holdsSecret)
	if len(faults) > 0 {
		return usagef("the jobs cannot run on AWS as they are, so nothing was rendered:\n%s", strings.Join(faults, "\n"))
	}
	o := render.Options{Rules: c.Rules, Stack: cmp.Or(a.stack, "batchplane"), From: now}
	if c.Terraform {
		return c.terraform(a, file, o, later)
	}
	templates, err := render.Templates(file.Jobs, file.Definitions, o)
	if err != nil {
		return usagef("rendering: %w", err)
	}
	a.warnAWS(file.Jobs, now)
	a.warn(later)
	if c.Output == "" || c.Output == stdout {
		if len(templates) > 1 {
			return usagef("the jobs need %d templates: give -o to write them to files", len(templates))
		}
		return a.write(templates[0].Text)
	}
	for i, t := range templates {
		name := numbered(c.Output, i)
		if err := replaceFile(name, t.Text, 0o644); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		_, _ = fmt.Fprintf(a.Stderr, "wrote %s with %s\n", name, job.Counted(t.Resources, "resource"))
	}
	return nil
}

// terraform renders the single file that Terraform reads.
func (c *renderCmd) terraform(a *app, file jobfile.File, o render.Options, later []string) error {
	if c.Rules {
		return usagef("--terraform renders schedules: leave --rules out")
	}
	text, err := render.Terraform(file.Jobs, file.Definitions, o)
	if err != nil {
		return usagef("rendering: %w", err)
	}
	a.warnAWS(file.Jobs, o.From)
	a.warn(later)
	if c.Output == "" || c.Output == stdout {
		return a.write(text)
	}
	if err := replaceFile(c.Output, text, 0o644); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	_, _ = fmt.Fprintf(a.Stderr, "wrote %s\n", c.Output)
	return nil
}

// warnAWS warns of jobs with a date that Scheduler does not accept: when a schedule is created or
// changed, it refuses a start more than five minutes ago.
func (a *app) warnAWS(jobs []job.Job, now time.Time) {
	for _, j := range jobs {
		if !j.StartAt.IsZero() && j.StartAt.Before(now) {
			_, _ = fmt.Fprintf(a.Stderr, "job %s: its startAt has passed, and EventBridge Scheduler refuses a past date when the schedule changes: remove it\n", j.Name)
		}
	}
	for _, w := range over(jobs, now) {
		_, _ = fmt.Fprintln(a.Stderr, notice.Printable(w))
	}
}

// holdsSecret reports whether a command holds what an import would take for a secret.
func holdsSecret(command []string) bool {
	return len(importer.FindSecrets(strings.Join(command, " "))) > 0
}

// over lists jobs that are switched on but have no further slots, or soon will have none because
// their calendar runs out.
func over(jobs []job.Job, now time.Time) (out []string) {
	for _, j := range jobs {
		if j.Schedule == "" || j.Disabled {
			continue
		}
		t, err := timetable.Of(j.Plan())
		if err != nil {
			continue // reading the jobs file reports it
		}
		if past := t.Past(now); past != "" {
			out = append(out, fmt.Sprintf("job %s: %s; remove the job, its history stays", j.Name, past))
		} else if soon := t.RunsOut(now); soon != "" {
			out = append(out, fmt.Sprintf("job %s: %s", j.Name, soon))
		}
	}
	return out
}

func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), i+1, ext)
}
