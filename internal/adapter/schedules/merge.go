package schedules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/control"
)

// merged is what schedules and rules amount to.
type merged struct {
	// jobs are sorted by name; of holds the schedules of each.
	jobs []control.Registered
	of   map[string][]string
	// clashes reports jobs whose schedules disagree.
	clashes []error
}

// merge makes one job of the schedules that carry it: a crontab line may need two.
func (r *Registry) merge() *merged {
	if r.merged != nil {
		return r.merged
	}
	names := make([]string, 0, len(r.read))
	for name, v := range r.read { //nolint:gocritic // only where something changed
		if v.entry != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	m := &merged{of: make(map[string][]string, len(names))}
	at := make(map[string]int, len(names))
	for _, name := range names {
		v := r.read[name]
		job := v.entry.job.Name
		m.of[job] = append(m.of[job], name)
		if v.why != nil {
			continue
		}
		is := r.completed(v.entry)
		if i, known := at[job]; known {
			var clash bool
			if m.jobs[i], clash = join(m.jobs[i], is); clash {
				m.clashes = append(m.clashes, fmt.Errorf("%s and %s carry different definitions of job %s: give both the same, with its `schedule`", r.read[m.of[job][0]].entry.name, v.entry.name, job))
			}
			continue
		}
		at[job] = len(m.jobs)
		m.jobs = append(m.jobs, is)
	}
	slices.SortFunc(m.jobs, func(a, b control.Registered) int { return strings.Compare(a.Name, b.Name) })
	r.merged = m
	return m
}

// join merges two definitions of a job. The result is disabled if both are, and was modified when the
// later one was.
func join(a, b control.Registered) (both control.Registered, clash bool) {
	disabled := a.Disabled && b.Disabled
	a.Disabled, b.Disabled = disabled, disabled
	if b.Modified.After(a.Modified) {
		a.Modified = b.Modified
	}
	a, b = control.Register(a.Job), control.Register(b.Job)
	return a, a.Hash != b.Hash
}
