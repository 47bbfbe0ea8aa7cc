package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
)

// rule is what is known of a rule.
type rule struct {
	expression string
	disabled   bool
	// asOf is the time up to which this held.
	asOf time.Time
	// why says why the rule cannot be used, or was not read; nil if it was read. absent is whether
	// there is no such rule, unread whether AWS did not say.
	why            error
	absent, unread bool
}

// leavesOpen reports whether nobody can tell now when a rule that cannot be used starts a job with this
// schedule of its own.
func (r *rule) leavesOpen(own string) bool {
	return passes(r.why) || (r.absent || r.unread) && own == ""
}

// rulesAtOnce is how many rules are read one by one each time. If there are more, the bus is listed or,
// if that fails, a fifth of them is read, so that each is known anew within five minutes.
const rulesAtOnce = 10

// ruleLap says how far the rules of the account's bus are listed.
type ruleLap struct {
	token string
	pages int
	// last is how many pages the last complete list had, 0 if that is not known.
	last int
}

// nameRules forgets rules that no job names.
func (r *Registry) nameRules() {
	named := map[string]rule{}
	for _, v := range r.read { //nolint:gocritic // some 10,000 small values a minute
		if v.entry != nil && v.entry.job.Rule != "" {
			named[v.entry.job.Rule] = r.rules[v.entry.job.Rule]
		}
	}
	r.rules = named
}

// listRules continues the list of the bus's rules by a fifth of its pages. ok reports whether it could;
// if not, the list starts again the next time.
func (r *Registry) listRules(ctx context.Context) (ok bool) {
	if len(r.rules) <= rulesAtOnce {
		r.bus = ruleLap{}
		return false
	}
	l, most := &r.bus, rulesAtOnce
	if l.last > 0 {
		most = (l.last + 4) / 5
	}
	for range most {
		if err := r.rulePace.wait(ctx, r, rulesPerSecond); err != nil {
			return false
		}
		asked := r.now()
		rules, next, err := r.Rules.ListRules(ctx, l.token, perPage)
		if err != nil {
			*l = ruleLap{last: l.last}
			return false
		}
		for i := range rules {
			r.noteRule(&rules[i], asked)
		}
		l.pages++
		if l.token = next; next == "" {
			*l = ruleLap{last: l.pages}
			return true
		}
	}
	return true
}

// noteRule notes that a rule was listed. A rule that differs from what is known of it will be read,
// since a list decides nothing.
func (r *Registry) noteRule(listed *Rule, asked time.Time) {
	v := r.rules[listed.Name]
	if v.asOf.IsZero() { // as of one that no job names
		return
	}
	if v.why != nil || v.expression != listed.ScheduleExpression || v.disabled != listed.Disabled() {
		asked = time.Time{}
	}
	v.asOf = asked
	r.rules[listed.Name] = v
}

// rulesDue returns the rules that must be read: first those of which nothing is known, then those that
// were read longest ago. If the bus was listed, the latter are only those that no list has had for five
// minutes.
func (r *Registry) rulesDue(listed bool) []string {
	now, unknown, old := r.now(), 0, 0
	asOf := make(map[string]time.Time, len(r.rules))
	for name, v := range r.rules {
		switch {
		case v.asOf.IsZero() || v.asOf.After(now): // the clock was put back
			unknown++
			continue
		case !listed || now.Sub(v.asOf) >= lapTime:
			old++
		}
		asOf[name] = v.asOf
	}
	names := slices.SortedFunc(maps.Keys(r.rules), func(a, b string) int {
		return cmp.Or(asOf[a].Compare(asOf[b]), cmp.Compare(a, b))
	})
	return names[:unknown+min(old, max(rulesAtOnce, (len(names)+4)/5))]
}

func (r *Registry) readRules(ctx context.Context, names []string) {
	rules := make([]rule, len(names))
	if r.rules == nil {
		r.rules = map[string]rule{}
	}
	port.InParallel(len(names), cmp.Or(r.Abreast, readers), func(i int) { rules[i] = r.rule(ctx, names[i]) })
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
	is, err := r.Rules.DescribeRule(ctx, name)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return rule{asOf: asked, absent: true, why: fmt.Errorf("it is started by rule %s, which is not there: deploy it again, or remove the schedule", name)}
	case err != nil:
		return rule{unread: true, why: fmt.Errorf("reading rule %s: %w", name, err)}
	case is.ScheduleExpression == "":
		return rule{asOf: asked, why: fmt.Errorf("it is started by rule %s, which has no schedule", name)}
	}
	return rule{asOf: asked, expression: is.ScheduleExpression, disabled: is.Disabled()}
}

// completed returns the job that a schedule carries. If a rule starts it, expression, zone and state
// are the rule's. If the rule cannot be used, the job keeps its own plan, so that its slots are missed
// and reported; a job without a plan of its own keeps what the rule last said (see gaps).
//
// A rule only names its job. What a rule sends deploys nothing, since whoever may write any rule of the
// account could make it send that. The definition is in the stack's own group, in a schedule that is
// switched off and names the rule.
func (r *Registry) completed(c *carried) port.Registered {
	by := r.rules[c.job.Rule]
	if c.job.Rule == "" || by.why != nil {
		return c.job
	}
	j := c.job.Job
	entry.Complete(&j, by.expression, "UTC", by.disabled)
	return port.Register(j)
}
