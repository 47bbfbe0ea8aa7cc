// Package schedules implements the registry of jobs on AWS: what the stack's schedules carry in their
// inputs, and when the rules that some of them name start them.
package schedules

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
)

// Registry reads the deployed jobs. It does not read a schedule again that has not changed since it was
// last read.
//
// It lists a group of up to 2,000 schedules whole each time, and a larger group in laps of five
// minutes, a part each time. It lists a larger group at once only if it knows nothing of it yet, or if
// `apply` has changed it.
type Registry struct {
	Scheduler Scheduler
	Rules     Rules
	// Trigger is the ARN of the function that the group's schedules invoke.
	Trigger string
	// Read returns the definition that an input carries; ok is false if it carries none.
	Read func(input string) (j job.Job, ok bool, err error)
	// Now returns the time and Wait waits; nil means by the machine's clock.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
	// Abreast is how many schedules or rules are read at once. 1 reads one after the other on the
	// caller's goroutine; 0 means 16.
	Abreast int

	mu   sync.Mutex
	read map[string]version
	// gone holds jobs that schedules carried and were found to carry no more.
	gone map[string]gone
	lap  lap
	// listed is when the last complete list began; said is whether Jobs has returned that.
	listed time.Time
	said   bool
	rules  map[string]rule
	bus    ruleLap
	// merged is the result of read and rules; nil if it must be computed again.
	merged *merged

	schedulePace, rulePace pace
}

// version is what is known of a schedule.
type version struct {
	// modified is when the schedule was changed, as far as is known.
	modified time.Time
	// listed is when a list last had it; asOf is the time up to which what is known of it held.
	listed, asOf time.Time
	// due is whether it must be read.
	due bool
	// entry is nil if the schedule carries no job.
	entry *carried
	// why says why the schedule cannot be used, or was not read; nil if it was read. If it is set, the
	// schedule may carry another job than entry says. of is the name of that job, if its input still
	// gives one.
	why error
	of  string
	// absent is whether the schedule has been deleted.
	absent bool
}

// carried is a schedule that carries a job.
type carried struct {
	name string
	job  port.Registered
}

// ProblemError reports schedules that cannot be used until somebody mends them. The others were read.
type ProblemError struct{ Problems []error }

func (e *ProblemError) Error() string { return errors.Join(e.Problems...).Error() }

// UnreadError reports schedules or rules that could not be read just now, for example because AWS
// limits the rate. Nothing is wrong with them. The others were read.
type UnreadError struct{ Unread []error }

func (e *UnreadError) Error() string {
	return fmt.Sprintf("%d schedules or rules could not be read now, the first: %v", len(e.Unread), e.Unread[0])
}

// Jobs returns the jobs of all schedules, and those that a rule starts as the rule stands. It returns a
// *ProblemError, an *UnreadError or both beside the jobs that are known, even if the time was up before
// all were read; with any other error it returns no jobs. It leaves out a job of which only a part was
// read.
func (r *Registry) Jobs(ctx context.Context) (port.Reading, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.list(ctx); err != nil {
		return port.Reading{}, err
	}
	r.readAll(ctx, r.due())
	r.nameRules()
	listed := r.listRules(ctx)
	r.readRules(ctx, r.rulesDue(listed))
	m := r.merge()
	g := r.gaps(m)
	if g.none() {
		return port.Reading{Jobs: m.jobs, Whole: r.whole()}, nil
	}
	reading := port.Reading{Jobs: slices.DeleteFunc(slices.Clone(m.jobs), g.half), Broken: slices.Sorted(maps.Keys(g.halves))}
	if len(g.unread) == 0 && g.nameless == 0 {
		reading.Whole = r.whole()
	}
	return reading, g.err()
}

// whole returns when the last complete list began, once: until the next list is complete it returns
// zero. If schedules of a list were unread, the list counts once they are read.
func (r *Registry) whole() time.Time {
	if r.said {
		return time.Time{}
	}
	r.said = true
	return r.listed
}

// due returns the names of the schedules that must be read, sorted.
func (r *Registry) due() []string {
	var names []string
	for name, v := range r.read { //nolint:gocritic // some 10,000 small values a minute
		if v.due {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (r *Registry) readAll(ctx context.Context, names []string) {
	asked, versions := r.now(), make([]version, len(names))
	port.InParallel(len(names), cmp.Or(r.Abreast, readers), func(i int) { versions[i] = r.schedule(ctx, names[i], r.read[names[i]]) })
	for i, name := range names {
		was, is := r.read[name], versions[i]
		if !is.same(was) {
			r.merged = nil
		}
		if was.entry != nil && (is.entry == nil || is.entry.job.Name != was.entry.job.Name) {
			r.lost(was.entry.job.Name, was.asOf, asked)
		}
		if is.absent {
			delete(r.read, name)
		} else {
			r.put(name, is)
		}
	}
}

func (r *Registry) put(name string, is version) { //nolint:gocritic // small
	if r.read == nil {
		r.read = map[string]version{}
	}
	r.read[name] = is
}

// gone says of a job up to when the last of its schedules carried it, and when that schedule was found
// to carry it no more.
type gone struct{ seen, found time.Time }

func (r *Registry) lost(job string, asOf, found time.Time) {
	if r.gone == nil {
		r.gone = map[string]gone{}
	}
	was := r.gone[job]
	if asOf.After(was.seen) {
		was.seen = asOf
	}
	was.found = found
	r.gone[job] = was
}

// same reports whether both were read and carry the same job.
func (v version) same(o version) bool { //nolint:gocritic // small
	if v.why != nil || o.why != nil || v.entry == nil || o.entry == nil {
		return false
	}
	a, b := &v.entry.job, &o.entry.job
	return a.Hash == b.Hash && a.Rule == b.Rule && a.Modified.Equal(b.Modified)
}

// schedule reads one schedule; was is what is known of it.
func (r *Registry) schedule(ctx context.Context, name string, was version) version { //nolint:gocritic // small
	asked := r.now()
	said, err := r.get(ctx, name)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return version{absent: true}
	case err != nil:
		was.due, was.why = true, fmt.Errorf("reading schedule %s: %w", name, err)
		return was
	}
	if !said.Modified.IsZero() {
		was.modified = said.Modified
	}
	was.due, was.why, was.of, was.asOf = false, nil, "", asked
	said.Modified = was.modified
	entry, err := r.carries(&said)
	if err != nil {
		was.why, was.of = err, named(said.Input)
		return was
	}
	was.entry = entry
	return was
}

func (r *Registry) get(ctx context.Context, name string) (entry.Schedule, error) {
	if err := r.schedulePace.wait(ctx, r, perSecond); err != nil {
		return entry.Schedule{}, err
	}
	return r.Scheduler.GetSchedule(ctx, name)
}

// carries returns what a schedule carries, nil if that is no job.
func (r *Registry) carries(said *entry.Schedule) (_ *carried, err error) {
	defer panics.Recover(&err) // a schedule that makes this panic must not keep the others from being read
	j, ok, err := said.Job(r.Trigger, r.Read)
	if err != nil || !ok {
		return nil, err
	}
	return &carried{name: "schedule " + said.Name, job: port.Register(j)}, nil
}

// named returns the name of the job in a schedule's input, whatever else the input says. It returns ""
// if there is none.
func named(input string) string {
	var in struct {
		Job struct {
			Name string `json:"name"`
		} `json:"job"`
	}
	_ = json.Unmarshal([]byte(input), &in) // why it cannot be read is already known
	return in.Job.Name
}
