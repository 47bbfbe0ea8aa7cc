package preview

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/cost"
	"github.com/batchplane/batchplane/internal/job"
)

// CostOptions is what a cost depends on besides the jobs.
type CostOptions struct {
	// Region is one of Regions.
	Region string
	// Duration is how long a run takes, and Durations how long for some jobs, by name. At least
	// a minute is billed.
	Duration  time.Duration
	Durations map[string]time.Duration
	// Definitions give the sizes of jobs that have none of their own.
	Definitions []job.TaskDefinition
	// Dashboard and Metrics are the stack's parameters.
	Dashboard, Metrics bool
}

// price holds the prices of a region, in US dollars.
type price struct {
	// cpuHour is the price of a vCPU for an hour on Fargate with Linux, and memoryHour that of a
	// GB, by architecture. 0 means that it is not known here.
	cpuHour, memoryHour map[string]float64
	// natHour is the price of a NAT gateway for an hour. Each GB through it costs as much.
	natHour float64
}

// priceSource says where the prices below were last looked up; cost.Date says when.
const priceSource = "aws.amazon.com/fargate/pricing, aws.amazon.com/vpc/pricing and " + cost.Source + ", on demand, without free tiers"

// prices holds the prices by region.
var prices = map[string]price{
	"us-east-1": {
		cpuHour:    map[string]float64{"x86_64": 0.04048, "arm64": 0.0000089944 * 3600},
		memoryHour: map[string]float64{"x86_64": 0.004445, "arm64": 0.0000009889 * 3600},
		natHour:    0.045,
	},
	"ap-northeast-1": {
		cpuHour: map[string]float64{"x86_64": 0.05056}, memoryHour: map[string]float64{"x86_64": 0.00553},
		natHour: 0.062,
	},
}

// Regions are the keys of prices.
var Regions = []string{"us-east-1", "ap-northeast-1"}

// hoursPerMonth is a twelfth of a year.
const hoursPerMonth = 365.25 * 24 / 12

// Cost is an estimate for a month, in US dollars.
type Cost struct {
	Region  string  `json:"region"`
	Compute float64 `json:"computeUSD"`
	// Control is the cost of the control plane, for itself and for the runs. It assumes that each
	// run succeeds and is kept for the default time.
	Control float64  `json:"controlPlaneUSD"`
	NAT     float64  `json:"natGatewayUSD"`
	Runs    float64  `json:"runsAMonth"`
	Source  string   `json:"source"`
	Notes   []string `json:"notes"`
}

// cost estimates a month from the span of the preview.
func (r *Report) cost(jobs []job.Job, o Options) {
	price, plane := prices[o.Cost.Region], cost.Regions[o.Cost.Region]
	run := cost.Success.USD(plane, 1, cost.KeepDays)
	months := r.To.Sub(r.From).Hours() / hoursPerMonth
	c := Cost{
		Region: o.Cost.Region, Control: cost.Idle.USD(plane, 1, cost.KeepDays), NAT: price.natHour * hoursPerMonth, Source: priceSource + ", " + cost.Date,
		Notes: []string{
			"tasks in private subnets reach ECR and their log through a NAT gateway or interface endpoints, which are billed by the hour even if no job runs and cost more than small jobs; the price shown is a NAT gateway's without its price per GB; a public IP avoids both",
		},
	}
	assumed, noArm := false, false
	for i, j := range jobs {
		cpu, memory, architecture, known := size(j, o.Cost.Definitions)
		assumed = assumed || !known
		if price.cpuHour[architecture] == 0 {
			architecture, noArm = "x86_64", true
		}
		took := o.Cost.Duration
		if d, ok := o.Cost.Durations[j.Name]; ok {
			took = d
		}
		took = max(took, time.Minute)
		runs := float64(r.Jobs[i].Runs) / months
		hour := float64(cpu)/1024*price.cpuHour[architecture] + float64(memory)/1024*price.memoryHour[architecture]
		usd := runs * (took.Hours()*hour + run)
		r.Jobs[i].MonthlyUSD = usd
		c.Runs += runs
		c.Compute += runs * took.Hours() * hour
		c.Control += runs * run
	}
	if assumed {
		c.Notes = append(c.Notes, "jobs without a size are counted as 256 CPU units and 512 MiB on x86_64: their task definition is not in the file")
	}
	c.metrics(jobs, o.Cost, plane)
	if noArm {
		c.Notes = append(c.Notes, "the price of arm64 in this Region is not known here: the higher one of x86_64 is used")
	}
	if len(o.Cost.Durations) == 0 {
		c.Notes = append(c.Notes, "every run is assumed to last "+job.Duration(max(o.Cost.Duration, time.Minute)).String()+", and at least a minute is billed: --duration changes that")
	}
	r.Cost = c
}

// metrics adds the cost of metrics and of a dashboard, for the stack and for jobs with their own.
func (c *Cost) metrics(jobs []job.Job, o CostOptions, p cost.Prices) {
	own := 0
	for _, j := range jobs {
		if j.Metrics {
			own++
		}
	}
	each := cost.Metrics.USD(p, 1, cost.KeepDays)
	switch {
	case o.Dashboard:
		c.Control += cost.Dashboard.USD(p, 1, cost.KeepDays) + float64(own)*each
	case o.Metrics:
		c.Control += float64(1+own) * each
	case own > 0:
		c.Notes = append(c.Notes, fmt.Sprintf("jobs with `metrics: true` have metrics only where the stack has Metrics or Dashboard on (--metrics, --dashboard); that is $%.2f a month at most for the stack and for each of them", each))
	}
}

// size gives the size that a job asks for. known reports whether the file has it, for the job or
// for its base definition.
func size(j job.Job, definitions []job.TaskDefinition) (cpu, memory int, architecture string, known bool) {
	cpu, memory, architecture = j.CPU, j.Memory, "x86_64"
	known = cpu > 0
	for _, d := range definitions {
		if d.Family != j.TaskDefinition {
			continue
		}
		if d.Architecture != "" {
			architecture = d.Architecture
		}
		if !known {
			cpu, memory = d.Size()
			known = true
		}
	}
	if !known {
		return 256, 512, architecture, false
	}
	return cpu, memory, architecture, true
}
