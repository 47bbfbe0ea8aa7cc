package plane

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

// checkedFor is how long the account may take to answer. Whatever has not been answered by then
// counts as not checked.
const checkedFor = 20 * time.Second

// Doctor says whether the things that the deployed jobs need are there, as far as the caller's
// credentials allow to look. It only reads. Without an Account it returns nothing.
func (p *Plane) Doctor(ctx context.Context) ([]doctor.Finding, error) {
	if p.Account == nil {
		return nil, nil
	}
	items, _, err := p.items(ctx)
	if err != nil {
		return nil, err
	}
	definitions, err := p.definitions(ctx, slices.DeleteFunc(items, func(i job.Item) bool { return i.Gone }))
	if err != nil {
		return nil, err
	}
	jobs := slices.Collect(maps.Values(definitions))
	slices.SortFunc(jobs, func(a, b job.Job) int { return cmp.Compare(a.Name, b.Name) })
	ctx, cancel := context.WithTimeout(ctx, checkedFor)
	defer cancel()
	needs, theirs, found := p.Check(ctx, jobs, nil)
	return slices.Concat(doctor.Settings(p.Stack, needs), doctor.Unfit(jobs, nil, theirs), found), nil
}

// Check asks the Account about everything that jobs need, and returns what they need, what the deployed
// task definitions need that they name, and what was found. definitions are those of their jobs file.
func (p *Plane) Check(ctx context.Context, jobs []job.Job, definitions []job.TaskDefinition) (needs map[doctor.Subject][]string, theirs map[string]doctor.Deployed, found []doctor.Finding) {
	var names []string
	for s := range doctor.Needs(jobs, definitions, nil) {
		if s.Kind == doctor.TaskDefinition {
			names = append(names, s.Name)
		}
	}
	theirs = p.Account.Definitions(ctx, names)
	needs = doctor.Needs(jobs, definitions, theirs)
	uses := doctor.Uses(jobs, definitions, theirs)
	answers := p.Account.Answers(ctx, slices.Collect(maps.Keys(needs)))
	allowed := p.Account.Allowed(ctx, slices.Collect(maps.Keys(uses)))
	return needs, theirs, slices.Concat(doctor.Rights(uses, allowed), doctor.Findings(p.Name, needs, answers))
}
