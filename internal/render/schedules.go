package render

import (
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Schedule is one schedule of EventBridge Scheduler as data: the template's resource, without
// what all schedules of a stack have in common.
type Schedule struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Expression is in Zone, an IANA name.
	Expression string `json:"expression"`
	Zone       string `json:"zone"`
	// State is ENABLED or DISABLED.
	State string `json:"state"`
	// Window is in minutes; 0 means none.
	Window int       `json:"window,omitempty"`
	Start  time.Time `json:"start,omitzero"`
	End    time.Time `json:"end,omitzero"`
	// MaxAge is in seconds.
	MaxAge int    `json:"maxAge"`
	Input  string `json:"input"`
	// Other says what else differs in a schedule that was read from what batchplane writes. It
	// is "" in what batchplane writes.
	Other string `json:"other,omitempty"`
}

// SchedulesOf gives the schedules of one job, whose taskDefinition must be the one to launch.
// There are two if one expression cannot select the slots.
func SchedulesOf(j job.Job, from time.Time) ([]Schedule, error) {
	p, err := Options{From: from}.plan(j)
	if err != nil {
		return nil, err
	}
	input, err := j.ScheduleInput()
	if err != nil {
		return nil, err
	}
	if err := inputFits(j, len(input)); err != nil {
		return nil, err
	}
	out := make([]Schedule, len(p.expressions))
	for i, expression := range p.expressions {
		out[i] = Schedule{
			Name: name(j, i, 0), Description: clip(j.Description), Expression: expression, Zone: p.zone, State: p.state,
			Window: int(time.Duration(j.Window) / time.Minute), Start: j.StartAt.UTC(), End: j.EndAt.UTC(), MaxAge: maxAge(j), Input: input,
		}
	}
	return out, nil
}
