package jobfile

import (
	"maps"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
)

// field is one key of a mapping: how it is read into a T, and its shape, for editors.
type field[T any] struct {
	read  func(d *decoder, n ast.Node, path string, v *T)
	shape shape
}

// jobFields are the keys of a job. defaultFields are those of `defaults`, which cannot name or
// describe a job.
var (
	jobFields = map[string]field[job.Job]{
		"name":           str(func(j *job.Job) *string { return &j.Name }),
		"description":    str(func(j *job.Job) *string { return &j.Description }),
		"owner":          str(func(j *job.Job) *string { return &j.Owner }),
		"schedule":       given(func(j *job.Job) *string { return &j.Schedule }),
		"timezone":       given(func(j *job.Job) *string { return &j.Timezone }),
		"startAt":        moment(func(j *job.Job) *time.Time { return &j.StartAt }),
		"endAt":          moment(func(j *job.Job) *time.Time { return &j.EndAt }),
		"dst":            nested(dstFields),
		"calendar":       nested(calendarFields),
		"window":         duration(func(j *job.Job) *job.Duration { return &j.Window }),
		"enabled":        {enabled, orVariable(shape{"type": "boolean"})},
		"taskDefinition": str(func(j *job.Job) *string { return &j.TaskDefinition }),
		"cluster":        str(func(j *job.Job) *string { return &j.Cluster }),
		"container":      str(func(j *job.Job) *string { return &j.Container }),
		"command":        {command, shape{"anyOf": []shape{textShape, listOf(textShape)}}},
		"environment":    texts(func(j *job.Job) *map[string]string { return &j.Environment }),
		"cpu":            num(func(j *job.Job) *int { return &j.CPU }),
		"memory":         num(func(j *job.Job) *int { return &j.Memory }),
		"network":        nested(networkFields),
		"taskRole":       str(func(j *job.Job) *string { return &j.TaskRole }),
		"executionRole":  str(func(j *job.Job) *string { return &j.ExecutionRole }),
		"capacity":       oneOf(job.Capacities, func(j *job.Job) *job.Capacity { return &j.Capacity }),
		"timeout":        duration(func(j *job.Job) *job.Duration { return &j.Timeout }),
		"launchTimeout":  duration(func(j *job.Job) *job.Duration { return &j.LaunchTimeout }),
		"startWithin":    duration(func(j *job.Job) *job.Duration { return &j.StartWithin }),
		"catchUp":        oneOf(job.CatchUps, func(j *job.Job) *job.CatchUp { return &j.CatchUp }),
		"overlap":        oneOf(job.Overlaps, func(j *job.Job) *job.Overlap { return &j.Overlap }),
		"inputs":         {inputs, shape{"type": "object", "additionalProperties": inputShape()}},
		"args":           flag(func(j *job.Job) *bool { return &j.Args }),
		"tags":           texts(func(j *job.Job) *map[string]string { return &j.Tags }),
		"metrics":        flag(func(j *job.Job) *bool { return &j.Metrics }),
		"retry":          nested(retryFields),
		"notify":         {notify, shape{"anyOf": []shape{listOf(textShape), object(notifyFields)}}},
	}
	defaultFields = without(jobFields, "name", "description", "schedule", "command", "inputs", "args")

	networkFields = map[string]field[job.Job]{
		"subnets":        list(func(j *job.Job) *[]string { return &j.Network.Subnets }),
		"securityGroups": list(func(j *job.Job) *[]string { return &j.Network.SecurityGroups }),
		"assignPublicIp": flag(func(j *job.Job) *bool { return &j.Network.AssignPublicIP }),
	}
	inputFields = map[string]field[job.Input]{
		"description": str(func(i *job.Input) *string { return &i.Description }),
		"default":     str(func(i *job.Input) *string { return &i.Default }),
		"choices":     {choices, listOf(textShape)},
		"pattern":     str(func(i *job.Input) *string { return &i.Pattern }),
	}
	retryFields = map[string]field[job.Job]{
		"attempts":   {attempts, orVariable(shape{"type": "integer", "minimum": 1, "maximum": job.MaxAttempts})},
		"backoff":    duration(func(j *job.Job) *job.Duration { return &j.Retry.Backoff }),
		"deadline":   duration(func(j *job.Job) *job.Duration { return &j.Retry.Deadline }),
		"rules":      {rules, listOf(ruleShape)},
		"idempotent": flag(func(j *job.Job) *bool { return &j.Retry.Idempotent }),
		"exitCodes":  {exitCodes, listOf(orVariable(shape{"type": "integer"}))},
	}
	notifyFields = map[string]field[job.Job]{
		"targets":   list(func(j *job.Job) *[]string { return &j.Notify.Targets }),
		"also":      list(func(j *job.Job) *[]string { return &j.Notify.Also }),
		"firstOnly": flag(func(j *job.Job) *bool { return &j.Notify.FirstOnly }),
	}
	dstFields = map[string]field[job.Job]{
		"gap":     oneOf(job.Gaps, func(j *job.Job) *string { return &j.DST.Gap }),
		"overlap": oneOf(job.OverlapsOfDST, func(j *job.Job) *string { return &j.DST.Overlap }),
	}
	calendarFields = map[string]field[job.Job]{
		"skip": days(func(j *job.Job) *[]string { return &j.Calendar.Skip }),
		"only": days(func(j *job.Job) *[]string { return &j.Calendar.Only }),
	}
	definitionFields = map[string]field[job.TaskDefinition]{
		"image":         str(func(t *job.TaskDefinition) *string { return &t.Image }),
		"container":     str(func(t *job.TaskDefinition) *string { return &t.Container }),
		"cpu":           num(func(t *job.TaskDefinition) *int { return &t.CPU }),
		"memory":        num(func(t *job.TaskDefinition) *int { return &t.Memory }),
		"architecture":  oneOf(job.Architectures, func(t *job.TaskDefinition) *string { return &t.Architecture }),
		"executionRole": str(func(t *job.TaskDefinition) *string { return &t.ExecutionRole }),
		"taskRole":      str(func(t *job.TaskDefinition) *string { return &t.TaskRole }),
		"user":          str(func(t *job.TaskDefinition) *string { return &t.User }),
		"logGroup":      str(func(t *job.TaskDefinition) *string { return &t.LogGroup }),
		"environment":   texts(func(t *job.TaskDefinition) *map[string]string { return &t.Environment }),
		"secrets":       texts(func(t *job.TaskDefinition) *map[string]string { return &t.Secrets }),
	}
	ruleKeys = []string{"stopCode", "stoppedReason", "containerReason", "exitCode", "action"}
)

