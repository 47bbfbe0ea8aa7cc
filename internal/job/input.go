package job

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ScheduledTime is the placeholder that EventBridge Scheduler replaces with a slot's nominal
// time (EventBridge Scheduler user guide, "Adding context attributes").
const ScheduledTime = "<aws.scheduler.scheduled-time>"

// ScheduleARN is the placeholder that it replaces with the schedule's ARN.
const ScheduleARN = "<aws.scheduler.schedule-arn>"

// RuleInput is what the scheduled rule that starts the job sends: the job's name and the time,
// which the rule's input transformer has under "time".
func (j Job) RuleInput() string { return `{"scheduledFor":<time>,"job":"` + j.Name + `"}` }

// CarrierInput is the input of the schedule that carries the job of a rule, without the name
// of the rule between before and after. It is never sent: the schedule is disabled, and the
// rule decides when the job runs.
func (j Job) CarrierInput() (before, after string, err error) {
	input, err := j.ScheduleInput()
	if err != nil {
		return "", "", err
	}
	return `{"rule":"`, `",` + strings.TrimPrefix(input, "{"), nil
}

// ScheduleInput is the input of the job's schedule: the definition, and placeholders for the
// nominal time and the schedule's ARN. It writes every `<` and `>` of the definition as \u003c
// and \u003e. So no text of a job can be taken for a placeholder of Scheduler or of an input
// transformer.
func (j Job) ScheduleInput() (string, error) {
	definition, err := json.Marshal(j) // escapes <, > and & in strings
	if err != nil {
		return "", fmt.Errorf("encoding the definition of job %s: %w", j.Name, err)
	}
	return `{"scheduledFor":"` + ScheduledTime + `","schedule":"` + ScheduleARN + `","job":` + string(definition) + `}`, nil
}

// IsFormOf reports whether j, as a schedule carries it, is the deployed definition with that
// hash. What j leaves out comes from the schedule: expression, zone, dates and state.
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
