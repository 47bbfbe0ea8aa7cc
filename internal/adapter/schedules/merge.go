package schedules

import (
	"fmt"
	"maps"
	"slices"

	"github.com/batchplane/batchplane/internal/port"
)

// merged is what schedules and rules amount to.
type merged struct {
	// jobs are sorted by name; of holds the schedules of each.
	jobs []port.Registered
	of   map[string][]string
	// clashes reports jobs whose schedules disagree.
	clashes []error
}

// merge makes one job of the schedules that carry it: a crontab line may need two.
func (r *Registry) merge() *merged {
	if r.merged != nil {
		return r.merged
	}
	m := &merged{of: map[string][]string{}}
	for name, v := range r.read { //nolint:gocritic // only where something changed
		if v.entry != nil {
			m.of[v.entry.job.Name] = append(m.of[v.entry.job.Name], name)
		}
	}
	for _, job := range slices.Sorted(maps.Keys(m.of)) {
		slices.Sort(m.of[job])
		m.add(r, m.of[job])
	}
	r.merged = m
	return m
}

// add makes one job of its schedules, unless none of them can be used.
func (m *merged) add(r *Registry, names []string) {
	var all *port.Registered
	for _, name := range names {
		v := r.read[name]
		if v.why != nil {
			continue
		}
		is := r.completed(v.entry)
		if all == nil {
			m.jobs = append(m.jobs, is)
			all = &m.jobs[len(m.jobs)-1]
			continue
		}
		var clash bool
		if *all, clash = join(*all, is); clash {
			m.clashes = append(m.clashes, fmt.Errorf("%s and %s carry different definitions of job %s: give both the same, with its `schedule`", r.read[names[0]].entry.name, v.entry.name, all.Name))
		}
	}
}

// join merges two definitions of a job. The result is disabled if both are, and was modified when the
// later one was.
func join(a, b port.Registered) (both port.Registered, clash bool) {
	disabled := a.Disabled && b.Disabled
	a.Disabled, b.Disabled = disabled, disabled
	a.SwitchedOff = a.SwitchedOff || b.SwitchedOff
	if b.Modified.After(a.Modified) {
		a.Modified = b.Modified
	}
	a, b = port.Register(a.Job), port.Register(b.Job)
	return a, a.Hash != b.Hash
}
