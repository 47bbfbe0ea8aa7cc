package schedules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// bus has rules that are all alike. In a list they come after the others. It counts who asks for which.
type bus struct {
	mu       sync.Mutex
	asked    map[string]int
	disabled bool
	// every is the rules' expression, "" if it is "rate(5 minutes)".
	every  string
	others int
	rules  int
	// denied says that nobody may list the rules, forgets that a list has none of them.
	denied, forgets bool
	lists           int
}

func (b *bus) ListRules(_ context.Context, token string, limit int) ([]Rule, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lists++
	if b.denied {
		return nil, "", &smithy.GenericAPIError{Code: "AccessDeniedException"}
	}
	var all []Rule
	for range b.others {
		all = append(all, Rule{Name: "other", ScheduleExpression: "rate(1 day)"})
	}
	for n := 0; n < b.rules && !b.forgets; n++ {
		all = append(all, b.rule(fmt.Sprintf("rule-%03d", n)))
	}
	from, _ := strconv.Atoi(token)
	page := all[from:min(len(all), from+limit)]
	if from += len(page); from < len(all) {
		return page, strconv.Itoa(from), nil
	}
	return page, "", nil
}

func (b *bus) DescribeRule(_ context.Context, name string) (Rule, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[name]++
	return b.rule(name), nil
}

func (b *bus) rule(name string) Rule {
	rule := Rule{Name: name, State: "ENABLED", ScheduleExpression: cmp.Or(b.every, "rate(5 minutes)")}
	if b.disabled {
		rule.State = "DISABLED"
	}
	return rule
}

// ruledBy returns a registry of jobs that rules start, two jobs a rule, which waits in virtual time.
func ruledBy(t *testing.T, n int) (r *Registry, b *bus, clock *time.Time, waited *time.Duration) {
	t.Helper()
	g := &group{}
	for i := range 2 * n {
		name := fmt.Sprintf("job-%03d", i)
		g.schedules = append(g.schedules, schedule(name, "cron(0 3 * * ? *)", carrier(t, job.Job{Name: name}, fmt.Sprintf("rule-%03d", i/2)), disabled))
	}
	clock, waited = new(time.Time), new(time.Duration)
	*clock, b = changed, &bus{asked: map[string]int{}, rules: n}
	r = &Registry{Scheduler: listed{g}, Rules: b, Trigger: trigger, Read: entry.Registered, Now: func() time.Time { return *clock }}
	turns := make(chan struct{}, 1)
	r.Wait = func(_ context.Context, d time.Duration) error {
		turns <- struct{}{}
		*waited = max(*waited, d)
		<-turns
		return nil
	}
	return r, b, clock, waited
}

// listed is a group of one page.
type listed struct{ *group }

func (l listed) ListSchedules(ctx context.Context, token string, limit int) (all []Listed, _ string, err error) {
	for {
		page, next, err := l.group.ListSchedules(ctx, token, limit)
		if err != nil {
			return nil, "", err
		}
		all = append(all, page...)
		if next == "" {
			return all, "", nil
		}
		token = next
	}
}

// TestRulesAreReadByTurns: a rule is read once, however many jobs name it. Ten rules are read each
// minute, and all the first time, at most 25 a second. If there are more and they cannot be listed, a
// fifth is read each minute. A rule that changed is known within five minutes.
func TestRulesAreReadByTurns(t *testing.T) {
	t.Parallel()
	shares := map[int]int{1: 1, 10: 10, 11: 10, 50: 10, 100: 20, 101: 21}
	for rules, share := range shares {
		r, b, clock, waited := ruledBy(t, rules)
		b.denied = true
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
		// A job's own rule is read at once if its slot depends on it.
		clear(b.asked)
		if renewal, err := r.Renew(t.Context(), "job-000", *clock); err != nil || renewal.Job == nil || !renewal.Job.Disabled || b.asked["rule-000"] != 1 || len(b.asked) != 1 {
			t.Errorf("%d rules: %+v, %v, asked %v", rules, renewal, err, b.asked)
		}
	}
}

