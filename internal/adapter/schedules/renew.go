package schedules

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
)

// stillGone is how old a finding may be by which a job counts as gone: it is written as
// gone by that, and may be made again at any time.
const stillGone = time.Minute

// Renew implements control.Registry.
func (r *Registry) Renew(ctx context.Context, name string, at time.Time) (control.Renewal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.merge().of[name]
	r.readOld(ctx, names, at)
	left, half, err := r.left(name, names)
	if err == nil && left == 0 {
		if lately := r.now().Add(-stillGone); at.Before(lately) {
			at = lately
		}
		if was, known := r.gone[name]; known && r.held(was.found, at) {
			return control.Renewal{Gone: true, Seen: was.seen, Found: was.found}, nil
		}
		asked := r.now()
		if left, half, err = r.unlisted(ctx, name, at); err == nil && left == 0 {
			return r.none(name, asked)
		}
	}
	switch {
	case err != nil:
		return control.Renewal{}, err
	case half: // a problem that Jobs names leaves what is known
		return control.Renewal{Unproved: true}, nil
	}
	return r.as(name)
}

// as is a job as its schedules and rules are known.
func (r *Registry) as(name string) (control.Renewal, error) {
	m := r.merge()
	i, found := slices.BinarySearchFunc(m.jobs, name, func(j control.Registered, name string) int { return strings.Compare(j.Name, name) })
	g := r.gaps(m)
	switch {
	case found && !g.half(m.jobs[i]):
		return control.Renewal{Job: &m.jobs[i]}, nil
	case len(g.unread) > 0: // one of these may carry it too
		return control.Renewal{}, first(g.unread)
	}
	return control.Renewal{Unproved: true}, nil
}

// readOld reads schedules, and their rules, of which what is known did not hold at a
// time.
func (r *Registry) readOld(ctx context.Context, names []string, at time.Time) {
	r.readAll(ctx, r.old(names, at))
	r.readRules(ctx, r.oldRules(names, at))
}

// unlisted looks for the schedule of a job that none is known to carry, since it was made
// behind the page that was listed, or a list left it out. It has the job's name, as
// `apply` and `render` give it.
func (r *Registry) unlisted(ctx context.Context, name string, at time.Time) (left int, half bool, err error) {
	names := []string{name}
	r.readOld(ctx, names, at)
	if why := r.read[name].why; why != nil && passes(why) {
		return 0, false, why
	}
	return r.left(name, names)
}

// none is of a job that no schedule carries, when that was asked: it is gone, unless one
// carries it that could not be read.
func (r *Registry) none(name string, asked time.Time) (control.Renewal, error) {
	was, known := r.gone[name]
	g := r.gaps(r.merge())
	switch {
	case r.listed.IsZero() && !known:
		return control.Renewal{}, errUnlisted
	case len(g.unread) > 0:
		return control.Renewal{}, first(g.unread)
	case g.halves[name] || g.nameless > 0 && !known: // one that was known is none of the nameless
		return control.Renewal{Unproved: true}, nil
	}
	r.lost(name, was.seen, asked)
	return control.Renewal{Gone: true, Seen: was.seen, Found: asked}, nil
}

// errUnlisted is of a process that begins.
var errUnlisted = errors.New("the schedules were not listed to the end yet")

// old are the schedules of which what is known held up to before a time, as far as is
// known.
func (r *Registry) old(names []string, at time.Time) (old []string) {
	for _, s := range names {
		if !r.held(r.read[s].asOf, at) {
			old = append(old, s)
		}
	}
	return old
}

// held is whether what held up to asOf did at a time. That of a clock which was put back
// since says nothing.
func (r *Registry) held(asOf, at time.Time) bool { return !asOf.Before(at) && !asOf.After(r.now()) }

// oldRules are the rules of which that holds.
func (r *Registry) oldRules(names []string, at time.Time) (old []string) {
	for _, s := range names {
		if v, there := r.read[s]; there && v.entry != nil && v.entry.job.Rule != "" && !r.held(r.rules[v.entry.job.Rule].asOf, at) {
			old = append(old, v.entry.job.Rule)
		}
	}
	slices.Sort(old)
	return slices.Compact(old)
}

// left is how many of these schedules still carry a job. half is whether one of them
// cannot be used; err says that one could not be read just now.
func (r *Registry) left(name string, names []string) (left int, half bool, err error) {
	for _, s := range names {
		v, there := r.read[s]
		if !there || v.entry == nil || v.entry.job.Name != name {
			continue
		}
		for _, why := range []error{v.why, r.rules[v.entry.job.Rule].why} {
			if why != nil && passes(why) {
				return 0, false, why
			}
		}
		left, half = left+1, half || v.why != nil
	}
	return left, half, nil
}
