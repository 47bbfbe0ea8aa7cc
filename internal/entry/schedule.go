package entry

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/batchplane/batchplane/internal/job"
)

// Registered returns the job that a schedule's input carries, as stored in the schedule, without
// its time. ok is false for an input that only names its job or carries none. Fields of newer
// versions are passed over.
func Registered(input string) (j job.Job, ok bool, err error) {
	j, _, ok, err = registered(input)
	return j, ok, err
}

// Noting is like Registered, and logs once per process what it passed over in a job's input.
func Noting(log *slog.Logger) func(input string) (job.Job, bool, error) {
	return func(input string) (job.Job, bool, error) {
		j, unknown, ok, err := registered(input)
		if err == nil && ok {
			notePassedOver(context.Background(), log, j.Name, unknown)
		}
		return j, ok, err
	}
}

func registered(input string) (j job.Job, unknown string, ok bool, err error) {
	var in struct {
		Job          json.RawMessage `json:"job"`
		Rule         string          `json:"rule"`
		ScheduledFor string          `json:"scheduledFor"`
		Schedule     string          `json:"schedule"`
	}
	if unknown, err = lenient([]byte(input), &in); err != nil {
		return j, "", false, fmt.Errorf("%w: it is not a JSON object: %w", ErrInput, err)
	}
	if len(in.Job) == 0 {
		return j, "", false, nil
	}
	_, definition, within, err := readJob(in.Job)
	if err != nil {
		return j, "", false, fmt.Errorf("%w: reading its \"job\": %w", ErrInput, err)
	}
	if definition == nil {
		return j, "", false, nil
	}
	definition.Rule = in.Rule
	return *definition, cmp.Or(unknown, within), true, nil
}
