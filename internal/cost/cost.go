// Package cost is the only model of what the control plane costs: docs/cost.md, the README, the command preview
// and the benchmarks' page use it. Whatever can be counted is counted by tests (test/calls,
// test/template) and must match the numbers here.
package cost

import (
	"fmt"
	"strings"
)

// Prices are a Region's list prices in US dollars, without free tiers.
type Prices struct {
	// Schedule is the price of an invocation by EventBridge Scheduler, Request of one of Lambda,
	// and GBSecond of Lambda's time on arm64. Write and Read are for a unit of DynamoDB on
	// demand.
	Schedule, Request, GBSecond, Write, Read float64
	// LogGB is the price of a GB into CloudWatch Logs. StorageGB and RecoveryGB are for a GB in a
	// table and in its point-in-time recovery, for a month. Metric and Alarm are for one, for a
	// month.
	LogGB, StorageGB, RecoveryGB, Metric, Alarm float64
	// Dashboard is for one CloudWatch dashboard for a month.
	Dashboard float64
}

// Date is when the prices were last looked up; Source is where they are published.
const (
	Date   = "March 2026"
	Source = "the pricing pages of AWS Lambda, Amazon DynamoDB, Amazon EventBridge and Amazon CloudWatch"
)

// Regions holds the prices by Region. Scheduler's price in Tokyo is assumed to be that of
// us-east-1.
var Regions = map[string]Prices{
	"us-east-1": {
		Schedule: 1e-6, Request: 0.2e-6, GBSecond: 0.0000133334, Write: 0.625e-6, Read: 0.125e-6,
		LogGB: 0.50, StorageGB: 0.25, RecoveryGB: 0.20, Metric: 0.30, Alarm: 0.10, Dashboard: 3,
	},
	"ap-northeast-1": {
		Schedule: 1e-6, Request: 0.2e-6, GBSecond: 0.0000133334, Write: 0.715e-6, Read: 0.1425e-6,
		LogGB: 0.76, StorageGB: 0.285, RecoveryGB: 0.228, Metric: 0.30, Alarm: 0.10, Dashboard: 3,
	},
}

// KeepDays is the default of KeepRunsDays.
const KeepDays = 400

// vCPU is the memory in MB with which a function has one whole processor. With less it has a
// proportional share (AWS Lambda Developer Guide, "Configure Lambda function memory").
const vCPU = 1769

// Calls are N calls of a function with that much memory. Each takes CPU seconds of a whole
// processor and waits for Wait seconds.
type Calls struct {
	Function  string
	N         float64
	MemoryMB  int
	CPU, Wait float64
}

// Seconds is how long a call takes. It assumes that nothing is computed during the waits, so it
// is rather too high than too low.
func (c Calls) Seconds() float64 { return c.Wait + c.CPU*vCPU/float64(c.MemoryMB) }

// Use is what something uses of the services: a run, or a month without one.
type Use struct {
	Schedules, Writes, Reads float64
	Calls                    []Calls
	// LogBytes go into CloudWatch Logs; Bytes stay in the table and its indexes.
	LogBytes, Bytes             float64
	Metrics, Alarms, Dashboards float64
}

// RunTask and AtTable are the seconds for which a function waits for ECS's answer to a launch,
// and for each call of the table. AtDefinition is the wait for the description of a task
// definition that it does not know. All are assumed.
const (
	RunTask      = 0.250
	AtTable      = 0.005
	AtDefinition = 0.050
)

// Success is a run that ends well at its first attempt, whatever its length: looks at a task that
// runs as it should write nothing. A task that is not RUNNING five minutes after its launch takes
// three write units more. The functions are warm and know the definition of the job and the
// revision of the task definition; one that has just started reads the former, for half a unit,
// and asks ECS for the latter. Half a unit of Reads is the sweep's, which checks whether the slot
// has its run. CPU is what BenchmarkWarm of test/start measured, with new connections, on an x86
// processor. LogBytes are counted: for calls that end well, Lambda itself writes nothing.
var Success = Use{
	Schedules: 1, Writes: 6, Reads: 4.5, LogBytes: 370, Bytes: 640,
	Calls: []Calls{
		{Function: "trigger", N: 1, MemoryMB: 128, CPU: 0.0034, Wait: RunTask + 4*AtTable},
		{Function: "onstopped", N: 1, MemoryMB: 128, CPU: 0.0020, Wait: 3 * AtTable},
	},
}

