package schedules

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// rules are the scheduled rules of the default bus whose target is the trigger
// and whose input carries a job. A rule without an input is another job's
// business: its definition came by another way.
func (r *Registry) rules(ctx context.Context, g *gaps) ([]carried, error) {
	var names []string
	in := &eventbridge.ListRuleNamesByTargetInput{TargetArn: aws.String(r.Trigger)}
	for {
		out, err := r.Rules.ListRuleNamesByTarget(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the rules whose target is %s: %w", r.Trigger, err)
		}
		names = append(names, out.RuleNames...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	entries, errs := make([][]carried, len(names)), make([]error, len(names))
	inParallel(len(names), func(i int) { entries[i], errs[i] = r.rule(ctx, names[i]) })
	if ctx.Err() != nil {
		return nil, fmt.Errorf("reading %d rules: %w", len(names), ctx.Err())
	}
	for _, err := range errs {
		if err != nil {
			g.add(err)
		}
	}
	return slices.Concat(entries...), nil
}

// deleted is whether a rule was deleted since it was listed.
func deleted(err error) bool {
	var absent *types.ResourceNotFoundException
	return errors.As(err, &absent)
}

func (r *Registry) rule(ctx context.Context, name string) ([]carried, error) {
	rule, err := r.Rules.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(name)})
	if deleted(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading rule %s: %w", name, err)
	}
	if aws.ToString(rule.ScheduleExpression) == "" {
		return nil, nil
	}
	// A rule has at most five targets (Amazon EventBridge quotas): one page.
	targets, err := r.Rules.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String(name)})
	if deleted(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the targets of rule %s: %w", name, err)
	}
	var found []carried
	for _, t := range targets.Targets {
		if aws.ToString(t.Arn) != r.Trigger || t.InputTransformer == nil {
			continue
		}
		j, ok, err := r.Read(filled(aws.ToString(t.InputTransformer.InputTemplate)))
		if err != nil {
			return found, fmt.Errorf("rule %s: %w", name, err)
		}
		if !ok {
			continue
		}
		complete(&j, aws.ToString(rule.ScheduleExpression), "UTC", rule.State == types.RuleStateDisabled)
		found = append(found, carried{name: "rule " + name, job: j})
	}
	return found, nil
}

var (
	quoted   = regexp.MustCompile(`"<[A-Za-z0-9_.-]+>"`)
	unquoted = regexp.MustCompile(`<[A-Za-z0-9_.-]+>`)
)

// filled is a template with null for its variables, which stand for JSON values
// with or without quotation marks around them.
func filled(template string) string {
	return unquoted.ReplaceAllString(quoted.ReplaceAllString(template, "null"), "null")
}