// TestRulesAreListed: more than ten rules are not read but listed, a fifth of the bus's pages each
// minute. A rule that a list shows changed is read, as is one that has been missing from lists for five
// minutes.
func TestRulesAreListed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rules, others, first, lists int }{
		"one page":      {11, 0, 1, 1},
		"three pages":   {50, 250, 3, 1},
		"five pages":    {50, 450, 5, 1},
		"twelve pages":  {50, 1100, 10, 3}, // the second minute ends the first list
		"thirteen more": {200, 1100, 13, 3},
	} {
		r, b, clock, _ := ruledBy(t, c.rules)
		b.others = c.others
		var hourly int
		minute := func() (read, lists, off int) {
			t.Helper()
			clear(b.asked)
			b.lists, hourly = 0, 0
			jobs, err := jobsOf(t.Context(), r)
			if err != nil || len(jobs) != 2*c.rules {
				t.Fatal(len(jobs), err)
			}
			for i := range jobs {
				if jobs[i].Disabled {
					off++
				}
				if jobs[i].Schedule == "rate(1 hour)" {
					hourly++
				}
			}
			for _, n := range b.asked {
				read += n
			}
			*clock = clock.Add(time.Minute)
			return read, b.lists, off
		}
		if read, lists, off := minute(); read != c.rules || lists > max(c.first, rulesAtOnce) || off > 0 {
			t.Errorf("%s, first: %d rules are read, by %d lists, %d jobs are off", name, read, lists, off)
		}
		minute()
		for range 20 {
			if read, lists, _ := minute(); read > 0 || lists < 1 || lists > c.lists {
				t.Errorf("%s: %d rules are read, by %d lists, want none, by 1 to %d", name, read, lists, c.lists)
			}
		}
		b.disabled = true
		var all, off int
		for range 5 {
			var read int
			read, _, off = minute()
			all += read
		}
		if all != c.rules || off != 2*c.rules {
			t.Errorf("%s: %d rules are read and %d jobs off after five minutes", name, all, off)
		}
		b.every, all = "rate(1 hour)", 0
		for range 5 {
			read, _, _ := minute()
			all += read
		}
		if all != c.rules || hourly != 2*c.rules {
			t.Errorf("%s: %d rules are read and %d jobs run hourly after five minutes", name, all, hourly)
		}
		b.forgets, all = true, 0
		for range 10 {
			read, _, _ := minute()
			all += read
		}
		if all < c.rules {
			t.Errorf("%s: of rules that no list has %d are read in ten minutes", name, all)
		}
	}
}

// TestRulesAfterAClockThatWasPutBack: all rules are read.
func TestRulesAfterAClockThatWasPutBack(t *testing.T) {
	t.Parallel()
	r, b, clock, _ := ruledBy(t, 50)
	for range 3 {
		if _, err := jobsOf(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	*clock, b.denied, b.disabled = clock.Add(-time.Hour), true, true
	jobs, err := jobsOf(t.Context(), r)
	if err != nil || slices.ContainsFunc(jobs, func(j job.Job) bool { return !j.Disabled }) {
		t.Errorf("not all are read: %v", err)
	}
}

// TestARuleThatNobodyMayRead: a job whose schedule a rule says stays as it is known while the rule cannot
// be read. Without a schedule, its slots would be expected no more.
func TestARuleThatNobodyMayRead(t *testing.T) {
	t.Parallel()
	f := failing{
		group: &group{schedules: []entry.Schedule{
			schedule("1", "cron(0 3 * * ? *)", carrier(t, job.Job{Name: "bare"}, "r"), disabled),
			schedule("2", "cron(0 3 * * ? *)", carrier(t, job.Job{Name: "own", Schedule: "0 3 * * *"}, "r"), disabled),
		}},
		rules: rules{"r": {}}, errs: map[string]error{"r": &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}},
	}
	r := &Registry{Scheduler: f, Rules: f, Trigger: trigger, Read: entry.Registered}
	reading, err := r.Jobs(t.Context())
	var problem *ProblemError
	if !errors.As(err, &problem) || len(reading.Jobs) != 1 || reading.Jobs[0].Name != "own" || !slices.Equal(reading.Broken, []string{"bare"}) {
		t.Errorf("got %+v, broken %q, %v", reading.Jobs, reading.Broken, err)
	}
	if renewed, err := r.Renew(t.Context(), "bare", r.now()); err != nil || !renewed.Unproved {
		t.Errorf("renewed: %+v, %v", renewed, err)
	}
	f.errs["r"] = errThrottled
	if renewed, err := r.Renew(t.Context(), "own", r.now()); !errors.Is(err, errThrottled) {
		t.Errorf("renewed beside a rule that cannot be read now: %+v, %v", renewed, err)
	}
	// Its own schedule does not say when the rule starts it.
	cold := &Registry{Scheduler: f, Rules: f, Trigger: trigger, Read: entry.Registered}
	if reading, err := cold.Jobs(t.Context()); !errors.As(err, new(*UnreadError)) || len(reading.Jobs) > 0 || !slices.Equal(reading.Broken, []string{"bare", "own"}) {
		t.Errorf("a rule that cannot be read now: got %+v, broken %q, %v", reading.Jobs, reading.Broken, err)
	}
}

// TestARuleThatNoJobNamesAnyMore: it is not read, whoever noticed that.
func TestARuleThatNoJobNamesAnyMore(t *testing.T) {
	t.Parallel()
	r, b, clock, _ := ruledBy(t, 1)
	g, _ := r.Scheduler.(listed)
	if _, err := r.Jobs(t.Context()); err != nil || b.asked["rule-000"] != 1 {
		t.Fatal(b.asked, err)
	}
	*clock = clock.Add(time.Minute)
	all := g.schedules
	for i := range all {
		all[i] = schedule(all[i].Name, "cron(0 3 * * ? *)", input(t, job.Job{Name: all[i].Name}))
		all[i].Modified = *clock
		if is, err := r.Renew(t.Context(), all[i].Name, *clock); err != nil || is.Job == nil || is.Job.Rule != "" {
			t.Fatalf("%+v, %v", is, err)
		}
	}
	clear(b.asked)
	if jobs, err := jobsOf(t.Context(), r); err != nil || len(jobs) != 2 || len(b.asked) > 0 {
		t.Errorf("%d jobs, %v, asked %v", len(jobs), err, b.asked)
	}
}
