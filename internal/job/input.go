package job

import (
	"encoding/json"
	"fmt"
)

// ScheduledTime is what EventBridge Scheduler replaces by a slot's nominal time
// (EventBridge Scheduler user guide, "Adding context attributes").
const ScheduledTime = "<aws.scheduler.scheduled-time>"

// ScheduleInput is the input of the job's schedule: the definition, and where the
// nominal time goes. Every `<` and `>` of the definition is written as \u003c
// and \u003e, so that no text of a job can be taken for a placeholder, neither
// Scheduler's nor an input transformer's.
func (j Job) ScheduleInput() (string, error) {
	definition, err := json.Marshal(j) // escapes <, > and & in strings
	if err != nil {
		return "", fmt.Errorf("encoding the definition of job %s: %w", j.Name, err)
	}
	return `{"scheduledFor":"` + ScheduledTime + `","job":` + string(definition) + `}`, nil
}
