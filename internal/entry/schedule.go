package entry

import (
	"encoding/json"
	"fmt"

	"github.com/batchplane/batchplane/internal/job"
)

// ScheduledTime is what EventBridge Scheduler replaces by a slot's nominal time
// (EventBridge Scheduler user guide, "Adding context attributes").
const ScheduledTime = "<aws.scheduler.scheduled-time>"

// ScheduleInput is the input of a job's schedule: the definition, and where the
// nominal time goes. Every `<` and `>` of the definition is written as \u003c
// and \u003e, so that no text of a job can be taken for a placeholder, neither
// Scheduler's nor an input transformer's.
func ScheduleInput(j job.Job) (string, error) {
	definition, err := json.Marshal(j) // escapes <, > and & in strings
	if err != nil {
		return "", fmt.Errorf("encoding the definition of job %s: %w", j.Name, err)
	}
	return `{"scheduledFor":"` + ScheduledTime + `","job":` + string(definition) + `}`, nil
}

// Registered is the job that a schedule's input carries, as it stands in the
// schedule with its time not filled in. ok is false for an input that only names
// its job or carries none.
func Registered(input string) (j job.Job, ok bool, err error) {
	var in struct {
		Job json.RawMessage `json:"job"`
	}
	if err := json.Unmarshal([]byte(input), &in); err != nil {
		return j, false, fmt.Errorf("%w: it is not a JSON object: %w", ErrInput, err)
	}
	if len(in.Job) == 0 {
		return j, false, nil
	}
	_, definition, err := readJob(in.Job)
	if err != nil {
		return j, false, fmt.Errorf("%w: reading its \"job\": %w", ErrInput, err)
	}
	if definition == nil {
		return j, false, nil
	}
	return *definition, true, nil
}
