package schedules

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

var changed = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// jobsOf returns the jobs that a registry holds.
func jobsOf(ctx context.Context, r *Registry) (jobs []job.Job, err error) {
	reading, err := r.Jobs(ctx)
	for i := range reading.Jobs {
		jobs = append(jobs, reading.Jobs[i].Job)
	}
	return jobs, err
}

func schedule(name, expression, input string, change ...func(*entry.Schedule)) entry.Schedule {
	s := entry.Schedule{Name: name, Expression: expression, Zone: "Asia/Tokyo", Modified: changed, Target: trigger, Input: input}
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

// carrier returns the input of a schedule that carries the job of a rule.
func carrier(t *testing.T, j job.Job, rule string) string {
	t.Helper()
	before, after, err := j.CarrierInput()
	if err != nil {
		t.Fatal(err)
	}
	return before + rule + after
}

func disabled(s *entry.Schedule) { s.Disabled = true }

func TestJobs(t *testing.T) {
	t.Parallel()
	a := job.Job{Name: "a", Schedule: "0 3 * * *", Timezone: "Europe/Berlin", Command: []string{"<b>"}}
	bare := job.Job{Name: "a"}
	for name, tc := range map[string]struct {
		schedules []entry.Schedule
		rules     rules
		want      string
		problem   string
	}{
		"none": {want: ""},
		"its own schedule goes before": {
			schedules: []entry.Schedule{schedule("x", "cron(0 3 * * ? *)", input(t, a))},
			want:      "a 0 3 * * * Europe/Berlin false",
		},
		"what it leaves out comes from the schedule": {
			schedules: []entry.Schedule{schedule("x", "cron(0 3 * * ? *)", input(t, bare))},
			want:      "a cron(0 3 * * ? *) Asia/Tokyo false",
		},
		"a disabled schedule": {
			schedules: []entry.Schedule{schedule("x", "cron(0 3 * * ? *)", input(t, a), disabled)},
			want:      "a 0 3 * * * Europe/Berlin true",
		},
		"a schedule that only carries its job": {
			schedules: []entry.Schedule{schedule("x", "at(2199-12-31T23:59:00)", input(t, bare), disabled)},
			want:      "a   false",
		},
		"three pages, and two schedules of one job, one of them disabled": {
			schedules: []entry.Schedule{
				schedule("1", "cron(0 3 1 * ? *)", input(t, a)), schedule("2", "cron(0 3 ? * 2 *)", input(t, a), disabled),
				schedule("3", "rate(1 hour)", input(t, job.Job{Name: "c"})), schedule("4", "rate(1 hour)", input(t, job.Job{Name: "d"})),
				schedule("5", "rate(1 hour)", input(t, job.Job{Name: "b"})),
			},
			want: "a 0 3 * * * Europe/Berlin false|b rate(1 hour) Asia/Tokyo false|c rate(1 hour) Asia/Tokyo false|d rate(1 hour) Asia/Tokyo false",
		},
		"two schedules of one job, the first disabled": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 1 * ? *)", input(t, a), disabled), schedule("2", "cron(0 3 ? * 2 *)", input(t, a))},
			want:      "a 0 3 * * * Europe/Berlin false",
		},
		"two schedules that disagree": {
			schedules: []entry.Schedule{schedule("1", "rate(1 hour)", input(t, bare)), schedule("2", "rate(2 hours)", input(t, bare))},
			want:      "a rate(1 hour) Asia/Tokyo false", problem: "schedule 1 and schedule 2 carry different definitions of job a",
		},
		"an input that is not JSON leaves the others": {
			schedules: []entry.Schedule{schedule("1", "rate(1 hour)", "{"), schedule("2", "rate(2 hours)", input(t, bare))},
			want:      "a rate(2 hours) Asia/Tokyo false", problem: "schedule 1: not an input of the trigger",
		},
		"another target in the group": {
			schedules: []entry.Schedule{schedule("1", "rate(1 hour)", input(t, bare), func(s *entry.Schedule) { s.Target = "arn:other" })},
		},
		"a window as long as a slot may be late": {
			schedules: []entry.Schedule{schedule("1", "rate(1 hour)", input(t, bare), func(s *entry.Schedule) { s.Window = 15 * time.Minute })},
			problem:   "set the job's startWithin above the window",
		},
		"of a rule: what it leaves out is the rule's": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, bare, "r1"), disabled)},
			rules:     rules{"r1": {}}, want: "a rate(5 minutes) UTC false",
		},
		"of a rule: its own schedule goes before": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, a, "r1"), disabled)},
			rules:     rules{"r1": {}}, want: "a 0 3 * * * Europe/Berlin false",
		},
		// If it counted as enabled, all its slots would be missed.
		"of a rule that is disabled": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, a, "r1"), disabled)},
			rules:     rules{"r1": {disabled: true}}, want: "a 0 3 * * * Europe/Berlin true",
		},
		"of a rule that is not there: its slots are missed": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, a, "deleted"), disabled)},
			want:      "a 0 3 * * * Europe/Berlin false", problem: "started by rule deleted, which is not there",
		},
		"of a rule that is not there, and said when it runs: as it last was": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, bare, "deleted"), disabled), schedule("2", "rate(1 hour)", input(t, job.Job{Name: "z", TaskDefinition: "t"}))},
			want:      "z rate(1 hour) Asia/Tokyo false", problem: "started by rule deleted, which is not there",
		},
		"of a rule of an event pattern": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, a, "r1"), disabled)},
			rules:     rules{"r1": {pattern: `{"source":["aws.s3"]}`}}, want: "a 0 3 * * * Europe/Berlin false", problem: "has no schedule",
		},
		"of a rule of an event pattern, without a schedule of its own: no slots": {
			schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", carrier(t, bare, "r1"), disabled)},
			rules:     rules{"r1": {pattern: `{"source":["aws.s3"]}`}}, want: "a   false", problem: "has no schedule",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &Registry{Scheduler: &group{schedules: tc.schedules}, Rules: tc.rules, Trigger: trigger, Read: entry.Registered}
			jobs, err := jobsOf(t.Context(), r)
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

// TestUnchangedSchedulesAreNotReadAgain: reading the registry each minute must not read a thousand
// schedules.
func TestUnchangedSchedulesAreNotReadAgain(t *testing.T) {
	t.Parallel()
	g := &group{schedules: []entry.Schedule{
		schedule("1", "rate(1 hour)", input(t, job.Job{Name: "a"})), schedule("2", "rate(1 hour)", input(t, job.Job{Name: "b"})),
	}}
	r := &Registry{Scheduler: g, Rules: rules{}, Trigger: trigger, Read: entry.Registered}
	look := func(gets int) []job.Job {
		t.Helper()
		jobs, err := jobsOf(t.Context(), r)
		if err != nil || len(jobs) != 2 || g.gets != gets {
			t.Fatalf("got %d jobs, %v after %d reads, want 2 after %d", len(jobs), err, g.gets, gets)
		}
		return jobs
	}
	look(2)
	look(2)
	g.schedules[0].Modified = changed.Add(time.Second)
	g.schedules[0].Disabled = true
	if jobs := look(3); !jobs[0].Disabled || jobs[1].Disabled {
		t.Errorf("got %+v", jobs)
	}
}

// TestDeletedMeanwhile: a schedule that was listed and is gone when it is read is absent, and no
// problem.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	g := &group{deleted: "1", schedules: []entry.Schedule{
		schedule("1", "rate(1 hour)", input(t, job.Job{Name: "a"})), schedule("2", "rate(1 hour)", input(t, job.Job{Name: "b"})),
	}}
	r := &Registry{
		Scheduler: g, Rules: rules{}, Trigger: trigger, Read: entry.Registered,
	}
	if jobs, err := jobsOf(t.Context(), r); err != nil || len(jobs) != 1 || jobs[0].Name != "b" {
		t.Errorf("got %v, %v", jobs, err)
	}
}

