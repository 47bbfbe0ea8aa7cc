// Package seed fills a store with two days of a small company's jobs, always the same ones for
// the same time. Pages are tested and pictured with them.
package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Zone is the jobs' zone.
const Zone = "Europe/Berlin"

// routine is a job, and how its runs go.
type routine struct {
	name, schedule, owner, about string
	// takes is approximately how long a run takes.
	takes time.Duration
	// fate gives the end of the n-th run before now; the newest is 0. nil means success.
	fate   func(n int) run.Status
	inputs map[string]job.Input
	args   bool
}

func failsAt(at ...int) func(int) run.Status {
	return func(n int) run.Status {
		if slices.Contains(at, n) {
			return run.Failed
		}
		return run.Succeeded
	}
}

var jobs = []routine{
	{"orders-import", "*/10 * * * *", "shop", "Reads the orders of the last ten minutes from the shop.", 100 * time.Second, failsAt(31, 120), nil, false},
	{"invoice-mailer", "20 * * * *", "billing", "Mails the invoices that are due.", 4 * time.Minute, func(n int) run.Status {
		if n < 4 {
			return run.Failed
		}
		return run.Succeeded
	}, map[string]job.Input{
		"DAY":  {Description: "The day whose invoices are mailed.", Default: "today", Pattern: `today|\d{4}-\d{2}-\d{2}`},
		"MODE": {Description: "Whether mails are really sent.", Default: "send", Choices: []string{"send", "rehearse"}},
	}, true},
	{"warehouse-sync", "5,35 * * * *", "logistics", "Tells the warehouse what was sold.", 7 * time.Minute, func(n int) run.Status {
		if n == 9 || n == 10 {
			return run.Missed
		}
		return run.Succeeded
	}, nil, false},
	{"search-reindex", "0 1 * * *", "search", "Builds the search index anew.", 11 * time.Hour, nil, nil, false},
	{"backup-postgres", "15 2 * * *", "platform", "Dumps the database and ships it.", 95 * time.Minute, nil, nil, false},
	{"ledger-close", "30 3 * * mon-fri", "billing", "Closes the day's ledger. Never twice.", 25 * time.Minute, failsAt(1), nil, false},
	{"fx-rates", "*/30 * * * *", "billing", "Fetches exchange rates.", 20 * time.Second, failsAt(22), nil, false},
	{"newsletter-send", "0 9 * * tue,thu", "marketing", "Sends the newsletter.", 50 * time.Minute, nil, nil, false},
	{"session-cleanup", "45 * * * *", "platform", "Deletes sessions that have expired.", 40 * time.Second, nil, nil, false},
	{"fraud-scores", "*/15 * * * *", "risk", "Scores new orders.", 3 * time.Minute, failsAt(60), nil, false},
	{"sitemap", "10 4 * * *", "search", "Writes the sitemap.", 12 * time.Minute, nil, nil, false},
	{"stock-forecast", "0 */6 * * *", "logistics", "Forecasts stock for four weeks.", 110 * time.Minute, nil, nil, false},
	{"thumbnailer", "*/20 * * * *", "shop", "Makes thumbnails of new pictures.", 6 * time.Minute, nil, nil, false},
	{"gdpr-export", "", "legal", "Exports what is known of a person. Only by hand.", 8 * time.Minute, nil, map[string]job.Input{
		"CASE": {Description: "The number of the case.", Pattern: `[0-9]{4,8}`},
	}, false},
	{"dns-audit", "30 5 * * *", "platform", "Holds the DNS zones against what is known.", 9 * time.Minute, nil, nil, false},
	{"partner-feed-eu", "2 * * * *", "partners", "Feed for partners in Europe.", 5 * time.Minute, nil, nil, false},
	{"partner-feed-us", "7 * * * *", "partners", "Feed for partners in America.", 5 * time.Minute, failsAt(14, 15), nil, false},
	{"tax-report", "0 6 1 * *", "billing", "The month's tax report.", 30 * time.Minute, nil, nil, false},
}

// Store is the store to fill.
type Store interface {
	Commit(ctx context.Context, c port.Change) error
	PutDefinition(ctx context.Context, j job.Job) error
	SetMark(ctx context.Context, name string, at time.Time) error
}

