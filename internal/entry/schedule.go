package entry

import (
	"encoding/json"
	"fmt"

	"github.com/batchplane/batchplane/internal/job"
)

// Registered is the job that a schedule's input carries, as it stands in the
// schedule with its time not filled in. ok is false for an input that only names
// its job or carries none. Fields of newer versions are passed over.
func Registered(input string) (j job.Job, ok bool, err error) {
	var in struct {
		Job  json.RawMessage `json:"job"`
		Rule string          `json:"rule"`
	}
	if err := json.Unmarshal([]byte(input), &in); err != nil {
		return j, false, fmt.Errorf("%w: it is not a JSON object: %w", ErrInput, err)
	}
	if len(in.Job) == 0 {
		return j, false, nil
	}
	_, definition, _, err := readJob(in.Job)
	if err != nil {
		return j, false, fmt.Errorf("%w: reading its \"job\": %w", ErrInput, err)
	}
	if definition == nil {
		return j, false, nil
	}
	definition.Rule = in.Rule
	return *definition, true, nil
}
