package cli

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// TestPeaks: the minutes with the most vCPUs On-Demand, the most vCPUs on Spot and the most
// starts are three, each found by its own weight.
func TestPeaks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	file := jobfile.File{Jobs: []job.Job{
		{Name: "large", Schedule: "0 1 * * *", CPU: 8192},
		{Name: "spot", Schedule: "0 2 * * *", CPU: 16384, Capacity: job.Spot},
		{Name: "small-a", Schedule: "0 3 * * *", CPU: 256},
		{Name: "small-b", Schedule: "0 3 * * *", CPU: 256},
		{Name: "small-c", Schedule: "0 3 * * *", CPU: 256},
	}}
	got := peaksOf(file, doctor.SizesOf(file.Definitions, nil), 2, now)
	if h := got.OnDemand; h.At.Hour() != 1 || h.VCPU != 8 || h.SpotVCPU != 0 || h.Jobs != 1 {
		t.Errorf("most On-Demand: %+v", h)
	}
	if h := got.Spot; h.At.Hour() != 2 || h.SpotVCPU != 16 || h.VCPU != 0 || h.Jobs != 1 {
		t.Errorf("most Spot: %+v", h)
	}
	if h := got.Starts; h.At.Hour() != 3 || h.Jobs != 3 || h.VCPU != 0.75 || h.Seconds != 2 {
		t.Errorf("most starts: %+v", h)
	}
}
