// Package job defines a job: the definition of one small batch job, the rules that it must
// obey, and the hash that names one version of it.
//
// It is pure: it uses the standard library only, reads no clock and does no I/O. The
// sub-package jobfile reads jobs.yaml.
package job

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Job is the definition of one job. It travels as JSON in its schedule's input and is stored
// as JSON, addressed by Hash.
type Job struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	// Project is the origin of the definition. Applying the jobs of one project leaves those
	// of others alone.
	Project string `json:"project,omitempty"`

	// Schedule is the five fields of a crontab line; empty for a job that only people run.
	// Timezone is an IANA name; empty means UTC.
	Schedule string `json:"schedule,omitempty"`
	Timezone string `json:"timezone,omitempty"`
	// Disabled says that the schedule does not run the job; a person still may.
	Disabled bool `json:"disabled,omitempty"`

	// TaskDefinition is a family, family:revision or ARN. Without a revision, the claim of a
	// run takes the newest ACTIVE one.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	Cluster        string `json:"cluster,omitempty"`
	// Container is the job's own container. It may be empty if the task definition has only
	// one.
	Container   string            `json:"container,omitempty"`
	Command     []string          `json:"command,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	// CPU is in CPU units (1024 = 1 vCPU) and Memory in MiB. 0 keeps the values of the task
	// definition.
	CPU           int     `json:"cpu,omitempty"`
	Memory        int     `json:"memory,omitempty"`
	Network       Network `json:"network,omitzero"`
	TaskRole      string  `json:"taskRole,omitempty"`
	ExecutionRole string  `json:"executionRole,omitempty"`
	// Capacity is one of Capacities; empty means OnDemand.
	Capacity Capacity `json:"capacity,omitempty"`

	Limits
	When
	Changes
	// Tags are put on the job's tasks, in addition to batchplane's own tags.
	Tags map[string]string `json:"tags,omitempty"`
	// Metrics says whether the job has metrics of its own. Each of them costs money.
	Metrics bool `json:"metrics,omitempty"`

	Retry  Retry  `json:"retry,omitzero"`
	Notify Notify `json:"notify,omitzero"`

	// Rule is the name of the scheduled rule that starts the job, or "" if its schedules do.
	// The registry sets it.
	Rule string `json:"-"`
	// Modified is when the registry was last given this definition; zero if the registry does
	// not say. It is not part of the definition, its JSON or its Hash.
	Modified time.Time `json:"-"`
	// SwitchedOff is whether the schedule or the rule is off although the definition has it on. It is not
	// part of the definition either.
	SwitchedOff bool `json:"-"`
	// CutShort is whether EndAt is not the definition's own, but an earlier one that the schedule was given;
	// Postponed, whether StartAt is a later one. They are not part of the definition either.
	CutShort  bool `json:"-"`
	Postponed bool `json:"-"`
}

// Network is the task's awsvpc configuration.
type Network struct {
	Subnets        []string `json:"subnets,omitempty"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	AssignPublicIP bool     `json:"assignPublicIp,omitempty"`
}

// IsZero reports whether nothing is configured.
func (n Network) IsZero() bool {
	return len(n.Subnets) == 0 && len(n.SecurityGroups) == 0 && !n.AssignPublicIP
}

// Capacity is where a task is placed.
type Capacity string

// Where tasks are placed.
const (
	OnDemand Capacity = "on-demand"
	Spot     Capacity = "spot"
	// SpotThenOnDemand launches on Fargate Spot. It relaunches on demand if Spot had no
	// capacity, or if Spot took away the task of an idempotent job. Fargate has no such
	// fallback for a task that belongs to no service (ECS developer guide, "Fargate capacity
	// providers").
	SpotThenOnDemand Capacity = "spot-then-on-demand"
)

// Capacities are the values that Validate accepts.
var Capacities = []Capacity{OnDemand, Spot, SpotThenOnDemand}

// Notify says who is told, and what they are told besides bad ends and recoveries.
type Notify struct {
	// Targets are names that the stack resolves; empty means the stack's default.
	Targets []string `json:"targets,omitempty"`
	// Also holds opt-ins: succeeded, relaunched.
	Also []string `json:"also,omitempty"`
	// FirstOnly mutes all failures after a reported one until a success.
	FirstOnly bool `json:"firstOnly,omitempty"`
}

// IsZero reports whether nothing is configured.
func (n Notify) IsZero() bool {
	return len(n.Targets) == 0 && len(n.Also) == 0 && !n.FirstOnly
}

// Values of Notify.Also.
const (
	AlsoSucceeded  = "succeeded"
	AlsoRelaunched = "relaunched"
)

// Hash names this version of the definition. It is the first 32 hex digits of the SHA-256 of
// the definition's JSON. Equal definitions have equal hashes.
func (j Job) Hash() string {
	b, err := json.Marshal(j)
	if err != nil {
		// Strings, numbers, slices and string maps always marshal.
		panic(fmt.Sprintf("marshalling job %q: %v", j.Name, err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Zone gives the job's IANA zone name.
func (j Job) Zone() string {
	if j.Timezone == "" {
		return "UTC"
	}
	return j.Timezone
}

// Pinned reports whether the job names one revision of its task definition.
func (j Job) Pinned() bool {
	_, revision, ok := strings.Cut(j.TaskDefinition[strings.LastIndexByte(j.TaskDefinition, '/')+1:], ":")
	return ok && revision != ""
}
