package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// resolveRun finds the run that a person named: job/20261122T1730Z, job for its
// newest run, job@02:30 for its newest at that time of the job's zone.
func resolveRun(ctx context.Context, s wire.State, ref string) (run.ID, error) {
	if strings.Contains(ref, "/") {
		id, err := run.ParseID(ref)
		if err != nil {
			return "", usageError{err}
		}
		return id, nil
	}
	name, clock, at := strings.Cut(ref, "@")
	if !job.ValidName(name) {
		return "", usagef("%q is not a run: write job/20261122T1730Z, job or job@02:30", ref)
	}
	limit := 1
	if at {
		t, err := time.Parse("15:04", clock)
		if err != nil {
			return "", usagef("%q is not a time of day: write %s@02:30", clock, name)
		}
		clock = t.Format("15:04") // 2:30 is 02:30
		limit = 100_000
	}
	runs, err := s.Runs(ctx, control.Query{Job: name, Limit: limit})
	if err != nil {
		return "", err
	}
	zones := zones{store: s}
	for _, r := range runs {
		if !at || r.ScheduledFor.In(zones.of(ctx, r)).Format("15:04") == clock {
			return r.ID, nil
		}
	}
	if at {
		return "", fmt.Errorf("job %q has no run at %s of its zone; `history %s` lists its runs", name, clock, name)
	}
	return "", fmt.Errorf("job %q has no runs; `history` lists those there are", name)
}

// findRun loads the run of an id.
func findRun(ctx context.Context, s wire.State, id run.ID) (run.Run, error) {
	r, err := s.Run(ctx, id)
	if errors.Is(err, control.ErrNotFound) {
		return run.Run{}, fmt.Errorf("there is no run %s; `history %s` lists its job's runs", id, id.Job())
	}
	return r, err
}

func zoneOf(j job.Job) *time.Location {
	zone, err := cron.LoadZone(j.Zone())
	if err != nil {
		return time.UTC
	}
	return zone.Location()
}
