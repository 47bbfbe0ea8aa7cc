package sweep

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cost"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

// tally counts calls by name.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[name]++
}

// take returns how many calls there were since its last call, and in words.
func (c *tally) take() (n int, words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, name := range []string{"ListSchedules", "GetSchedule", "DescribeRule", "ListRules", "Query", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "TransactWriteItems"} {
		if c.n[name] > 0 {
			out = append(out, fmt.Sprintf("%s %d", name, c.n[name]))
		}
	}
	for _, m := range c.n {
		n += m
	}
	c.n = nil
	return n, strings.Join(out, ", ")
}

// option counts the calls of a DynamoDB client.
func (c *tally) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("tally", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			c.add(middleware.GetOperationName(ctx))
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
}

// stand is a stack on which nothing happens: a table, and a group of schedules of which one in a
// hundred has a rate and one in two hundred belongs to a rule.
type stand struct {
	*tally
	schedules int
}

func (s *stand) ListSchedules(ctx context.Context, token string, limit int) ([]schedules.Listed, string, error) {
	s.add("ListSchedules")
	d := distant{counts: &counts{made: map[string]int{}, now: map[string]int{}, most: map[string]int{}}, schedules: s.schedules}
	return d.ListSchedules(ctx, token, limit)
}

func (s *stand) GetSchedule(_ context.Context, name string) (entry.Schedule, error) {
	s.add("GetSchedule")
	var n int
	if _, err := fmt.Sscanf(name, "job-%05d", &n); err != nil {
		return entry.Schedule{}, err
	}
	j := job.Job{Name: name, TaskDefinition: "etl", Command: []string{"/app/etl", "--part", name}, Schedule: fmt.Sprintf("%d 3 * * *", n%60), Timezone: "Europe/Berlin"}
	var input string
	var err error
	switch {
	case n%100 == 7:
		j.Schedule, j.Timezone = "rate(1 day)", ""
		input, err = j.ScheduleInput()
	case n%200 == 9:
		before, after, e := j.CarrierInput()
		input, err = before+fmt.Sprintf("rule-%d", n)+after, e
	default:
		input, err = j.ScheduleInput()
	}
	return entry.Schedule{Name: name, Modified: deployed, Expression: "cron(0 3 * * ? *)", Zone: "UTC", Target: "trigger", Input: input}, err
}

// others is how many of the account's rules start nothing of the stack. With those that do, a bus has
// as many as it may (Amazon EventBridge User Guide, "Amazon EventBridge quotas": 300 rules in most
// Regions).
const others = 250

// ListRules returns them on pages of a hundred.
func (s *stand) ListRules(_ context.Context, token string, limit int) ([]schedules.Rule, string, error) {
	s.add("ListRules")
	var all []schedules.Rule
	for n := range others {
		all = append(all, schedules.Rule{Name: fmt.Sprintf("other-%d", n)})
	}
	for n := 9; n < s.schedules; n += 200 {
		all = append(all, schedules.Rule{Name: fmt.Sprintf("rule-%d", n), State: "ENABLED", ScheduleExpression: "cron(0 3 * * ? *)"})
	}
	from, _ := strconv.Atoi(token)
	page := all[from:min(len(all), from+limit)]
	if from += len(page); from < len(all) {
		return page, strconv.Itoa(from), nil
	}
	return page, "", nil
}

func (s *stand) DescribeRule(context.Context, string) (schedules.Rule, error) {
	s.add("DescribeRule")
	return schedules.Rule{State: "ENABLED", ScheduleExpression: "cron(0 3 * * ? *)"}, nil
}

// idleStack returns a process that knows nothing yet of such a stack, whose table holds what an earlier
// sweep left there. It also returns a clock that can be moved, and the meters.
func idleStack(tb testing.TB, n int) (s *sweeper, clock *time.Time, stack *stand, meter *dynamotest.Meter) {
	tb.Helper()
	stack, meter, clock = &stand{tally: &tally{}, schedules: n}, &dynamotest.Meter{}, new(time.Time)
	*clock = nine
	before := &memory.Store{}
	if err := stack.process(before, clock).sweep(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	table := "batchplane-" + rand.Text()
	fill(tb, table, before)
	stack.take()
	db := dynamotest.Client(tb, meter.Option, stack.option)
	return stack.process(dynamo.New(dynamo.Config{DB: db, Table: table, Now: func() time.Time { return *clock }}), clock), clock, stack, meter
}

// process returns a process of the stack's sweep.
func (s *stand) process(store port.Store, clock *time.Time) *sweeper {
	now, quiet := func() time.Time { return *clock }, slog.New(slog.DiscardHandler)
	registry := &schedules.Registry{
		Scheduler: s, Rules: s, Trigger: "trigger", Read: entry.Registered,
		Now: now, Wait: func(context.Context, time.Duration) error { return nil },
	}
	return &sweeper{
		stack: "prod", log: quiet, metrics: io.Discard, now: now, registry: registry, rules: s,
		control: &control.Control{
			Registry: registry, Stack: "prod", Store: store, Launcher: &bucketECS{}, Now: now,
			Timing: run.DefaultTiming, Log: quiet, Pace: &control.Window{Rate: 20, Even: true}, InTurns: true,
		},
	}
}

// recorder keeps the items that are put.
type recorder struct {
	dynamo.API
	puts []dynamodbtypes.WriteRequest
}

func (r *recorder) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	r.puts = append(r.puts, dynamodbtypes.WriteRequest{PutRequest: &dynamodbtypes.PutRequest{Item: in.Item}})
	return &dynamodb.PutItemOutput{}, nil
}

