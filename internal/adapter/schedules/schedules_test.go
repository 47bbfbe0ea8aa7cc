package schedules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

const trigger = "arn:aws:lambda:us-east-1:123456789012:function:trigger"

// group is a schedule group of Scheduler; two schedules are a page.
type group struct {
	schedules []scheduler.GetScheduleOutput
	deleted   string // listed, but gone since

	mu        sync.Mutex
	gets      int
	now, most int // GetSchedule calls at once
	// get, when not nil, is called in each.
	get func(n int)
}

func (g *group) ListSchedules(_ context.Context, in *scheduler.ListSchedulesInput, _ ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error) {
	if aws.ToString(in.GroupName) != "batchplane-prod" {
		return nil, errors.New("no such group")
	}
	from := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	}
	out := &scheduler.ListSchedulesOutput{}
	for _, s := range g.schedules[from:min(from+2, len(g.schedules))] {
		out.Schedules = append(out.Schedules, types.ScheduleSummary{Name: s.Name, LastModificationDate: s.LastModificationDate})
	}
	if from+2 < len(g.schedules) {
		out.NextToken = aws.String(fmt.Sprint(from + 2))
	}
	return out, nil
}

func (g *group) GetSchedule(_ context.Context, in *scheduler.GetScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error) {
	g.mu.Lock()
	g.gets++
	n := g.gets
	g.now++
	g.most = max(g.most, g.now)
	g.mu.Unlock()
	defer func() { g.mu.Lock(); g.now--; g.mu.Unlock() }()
	if g.get != nil {
		g.get(n)
	}
	if *in.Name == g.deleted {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Schedule does not exist.")}
	}
	for i := range g.schedules {
		if *g.schedules[i].Name == *in.Name {
			return &g.schedules[i], nil
		}
	}
	return nil, errors.New("no such schedule")
}

type rules map[string]eventbridgetypes.Target

func (r rules) ListRuleNamesByTarget(context.Context, *eventbridge.ListRuleNamesByTargetInput, ...func(*eventbridge.Options)) (*eventbridge.ListRuleNamesByTargetOutput, error) {
	out := &eventbridge.ListRuleNamesByTargetOutput{}
	for name := range r {
		out.RuleNames = append(out.RuleNames, name)
	}
	return out, nil
}

func (r rules) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error) {
	if *in.Name == "deleted" {
		return nil, &eventbridgetypes.ResourceNotFoundException{Message: aws.String("Rule deleted does not exist.")}
	}
	return &eventbridge.DescribeRuleOutput{Name: in.Name, ScheduleExpression: aws.String("rate(5 minutes)"), State: eventbridgetypes.RuleStateEnabled}, nil
}

func (r rules) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error) {
	if *in.Rule == "deleted since" {
		return nil, &eventbridgetypes.ResourceNotFoundException{Message: aws.String("Rule deleted since does not exist.")}
	}
	return &eventbridge.ListTargetsByRuleOutput{Targets: []eventbridgetypes.Target{r[*in.Rule]}}, nil
}

