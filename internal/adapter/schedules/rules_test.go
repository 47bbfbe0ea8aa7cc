package schedules

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// bus has rules that are all alike, and counts who asks for which.
type bus struct {
	mu       sync.Mutex
	asked    map[string]int
	disabled bool
}

func (b *bus) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[*in.Name]++
	out := &eventbridge.DescribeRuleOutput{State: types.RuleStateEnabled, ScheduleExpression: aws.String("rate(5 minutes)")}
	if b.disabled {
		out.State = types.RuleStateDisabled
	}
	return out, nil
}

// ruledBy is a registry of jobs that rules start, two jobs a rule, which waits in
// virtual time.
func ruledBy(t *testing.T, n int) (r *Registry, b *bus, clock *time.Time, waited *time.Duration) {
	t.Helper()
	g := &group{}
	for i := range 2 * n {
		name := fmt.Sprintf("job-%03d", i)
		g.schedules = append(g.schedules, schedule(name, "cron(0 3 * * ? *)", carrier(t, job.Job{Name: name}, fmt.Sprintf("rule-%03d", i/2)), disabled))
	}
	clock, waited = new(time.Time), new(time.Duration)
	*clock, b = changed, &bus{asked: map[string]int{}}
	r = &Registry{Scheduler: listed{g}, Rules: b, Group: "batchplane-prod", Trigger: trigger, Read: entry.Registered, Now: func() time.Time { return *clock }}
	turns := make(chan struct{}, 1)
	r.Wait = func(_ context.Context, d time.Duration) error {
		turns <- struct{}{}
		*waited = max(*waited, d)
		<-turns
		return nil
	}
	return r, b, clock, waited
}

// listed is a group that is one page.
type listed struct{ *group }

func (l listed) ListSchedules(ctx context.Context, in *scheduler.ListSchedulesInput, o ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error) {
	all := &scheduler.ListSchedulesOutput{}
	for {
		out, err := l.group.ListSchedules(ctx, in, o...)
		if err != nil {
			return nil, err
		}
		all.Schedules = append(all.Schedules, out.Schedules...)
		if out.NextToken == nil {
			return all, nil
		}
		in = &scheduler.ListSchedulesInput{GroupName: in.GroupName, NextToken: out.NextToken}
	}
}

// TestRulesAreReadByTurns: a rule is asked for once, however many jobs name it, ten
// rules each minute or a fifth of them, the first time all, at most 25 a second; and a
// rule that changed is known within five minutes.
func TestRulesAreReadByTurns(t *testing.T) {
	t.Parallel()
	shares := map[int]int{1: 1, 10: 10, 11: 10, 50: 10, 100: 20, 101: 21}
	for rules, share := range shares {
		r, b, clock, waited := ruledBy(t, rules)
		minute := func() (calls, off int) {
			t.Helper()
			clear(b.asked)
			jobs, err := jobsOf(t.Context(), r)
			if err != nil || len(jobs) != 2*rules {
				t.Fatal(len(jobs), err)
			}
			for i := range jobs {
				if jobs[i].Disabled {
					off++
				}
			}
			for _, n := range b.asked {
				calls += n
			}
			*clock = clock.Add(time.Minute)
			return calls, off
		}
		if calls, off := minute(); calls != rules || off > 0 {
			t.Errorf("%d rules, first: %d calls, %d are off", rules, calls, off)
		}
		if least := time.Duration(rules-1) * time.Second / rulesPerSecond; *waited < least {
			t.Errorf("%d rules were read within %s", rules, *waited)
		}
		b.disabled = true
		var off int
		for range 5 {
			var calls int
			if calls, off = minute(); calls != share {
				t.Errorf("%d rules: %d calls", rules, calls)
			}
		}
		if off != 2*rules {
			t.Errorf("%d rules: %d jobs are off after five minutes", rules, off)
		}
		// A job's own rule is asked for at once where its slot depends on it.
		clear(b.asked)
		if renewal, err := r.Renew(t.Context(), "job-000", *clock); err != nil || renewal.Job == nil || !renewal.Job.Disabled || b.asked["rule-000"] != 1 || len(b.asked) != 1 {
			t.Errorf("%d rules: %+v, %v, asked %v", rules, renewal, err, b.asked)
		}
	}
}
