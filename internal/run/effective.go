package run

import (
	"maps"

	"github.com/batchplane/batchplane/internal/job"
)

// ForAttempt returns the job as an attempt of this run launches it: with what a person gave
// the run, on the capacity that was decided for the attempt. It depends on nothing that
// changes later, so every send is the same request.
func (r *Run) ForAttempt(j job.Job, n int) job.Job {
	j = r.Effective(j)
	j.Capacity = r.Capacity(&j, n)
	return j
}

// Capacity returns what an attempt of this run is launched on, or will be if it is the next
// one.
func (r *Run) Capacity(j *job.Job, n int) job.Capacity {
	a := r.Attempt(n)
	switch {
	case j.Capacity != job.SpotThenOnDemand:
		return j.Capacity
	case a != nil && a.OnDemand, a == nil && r.OnDemand:
		return job.OnDemand
	}
	return job.Spot
}

// Effective returns the job as this run launches it: with the defaults of its inputs, and
// with the arguments and variables that a person gave a run by hand.
func (r *Run) Effective(j job.Job) job.Job {
	j.Environment = j.Variables()
	if len(r.Args) > 0 {
		j.Command = job.WithArgs(j.Command, r.Args)
	}
	if len(r.Environment) > 0 {
		env := map[string]string{}
		maps.Copy(env, j.Environment)
		maps.Copy(env, r.Environment)
		j.Environment = env
	}
	return j
}
