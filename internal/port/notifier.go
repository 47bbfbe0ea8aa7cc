package port

import (
	"context"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// Notifier carries a notice to people and machines. If it returns an error, the notice was
// not carried and stays owed.
type Notifier interface {
	// Notify returns in took the names of the targets that took the notice.
	Notify(ctx context.Context, n notice.Notice) (took []string, err error)
}

// Logs reads a task's output.
type Logs interface {
	// Tail returns the last lines of an output, the oldest first.
	Tail(ctx context.Context, o Output, lines int) ([]string, error)
	// Where says where a person finds the whole output; "" if nowhere.
	Where(o Output) string
}

// Output identifies what the task of an attempt wrote.
type Output struct {
	Run     run.ID
	Attempt int
	TaskARN string
	Task    run.TaskDefinition
}
