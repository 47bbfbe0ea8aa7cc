package port

import (
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Change is one atomic write.
type Change struct {
	Run  *run.Run
	Item *job.Item
	// Was is the run as it was read; nil if it is new or the caller does not say. With it, a
	// store may save work if the run keeps its place.
	Was *run.Run
}

// KeepsPlace reports whether the run may keep its place among the due runs, although that
// place is then too early and whoever finds the run there does not see the change. It may
// while a launch is under way, and in the write after RunTask. No look has seen the task of
// such a run running, so the run does not rest. If a look has seen the previous attempt's
// task running, that attempt has a StartedAt, and the run may not keep its place.
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
