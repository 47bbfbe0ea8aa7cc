package cost_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/cost"
)

var update = flag.Bool("update", false, "write the page of costs anew")

const page, readme = "../../docs/cost.md", "../../README.md"

// TestPage: the page of costs is the model's, and so are the README's figures.
func TestPage(t *testing.T) {
	t.Parallel()
	want := "# What a month costs\n\n" + section(t)
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil { //nolint:gosec // it is public
			t.Fatal(err)
		}
	}
	for name, says := range map[string]string{page: want, readme: summary()} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), says) {
			t.Errorf("%s does not have the model's costs (-update writes the page anew); want\n%s", name, says)
		}
	}
}

// summary is the README's sentence about costs.
func summary() string {
	p, bare := cost.Regions["us-east-1"], cost.Success
	bare.Bytes = 0
	return fmt.Sprintf("a million successful runs cost $%.2f: $%.2f to run them, the rest to keep their history for %d days. A stack that does nothing costs $%.2f a month.",
		cost.Success.USD(p, 1e6, cost.KeepDays), bare.USD(p, 1e6, cost.KeepDays), cost.KeepDays, cost.Idle.USD(p, 1, cost.KeepDays))
}

// idleMinute returns the read units counted for a minute with that many jobs in which nothing
// runs, in a process that has been running for a while: the golden file's last line about them.
func idleMinute(t *testing.T, jobs int) (units float64) {
	t.Helper()
	golden, err := os.ReadFile("../wire/sweep/testdata/idle.golden")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(golden)) {
		_, counts, ok := strings.Cut(line, " calls, ")
		if !ok || !strings.HasPrefix(line, fmt.Sprintf("%d schedules, ", jobs)) {
			continue
		}
		if _, err := fmt.Sscanf(counts, "%g read", &units); err != nil {
			t.Fatal(err)
		}
	}
	if units == 0 {
		t.Fatalf("nobody counted %d schedules", jobs)
	}
	return units
}

func section(t *testing.T) string {
	t.Helper()
	p, idleOfMany := cost.Regions["us-east-1"], idleMinute(t, 10_000)
	var b strings.Builder
	fmt.Fprintf(&b, `This is a model, not a bill (`+"`internal/cost`, which `preview` uses too"+`). It leaves out tasks, NAT gateways and endpoints, which cost more than all of this; `+"`preview`"+` says what the tasks of a jobs file cost.
It uses the list prices of us-east-1, published up to %s, without the free tier; look them up before you decide. Lambda arm64: $%.10f per GB-second, $%.2f per million requests. DynamoDB: $%g per million write units, $%g per million read units, $%.2f per GB and month, $%.2f more for recovery.
EventBridge Scheduler: $%.2f per million. CloudWatch: $%.2f per GB of logs, $%.2f per metric, $%.2f per alarm, $%.2f per dashboard.

`, cost.Date, p.GBSecond, p.Request*1e6, p.Write*1e6, p.Read*1e6, p.StorageGB, p.RecoveryGB, p.Schedule*1e6, p.LogGB, p.Metric, p.Alarm, p.Dashboard)
	table(&b, "a million successful runs", "a run takes", "$", cost.Success, 1e6)
	bare := cost.Success
	bare.Bytes = 0
	aQuarter := cost.Success
	aQuarter.Calls = slices.Clone(cost.Success.Calls)
	for i := range aQuarter.Calls {
		aQuarter.Calls[i].CPU *= 1.25
	}
	fmt.Fprintf(&b, "\nWithout storage and recovery that is $%.2f. A run writes the same number of units however long it is. Half a read unit per run is the sweep's, which checks that each slot has its run. Tests *count* the calls, the table's units and the bytes of logs. The CPU time of a call is *measured*, on an x86 processor (`BenchmarkWarm`: %.1f and %.1f ms; in another run a quarter more, which is $%.2f). Waiting times are *assumed*: %g ms for each call of the table and %g ms for RunTask, where each 100 ms more cost $%.2f; neither was measured on AWS. The model also assumes that the share of a processor that the memory buys is as fast as the same share of that x86 processor, and that functions are warm: if runs are rare, most calls begin with a cold start. A warm trigger knows the revision of a job that uses one of the file's own `taskDefinitions`. If a job names somebody else's family, the trigger asks ECS for the newest revision once a minute: %g ms more per run, $%.2f, if each run asks.\n\n",
		bare.USD(p, 1e6, cost.KeepDays), cost.Success.Calls[0].CPU*1000, cost.Success.Calls[1].CPU*1000, aQuarter.USD(p, 1e6, 0)-cost.Success.USD(p, 1e6, 0), cost.AtTable*1000, cost.RunTask*1000, waiting(p, 0.1), cost.AtDefinition*1000, waiting(p, cost.AtDefinition))
	b.WriteString("| a run that | takes write units |\n|---|---|\n")
	for _, w := range cost.Writes {
		fmt.Fprintf(&b, "| %s | %g |\n", w.Run, w.Units)
	}
	b.WriteString("\n")
	table(&b, "a stack that does nothing", "how it is computed", "$ a month", cost.Idle, 1)
	fmt.Fprintf(&b, "\nThe one second per sweep is assumed. The units are counted on a stack of up to 150 jobs; with 10,000 jobs, each minute reads %g units, for $%.2f a month more (`internal/wire/sweep/testdata/idle.golden`).\n\n",
		idleOfMany, (idleOfMany*cost.Idle.Calls[0].N-cost.Idle.Reads)*p.Read)
	table(&b, "what `Dashboard` adds", "how it is computed", "$ a month", cost.Dashboard, 1)
	fmt.Fprintf(&b, "\n`Metrics` alone adds $%.2f a month, and each job with `metrics: true` adds the same. This is the maximum: a metric is billed only for the hours in which it has a value.\n", cost.Metrics.USD(p, 1, cost.KeepDays))
	return b.String()
}

