package schedules

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// ruled completes the jobs that rules start: expression, zone and state are the
// rule's. One whose rule is not there keeps its own plan, so that its slots are
// missed and told.
//
// A rule only names its job. What it sends deploys nothing, since whoever may write
// any rule of the account could have it send that: the definition stands in the
// stack's own group, in a schedule that is off and names the rule.
func (r *Registry) ruled(ctx context.Context, g *gaps, found []carried) {
	errs := make([]error, len(found))
	inParallel(len(found), func(i int) {
		if found[i].job.Rule != "" {
			errs[i] = r.rule(ctx, &found[i].job)
		}
	})
	for i, err := range errs {
		if err == nil {
			continue
		}
		g.add(fmt.Errorf("%s: %w", found[i].name, err))
		if passes(err) {
			g.halves[found[i].job.Name] = true
		}
	}
}

// rule completes a job by its rule.
func (r *Registry) rule(ctx context.Context, j *job.Job) error {
	rule, err := r.Rules.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(j.Rule)})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent):
		return fmt.Errorf("job %s is started by rule %s, which is not there: deploy it again, or remove the schedule", j.Name, j.Rule)
	case err != nil:
		return fmt.Errorf("reading rule %s: %w", j.Rule, err)
	case aws.ToString(rule.ScheduleExpression) == "":
		return fmt.Errorf("job %s is started by rule %s, which has no schedule", j.Name, j.Rule)
	}
	entry.Complete(j, aws.ToString(rule.ScheduleExpression), "UTC", rule.State == types.RuleStateDisabled)
	return nil
}
