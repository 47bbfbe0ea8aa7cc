package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

type historyCmd struct {
	Job    string `arg:"" optional:"" help:"Only this job's runs."`
	Status string `help:"Only runs with this status." placeholder:"S"`
	Since  string `help:"Only runs scheduled since then: 90m, 24h, 7d ago, or a time." placeholder:"D"`
	Limit  int    `help:"At most so many." default:"50"`
}

// Run lists runs.
func (c *historyCmd) Run(ctx context.Context, a *app) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	return a.withStore(ctx, func(s wire.State) error {
		runs, err := s.Runs(ctx, q)
		if err != nil {
			return err
		}
		if len(runs) == 0 && c.Job != "" {
			if err := known(ctx, s, c.Job); err != nil {
				return err
			}
		}
		return a.printHistory(ctx, s, runs)
	})
}

func (c *historyCmd) query() (control.Query, error) {
	q := control.Query{Job: c.Job, Status: run.Status(c.Status), Limit: c.Limit}
	if c.Status != "" && !q.Status.Valid() {
		return q, usagef("--status %q is not one of %v", c.Status, run.Statuses)
	}
	if c.Limit < 1 {
		return q, usagef("--limit %d must be at least 1", c.Limit)
	}
	if c.Since == "" {
		return q, nil
	}
	if d, err := job.ParseDuration(c.Since); err == nil {
		q.Since = time.Now().Add(-time.Duration(d))
		return q, nil
	}
	if t, ok := parseTime(c.Since, time.Local); ok {
		q.Since = t
		return q, nil
	}
	return q, usagef("--since %q is neither a duration such as 24h or 7d nor a time such as 2026-11-22 or 2026-11-22T17:30Z", c.Since)
}

// known is an error when a job never was.
func known(ctx context.Context, s wire.State, name string) error {
	_, err := s.Item(ctx, name)
	if errors.Is(err, control.ErrNotFound) {
		return fmt.Errorf("there is no job %q here; `history` lists the runs of all", name)
	}
	return err
}

// row is a run as history shows it. Fields that have no value are null.
type row struct {
	Run          run.ID     `json:"run"`
	Job          string     `json:"job"`
	ScheduledFor time.Time  `json:"scheduledFor"`
	Status       run.Status `json:"status"`
	Attempts     int        `json:"attempts"`
	Cause        string     `json:"cause"`
	ExitCode     *int64     `json:"exitCode"`
	QueuedAt     time.Time  `json:"queuedAt"`
	StartedAt    *time.Time `json:"startedAt"`
	FinishedAt   *time.Time `json:"finishedAt"`
	DurationMs   *int64     `json:"durationMs"`
}

func rowOf(r run.Run) row {
	out := row{
		Run: r.ID, Job: r.ID.Job(), ScheduledFor: r.ScheduledFor, Status: r.Status, Attempts: len(r.Attempts), Cause: r.Cause,
		ExitCode: r.ExitCode, QueuedAt: r.QueuedAt.UTC(), StartedAt: optional(r.StartedAt), FinishedAt: optional(r.FinishedAt),
	}
	if d := r.Duration(); d > 0 {
		ms := d.Milliseconds()
		out.DurationMs = &ms
	}
	return out
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *app) printHistory(ctx context.Context, s wire.State, runs []run.Run) error {
	if a.json {
		for _, r := range runs {
			if err := printJSON(a.Stdout, rowOf(r)); err != nil {
				return err
			}
		}
		return nil
	}
	zones := zones{store: s}
	rows := make([][]string, 0, len(runs))
	for _, r := range runs {
		exit := ""
		if r.ExitCode != nil {
			exit = strconv.FormatInt(*r.ExitCode, 10)
		}
		rows = append(rows, []string{
			string(r.ID), inZone(r.ScheduledFor, zones.of(ctx, r)), string(r.Status), strconv.Itoa(len(r.Attempts)),
			exit, took(r.Duration()), clip(r.Cause, 70),
		})
	}
	return table(a.Stdout, []string{"RUN", "SCHEDULED FOR", "STATUS", "ATTEMPTS", "EXIT", "TOOK", "CAUSE"}, rows)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// zones looks up the zone of each run's job once.
type zones struct {
	store wire.State
	known map[string]*time.Location
}

func (z *zones) of(ctx context.Context, r run.Run) *time.Location {
	if l, ok := z.known[r.Definition]; ok {
		return l
	}
	if z.known == nil {
		z.known = map[string]*time.Location{}
	}
	l := time.UTC
	if j, err := z.store.Definition(ctx, r.Definition); err == nil {
		l = zoneOf(j)
	}
	z.known[r.Definition] = l
	return l
}
