// Package job says what a job is: the definition of one small batch job, the
// rules it must obey, and the hash that names one version of it.
//
// It is pure: the standard library only, no clock, no I/O. Reading jobs.yaml
// is the business of its sub-package jobfile.
package job

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Job is one job's definition. It travels as JSON in its schedule's input and
// in the store, addressed by Hash.
type Job struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	// Project is the origin of the definition: who applies jobs of one project
	// touches no others.
	Project string `json:"project,omitempty"`

	// Schedule is a crontab line's five fields; empty for a job that only
	// people run. Timezone is an IANA name, UTC when empty.
	Schedule string `json:"schedule,omitempty"`
	Timezone string `json:"timezone,omitempty"`
	// Disabled jobs are not run by their schedule; a person may run them.
	Disabled bool `json:"disabled,omitempty"`

	// TaskDefinition is a family, family:revision or ARN. Without a revision
	// the newest ACTIVE one is taken when a run is claimed.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	Cluster        string `json:"cluster,omitempty"`
	// Container is the job's own container; empty where the task definition
	// has only one.
	Container   string            `json:"container,omitempty"`
	Command     []string          `json:"command,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	// CPU is in CPU units (1024 = 1 vCPU), Memory in MiB; 0 leaves the task
	// definition's own.
	CPU           int     `json:"cpu,omitempty"`
	Memory        int     `json:"memory,omitempty"`
	Network       Network `json:"network,omitzero"`
	TaskRole      string  `json:"taskRole,omitempty"`
	ExecutionRole string  `json:"executionRole,omitempty"`
	// Capacity is one of Capacities; empty is on-demand.
	Capacity Capacity `json:"capacity,omitempty"`

	Limits
	When
	Changes
	// Tags are put on the job's tasks, beside those of batchplane itself.
	Tags map[string]string `json:"tags,omitempty"`
	// Metrics is whether the job has metrics of its own, which cost money each.
	Metrics bool `json:"metrics,omitempty"`

	Retry  Retry  `json:"retry,omitzero"`
	Notify Notify `json:"notify,omitzero"`

	// Rule is the name of the scheduled rule that starts the job, "" where its
	// schedules do. It is the registry's.
	Rule string `json:"-"`
	// Modified is when the registry was last given this definition; zero where it
	// does not say. It is no part of the definition, its JSON or its Hash.
	Modified time.Time `json:"-"`
}

// Network is the task's awsvpc configuration.
type Network struct {
	Subnets        []string `json:"subnets,omitempty"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	AssignPublicIP bool     `json:"assignPublicIp,omitempty"`
}

// IsZero is whether nothing was configured.
func (n Network) IsZero() bool {
	return len(n.Subnets) == 0 && len(n.SecurityGroups) == 0 && !n.AssignPublicIP
}

// Capacity is where a task is placed.
type Capacity string

// Where tasks are placed.
const (
	OnDemand Capacity = "on-demand"
	Spot     Capacity = "spot"
	// SpotThenOnDemand launches on Fargate Spot and, once Spot had no capacity or
	// took the task of an idempotent job away, relaunches on demand: Fargate
	// gives a task that belongs to no service no such fallback (ECS developer
	// guide, "Fargate capacity providers").
	SpotThenOnDemand Capacity = "spot-then-on-demand"
)

// Capacities are the values that Validate accepts.
var Capacities = []Capacity{OnDemand, Spot, SpotThenOnDemand}

// Notify says who is told, and of what beside bad ends and recoveries.
type Notify struct {
	// Targets are names that the stack resolves; empty means its default.
	Targets []string `json:"targets,omitempty"`
	// Also holds opt-ins: succeeded, relaunched.
	Also []string `json:"also,omitempty"`
	// FirstOnly mutes the failures that follow a told one until a success.
	FirstOnly bool `json:"firstOnly,omitempty"`
}

// IsZero is whether nothing was configured.
func (n Notify) IsZero() bool {
	return len(n.Targets) == 0 && len(n.Also) == 0 && !n.FirstOnly
}

// Opt-ins of Notify.Also.
const (
	AlsoSucceeded  = "succeeded"
	AlsoRelaunched = "relaunched"
)

// Hash names this version of the definition: the first 32 hex digits of the
// SHA-256 of its JSON. Equal definitions have equal hashes.
func (j Job) Hash() string {
	b, err := json.Marshal(j)
	if err != nil {
		// Strings, numbers, slices and string maps always marshal.
		panic(fmt.Sprintf("marshalling job %q: %v", j.Name, err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Zone is the job's IANA zone name.
func (j Job) Zone() string {
	if j.Timezone == "" {
		return "UTC"
	}
	return j.Timezone
}

// Pinned is whether the job names one revision of its task definition.
func (j Job) Pinned() bool {
	_, revision, ok := strings.Cut(j.TaskDefinition[strings.LastIndexByte(j.TaskDefinition, '/')+1:], ":")
	return ok && revision != ""
}
