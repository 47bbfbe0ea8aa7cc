package schedules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Lookup asks for single schedules of the stack's group. It implements port.Schedules.
type Lookup struct {
	Group Group
	// Function is the name of the trigger.
	Function string
	// Read is entry.Registered, or a result of entry.Noting.
	Read func(input string) (j job.Job, ok bool, err error)
}

// Schedule implements port.Schedules.
func (l *Lookup) Schedule(ctx context.Context, arn string) (job.Job, error) {
	name, ok := l.name(arn)
	if !ok {
		return job.Job{}, fmt.Errorf("%q is not the ARN of a schedule of the group %s: %w", arn, l.Group.Name, port.ErrNotFound)
	}
	said, err := l.get(ctx, name)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return job.Job{}, fmt.Errorf("the group %s has no schedule %s (any more): %w", l.Group.Name, name, port.ErrNotFound)
	case err != nil:
		return job.Job{}, fmt.Errorf("reading schedule %s: %w", name, err)
	case said.ARN != arn: // that of another account or Region
		return job.Job{}, fmt.Errorf("schedule %s is %s, not %s: %w", name, said.ARN, arn, port.ErrNotFound)
	}
	trigger := ""
	if strings.HasSuffix(said.Target, ":function:"+l.Function) {
		trigger = said.Target
	}
	j, ok, err := said.Job(trigger, l.Read)
	if err != nil {
		return job.Job{}, err
	}
	if !ok {
		return job.Job{}, fmt.Errorf("schedule %s carries no job to this stack's trigger: %w", name, port.ErrNotFound)
	}
	return j, nil
}

// Ours implements port.Schedules.
func (l *Lookup) Ours(arn string) bool {
	_, ok := l.name(arn)
	return ok
}

// name returns the name in the ARN of a schedule of the group:
// arn:aws:scheduler:<region>:<account>:schedule/<group>/<name>.
func (l *Lookup) name(arn string) (string, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "scheduler" {
		return "", false
	}
	name, ok := strings.CutPrefix(parts[5], "schedule/"+l.Group.Name+"/")
	return name, ok && name != "" && !strings.Contains(name, "/")
}

// within bounds all tries of asking for a schedule. A slot whose schedule gives no answer waits for the
// next sweep; recording that takes the rest of the function's 30 seconds.
const within = 10 * time.Second

func (l *Lookup) get(ctx context.Context, name string) (entry.Schedule, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return l.Group.GetSchedule(ctx, name)
}
