package doctor

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Quotas of the account that a herd may exceed.
const (
	OnDemand    = "Fargate On-Demand vCPU"
	Spot        = "Fargate Spot vCPU"
	Invocations = "EventBridge Scheduler invocations a second"
)

// quotaCodes are the codes by which a quota is raised (AWS General Reference, "AWS Fargate
// endpoints and quotas").
var quotaCodes = map[string]string{OnDemand: "L-3032A538", Spot: "L-36FBB829"}

// Limit is a quota's value, or the reason why it is not known.
type Limit struct {
	Value  float64
	Unseen string
}

// Herd is a minute in which many jobs start.
type Herd struct {
	At   time.Time `json:"at"`
	Jobs int       `json:"jobs"`
	// Rate is how many are launched a second; Seconds is how long the sweep takes to launch them
	// all.
	Rate    int `json:"launchesPerSecond"`
	Seconds int `json:"seconds"`
	// VCPU and SpotVCPU are what their tasks need, as far as the jobs files say.
	VCPU     float64 `json:"vcpu"`
	SpotVCPU float64 `json:"spotVcpu,omitempty"`
}

// vcpu is one vCPU in ECS's CPU units.
const vcpu = 1024

// smallest is the size of Fargate's smallest task, assumed for tasks whose size is not known
// here.
const smallest = 256

// Sizes returns the vCPU of a job's task, On-Demand and Spot. One of them is 0.
type Sizes func(job.Job) (onDemand, spot float64)

// SizesOf returns the sizes, as far as jobs, these definitions and the deployed ones that jobs name
// give them.
func SizesOf(definitions []job.TaskDefinition, theirs map[string]Deployed) Sizes {
	sizes := map[string]int{}
	for _, d := range definitions {
		cpu, _ := d.Size()
		sizes[d.Family] = cpu
	}
	return func(j job.Job) (onDemand, spot float64) {
		units := float64(cmp.Or(j.CPU, sizes[familyOf(j.TaskDefinition)], theirs[j.TaskDefinition].CPU, smallest)) / vcpu
		if j.Capacity == job.Spot || j.Capacity == job.SpotThenOnDemand {
			return 0, units
		}
		return units, 0
	}
}

// HerdOf returns what the jobs of a minute need if rate of them, at least one, are launched a second.
func HerdOf(at time.Time, jobs []job.Job, sizes Sizes, rate int) Herd {
	h := Herd{At: at.UTC(), Jobs: len(jobs), Rate: rate, Seconds: (len(jobs) + rate - 1) / rate}
	for _, j := range jobs {
		onDemand, spot := sizes(j)
		h.VCPU += onDemand
		h.SpotVCPU += spot
	}
	return h
}

// Peaks are the minutes that need the most: of vCPU On-Demand, of vCPU Spot, and of starts. A
// single large task may need more than a crowd of small ones.
type Peaks struct{ OnDemand, Spot, Starts Herd }

// Quotas returns the quotas that are too small for the peaks, and those that are not known. It
// does not count tasks that still run from earlier minutes, because nobody knows how long tasks
// take.
func Quotas(p Peaks, limits map[string]Limit) (out []Finding) {
	const room = "%s of %g vCPU %s at %s, and the quota is %g: tasks without room wait and are tried again until their deadline"
	for _, q := range []struct {
		name  string
		herd  Herd
		needs float64
		words string
	}{
		{OnDemand, p.OnDemand, p.OnDemand.VCPU, room},
		{Spot, p.Spot, p.Spot.SpotVCPU, room},
		{Invocations, p.Starts, float64(p.Starts.Jobs), "%s (%g) %s at %s, and the quota is %g a second: the last ones start later"},
	} {
		limit, asked := limits[q.name]
		f := Finding{Subject: Subject{Quota, q.name}, Verdict: Good}
		switch {
		case q.needs == 0:
			continue
		case !asked || limit.Unseen != "":
			f.Verdict, f.Why = Unknown, cmp.Or(limit.Unseen, "not asked")
		case q.needs > limit.Value:
			jobs, start := fmt.Sprintf("%d jobs", q.herd.Jobs), "start"
			if q.herd.Jobs == 1 {
				jobs, start = "1 job", "starts"
			}
			f.Verdict, f.Why = Wrong, fmt.Sprintf(q.words, jobs, q.needs, start, q.herd.At.Format("2006-01-02T15:04Z"), limit.Value)
			f.Mend = raise(q.name, q.needs)
		}
		out = append(out, f)
	}
	return out
}

// raise returns the command that requests a larger quota.
func raise(name string, needs float64) string {
	code := quotaCodes[name]
	if code == "" {
		return "request an increase in Service Quotas, or spread the jobs over more minutes"
	}
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --service-code fargate --quota-code %s --desired-value %g; or spread the jobs over more minutes", code, math.Ceil(needs))
}
