package cost_test

import (
	"testing"

	"github.com/batchplane/batchplane/internal/cost"
)

// BenchmarkCost makes the report of `make bench` say what a million runs, and a month without
// any, cost by Region. It uses the model, whose counts test/calls compares with what is seen on
// the wire.
func BenchmarkCost(b *testing.B) {
	for name, prices := range cost.Regions {
		b.Run(name, func(b *testing.B) {
			var runs, idle float64
			for b.Loop() {
				runs, idle = cost.Success.USD(prices, 1e6, cost.KeepDays), cost.Idle.USD(prices, 1, cost.KeepDays)
			}
			b.ReportMetric(runs, "USD/million-runs")
			b.ReportMetric(idle, "USD/idle-month")
		})
	}
}
