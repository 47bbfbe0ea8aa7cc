package control

import (
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Change is one atomic write.
type Change struct {
	Run  *run.Run
	Item *job.Item
	// Was is the run as it was read, nil where it is new or that is not said: a store
	// may be thriftier where the run keeps its place.
	Was *run.Run
}

// KeepsPlace is whether the run may keep its place among those that are due, early as
// that then is, and hidden as the change is from who finds it there: while a launch is
// under way, and in the write after RunTask. Such a run rests nowhere, since no look
// has seen its task run: that of the attempt before, where it did, stopped with a
// startedAt.
func (c Change) KeepsPlace() bool {
	r, was := c.Run, c.Was
	if r == nil || was == nil || r.Owes(run.Tell) {
		return false
	}
	switch {
	case was.Status == run.Launching:
		return r.Status == run.Launching || r.Status == run.Running
	case was.Status == run.Running && r.Status == run.Launching:
		before := r.Attempt(len(was.Attempts))
		return before != nil && before.StartedAt.IsZero()
	}
	return false
}
