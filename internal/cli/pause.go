package cli

import (
	"context"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
)

type pauseCmd struct {
	Job    string `arg:"" optional:"" help:"The job to pause."`
	All    bool   `help:"Pause all jobs."`
	Until  string `help:"When the pause ends by itself: 2h, 12:00, tomorrow, or a time; in the job's zone." placeholder:"T"`
	Reason string `help:"Why, for the record." placeholder:"R"`
}

// Run pauses a job or all.
func (c *pauseCmd) Run(ctx context.Context, a *app) error {
	name, err := oneOrAll(c.Job, c.All)
	if err != nil {
		return err
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		zone := a.zone
		if item, err := p.Item(ctx, name); err == nil && name != job.All {
			zone = plane.Zone(item.Plan.Timezone)
		}
		until, err := parseUntil(c.Until, zone, a.now())
		if err != nil {
			return err
		}
		return a.ask(ctx, p, entry.Request{Pause: &control.PauseRequest{Job: name, Until: until, Reason: c.Reason}})
	})
}

// parseUntil reads when something ends: a time of a zone, or a duration from now.
// A time of day is the next one, tomorrow begins at midnight.
func parseUntil(text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := job.ParseDuration(text); err == nil {
		return now.Add(time.Duration(d)), nil
	}
	local := now.In(zone)
	day := func(n int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+n, 0, 0, 0, 0, zone)
	}
	if strings.EqualFold(text, "tomorrow") {
		return day(1), nil
	}
	if clock, err := time.Parse("15:04", text); err == nil {
		for n := 0; ; n++ {
			d := day(n)
			if t := time.Date(d.Year(), d.Month(), d.Day(), clock.Hour(), clock.Minute(), 0, 0, zone); t.After(now) {
				return t, nil
			}
		}
	}
	if t, ok := parseTime(text, zone); ok {
		return t, nil
	}
	return time.Time{}, usagef("--until %q is neither a duration such as 2h or 3d nor 12:00, tomorrow, or a time such as 2026-11-23T08:00", text)
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
