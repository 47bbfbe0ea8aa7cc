package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/preview"
)

type doctorCmd struct {
	jobsFiles
	looks
}

// Run says what would keep the jobs from running on a stack. It only reads.
func (c *doctorCmd) Run(ctx context.Context, a *app) error {
	file, err := c.read(ctx, "checked")
	if err != nil {
		return err
	}
	if a.stack == "" {
		return usagef("name the stack with --stack or BATCHPLANE_STACK; `validate -f FILE` checks the file alone")
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		done := a.working("asking AWS")
		needs, theirs, findings := p.Check(ctx, file.Jobs, file.Definitions)
		done()
		more := a.ownHealth(ctx, p, file.Jobs)
		sizes := doctor.SizesOf(file.Definitions, theirs)
		herds := herdsOf(file, sizes, p.Stack.LaunchRate, a.now())
		findings = slices.Concat(more, p.Stack.Told(file.Jobs), doctor.Settings(p.Stack, needs), doctor.Unfit(file.Jobs, file.Definitions, theirs), quotas(ctx, p, peaksOf(file, sizes, p.Stack.LaunchRate, a.now())), findings)
		if err := a.printFindings(findings, herds); err != nil {
			return err
		}
		if doctor.Hinders(findings) {
			return errRefused
		}
		return nil
	})
}

// mostHerds is the largest number of crowded minutes to report.
const mostHerds = 3

// quotas returns the quotas that are too small for the peaks.
func quotas(ctx context.Context, p *plane.Plane, peaks doctor.Peaks) []doctor.Finding {
	if peaks.Starts.Jobs == 0 {
		return nil
	}
	return doctor.Quotas(peaks, p.Account.Limits(ctx))
}

// ahead is the number of days to look ahead.
const ahead = 30

// peaksOf returns the minutes of a month that need the most, even if few jobs share them.
func peaksOf(file jobfile.File, sizes doctor.Sizes, rate int, now time.Time) (out doctor.Peaks) {
	minutes, err := preview.Heaviest(
		file.Jobs, now, ahead,
		func(j job.Job) float64 { onDemand, _ := sizes(j); return onDemand },
		func(j job.Job) float64 { _, spot := sizes(j); return spot },
		func(job.Job) float64 { return 1 },
	)
	if err != nil {
		return out // validate says why
	}
	for i, to := range []*doctor.Herd{&out.OnDemand, &out.Spot, &out.Starts} {
		*to = herdOf(file, minutes[i], sizes, rate)
	}
	return out
}

// herdOf returns what the jobs of a minute need.
func herdOf(file jobfile.File, m preview.Minute, sizes doctor.Sizes, rate int) doctor.Herd {
	jobs := slices.DeleteFunc(slices.Clone(file.Jobs), func(j job.Job) bool { return !slices.Contains(m.Jobs, j.Name) })
	return doctor.HerdOf(m.At, jobs, sizes, cmp.Or(rate, port.DefaultRate))
}

// herdsOf returns the most crowded minutes of a month, and how long the sweep takes to launch
// their jobs at the stack's rate.
func herdsOf(file jobfile.File, sizes doctor.Sizes, rate int, now time.Time) (out []doctor.Herd) {
	r, err := preview.Of(file.Jobs, preview.Options{From: now, Days: ahead, Cost: preview.CostOptions{Region: preview.Regions[0], Duration: time.Minute, Definitions: file.Definitions}})
	if err != nil {
		return nil // validate says why
	}
	for _, m := range r.Busy[:min(mostHerds, len(r.Busy))] {
		out = append(out, herdOf(file, m, sizes, rate))
	}
	return out
}

func (a *app) printFindings(findings []doctor.Finding, herds []doctor.Herd) error {
	if a.json {
		if err := printAll(a.Stdout, findings); err != nil {
			return err
		}
		return printAll(a.Stdout, herds)
	}
	rows := make([][]string, 0, len(findings))
	for _, f := range findings {
		jobs := strings.Join(f.Jobs[:min(3, len(f.Jobs))], ", ") + more(len(f.Jobs)-3)
		rows = append(rows, []string{string(f.Verdict), string(f.Kind), f.Name, f.Why, f.Mend, jobs})
	}
	err := a.grid([]column{
		{head: "VERDICT"}, {head: "KIND"}, {head: "NAME", least: 16}, {head: "WHY", least: 16}, {head: "FIX", least: 16}, {head: "JOBS", least: 8, rank: 1},
	}, rows)
	for _, h := range herds {
		if err == nil && h.Jobs > h.Rate {
			err = a.write(fmt.Appendf(nil, "%d jobs start at %s: at %d launches a second, the last one is launched after %d s\n", h.Jobs, h.At.Format("2006-01-02T15:04Z"), h.Rate, h.Seconds))
		}
	}
	return err
}
