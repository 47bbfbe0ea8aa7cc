package jobfile

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
)

// field reads one key of a job.
type field func(d *decoder, n ast.Node, path string, j *job.Job)

// jobFields are the keys of a job; defaultFields those of `defaults`, which
// cannot name or describe a job.
var (
	jobFields = map[string]field{
		"name":           str(func(j *job.Job) *string { return &j.Name }),
		"description":    str(func(j *job.Job) *string { return &j.Description }),
		"owner":          str(func(j *job.Job) *string { return &j.Owner }),
		"schedule":       str(func(j *job.Job) *string { return &j.Schedule }),
		"timezone":       str(func(j *job.Job) *string { return &j.Timezone }),
		"enabled":        enabled,
		"taskDefinition": str(func(j *job.Job) *string { return &j.TaskDefinition }),
		"cluster":        str(func(j *job.Job) *string { return &j.Cluster }),
		"container":      str(func(j *job.Job) *string { return &j.Container }),
		"command":        command,
		"environment":    environment,
		"cpu":            num(func(j *job.Job) *int { return &j.CPU }),
		"memory":         num(func(j *job.Job) *int { return &j.Memory }),
		"network":        nested(networkFields),
		"taskRole":       str(func(j *job.Job) *string { return &j.TaskRole }),
		"executionRole":  str(func(j *job.Job) *string { return &j.ExecutionRole }),
		"capacity":       str(func(j *job.Job) *job.Capacity { return &j.Capacity }),
		"timeout":        duration(func(j *job.Job) *job.Duration { return &j.Timeout }),
		"launchTimeout":  duration(func(j *job.Job) *job.Duration { return &j.LaunchTimeout }),
		"startWithin":    duration(func(j *job.Job) *job.Duration { return &j.StartWithin }),
		"catchUp":        str(func(j *job.Job) *job.CatchUp { return &j.CatchUp }),
		"overlap":        str(func(j *job.Job) *job.Overlap { return &j.Overlap }),
		"retry":          nested(retryFields),
		"notify":         notify,
	}
	defaultFields = without(jobFields, "name", "description", "schedule", "command")

	networkFields = map[string]field{
		"subnets":        list(func(j *job.Job) *[]string { return &j.Network.Subnets }),
		"securityGroups": list(func(j *job.Job) *[]string { return &j.Network.SecurityGroups }),
		"assignPublicIp": flag(func(j *job.Job) *bool { return &j.Network.AssignPublicIP }),
	}
	retryFields = map[string]field{
		"attempts":   attempts,
		"backoff":    duration(func(j *job.Job) *job.Duration { return &j.Retry.Backoff }),
		"deadline":   duration(func(j *job.Job) *job.Duration { return &j.Retry.Deadline }),
		"rules":      rules,
		"idempotent": flag(func(j *job.Job) *bool { return &j.Retry.Idempotent }),
		"exitCodes":  exitCodes,
	}
	notifyFields = map[string]field{
		"targets":   list(func(j *job.Job) *[]string { return &j.Notify.Targets }),
		"also":      list(func(j *job.Job) *[]string { return &j.Notify.Also }),
		"firstOnly": flag(func(j *job.Job) *bool { return &j.Notify.FirstOnly }),
	}
	ruleKeys = []string{"stopCode", "stoppedReason", "containerReason", "exitCode", "action"}
)

func without(m map[string]field, keys ...string) map[string]field {
	m = maps.Clone(m)
	for _, k := range keys {
		delete(m, k)
	}
	return m
}

// clone copies what a job could otherwise share with the defaults.
func clone(j job.Job) job.Job {
	j.Environment = maps.Clone(j.Environment)
	j.Network.Subnets = slices.Clone(j.Network.Subnets)
	j.Network.SecurityGroups = slices.Clone(j.Network.SecurityGroups)
	j.Retry.Rules = slices.Clone(j.Retry.Rules)
	j.Retry.ExitCodes = slices.Clone(j.Retry.ExitCodes)
	j.Notify.Targets = slices.Clone(j.Notify.Targets)
	j.Notify.Also = slices.Clone(j.Notify.Also)
	return j
}

// weight is about how many bytes a job's own copy of the defaults takes.
func weight(j job.Job) int {
	n := len(j.Environment) + len(j.Network.Subnets) + len(j.Network.SecurityGroups) +
		len(j.Retry.Rules) + len(j.Retry.ExitCodes) + len(j.Notify.Targets) + len(j.Notify.Also)
	return 32 * n
}

func str[T ~string](at func(*job.Job) *T) field {
	return func(d *decoder, n ast.Node, path string, j *job.Job) {
		if s, ok := d.text(n, path); ok {
			*at(j) = T(s)
		}
	}
}

