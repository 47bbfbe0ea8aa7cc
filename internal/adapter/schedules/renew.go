package schedules

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// stillGone is how old the finding that a job is gone may be. The job is recorded as gone because of
// it, and may be created again at any time.
const stillGone = time.Minute

// Renew implements port.Registry.
func (r *Registry) Renew(ctx context.Context, name string, at time.Time) (port.Renewal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.merge().of[name]
	r.readOld(ctx, names, at)
	if r.carry(name, names...) {
		return r.as(name)
	}
	if lately := r.now().Add(-stillGone); at.Before(lately) {
		at = lately
	}
	if was := r.gone[name]; r.held(was.found, at) {
		return port.Renewal{Gone: true, Seen: was.seen, Found: was.found}, nil
	}
	// Its schedule may have been created on a page that was already listed, or a list may have left it
	// out. `apply` and `render` give it the job's name.
	asked := r.now()
	r.readOld(ctx, []string{name}, at)
	if r.carry(name, name) {
		return r.as(name)
	}
	return r.none(name, asked)
}

// as returns a job as its schedules and rules are known. A problem that Jobs names leaves what is known.
func (r *Registry) as(name string) (port.Renewal, error) {
	m := r.merge()
	i, found := slices.BinarySearchFunc(m.jobs, name, func(j port.Registered, name string) int { return strings.Compare(j.Name, name) })
	g := r.gaps(m)
	switch {
	case found && !g.half(m.jobs[i]):
		return port.Renewal{Job: &m.jobs[i]}, nil
	case len(g.unread) > 0: // one of these may carry the job too
		return port.Renewal{}, first(g.unread)
	}
	return port.Renewal{Unproved: true}, nil
}

// readOld reads those of the schedules, and of their rules, whose last reading is older than a time.
func (r *Registry) readOld(ctx context.Context, names []string, at time.Time) {
	r.readAll(ctx, r.old(names, at))
	r.readRules(ctx, r.oldRules(names, at))
}

// none answers for a job that no schedule was found to carry at the time asked: it is gone, unless a
// schedule that could not be read may carry it.
func (r *Registry) none(name string, asked time.Time) (port.Renewal, error) {
	was, known := r.gone[name]
	g := r.gaps(r.merge())
	switch {
	case r.listed.IsZero() && !known:
		return port.Renewal{}, errUnlisted
	case len(g.unread) > 0:
		return port.Renewal{}, first(g.unread)
	case g.halves[name] || g.nameless > 0 && !known: // the schedules without a name are not those of a known job
		return port.Renewal{Unproved: true}, nil
	}
	r.lost(name, was.seen, asked)
	return port.Renewal{Gone: true, Seen: was.seen, Found: asked}, nil
}

// errUnlisted is the answer of a process that has not listed the group yet.
var errUnlisted = errors.New("the schedules were not listed to the end yet")

// old returns those of the schedules whose last reading is older than a time.
func (r *Registry) old(names []string, at time.Time) (old []string) {
	for _, s := range names {
		if !r.held(r.read[s].asOf, at) {
			old = append(old, s)
		}
	}
	return old
}

// held reports whether a reading that held up to asOf covers a time. A reading from the future says
// nothing: the clock was put back since.
func (r *Registry) held(asOf, at time.Time) bool { return !asOf.Before(at) && !asOf.After(r.now()) }

// oldRules returns the rules of these schedules whose last reading is older than a time.
func (r *Registry) oldRules(names []string, at time.Time) (old []string) {
	for _, s := range names {
		if v := r.read[s]; v.entry != nil && v.entry.job.Rule != "" && !r.held(r.rules[v.entry.job.Rule].asOf, at) {
			old = append(old, v.entry.job.Rule)
		}
	}
	slices.Sort(old)
	return slices.Compact(old)
}

// carry reports whether any of these schedules carried the job when it was last read.
func (r *Registry) carry(name string, schedules ...string) bool {
	return slices.ContainsFunc(schedules, func(s string) bool {
		e := r.read[s].entry
		return e != nil && e.job.Name == name
	})
}
