package job

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ScheduledTime is what EventBridge Scheduler replaces by a slot's nominal time
// (EventBridge Scheduler user guide, "Adding context attributes").
const ScheduledTime = "<aws.scheduler.scheduled-time>"

// ScheduleARN is what it replaces by the schedule's ARN.
const ScheduleARN = "<aws.scheduler.schedule-arn>"

// RuleInput is what a scheduled rule sends that starts the job: its name and the
// time, which the rule's transformer has under "time".
func (j Job) RuleInput() string { return `{"scheduledFor":<time>,"job":"` + j.Name + `"}` }

// CarrierInput is the input of the schedule that carries the job of a rule. It is
// never sent: the schedule is off, and the rule says when the job runs. rule
// stands where the rule's name goes.
func (j Job) CarrierInput() (before, after string, err error) {
	input, err := j.ScheduleInput()
	if err != nil {
		return "", "", err
	}
	return `{"rule":"`, `",` + strings.TrimPrefix(input, "{"), nil
}

// ScheduleInput is the input of the job's schedule: the definition, and where the
// nominal time and the schedule's ARN go. Every `<` and `>` of the definition is written as \u003c
// and \u003e, so that no text of a job can be taken for a placeholder, neither
// Scheduler's nor an input transformer's.
func (j Job) ScheduleInput() (string, error) {
	definition, err := json.Marshal(j) // escapes <, > and & in strings
	if err != nil {
		return "", fmt.Errorf("encoding the definition of job %s: %w", j.Name, err)
	}
	return `{"scheduledFor":"` + ScheduledTime + `","schedule":"` + ScheduleARN + `","job":` + string(definition) + `}`, nil
}

// IsFormOf is whether j, as a schedule carries it, becomes the deployed definition, of
// that hash, once what it leaves out is taken from the schedule: expression, zone, dates and state.
func (j Job) IsFormOf(deployed Job, hash string) bool {
	if j.Schedule == "" {
		j.Schedule = deployed.Schedule
		if j.Timezone == "" {
			j.Timezone = deployed.Timezone
		}
	}
	if deployed.StartAt.After(j.StartAt) {
		j.StartAt = deployed.StartAt
	}
	if !deployed.EndAt.IsZero() && (j.EndAt.IsZero() || deployed.EndAt.Before(j.EndAt)) {
		j.EndAt = deployed.EndAt
	}
	j.Disabled = deployed.Disabled
	return j.Hash() == hash
}