// Written is the number of write units of a run in the table, including looks at it.
type Written struct {
	Run   string
	Units float64
}

// Writes lists runs that do not simply succeed, each played and counted by test/calls. A job
// whose runs may not overlap writes its item with its runs.
var Writes = []Written{
	{"succeeds, of a job whose runs may not overlap", 12},
	{"succeeds, of a job whose timeout is less than two minutes", 9},
	{"succeeds, and was not RUNNING five minutes after its launch", 9},
	{"succeeds, asked for by a person", 15},
	{"is relaunched, and succeeds", 8},
	{"fails", 13},
	{"fails as the one before did", 10},
	{"waits because ECS throttled its launch, and succeeds", 12},
	{"waits because ECS throttled another launch within the second before, and succeeds", 9},
}

// Idle is a month of a stack in which nothing runs. The time of the sweep is assumed; its units
// are those of a stack of up to 150 jobs, as internal/wire/sweep counts them.
var Idle = Use{Calls: []Calls{{Function: "sweep", N: sweeps, MemoryMB: 256, Wait: 1}}, Writes: 3 * sweeps, Reads: 13.5 * sweeps, Metrics: 6, Alarms: 10}

// Metrics is what the parameter Metrics adds to a month of a stack, and to a month of each job
// with its own metrics: ends of runs by their five statuses, relaunches and the lag of launches.
// A metric is billed for the hours in which it has a value, so this is the maximum.
var Metrics = Use{Metrics: 7}

// Dashboard is what the parameter Dashboard adds, which includes Metrics.
var Dashboard = Use{Metrics: Metrics.Metrics, Dashboards: 1}

// sweeps is one a minute, for a twelfth of a year.
const sweeps = 365.0 * 24 * 60 / 12

// daysAMonth is the number of days in a twelfth of a year.
const daysAMonth = 365.0 / 12

// Line is one part of a cost.
type Line struct {
	What, How string
	USD       float64
}

// Lines returns the parts of the cost of n such uses. What stays in the table is kept for
// keepDays days, with point-in-time recovery, which the template switches on.
func (u Use) Lines(p Prices, n float64, keepDays int) []Line {
	stored := u.Bytes / 1e9 * n * float64(keepDays) / daysAMonth
	lines := []Line{
		{"schedules", fmt.Sprintf("%g invocation", u.Schedules), n * u.Schedules * p.Schedule},
		{"functions", calls(u), n * u.functions(p)},
		{"table, writes", units(u.Writes), n * u.Writes * p.Write},
		{"table, reads", units(u.Reads), n * u.Reads * p.Read},
		{"logs", fmt.Sprintf("%g KB", u.LogBytes/1000), n * u.LogBytes / 1e9 * p.LogGB},
		{"storage", fmt.Sprintf("%s bytes for %d days", whole(u.Bytes), keepDays), stored * p.StorageGB},
		{"point-in-time recovery", "of the same", stored * p.RecoveryGB},
		{"metrics and alarms", metrics(u), n * (u.Metrics*p.Metric + u.Alarms*p.Alarm)},
		{"dashboard", fmt.Sprintf("%g", u.Dashboards), n * u.Dashboards * p.Dashboard},
	}
	out := lines[:0]
	for _, l := range lines {
		if l.USD > 0 {
			out = append(out, l)
		}
	}
	return out
}

// USD returns what n such uses cost.
func (u Use) USD(p Prices, n float64, keepDays int) (sum float64) {
	for _, l := range u.Lines(p, n, keepDays) {
		sum += l.USD
	}
	return sum
}

// functions returns what the calls cost.
func (u Use) functions(p Prices) (usd float64) {
	for _, c := range u.Calls {
		usd += c.N * (p.Request + c.Seconds()*float64(c.MemoryMB)/1024*p.GBSecond)
	}
	return usd
}

func calls(u Use) string {
	words := make([]string, len(u.Calls))
	for i, c := range u.Calls {
		words[i] = fmt.Sprintf("%s %s× %.0f ms at %d MB", c.Function, whole(c.N), c.Seconds()*1000, c.MemoryMB)
	}
	return strings.Join(words, ", ")
}

func units(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%g units", v)
	}
	return whole(v) + " units"
}

// whole formats a number with commas between its thousands.
func whole(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func metrics(u Use) string {
	if u.Alarms == 0 {
		return fmt.Sprintf("%g metrics", u.Metrics)
	}
	return fmt.Sprintf("%g metrics, %g alarms", u.Metrics, u.Alarms)
}
