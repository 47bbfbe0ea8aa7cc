package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
)

// rule is a rule as it is known.
type rule struct {
	expression string
	disabled   bool
	// asOf is up to when this held.
	asOf time.Time
	// why says why it cannot be used, or was not read; nil where it was.
	why error
}

// rulesAtOnce is how many rules are read each time; of more a fifth, so that each is
// read within five minutes.
const rulesAtOnce = 10

// rulesDue are the rules that must be read: those of which nothing is known first,
// then those that were read longest ago. Rules that no job names are forgotten.
func (r *Registry) rulesDue() []string {
	if r.merged == nil {
		named := map[string]rule{}
		for _, v := range r.read { //nolint:gocritic // only where something changed
			if v.entry != nil && v.entry.job.Rule != "" {
				named[v.entry.job.Rule] = r.rules[v.entry.job.Rule]
			}
		}
		r.rules = named
	}
	names := slices.SortedFunc(maps.Keys(r.rules), func(a, b string) int {
		return cmp.Or(r.rules[a].asOf.Compare(r.rules[b].asOf), cmp.Compare(a, b))
	})
	known := func(name string) bool { return !r.rules[name].asOf.IsZero() }
	n := slices.IndexFunc(names, known)
	if n < 0 {
		return names
	}
	return names[:min(len(names), n+max(rulesAtOnce, (len(names)+4)/5))]
}

// readRules reads rules.
func (r *Registry) readRules(ctx context.Context, names []string) {
	rules := make([]rule, len(names))
	inParallel(len(names), func(i int) { rules[i] = r.rule(ctx, names[i]) })
	for i, name := range names {
		was, is := r.rules[name], rules[i]
		if was.expression != is.expression || was.disabled != is.disabled || was.why != nil || is.why != nil {
			r.merged = nil
		}
		r.rules[name] = is
	}
}

func (r *Registry) rule(ctx context.Context, name string) rule {
	if err := r.rulePace.wait(ctx, r, rulesPerSecond); err != nil {
		return rule{why: fmt.Errorf("reading rule %s: %w", name, err)}
	}
	asked := r.now()
	out, err := r.Rules.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(name)})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent):
		return rule{asOf: asked, why: fmt.Errorf("it is started by rule %s, which is not there: deploy it again, or remove the schedule", name)}
	case err != nil:
		return rule{why: fmt.Errorf("reading rule %s: %w", name, err)}
	case aws.ToString(out.ScheduleExpression) == "":
		return rule{asOf: asked, why: fmt.Errorf("it is started by rule %s, which has no schedule", name)}
	}
	return rule{asOf: asked, expression: aws.ToString(out.ScheduleExpression), disabled: out.State == types.RuleStateDisabled}
}

// completed is the job that a schedule carries, as its rule has it where one starts
// it: expression, zone and state are the rule's. One whose rule is not there keeps
// its own plan, so that its slots are missed and told.
//
// A rule only names its job. What it sends deploys nothing, since whoever may write
// any rule of the account could have it send that: the definition stands in the
// stack's own group, in a schedule that is off and names the rule.
func (r *Registry) completed(c *carried) control.Registered {
	by := r.rules[c.job.Rule]
	if c.job.Rule == "" || by.why != nil {
		return c.job
	}
	j := c.job.Job
	entry.Complete(&j, by.expression, "UTC", by.disabled)
	return control.Register(j)
}