// Fill fills a store as though it were now. It writes everything side by side, so that a store
// that combines simultaneous writes need not write a thousand times.
func Fill(ctx context.Context, s Store, now time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for i, j := range jobs {
		wg.Go(func() {
			if err := fill(ctx, s, j, i, now); err != nil {
				cancel(fmt.Errorf("seeding %s: %w", j.name, err))
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err //nolint:wrapcheck // what one of them said
	}
	for _, mark := range []string{port.MarkSweep, port.MarkSlots} {
		if err := s.SetMark(ctx, mark, now.Add(-20*time.Second)); err != nil {
			return fmt.Errorf("seeding the mark %s: %w", mark, err)
		}
	}
	return nil
}

func definition(j routine) job.Job {
	return job.Job{
		Name: j.name, Description: j.about, Owner: j.owner, Schedule: j.schedule, Timezone: Zone, TaskDefinition: j.name, Cluster: "jobs",
		Container: "app", Command: []string{"/app/" + j.name, "--all"}, CPU: 512, Memory: 1024,
		Changes: job.Changes{Inputs: j.inputs, Args: j.args},
		Retry:   job.Retry{Idempotent: j.name == "fx-rates"},
	}
}

func fill(ctx context.Context, s Store, j routine, seed int, now time.Time) error {
	d := definition(j)
	if err := s.PutDefinition(ctx, d); err != nil {
		return err
	}
	item := job.Item{Name: j.name, Definition: d.Hash(), Plan: d.Plan(), Since: now.AddDate(0, -1, 0)}
	switch j.name {
	case "invoice-mailer":
		item.FailingSince = now.Add(-3 * time.Hour) // when the first of the four failed ended
	case "newsletter-send":
		item.Pauses = []job.Pause{{From: now.Add(-26 * time.Hour), To: now.Add(40 * time.Hour), By: "mara", Reason: "the template is being redone"}}
	case "sitemap":
		item.Pauses = []job.Pause{{From: now.Add(-9 * 24 * time.Hour), By: "jonas", Reason: "moves to the new cluster"}}
	}
	var slots []time.Time
	if j.schedule != "" {
		t, err := timetable.Of(d.Plan())
		if err != nil {
			return err
		}
		for at := range t.All(now.Add(-52*time.Hour), now) {
			slots = append(slots, at)
		}
	}
	errs := make(chan error, len(slots))
	for i, at := range slots {
		r := runOf(d, j, at, len(slots)-1-i, seed, now)
		go func() { errs <- s.Commit(ctx, port.Change{Run: &r}) }()
	}
	all := make([]error, 0, len(slots)+1)
	for range slots {
		all = append(all, <-errs)
	}
	return errors.Join(append(all, s.Commit(ctx, port.Change{Item: &item}))...)
}

// wobble returns a number from 0.7 to 1.4 that looks random.
func wobble(seed, n int) float64 {
	x := uint32(seed*7919+n+1) * 2654435761
	x ^= x >> 15
	x *= 2246822519
	x ^= x >> 13
	return 0.7 + 0.7*float64(x>>8)/float64(1<<24)
}

func runOf(d job.Job, j routine, at time.Time, n, seed int, now time.Time) run.Run {
	r := run.Run{
		ID: run.ScheduledID(j.name, at), ScheduledFor: at, Definition: d.Hash(), QueuedAt: at.Add(2 * time.Second), ReadyAt: at.Add(2 * time.Second), First: 1, Rev: 0,
		Task:     run.TaskDefinition{ARN: "arn:aws:ecs:eu-central-1:123456789012:task-definition/" + j.name + ":7", Container: "app"},
		Triggers: []run.Trigger{{At: at.Add(2 * time.Second), Kind: run.BySchedule}},
	}
	status := run.Succeeded
	if j.fate != nil {
		status = j.fate(n)
	}
	took := time.Duration(float64(j.takes) * wobble(seed, n))
	first := attempt(j, at, 1, seed*1000+n)
	switch {
	case len(d.Schedule) > 0 && paused(j.name, at, now):
		r.Status, r.Cause, r.FinishedAt = run.Skipped, "paused", r.QueuedAt
		return r
	case status == run.Missed:
		r.Status, r.Cause, r.FinishedAt, r.Triggers = run.Missed, "no trigger came within 15m", at.Add(16*time.Minute), []run.Trigger{{At: at.Add(16 * time.Minute), Kind: run.BySweep}}
		return r
	case j.name == "thumbnailer" && n == 0:
		first.TaskARN, first.AcceptedAt, first.Doubt = "", time.Time{}, true
		r.Status, r.Cause, r.DueAt, r.Attempts = run.Launching, "the answer to attempt 1 was lost", now.Add(time.Minute), []run.Attempt{first}
		return r
	case j.name == "fraud-scores" && n%9 == 4: // the network came late, the second attempt ran
		first.EndedAt, first.StopCode, first.StoppedReason = at.Add(70*time.Second), "TaskFailedToStart", "Timeout waiting for network interface provisioning to complete."
		first.Class, first.Started, first.Helps, first.Rule, first.Why = stop.Retry, stop.No, stop.Yes, "network-interface-timeout", "the network interface was not ready in time, a passing fault of AWS"
		first.Next = "relaunched at once: nothing started"
		r.Attempts = append(r.Attempts, first)
		first = attempt(j, at.Add(72*time.Second), 2, seed*1000+n)
	}
	first.StartedAt = first.SentAt.Add(28 * time.Second)
	end := first.StartedAt.Add(took)
	r.StartedAt = first.StartedAt
	if end.After(now) {
		first.LastStatus = "RUNNING"
		r.Status, r.Cause, r.DueAt = run.Running, "launched", now.Add(20*time.Minute)
		r.Attempts = append(r.Attempts, first)
		return r
	}
	code := int64(0)
	first.EndedAt, first.StopCode, first.StoppedReason, first.Started = end, "EssentialContainerExited", "Essential container in task exited", stop.Yes
	first.Class, first.Rule, first.Why = stop.Succeeded, "exit-zero", "the job's container ended with exit code 0"
	r.Status, r.Cause = run.Succeeded, ""
	if status == run.Failed {
		code = 1
		first.Class, first.Rule, first.Why, first.Helps = stop.AppFailed, "exit-not-zero", "the job's container ended by itself with a code that is not 0", stop.No
		first.Next = "failed: the job ended by itself"
		r.Status, r.Cause = run.Failed, "exit code 1"
	}
	first.ExitCode, r.ExitCode, r.FinishedAt = &code, &code, end
	r.Attempts = append(r.Attempts, first)
	return r
}

func paused(name string, at, now time.Time) bool {
	return name == "newsletter-send" && at.After(now.Add(-26*time.Hour)) || name == "sitemap"
}

func attempt(j routine, at time.Time, n, id int) run.Attempt {
	return run.Attempt{
		N: n, TaskDefinition: j.name + ":7", Sends: 1, SentAt: at.Add(3 * time.Second), AcceptedAt: at.Add(4 * time.Second),
		TaskARN: fmt.Sprintf("arn:aws:ecs:eu-central-1:123456789012:task/jobs/%032x", id*16+n),
	}
}