func without[T any](m map[string]field[T], keys ...string) map[string]field[T] {
	m = maps.Clone(m)
	for _, k := range keys {
		delete(m, k)
	}
	return m
}

// clone copies what a job would otherwise share with the defaults.
func clone(j job.Job) job.Job {
	j.Environment, j.Tags = maps.Clone(j.Environment), maps.Clone(j.Tags)
	j.Network.Subnets = slices.Clone(j.Network.Subnets)
	j.Network.SecurityGroups = slices.Clone(j.Network.SecurityGroups)
	j.Retry.Rules = slices.Clone(j.Retry.Rules)
	j.Retry.ExitCodes = slices.Clone(j.Retry.ExitCodes)
	j.Notify.Targets = slices.Clone(j.Notify.Targets)
	j.Notify.Also = slices.Clone(j.Notify.Also)
	j.Calendar.Skip = slices.Clone(j.Calendar.Skip)
	j.Calendar.Only = slices.Clone(j.Calendar.Only)
	return j
}

// weight gives roughly how many bytes a job's own copy of the defaults takes.
func weight(j job.Job) int {
	n := len(j.Environment) + len(j.Tags) + len(j.Network.Subnets) + len(j.Network.SecurityGroups) +
		len(j.Retry.Rules) + len(j.Retry.ExitCodes) + len(j.Notify.Targets) + len(j.Notify.Also) + len(j.Calendar.Skip) + len(j.Calendar.Only)
	return 32 * n
}