// TestManySchedules: schedules are read several at a time. What was read when the time was up is not
// read again.
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
	r := &Registry{Scheduler: g, Rules: rules{}, Trigger: trigger, Read: entry.Registered}
	jobs, err := jobsOf(ctx, r)
	var unread *UnreadError
	if !errors.As(err, &unread) || len(jobs)+len(unread.Unread) != many || len(jobs) < cut {
		t.Errorf("cut off: %d jobs, %v", len(jobs), err)
	}
	first := g.gets
	if jobs, err := jobsOf(t.Context(), r); err != nil || len(jobs) != many || g.gets != many+1 { // one read is for what was applied
		t.Errorf("then: %d jobs, %v, after %d and %d reads", len(jobs), err, first, g.gets)
	}
	if first < cut || first > cut+readers || g.most != readers {
		t.Errorf("%d were read before the end, %d at a time", first, g.most)
	}
}

// TestModified: a job was modified when the last of its schedules was. A schedule that is not read
// again keeps its time.
func TestModified(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) func(*entry.Schedule) {
		return func(s *entry.Schedule) { s.Modified = changed.Add(d) }
	}
	j := job.Job{Name: "a", Schedule: "0 3 * * *"}
	r := &Registry{
		Scheduler: &group{schedules: []entry.Schedule{
			schedule("1", "cron(0 3 1 * ? *)", input(t, j), at(0)), schedule("2", "cron(0 3 ? * 2 *)", input(t, j), at(time.Hour)), schedule("3", "cron(0 4 ? * 2 *)", input(t, j), at(time.Minute)),
		}},
		Rules: rules{}, Trigger: trigger, Read: entry.Registered,
	}
	for range 2 {
		jobs, err := jobsOf(t.Context(), r)
		if err != nil || len(jobs) != 1 || !jobs[0].Modified.Equal(changed.Add(time.Hour)) {
			t.Errorf("%+v, %v", jobs, err)
		}
	}
}

