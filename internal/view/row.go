package view

import (
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Row is a run as history shows it. Pointers are nil where there is no value.
type Row struct {
	Run          run.ID     `json:"run"`
	Job          string     `json:"job"`
	ScheduledFor time.Time  `json:"scheduledFor"`
	Status       run.Status `json:"status"`
	// State says more than Status about an open run.
	State     State      `json:"state"`
	Attempts  int        `json:"attempts"`
	Cause     string     `json:"cause"`
	ExitCode  *int64     `json:"exitCode"`
	QueuedAt  time.Time  `json:"queuedAt"`
	StartedAt *time.Time `json:"startedAt"`
	// AcceptedAt is when ECS accepted the present task of a running run, if StartedAt is not
	// known: a task that runs as it should reports its start only at its end.
	AcceptedAt *time.Time `json:"acceptedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt"`
	// DurationMs is the time from the start of the task to its end, if both are known.
	DurationMs *int64 `json:"durationMs"`
	// Since is when its task started, or was accepted if the start is not known, or since when it
	// has waited to be launched.
	Since time.Time `json:"-"`
	// By is the person who last asked for the run or a retry of it, or "" if only its schedule
	// did.
	By string `json:"by,omitempty"`
}

// rowOf returns the row of an outline. If the outline does not hold the whole run, its exit code,
// its cause and who asked for it are not known.
func rowOf(o run.Outline, now time.Time) Row {
	if o.Whole != nil {
		return RowOf(*o.Whole, now)
	}
	return RowOf(run.Run{
		ID: o.ID, Status: o.Status, ScheduledFor: o.ScheduledFor, QueuedAt: o.QueuedAt, StartedAt: o.StartedAt, FinishedAt: o.FinishedAt,
		Attempts: []run.Attempt{{N: 1}},
	}, now)
}

// RowOf returns the row of a run at a time.
func RowOf(r run.Run, now time.Time) Row {
	row := Row{
		Run: r.ID, Job: r.ID.Job(), ScheduledFor: r.ScheduledFor.UTC(), Status: r.Status, State: StateOf(r, now), Attempts: len(r.Attempts), Cause: r.Cause,
		ExitCode: r.ExitCode, QueuedAt: r.QueuedAt.UTC(), StartedAt: optional(r.StartedAt), FinishedAt: optional(r.FinishedAt),
	}
	if a := r.Last(); r.Status == run.Running && a != nil && r.StartedAt.IsZero() {
		row.AcceptedAt = optional(a.AcceptedAt)
	}
	row.Since = r.WaitsSince()
	for _, at := range []*time.Time{row.AcceptedAt, row.StartedAt} {
		if at != nil {
			row.Since = *at
		}
	}
	if d := r.Duration(); d > 0 {
		ms := d.Milliseconds()
		row.DurationMs = &ms
	}
	for _, t := range r.Triggers {
		if t.By != "" {
			row.By = t.By
		}
	}
	return row
}

// Took returns the duration, or 0 if it is not known.
func (r Row) Took() time.Duration {
	if r.DurationMs == nil {
		return 0
	}
	return time.Duration(*r.DurationMs) * time.Millisecond
}
