package run

import "time"

// Outline is what a picture or a list of many runs shows of one run.
type Outline struct {
	ID           ID
	Status       Status
	ScheduledFor time.Time
	QueuedAt     time.Time
	StartedAt    time.Time
	FinishedAt   time.Time
	// Whole is the run itself. It may be left out for a run that succeeded at its first
	// attempt and whose end was seen: there is no more to show of it.
	Whole *Run
}

// Outline returns the run's outline, with the whole run.
func (r Run) Outline() Outline {
	return Outline{ID: r.ID, Status: r.Status, ScheduledFor: r.ScheduledFor, QueuedAt: r.QueuedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Whole: &r}
}

// Outlines returns the outlines of runs, in their order.
func Outlines(runs []Run) []Outline {
	out := make([]Outline, len(runs))
	for i, r := range runs {
		out[i] = r.Outline()
	}
	return out
}
