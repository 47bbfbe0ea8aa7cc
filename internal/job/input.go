package job

import (
	"encoding/json"
	"fmt"
)

// ScheduledTime is what EventBridge Scheduler replaces by a slot's nominal time
// (EventBridge Scheduler user guide, "Adding context attributes").
const ScheduledTime = "<aws.scheduler.scheduled-time>"

// ScheduleARN is what it replaces by the schedule's ARN.
const ScheduleARN = "<aws.scheduler.schedule-arn>"

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

// IsFormOf is whether j, as a schedule carries it, becomes the deployed definition
// once what it leaves out is taken from the schedule: expression, zone and state.
func (j Job) IsFormOf(deployed Job) bool {
	if j.Schedule == "" {
		j.Schedule = deployed.Schedule
		if j.Timezone == "" {
			j.Timezone = deployed.Timezone
		}
	}
	j.Disabled = deployed.Disabled
	return j.Hash() == deployed.Hash()
}
