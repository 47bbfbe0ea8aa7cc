package run

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// standsBy is said of every launch that a stack that stands by does not make.
const standsBy = "this stack stands by and launches nothing: deploy it with Standby=false first"

// withheld says why a launch is not made, whatever the run's state says; "" if it may be
// made. Either the stack stands by, or it cannot know what became of the run. asked is when the
// run's slot was due or a person last asked for it.
func (t *Timing) withheld(asked time.Time) string {
	switch {
	case asked.Before(t.NotBefore): // first: it may have been launched
		return "it was due before " + job.UTC(t.NotBefore) +
			", the NotBefore of this stack, whose table does not know what was launched until then: look whether it ran, and retry it if not"
	case t.Standby:
		return standsBy
	}
	return ""
}

// asked returns when the run was due, or when a person last asked for it.
func (r *Run) asked() time.Time {
	at := r.ScheduledFor
	for _, t := range r.Triggers {
		if (t.Kind == ByHand || t.Kind == ByRetry) && t.At.After(at) {
			at = t.At
		}
	}
	return at
}

// withheld says why the run is not launched any more.
func (d *decider) withheld() string {
	for i := range d.r.Attempts {
		if a := &d.r.Attempts[i]; a.N >= d.r.First && a.RanAfterAll {
			return fmt.Sprintf("attempt %d: %s", a.N, a.AfterAll())
		}
	}
	switch {
	case d.beside != "":
		return string(d.beside) + " has the job's lock by now, and the job's runs may not overlap"
	case !d.t.Standby && d.t.NotBefore.IsZero(): // as in most stacks
		return ""
	}
	return d.t.withheld(d.r.asked())
}

// withhold ends a run that waits to be launched and must not be.
func (d *decider) withhold(why string) {
	d.drop("failed: "+why, Failed, "not launched: "+why)
}

// withheld returns what becomes of a first request that must not be launched; nil if it may
// be.
func withheld(req *Request, s *Situation) *Admission {
	why := s.Timing.withheld(req.ScheduledFor)
	switch {
	case s.Timing.Standby:
		return &Admission{Refuse: standsBy}
	case why == "" || req.Trigger.Kind == ByHand:
		return nil
	}
	return &Admission{As: Missed, Why: why, Forgotten: true}
}