func num(at func(*job.Job) *int) field {
	return func(d *decoder, n ast.Node, path string, j *job.Job) {
		v, ok := d.integer(n, path)
		if ok && v <= 0 {
			d.add(n, "%s: %d must be more than 0; leave it out for the task definition's own", path, v)
			return
		}
		if ok && v > 1<<30 {
			d.add(n, "%s: %d is too large", path, v)
			return
		}
		*at(j) = int(v)
	}
}

func flag(at func(*job.Job) *bool) field {
	return func(d *decoder, n ast.Node, path string, j *job.Job) {
		if v, ok := d.boolean(n, path); ok {
			*at(j) = v
		}
	}
}

func list(at func(*job.Job) *[]string) field {
	return func(d *decoder, n ast.Node, path string, j *job.Job) {
		*at(j) = d.texts(n, path)
	}
}

func duration(at func(*job.Job) *job.Duration) field {
	return func(d *decoder, n ast.Node, path string, j *job.Job) {
		s, ok := d.text(n, path)
		if !ok {
			return
		}
		v, err := job.ParseDuration(s)
		if err != nil {
			d.add(n, "%s: %v", path, err)
			return
		}
		if v == 0 {
			d.add(n, "%s: must be more than 0", path)
			return
		}
		*at(j) = v
	}
}

func nested(fields map[string]field) field {
	return func(d *decoder, n ast.Node, path string, j *job.Job) {
		d.fields(n, path, fields, j)
	}
}

func enabled(d *decoder, n ast.Node, path string, j *job.Job) {
	if v, ok := d.boolean(n, path); ok {
		j.Disabled = !v
	}
}

// command is a list of arguments, or one text that /bin/sh runs.
func command(d *decoder, n ast.Node, path string, j *job.Job) {
	if _, isList := d.resolve(n).(*ast.SequenceNode); isList {
		j.Command = d.texts(n, path)
		return
	}
	if _, isMapping := d.pairs(n); isMapping {
		d.add(n, "%s: must be a list of arguments, or one text that /bin/sh runs", path)
		return
	}
	if s, ok := d.text(n, path); ok {
		if strings.TrimSpace(s) == "" {
			d.add(n, "%s: is empty; leave it out for the task definition's own", path)
			return
		}
		j.Command = []string{"/bin/sh", "-c", s}
	}
}

func environment(d *decoder, n ast.Node, path string, j *job.Job) {
	d.mapping(n, path, func(key string, v ast.Node) bool {
		at := path + "." + key
		d.places[at] = v
		if s, ok := d.text(v, at); ok {
			if j.Environment == nil {
				j.Environment = map[string]string{}
			}
			j.Environment[key] = s
		}
		return true
	}, nil)
}

func attempts(d *decoder, n ast.Node, path string, j *job.Job) {
	v, ok := d.integer(n, path)
	if ok && (v < 1 || v > job.MaxAttempts) {
		d.add(n, "%s: %d is out of range: 1 to %d launches per run", path, v, job.MaxAttempts)
		return
	}
	j.Retry.Attempts = int(v)
}

func exitCodes(d *decoder, n ast.Node, path string, j *job.Job) {
	j.Retry.ExitCodes = nil
	for i, item := range d.sequence(n, path) {
		at := indexed(path, i)
		d.places[at] = item
		if v, ok := d.integer(item, at); ok {
			j.Retry.ExitCodes = append(j.Retry.ExitCodes, v)
		}
	}
}

// notify is a list of targets, or a mapping with targets and options.
func notify(d *decoder, n ast.Node, path string, j *job.Job) {
	if _, isList := d.resolve(n).(*ast.SequenceNode); isList {
		j.Notify.Targets = d.texts(n, path)
		return
	}
	d.fields(n, path, notifyFields, j)
}

func rules(d *decoder, n ast.Node, path string, j *job.Job) {
	j.Retry.Rules = nil
	for i, item := range d.sequence(n, path) {
		j.Retry.Rules = append(j.Retry.Rules, d.rule(item, indexed(path, i)))
	}
}

func (d *decoder) rule(n ast.Node, path string) job.Rule {
	var r job.Rule
	d.places[path] = n
	texts := map[string]*string{
		"stopCode": &r.StopCode, "stoppedReason": &r.StoppedReason,
		"containerReason": &r.ContainerReason, "action": (*string)(&r.Action),
	}
	d.mapping(n, path, func(key string, v ast.Node) bool {
		at := path + "." + key
		d.places[at] = v
		if key == "exitCode" {
			if code, ok := d.integer(v, at); ok {
				r.ExitCode = &code
			}
			return true
		}
		target, known := texts[key]
		if !known {
			return false
		}
		*target, _ = d.text(v, at)
		return true
	}, ruleKeys)
	return r
}
