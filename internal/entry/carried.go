package entry

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Schedule is what EventBridge Scheduler says about a schedule, as far as it concerns the job.
type Schedule struct {
	Name, ARN string
	// Target is the ARN of what the schedule calls; Input is what it passes.
	Target, Input    string
	Expression, Zone string
	Disabled         bool
	// Start and End bound when it fires; zero means no bound.
	Start, End time.Time
	// Window is how much later than its nominal time it may fire.
	Window   time.Duration
	Modified time.Time
}

// Job returns the job that a schedule carries to the trigger with that ARN; ok is false if it
// carries none. read is Registered, or the result of Noting.
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
	own := j.Schedule != "" || !j.EndAt.IsZero() || !j.StartAt.IsZero()
	if j.Rule == "" { // otherwise the rule says when it runs, which may change at any time
		Complete(&j, s.Expression, s.Zone, s.Disabled)
	}
	s.between(&j, own)
	if s.Window >= j.Late() {
		return job.Job{}, false, fmt.Errorf("schedule %s may fire %s late and its job may start within %s: set the job's startWithin above the window", s.Name, job.Duration(s.Window), job.Duration(j.Late()))
	}
	j.Modified = s.Modified
	return j, true, nil
}

// Complete takes from a schedule or rule what the definition leaves out. A one-time schedule that
// is switched off only carries its job, which people run.
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
	j.SwitchedOff = disabled && !j.Disabled
	j.Disabled = j.Disabled || disabled
}

// between limits the job to the time in which its schedule fires: a trigger never comes outside
// of it (EventBridge Scheduler API, StartDate and EndDate). A definition that has a schedule or bounds
// of its own (own) was not given others by whoever deployed it.
func (s *Schedule) between(j *job.Job, own bool) {
	if j.Schedule == "" {
		return
	}
	if s.Start.After(j.StartAt) {
		j.StartAt, j.Postponed = s.Start.UTC(), own
	}
	if !s.End.IsZero() && (j.EndAt.IsZero() || s.End.Before(j.EndAt)) {
		j.EndAt, j.CutShort = s.End.UTC(), own
	}
}
