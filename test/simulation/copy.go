package simulation

import (
	"maps"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

func notEmpty[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return append(make([]T, 0, len(s)), s...)
}

func copyRun(r run.Run) run.Run {
	r.Attempts, r.Triggers, r.Owed = notEmpty(r.Attempts), notEmpty(r.Triggers), notEmpty(r.Owed)
	r.Args, r.Task.Containers = notEmpty(r.Args), notEmpty(r.Task.Containers)
	if r.Stopping != nil {
		s := *r.Stopping
		r.Stopping = &s
	}
	r.Environment = maps.Clone(r.Environment)
	return r
}

func copyItem(i job.Item) job.Item {
	i.Pauses = notEmpty(i.Pauses)
	if i.SkipNext != nil {
		s := *i.SkipNext
		i.SkipNext = &s
	}
	return i
}
