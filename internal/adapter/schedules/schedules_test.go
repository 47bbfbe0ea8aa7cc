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
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

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
				"r1": {targets: []eventbridgetypes.Target{carrying(trigger, `{"scheduledFor": <time>, "job": {"name":"a","command":["\u003ctime\u003e"]}}`)}},
				"r2": {targets: []eventbridgetypes.Target{carrying(trigger, `{"scheduledFor": "<time>", "job": "b"}`)}},
				"r3": {targets: []eventbridgetypes.Target{{Arn: aws.String(trigger)}}},
			},
			want: "a rate(5 minutes) UTC false",
		},
		"rules: three pages": {
			rules: rules{"r1": ruled("e"), "r2": ruled("d"), "r3": ruled("c"), "r4": ruled("b"), "r5": ruled("a")},
			want:  "a rate(5 minutes) UTC false|b rate(5 minutes) UTC false|c rate(5 minutes) UTC false|d rate(5 minutes) UTC false|e rate(5 minutes) UTC false",
		},
		// Read as one that is on, all its slots would be missed.
		"rules: one that is disabled": {
			rules: rules{"r1": ruled("a", func(r *rule) { r.disabled = true }), "r2": ruled("b")},
			want:  "a rate(5 minutes) UTC true|b rate(5 minutes) UTC false",
		},
		// It fires when its events come, not when a slot is due.
		"rules: one of an event pattern": {
			rules: rules{"r1": ruled("a", func(r *rule) { r.pattern = `{"source":["aws.s3"]}` }), "r2": ruled("b")},
			want:  "b rate(5 minutes) UTC false",
		},
		"rules: another target of the rule": {
			rules: rules{"r1": ruled("a", func(r *rule) {
				r.targets = append([]eventbridgetypes.Target{carrying("arn:other", `{"job": {"name":"other"}}`)}, r.targets...)
			})},
			want: "a rate(5 minutes) UTC false",
		},
		"rules: an input that is no job leaves the others": {
			rules: rules{"r1": {targets: []eventbridgetypes.Target{carrying(trigger, `{"job": {`)}}, "r2": ruled("b")},
			want:  "b rate(5 minutes) UTC false", problem: "rule r1: not an input of the trigger",
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
			select {
			case <-all:
			case <-time.After(10 * time.Second):
				t.Error("fewer are read at a time")
			}
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

// TestModified: a job was modified when the last of its schedules was, of a rule
// nobody knows, and a schedule that was not read again keeps its time.
func TestModified(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) func(*scheduler.GetScheduleOutput) {
		return func(s *scheduler.GetScheduleOutput) { s.LastModificationDate = aws.Time(changed.Add(d)) }
	}
	j := job.Job{Name: "a", Schedule: "0 3 * * *"}
	r := &Registry{
		Scheduler: &group{schedules: []scheduler.GetScheduleOutput{
			schedule("1", "cron(0 3 1 * ? *)", input(t, j), at(0)), schedule("2", "cron(0 3 ? * 2 *)", input(t, j), at(time.Hour)), schedule("3", "cron(0 4 ? * 2 *)", input(t, j), at(time.Minute)),
		}},
		Rules: rules{"r": ruled("b")}, Group: "batchplane-prod", Trigger: trigger, Read: entry.Registered,
	}
	for range 2 {
		jobs, err := r.Jobs(t.Context())
		if err != nil || len(jobs) != 2 || !jobs[0].Modified.Equal(changed.Add(time.Hour)) || !jobs[1].Modified.IsZero() {
			t.Errorf("%+v, %v", jobs, err)
		}
	}
}
