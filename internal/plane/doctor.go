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
	var names []string
	for s := range doctor.Needs(jobs, nil, nil) {
		if s.Kind == doctor.TaskDefinition {
			names = append(names, s.Name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, checkedFor)
	defer cancel()
	theirs := p.Account.Definitions(ctx, names)
	needs := doctor.Needs(jobs, nil, theirs)
	answers := p.Account.Answers(ctx, slices.Collect(maps.Keys(needs)))
	return slices.Concat(doctor.Settings(p.Stack, needs), doctor.Unfit(jobs, nil, theirs), doctor.Findings(p.Name, needs, answers)), nil
}
