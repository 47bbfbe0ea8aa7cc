package schedules

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
)

// Renew implements control.Registry.
func (r *Registry) Renew(ctx context.Context, name string, at time.Time) (control.Renewal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.merge().of[name]
	old := r.old(names, at)
	r.readAll(ctx, old)
	rules := r.oldRules(names, at)
	r.readRules(ctx, rules)
	left, half, err := r.left(name, names)
	was, gone := r.gone[name]
	switch {
	case err != nil:
		return control.Renewal{}, err
	case left == 0 && gone:
		return control.Renewal{Gone: true, Seen: was.seen, Found: was.found}, nil
	case half || len(old)+len(rules) == 0: // a problem that Jobs names leaves what is known
		return control.Renewal{}, nil
	}
	m := r.merge()
	i, found := slices.BinarySearchFunc(m.jobs, name, func(j control.Registered, name string) int { return strings.Compare(j.Name, name) })
	g := r.gaps(m)
	if !found || g.half(m.jobs[i]) {
		return control.Renewal{}, nil
	}
	return control.Renewal{Job: &m.jobs[i]}, nil
}

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
