package cli

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type pauseCmd struct {
	Job    string `arg:"" optional:"" help:"The job to pause."`
	All    bool   `help:"Pause all jobs."`
	Until  string `help:"When the pause ends: 2h, 12:00, tomorrow, or a time, in the job's zone." placeholder:"T"`
	Reason string `help:"Why, for the record." placeholder:"R"`
}

// Run pauses one job, or all.
func (c *pauseCmd) Run(ctx context.Context, a *app) error {
	name, err := oneOrAll(c.Job, c.All)
	if err == nil {
		err = a.oneState(c.All)
	}
	if err != nil {
		return err
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		zone := a.zone
		if name != job.All && c.Until != "" {
			if zone, err = p.ZoneOf(ctx, name, a.zone); err != nil {
				return err
			}
		}
		until, err := parseUntil(c.Until, zone, a.now())
		if err != nil {
			return err
		}
		return a.ask(ctx, p, entry.Request{Pause: &port.PauseRequest{Job: name, Until: until, Reason: c.Reason}})
	})
}

// parseUntil reads when something ends.
func parseUntil(text string, zone *time.Location, now time.Time) (time.Time, error) {
	t, err := plane.ParseUntil(text, zone, now)
	if err != nil {
		return t, usagef("--until %w", err)
	}
	return t, nil
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