// fill creates a table with the items and marks of another store. A batch writes 25 (Amazon DynamoDB
// API reference, BatchWriteItem).
func fill(tb testing.TB, table string, from port.Store) {
	tb.Helper()
	db, puts := dynamotest.Client(tb), &recorder{}
	dynamotest.Create(tb, db, dynamo.TableInput(table))
	to := dynamo.New(dynamo.Config{DB: puts, Table: table})
	items, err := from.Items(tb.Context())
	for i := range items {
		items[i].Rev = 0
		err = errors.Join(err, to.Commit(tb.Context(), port.Change{Item: &items[i]}))
	}
	for _, name := range []string{port.MarkSlots, port.MarkSweep, port.MarkRegistry} {
		err = errors.Join(err, to.SetMark(tb.Context(), name, nine))
	}
	for batch := range slices.Chunk(puts.puts, 25) {
		_, e := db.BatchWriteItem(tb.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]dynamodbtypes.WriteRequest{table: batch}})
		err = errors.Join(err, e)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// mostIdle is the most calls of a minute with 10,000 schedules: twenty pages of their list and one of
// the rules' list, eight queries for what is due, two for the items, one for pending slots, and
// six others, of which one reads the rule for ends of tasks.
const mostIdle = 38

// TestIdleMinute: what a minute in which nothing happens costs, in a process that has just begun and in
// one that continues, over two laps.
//
// `go test ./internal/wire/sweep -run IdleMinute -update` writes testdata/idle.golden anew.
func TestIdleMinute(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, n := range []int{10, 150, 1000, 10_000} {
		idleMinutes(t, n, &out)
	}
	golden.Check(t, "testdata/idle.golden", out.String())
}

func idleMinutes(t *testing.T, n int, out *strings.Builder) {
	t.Helper()
	s, clock, stack, meter := idleStack(t, n)
	costs := map[string]int{}
	var order []string
	for minute := range 11 {
		*clock = clock.Add(time.Minute)
		if err := s.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		calls, words := stack.take()
		_, written, read := meter.TakeAll()
		line := fmt.Sprintf("%d calls, %g read and %g write units: %s", calls, read, written, words)
		if minute == 0 {
			fmt.Fprintf(out, "%d schedules, first minute: %s\n", n, line)
			continue
		}
		if costs[line] == 0 {
			order = append(order, line)
		}
		costs[line]++
		if model := cost.Idle.Reads / cost.Idle.Calls[0].N; n == 150 && read != model {
			t.Errorf("the model of what a stack costs has %g read units for a minute of %g", model, read)
		}
		if calls > mostIdle {
			t.Errorf("%d schedules, minute %d: %d calls", n, minute, calls)
		}
	}
	for _, line := range order {
		fmt.Fprintf(out, "%d schedules, %d minutes: %s\n", n, costs[line], line)
	}
}

// BenchmarkIdleMinute measures the CPU time of such a minute at 10,000 schedules, and of its peer in
// the same run: reading the items and nothing else.
func BenchmarkIdleMinute(b *testing.B) {
	s, clock, _, _ := idleStack(b, 10_000)
	minute := func() {
		*clock = clock.Add(time.Minute)
		if err := s.sweep(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	items := func() {
		if _, err := s.control.Store.Items(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	minute()
	var sweeps, reads time.Duration
	for b.Loop() {
		sweeps += cpu(minute)
		reads += cpu(items)
	}
	b.ReportMetric(float64(sweeps.Milliseconds())/float64(b.N), "sweep-cpu-ms")
	b.ReportMetric(float64(reads.Milliseconds())/float64(b.N), "items-cpu-ms")
	b.ReportMetric(float64(sweeps)/float64(reads), "ratio")
}

// cpu returns the CPU time of this process while it does something.
func cpu(do func()) time.Duration {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			panic(err) // it is always there
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := used()
	do()
	return used() - began
}