// failing answers GetSchedule of a schedule, and DescribeRule of a rule, with an error.
type failing struct {
	*group
	rules
	errs map[string]error
}

func (f failing) GetSchedule(ctx context.Context, name string) (entry.Schedule, error) {
	if err := f.errs[name]; err != nil {
		return entry.Schedule{}, err
	}
	return f.group.GetSchedule(ctx, name)
}

func (f failing) DescribeRule(ctx context.Context, name string) (Rule, error) {
	if err := f.errs[name]; err != nil {
		return Rule{}, err
	}
	return f.rules.DescribeRule(ctx, name)
}

// TestWhatPasses: a schedule or rule that AWS does not allow to be read just now is not a problem of
// the schedule. One that can never be read is.
func TestWhatPasses(t *testing.T) {
	t.Parallel()
	code := func(code string, fault smithy.ErrorFault) error {
		return &smithy.GenericAPIError{Code: code, Message: "m", Fault: fault}
	}
	for name, c := range map[string]struct {
		err    error
		passes bool
	}{
		"the rate":                  {code("ThrottlingException", smithy.FaultClient), true},
		"the rate, in other words":  {code("TooManyRequestsException", smithy.FaultUnknown), true},
		"a fault of the service":    {code("InternalServerException", smithy.FaultServer), true},
		"the network":               {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"our own time":              {context.DeadlineExceeded, true},
		"not allowed":               {code("AccessDeniedException", smithy.FaultClient), false},
		"not understood":            {code("ValidationException", smithy.FaultClient), false},
		"an error that says little": {errors.New("x"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := failing{
				group: &group{schedules: []entry.Schedule{
					schedule("a", "rate(1 hour)", input(t, job.Job{Name: "a"})), schedule("b", "rate(1 hour)", input(t, job.Job{Name: "b"})),
					schedule("c", "cron(0 3 * * ? *)", carrier(t, job.Job{Name: "c", Schedule: "0 3 * * *"}, "r"), disabled),
				}},
				rules: rules{"r": {}},
			}
			for _, broken := range []string{"a", "r"} {
				f.errs = map[string]error{broken: c.err}
				jobs, err := jobsOf(t.Context(), &Registry{Scheduler: f, Rules: f, Trigger: trigger, Read: entry.Registered})
				var problem *ProblemError
				var unread *UnreadError
				if errors.As(err, &problem) == c.passes || errors.As(err, &unread) != c.passes || len(jobs) < 2 {
					t.Errorf("%s: %d jobs, %v", broken, len(jobs), err)
				}
			}
		})
	}
}

// TestReadByHalf: a job of which one schedule was not read stays as it is known.
func TestReadByHalf(t *testing.T) {
	t.Parallel()
	etl, other := job.Job{Name: "etl", Schedule: "0 3 * * *"}, job.Job{Name: "other", Schedule: "0 4 * * *"}
	busy := &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	f := failing{
		group: &group{schedules: []entry.Schedule{
			schedule("1", "cron(0 3 1 * ? *)", input(t, etl)), schedule("2", "cron(0 3 ? * 2 *)", input(t, etl), disabled), schedule("3", "cron(0 4 * * ? *)", input(t, other)),
		}},
		rules: rules{}, errs: map[string]error{"1": busy},
	}
	names := func(r *Registry) (string, error) {
		jobs, err := jobsOf(t.Context(), r)
		var out []string
		for _, j := range jobs {
			out = append(out, fmt.Sprint(j.Name, " ", j.Disabled))
		}
		return strings.Join(out, ", "), err
	}
	cold := &Registry{Scheduler: f, Rules: f, Trigger: trigger, Read: entry.Registered}
	if got, err := names(cold); got != "other false" || err == nil {
		t.Errorf("never read before: %s, %v", got, err)
	}
	delete(f.errs, "1")
	if got, err := names(cold); got != "etl false, other false" || err != nil {
		t.Errorf("read: %s, %v", got, err)
	}
	// The first schedule has changed: what it carried is known, and so is that it may differ now.
	for err, what := range map[error]string{busy: "rate", errors.New("broken"): "content"} {
		for range 2 {
			f.schedules[0].Modified = f.schedules[0].Modified.Add(time.Minute)
			f.errs["1"] = err
			if got, err := names(cold); got != "other false" || err == nil {
				t.Errorf("not read again for its %s: %s, %v", what, got, err)
			}
		}
	}
	delete(f.errs, "1")
	if got, err := names(cold); got != "etl false, other false" || err != nil {
		t.Errorf("read again: %s, %v", got, err)
	}
	// Both have changed. What the one that is not read carried before disagrees with nobody.
	etl.Command = []string{"new"}
	for i := range 2 {
		f.schedules[i].Input, f.schedules[i].Modified = input(t, etl), f.schedules[i].Modified.Add(time.Minute)
	}
	f.errs["1"] = busy
	if got, err := names(cold); got != "other false" || errors.As(err, new(*ProblemError)) {
		t.Errorf("one of two that changed: %s, %v", got, err)
	}
}

// TestStartAndEndDate: a schedule that was written by hand says when its job begins and ends. The
// narrower of two bounds counts.
func TestStartAndEndDate(t *testing.T) {
	t.Parallel()
	start, end := changed.Add(time.Hour), changed.Add(48*time.Hour)
	dates := func(s *entry.Schedule) { s.Start, s.End = start, end }
	for name, c := range map[string]struct {
		job        job.Job
		expression string
		change     func(*entry.Schedule)
		start, end time.Time
	}{
		"by hand":                  {job.Job{Name: "a"}, "rate(1 hour)", dates, start, end},
		"its own are wider":        {job.Job{Name: "a", When: job.When{StartAt: changed, EndAt: end.Add(time.Hour)}}, "rate(1 hour)", dates, start, end},
		"its own are tighter":      {job.Job{Name: "a", When: job.When{StartAt: start.Add(time.Hour), EndAt: end.Add(-time.Hour)}}, "rate(1 hour)", dates, start.Add(time.Hour), end.Add(-time.Hour)},
		"none":                     {job.Job{Name: "a"}, "rate(1 hour)", func(*entry.Schedule) {}, time.Time{}, time.Time{}},
		"one that only people run": {job.Job{Name: "a"}, "at(2199-12-31T23:59:00)", func(s *entry.Schedule) { dates(s); disabled(s) }, time.Time{}, time.Time{}},
	} {
		r := &Registry{
			Scheduler: &group{schedules: []entry.Schedule{schedule("1", c.expression, input(t, c.job), c.change)}},
			Rules:     rules{}, Trigger: trigger, Read: entry.Registered,
		}
		jobs, err := jobsOf(t.Context(), r)
		if err != nil || len(jobs) != 1 || !jobs[0].StartAt.Equal(c.start) || !jobs[0].EndAt.Equal(c.end) {
			t.Errorf("%s: %+v, %v", name, jobs, err)
		}
	}
}

// TestAScheduleThatPanics: a schedule over which this program panics is a problem like one that cannot
// be read, and does not keep the others from being read.
func TestAScheduleThatPanics(t *testing.T) {
	t.Parallel()
	g := &group{schedules: []entry.Schedule{
		schedule("a", "cron(0 3 * * ? *)", input(t, job.Job{Name: "a"})), schedule("b", "cron(0 3 * * ? *)", "{}"), schedule("c", "cron(0 3 * * ? *)", input(t, job.Job{Name: "c"})),
	}}
	r := &Registry{Scheduler: g, Trigger: trigger, Read: func(in string) (job.Job, bool, error) {
		if in == "{}" {
			panic("a bad text")
		}
		return entry.Registered(in)
	}}
	jobs, err := jobsOf(t.Context(), r)
	var broken *ProblemError
	if !errors.As(err, &broken) || len(broken.Problems) != 1 || !strings.Contains(err.Error(), "a fault of this program: a bad text") || len(jobs) != 2 {
		t.Errorf("%d jobs, %v", len(jobs), err)
	}
}
