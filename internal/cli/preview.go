package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/preview"
	"github.com/batchplane/batchplane/internal/render"
)

type previewCmd struct {
	jobsFiles
	From     string   `help:"Look ahead from this time; by default from now." placeholder:"T"`
	Days     int      `help:"Look ahead this many days." default:"30"`
	Duration []string `help:"How long a run takes: 5m for all, or job=5m; may be repeated." placeholder:"[JOB=]D"`

	Dashboard bool `help:"Include the cost of the stack's parameter Dashboard."`
	Metrics   bool `help:"Include the cost of the stack's parameter Metrics."`
}

// Run says what the jobs would do.
func (c *previewCmd) Run(ctx context.Context, a *app) error {
	file, err := c.read(ctx, "previewed")
	if err != nil {
		return err
	}
	o, err := c.options(a, file.Jobs)
	if err != nil {
		return err
	}
	o.Cost.Definitions = file.Definitions
	r, err := preview.Of(file.Jobs, o)
	if err != nil {
		return err
	}
	if a.json {
		return a.previewJSON(r)
	}
	return a.printPreview(r, render.ForAWS(file.Jobs, file.Definitions))
}

func (c *previewCmd) options(a *app, jobs []job.Job) (preview.Options, error) {
	region := cmp.Or(a.region, preview.Regions[0])
	o := preview.Options{From: a.now(), Days: c.Days, Cost: preview.CostOptions{Region: region, Duration: time.Minute, Durations: map[string]time.Duration{}, Dashboard: c.Dashboard, Metrics: c.Metrics}}
	if c.From != "" {
		t, ok := plane.ParseTime(c.From, time.UTC)
		if !ok {
			return o, usagef("--from %q is not a time: write 2026-11-22 or 2026-11-22T17:30Z", c.From)
		}
		o.From = t
	}
	if c.Days < 1 || c.Days > preview.MaxDays {
		return o, usagef("--days %d is out of range: 1 to %d", c.Days, preview.MaxDays)
	}
	if !slices.Contains(preview.Regions, region) {
		return o, usagef("--region %q: prices are known for %s", region, strings.Join(preview.Regions, ", "))
	}
	for _, text := range c.Duration {
		name, value, named := strings.Cut(text, "=")
		if !named {
			value = text
		}
		d, err := job.ParseDuration(value)
		if err != nil {
			return o, usagef("--duration %s: %w", text, err)
		}
		if !named {
			o.Cost.Duration = time.Duration(d)
			continue
		}
		if !slices.ContainsFunc(jobs, func(j job.Job) bool { return j.Name == name }) {
			return o, usagef("--duration %s: there is no job %q in the file", text, name)
		}
		o.Cost.Durations[name] = time.Duration(d)
	}
	return o, nil
}

// previewJSON prints one object per line, each with its type.
func (a *app) previewJSON(r preview.Report) error {
	type lineOf[T any] struct {
		Type string `json:"type"`
		Of   T      `json:"of"`
	}
	var errs []error
	for _, j := range r.Jobs {
		errs = append(errs, printJSON(a.Stdout, lineOf[preview.Job]{"job", j}))
	}
	for _, c := range r.Clocks {
		errs = append(errs, printJSON(a.Stdout, lineOf[preview.Clock]{"clock", c}))
	}
	for _, m := range r.Busy {
		errs = append(errs, printJSON(a.Stdout, lineOf[preview.Minute]{"busy", m}))
	}
	for _, c := range r.Chains {
		errs = append(errs, printJSON(a.Stdout, lineOf[[]string]{"chain", c}))
	}
	total := map[string]any{"from": r.From, "to": r.To, "launches": r.Launch, "peak": r.Peak, "cost": r.Cost}
	errs = append(errs, printJSON(a.Stdout, lineOf[map[string]any]{"summary", total}))
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// printPreview prints a report for people. Jobs that name nothing of AWS run on one machine, where they cost nothing:
// its prices are then those that moving would bring.
func (a *app) printPreview(r preview.Report, aws bool) error {
	month, cost := "a month on AWS", "cost on AWS, if they moved there, in"
	if aws {
		month, cost = "a month", "cost in"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s to %s UTC, %s, %s\n", r.From.Format("2006-01-02 15:04"), r.To.Format("2006-01-02 15:04"), job.Counted(len(r.Jobs), "job"), launches(r.Launch))
	for _, j := range r.Jobs {
		previewJob(&b, j, month)
	}
	for _, c := range r.Clocks {
		fmt.Fprintf(&b, "\nclocks: in %s they %s at %s\n", c.Zone, c.Shift, c.At.Format("2006-01-02T15:04Z"))
	}
	if r.Peak > 0 {
		fmt.Fprintf(&b, "\npeak: %s a minute\n", launches(r.Peak))
	}
	for _, m := range r.Busy {
		fmt.Fprintf(&b, "  %s: %s\n", m.At.Format("2006-01-02T15:04Z"), clip(strings.Join(m.Jobs, ", "), 200))
	}
	for _, c := range r.Chains {
		fmt.Fprintf(&b, "\nclock chain: %s\n  they follow one another by the clock only. Tasks start tens of seconds after their minute, so the order is not guaranteed: make them one job if they need it\n", clip(strings.Join(c, ", "), 400))
	}
	previewCost(&b, r.Cost, cost)
	return a.write(b.Bytes())
}

func launches(n int) string {
	if n == 1 {
		return "1 launch"
	}
	return fmt.Sprintf("%d launches", n)
}

func previewJob(b *bytes.Buffer, j preview.Job, month string) {
	schedule := ""
	if j.Schedule != "" {
		schedule = j.Schedule + " in " + j.Zone + ", "
	}
	fmt.Fprintf(b, "\n%s: %s%s\n", j.Name, notice.Printable(schedule), notice.Printable(j.Words))
	runs := job.Counted(j.Runs, "run")
	if j.Filtered > 0 {
		runs += fmt.Sprintf(", %d filtered by its own terms", j.Filtered)
	}
	if j.Runs > 0 {
		fmt.Fprintf(b, "  %s, about $%.2f %s\n", runs, j.MonthlyUSD, month)
	}
	zone := plane.Zone(j.Zone)
	for _, at := range j.Next {
		fmt.Fprintf(b, "  %s  %s\n", at.In(zone).Format("Mon 2006-01-02 15:04 MST"), at.Format("2006-01-02T15:04Z"))
	}
	for _, text := range slices.Concat(j.Changed, j.Notes) {
		fmt.Fprintf(b, "  - %s\n", notice.Printable(text))
	}
}

func previewCost(b *bytes.Buffer, c preview.Cost, what string) {
	fmt.Fprintf(b, "\n%s %s, about: $%.2f a month for tasks and $%.2f for the control plane; a NAT gateway, if the tasks need one, $%.2f\n", what, c.Region, c.Compute, c.Control, c.NAT)
	fmt.Fprintf(b, "  prices: %s; check them before you rely on them\n", c.Source)
	for _, n := range c.Notes {
		fmt.Fprintf(b, "  - %s\n", n)
	}
}