var changed = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func schedule(name, expression, input string, change ...func(*scheduler.GetScheduleOutput)) scheduler.GetScheduleOutput {
	s := scheduler.GetScheduleOutput{
		Name: aws.String(name), ScheduleExpression: aws.String(expression), ScheduleExpressionTimezone: aws.String("Asia/Tokyo"),
		State: types.ScheduleStateEnabled, LastModificationDate: aws.Time(changed),
		Target: &types.Target{Arn: aws.String(trigger), Input: aws.String(input)},
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func input(t *testing.T, j job.Job) string {
	t.Helper()
	s, err := j.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func disabled(s *scheduler.GetScheduleOutput) { s.State = types.ScheduleStateDisabled }

func TestJobs(t *testing.T) {
	t.Parallel()
	a := job.Job{Name: "a", Schedule: "0 3 * * *", Timezone: "Europe/Berlin", Command: []string{"<b>"}}
	bare := job.Job{Name: "a"}
	for name, tc := range map[string]struct {
		schedules []scheduler.GetScheduleOutput
		rules     rules
		want      string
		problem   string
	}{
		"none": {want: ""},
		"its own schedule goes before": {
			schedules: []scheduler.GetScheduleOutput{schedule("x", "cron(0 3 * * ? *)", input(t, a))},
			want:      "a 0 3 * * * Europe/Berlin false",
		},
		"what it leaves out comes from the schedule": {
			schedules: []scheduler.GetScheduleOutput{schedule("x", "cron(0 3 * * ? *)", input(t, bare))},
			want:      "a cron(0 3 * * ? *) Asia/Tokyo false",
		},
		"a disabled schedule": {
			schedules: []scheduler.GetScheduleOutput{schedule("x", "cron(0 3 * * ? *)", input(t, a), disabled)},
			want:      "a 0 3 * * * Europe/Berlin true",
		},
		"a schedule that only carries its job": {
			schedules: []scheduler.GetScheduleOutput{schedule("x", "at(2199-12-31T23:59:00)", input(t, bare), disabled)},
			want:      "a   false",
		},
		"three pages, and two schedules of one job, one of them disabled": {
			schedules: []scheduler.GetScheduleOutput{
				schedule("1", "cron(0 3 1 * ? *)", input(t, a)), schedule("2", "cron(0 3 ? * 2 *)", input(t, a), disabled),
				schedule("3", "rate(1 hour)", input(t, job.Job{Name: "c"})), schedule("4", "rate(1 hour)", input(t, job.Job{Name: "d"})),
				schedule("5", "rate(1 hour)", input(t, job.Job{Name: "b"})),
			},
			want: "a 0 3 * * * Europe/Berlin false|b rate(1 hour) Asia/Tokyo false|c rate(1 hour) Asia/Tokyo false|d rate(1 hour) Asia/Tokyo false",
		},
		"two schedules that disagree": {
			schedules: []scheduler.GetScheduleOutput{schedule("1", "rate(1 hour)", input(t, bare)), schedule("2", "rate(2 hours)", input(t, bare))},
			want:      "a rate(1 hour) Asia/Tokyo false", problem: "schedule 1 and schedule 2 carry different definitions of job a",
		},
		"an input that is not JSON leaves the others": {
			schedules: []scheduler.GetScheduleOutput{schedule("1", "rate(1 hour)", "{"), schedule("2", "rate(2 hours)", input(t, bare))},
			want:      "a rate(2 hours) Asia/Tokyo false", problem: "schedule 1: not an input of the trigger",
		},
		"another target in the group": {
			schedules: []scheduler.GetScheduleOutput{schedule("1", "rate(1 hour)", input(t, bare), func(s *scheduler.GetScheduleOutput) { s.Target.Arn = aws.String("arn:other") })},
		},
		"a window as long as a slot may be late": {
			schedules: []scheduler.GetScheduleOutput{schedule("1", "rate(1 hour)", input(t, bare), func(s *scheduler.GetScheduleOutput) {
				s.FlexibleTimeWindow = &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeFlexible, MaximumWindowInMinutes: aws.Int32(15)}
			})},
			problem: "set the job's startWithin above the window",
		},
		"rules: a transformer, a name and a bare one": {
			rules: rules{
				"r1": {Arn: aws.String(trigger), InputTransformer: &eventbridgetypes.InputTransformer{InputTemplate: aws.String(`{"scheduledFor": <time>, "job": {"name":"a","command":["\u003ctime\u003e"]}}`)}},
				"r2": {Arn: aws.String(trigger), InputTransformer: &eventbridgetypes.InputTransformer{InputTemplate: aws.String(`{"scheduledFor": "<time>", "job": "b"}`)}},
				"r3": {Arn: aws.String(trigger)},
			},
			want: "a rate(5 minutes) UTC false",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Registry{Scheduler: &group{schedules: tc.schedules}, Rules: tc.rules, Group: "batchplane-prod", Trigger: trigger, Read: entry.Registered}
			jobs, err := r.Jobs(t.Context())
			var got []string
			for _, j := range jobs {
				got = append(got, fmt.Sprintf("%s %s %s %t", j.Name, j.Schedule, j.Timezone, j.Disabled))
			}
			if strings.Join(got, "|") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			var p *ProblemError
			if errors.As(err, &p) != (tc.problem != "") || err != nil && !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("got error %v, want %q", err, tc.problem)
			}
		})
	}
}

