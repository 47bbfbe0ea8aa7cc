package apply

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/render"
)

// words says what changes, like other comparisons of files. It also says what differs only in the
// registry because somebody changed it there.
func (b *builder) words() {
	before := map[string]job.Job{}
	for _, name := range slices.Sorted(maps.Keys(b.deployed)) {
		j := b.deployed[name].Job
		if _, known := before[j.Name]; !known && j.Project == b.wanted.Project {
			before[j.Name] = j // of schedules that disagree the first by name counts
		}
	}
	for _, name := range b.plan.Left {
		delete(before, name)
	}
	var after []job.Job
	for _, j := range b.wanted.Jobs {
		j.Project = b.wanted.Project
		j.TaskDefinition = b.shown(j.TaskDefinition, before[j.Name].TaskDefinition)
		after = append(after, j)
	}
	changes := jobdiff.Of(slices.Collect(maps.Values(before)), after, b.wanted.From)
	said := map[string]bool{}
	for _, c := range changes {
		said[c.Job] = true
	}
	for _, s := range b.plan.Steps {
		if !said[s.Job] {
			said[s.Job] = true
			changes = append(changes, jobdiff.Change{Job: s.Job, Kind: jobdiff.Changed, Words: []string{b.drift(s)}})
		}
	}
	slices.SortStableFunc(changes, func(x, y jobdiff.Change) int { return cmp.Compare(x.Job, y.Job) })
	b.plan.Changes = append(b.plan.Changes, changes...)
}

// revised says what differs in a definition from its deployed revision.
func revised(was, will job.TaskDefinition) []string {
	was.Family = will.Family // the deployed one is named after the project, too
	words := jobdiff.Settings(was, will)
	if len(words) == 0 {
		words = []string{"no setting differs: it is written in another way, or somebody else registered the newest revision"}
	}
	return append(words, "a new revision is registered: its jobs use it from their next run")
}

// shown returns a job's task definition for the comparison: another revision of one from the
// files is not another definition.
func (b *builder) shown(wanted, was string) string {
	for _, d := range b.wanted.Definitions {
		if d.Family == wanted && strings.Contains(was, "/"+Family(b.wanted.Project, wanted)+":") {
			return was
		}
	}
	return wanted
}

// drift says what differs in a schedule whose job is the same.
func (b *builder) drift(s Step) string {
	was := b.deployed[s.Name]
	switch {
	case s.Base != "":
		return "it runs the new revision of its task definition"
	case s.Kind == Delete:
		return "its second schedule is removed: one expression is enough now"
	case s.Kind == Create:
		return "its schedule " + s.Name + " is missing and is created again"
	}
	return moved(was.Schedule, was.Other, *s.Schedule)
}

// moved says what somebody changed about a schedule in the registry. other says what else its
// target has.
func moved(was render.Schedule, other string, will render.Schedule) string {
	const somebody = "somebody changed its schedule in the registry: it "
	switch {
	case other != "":
		return "its schedule was changed in the registry, or written for a stack that was deleted: it has " + other
	case was.State != will.State:
		return fmt.Sprintf(somebody+"is %s, and will be %s", was.State, will.State)
	case was.Expression != will.Expression || was.Zone != will.Zone:
		return fmt.Sprintf(somebody+"is %s in %s, and will be %s in %s", was.Expression, was.Zone, will.Expression, will.Zone)
	case was.Window != will.Window:
		return fmt.Sprintf(somebody+"may start up to %d minutes late, and will up to %d", was.Window, will.Window)
	case was.MaxAge != will.MaxAge:
		return fmt.Sprintf(somebody+"gives up after %d seconds, and will after %d", was.MaxAge, will.MaxAge)
	case !was.Start.Equal(will.Start) || !was.End.Equal(will.End):
		return somebody + "begins or ends at a different time"
	}
	return "its schedule in the registry differs from what batchplane writes, and will be rewritten"
}

func origin(project string) string {
	if project == "" {
		return "no project: another tool deployed it, such as CloudFormation"
	}
	return "the project " + project
}
