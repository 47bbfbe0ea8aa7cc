package cli

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/wire"
)

type pauseCmd struct {
	Job    string `arg:"" optional:"" help:"The job to pause."`
	All    bool   `help:"Pause all jobs."`
	Until  string `help:"When the pause ends by itself: a time, or a duration from now." placeholder:"T"`
	Reason string `help:"Why, for the record." placeholder:"R"`
}

// Run pauses a job or all.
func (c *pauseCmd) Run(ctx context.Context, a *app) error {
	name, err := oneOrAll(c.Job, c.All)
	if err != nil {
		return err
	}
	return a.withStore(ctx, func(s wire.State) error {
		until, err := c.until(ctx, s, name, a.now())
		if err != nil {
			return err
		}
		return a.ask(ctx, s, "/v1/pause", control.PauseRequest{Job: name, Until: until, By: a.User, Reason: c.Reason})
	})
}

// until reads a time of the job's zone, or a duration from now.
func (c *pauseCmd) until(ctx context.Context, s wire.State, name string, now time.Time) (time.Time, error) {
	if c.Until == "" {
		return time.Time{}, nil
	}
	if d, err := job.ParseDuration(c.Until); err == nil {
		return now.Add(time.Duration(d)), nil
	}
	zone := time.UTC
	if item, err := s.Item(ctx, name); err == nil {
		zone = zoneOf(job.Job{Timezone: item.Plan.Timezone})
	}
	if t, ok := parseTime(c.Until, zone); ok {
		return t, nil
	}
	return time.Time{}, usagef("--until %q is neither a duration such as 2h or 3d nor a time such as 2026-11-23T08:00", c.Until)
}

type resumeCmd struct {
	Job string `arg:"" optional:"" help:"The job to resume."`
	All bool   `help:"End the pause of all jobs."`
}

// Run ends a pause.
func (c *resumeCmd) Run(ctx context.Context, a *app) error {
	name, err := oneOrAll(c.Job, c.All)
	if err != nil {
		return err
	}
	return a.withStore(ctx, func(s wire.State) error {
		return a.ask(ctx, s, "/v1/resume", control.ResumeRequest{Job: name, By: a.User})
	})
}

type skipNextCmd struct {
	Job string `arg:"" help:"The job whose next slot is skipped."`
}

// Run has the next slot skipped.
func (c *skipNextCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		return a.ask(ctx, s, "/v1/skip-next", control.SkipRequest{Job: c.Job, By: a.User})
	})
}

func oneOrAll(name string, all bool) (string, error) {
	switch {
	case all && name != "":
		return "", usagef("give a job or --all, not both")
	case all:
		return job.All, nil
	case name == "":
		return "", usagef("name a job, or give --all")
	}
	return name, nil
}

// parseTime reads a time as people write it; without a zone of its own it is in
// zone.
func parseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