// TestUnchangedSchedulesAreNotReadAgain: a look at the registry each minute must
// not read a thousand schedules.
func TestUnchangedSchedulesAreNotReadAgain(t *testing.T) {
	t.Parallel()
	g := &group{schedules: []scheduler.GetScheduleOutput{
		schedule("1", "rate(1 hour)", input(t, job.Job{Name: "a"})), schedule("2", "rate(1 hour)", input(t, job.Job{Name: "b"})),
	}}
	r := &Registry{Scheduler: g, Rules: rules{}, Group: "batchplane-prod", Trigger: trigger, Read: entry.Registered}
	look := func(gets int) []job.Job {
		t.Helper()
		jobs, err := r.Jobs(t.Context())
		if err != nil || len(jobs) != 2 || g.gets != gets {
			t.Fatalf("got %d jobs, %v after %d reads, want 2 after %d", len(jobs), err, g.gets, gets)
		}
		return jobs
	}
	look(2)
	look(2)
	g.schedules[0].LastModificationDate = aws.Time(changed.Add(time.Second))
	g.schedules[0].State = types.ScheduleStateDisabled
	if jobs := look(3); !jobs[0].Disabled || jobs[1].Disabled {
		t.Errorf("got %+v", jobs)
	}
}

// TestDeletedMeanwhile: what was listed and is gone when it is read is absent, and
// no problem.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	g := &group{deleted: "1", schedules: []scheduler.GetScheduleOutput{
		schedule("1", "rate(1 hour)", input(t, job.Job{Name: "a"})), schedule("2", "rate(1 hour)", input(t, job.Job{Name: "b"})),
	}}
	r := &Registry{
		Scheduler: g, Rules: rules{"deleted": {}, "deleted since": {}}, Group: "batchplane-prod", Trigger: trigger, Read: entry.Registered,
	}
	if jobs, err := r.Jobs(t.Context()); err != nil || len(jobs) != 1 || jobs[0].Name != "b" {
		t.Errorf("got %v, %v", jobs, err)
	}
}

// TestManySchedules: they are read several at a time, and what was read when the
// time was up is not read again.
func TestManySchedules(t *testing.T) {
	t.Parallel()
	const many, cut = 100, 40
	g := &group{}
	for i := range many {
		name := fmt.Sprintf("job-%03d", i)
		g.schedules = append(g.schedules, schedule(name, "rate(1 hour)", input(t, job.Job{Name: name})))
	}
	ctx, cancel := context.WithCancel(t.Context())
	all := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Add(readers)
	go func() { waiting.Wait(); close(all) }()
	g.get = func(n int) {
		if n <= readers { // each waits for the others
			waiting.Done()
			<-all
		}
		if n == cut {
			cancel()
		}
	}
	r := &Registry{Scheduler: g, Rules: rules{}, Group: "batchplane-prod", Trigger: trigger, Read: entry.Registered}
	if jobs, err := r.Jobs(ctx); !errors.Is(err, context.Canceled) || jobs != nil {
		t.Errorf("cut off: %d jobs, %v", len(jobs), err)
	}
	first := g.gets
	if jobs, err := r.Jobs(t.Context()); err != nil || len(jobs) != many || g.gets != many {
		t.Errorf("then: %d jobs, %v, after %d and %d reads", len(jobs), err, first, g.gets)
	}
	if first < cut || first > cut+readers || g.most != readers {
		t.Errorf("%d were read before the end, %d at a time", first, g.most)
	}
}