// waiting is what a million triggers cost that each wait that many seconds longer.
func waiting(p cost.Prices, seconds float64) float64 {
	return 1e6 * seconds * float64(cost.Success.Calls[0].MemoryMB) / 1024 * p.GBSecond
}

func table(b *strings.Builder, what, how, usd string, u cost.Use, n float64) {
	fmt.Fprintf(b, "| %s | %s | %s |\n|---|---|---|\n", what, how, usd)
	p := cost.Regions["us-east-1"]
	for _, l := range u.Lines(p, n, cost.KeepDays) {
		fmt.Fprintf(b, "| %s | %s | %.2f |\n", l.What, l.How, l.USD)
	}
	fmt.Fprintf(b, "| | | **%.2f** |\n", u.USD(p, n, cost.KeepDays))
}

// TestModel checks arithmetic that was done by hand.
func TestModel(t *testing.T) {
	t.Parallel()
	p := cost.Prices{Schedule: 1, Request: 10, GBSecond: 4, Write: 100, Read: 1000, LogGB: 1e9, StorageGB: 12e9, RecoveryGB: 12e10, Metric: 3, Alarm: 7, Dashboard: 11}
	u := cost.Use{Schedules: 1, Calls: []cost.Calls{{N: 2, MemoryMB: 1024, Wait: 0.5 - 1769.0/1024/100, CPU: 0.01}}, Writes: 3, Reads: 4, LogBytes: 5, Bytes: 6, Metrics: 1, Alarms: 1, Dashboards: 1}
	want := 2 * (1 + 2*(10+0.5) + 300 + 4000 + 5 + 6*12*(1+10) + 10.0 + 11)
	if got := u.USD(p, 2, 30); math.Abs(got-want) > 3*2*6*12*11*0.02 { // a month has 30.4 days
		t.Errorf("%g, want %g", got, want)
	}
	if days := u.USD(p, 2, 60) - u.USD(p, 2, 30); days < 1500 || days > 1600 {
		t.Errorf("30 days more cost %g", days)
	}
	for region, p := range cost.Regions {
		if usd := cost.Success.USD(p, 1e6, cost.KeepDays); usd < 8 || usd > 15 {
			t.Errorf("a million runs in %s cost $%.2f", region, usd)
		}
	}
}

// TestWhatAMillionMayCost: $6.50 without storage, and $2.50 for storage.
func TestWhatAMillionMayCost(t *testing.T) {
	t.Parallel()
	var all, storage float64
	for _, l := range cost.Success.Lines(cost.Regions["us-east-1"], 1e6, cost.KeepDays) {
		switch l.What {
		case "storage":
			storage = l.USD
		case "point-in-time recovery":
		default:
			all += l.USD
		}
	}
	if all == 0 || all > 6.5 || storage == 0 || storage > 2.5 {
		t.Errorf("a million runs cost $%.2f, and $%.2f to be kept", all, storage)
	}
}
