package entry

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Schedule is what EventBridge Scheduler says of a schedule, as far as its job is
// read from it.
type Schedule struct {
	Name string
	// Target is the ARN of what it calls, Input what it calls it with.
	Target, Input    string
	Expression, Zone string
	Disabled         bool
	// Start and End bound when it fires; zero is without a bound.
	Start, End time.Time
	// Window is how much later than its nominal time it may fire.
	Window   time.Duration
	Modified time.Time
}

// Job is the job that a schedule carries to the trigger with that ARN; ok is false
// where it carries none. read is Registered, or what Noting gives.
func (s *Schedule) Job(trigger string, read func(input string) (job.Job, bool, error)) (j job.Job, ok bool, err error) {
	if s.Target != trigger || trigger == "" {
		return job.Job{}, false, nil
	}
	j, ok, err = read(s.Input)
	if err != nil {
		return job.Job{}, false, fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	if !ok {
		return job.Job{}, false, nil
	}
	if j.Rule == "" { // else the rule says when it runs, which may change at any time
		Complete(&j, s.Expression, s.Zone, s.Disabled)
	}
	s.between(&j)
	if s.Window >= j.Late() {
		return job.Job{}, false, fmt.Errorf("schedule %s may fire %s late and its job may start within %s: set the job's startWithin above the window", s.Name, job.Duration(s.Window), job.Duration(j.Late()))
	}
	j.Modified = s.Modified
	return j, true, nil
}

// Complete takes from a schedule or rule what the definition leaves out. A one-time
// schedule that is off only carries its job: people run it.
func Complete(j *job.Job, expression, zone string, disabled bool) {
	if j.Schedule == "" && disabled && strings.HasPrefix(expression, "at(") {
		return
	}
	if j.Schedule == "" {
		j.Schedule = expression
		if j.Timezone == "" {
			j.Timezone = zone
		}
	}
	j.Disabled = j.Disabled || disabled
}

// between narrows the job down to the time in which its schedule fires: a trigger
// never comes outside of it (EventBridge Scheduler API, StartDate and EndDate).
func (s *Schedule) between(j *job.Job) {
	if j.Schedule == "" {
		return
	}
	if s.Start.After(j.StartAt) {
		j.StartAt = s.Start.UTC()
	}
	if !s.End.IsZero() && (j.EndAt.IsZero() || s.End.Before(j.EndAt)) {
		j.EndAt = s.End.UTC()
	}
}
