package jobfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// shape is a piece of a JSON schema (draft 2020-12).
type shape map[string]any

// textShape takes whatever can be read as a text, also numbers and booleans.
var textShape = shape{"type": []string{"string", "number", "boolean"}}

// ruleShape is one rule of retry.rules.
var ruleShape = shape{
	"type": "object", "additionalProperties": false, "required": []string{"action"},
	"properties": map[string]shape{
		"stopCode": textShape, "stoppedReason": textShape, "containerReason": textShape,
		"exitCode": orVariable(shape{"type": "integer"}), "action": orVariable(shape{"enum": job.Actions}),
	},
}

// orVariable also takes a text that contains ${NAME}.
func orVariable(s shape) shape {
	return shape{"anyOf": []shape{s, {"type": "string", "pattern": `\$\{`}}}
}

func listOf(s shape) shape { return shape{"type": "array", "items": s} }

func object[T any](table map[string]field[T]) shape {
	return shape{"type": "object", "additionalProperties": false, "properties": shapes(table)}
}

func shapes[T any](table map[string]field[T]) map[string]shape {
	out := make(map[string]shape, len(table))
	for key, f := range table {
		out[key] = f.shape
	}
	return out
}

// Schema gives the JSON schema of a jobs file, for editors. It is made from the tables that read
// the file. Load may still refuse what the schema takes: the schema knows the shape of values,
// but not how they go together.
func Schema() ([]byte, error) {
	properties := shapes(jobFields)
	described(properties)
	one := shape{"type": "object", "additionalProperties": false, "properties": properties, "required": []string{"name"}}
	jobs := listOf(one)
	jobs["minItems"], jobs["maxItems"] = 1, MaxJobs
	base := object(definitionFields)
	schema := shape{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "batchplane jobs file",
		"type":    "object", "additionalProperties": false,
		"properties": map[string]shape{
			"defaults":        object(defaultFields),
			"project":         textShape,
			"taskDefinitions": {"type": "object", "additionalProperties": base},
			"jobs":            jobs,
		},
	}
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return append(out, '\n'), nil
}

func inputShape() shape {
	s := object(inputFields)
	s["required"] = []string{"description"}
	return s
}

// described adds the description that an editor shows for a key.
func described(properties map[string]shape) {
	for line := range strings.Lines(keyHelp) {
		if key, text, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			s := shape{"description": text}
			maps.Copy(s, properties[key])
			properties[key] = s
		}
	}
}

const keyHelp = `
name: Letters, digits, - and _, at most 48.
description: What the job is for.
owner: Who is responsible for it.
schedule: Five crontab fields, an @word, or cron(...), rate(...), at(...) of EventBridge. Without one, only people run the job.
timezone: IANA name such as Europe/Berlin; UTC when left out.
startAt: The first time at which the schedule counts; in the job's zone if it has no offset.
endAt: The first time at which the schedule no longer counts.
dst: What happens to runs when the clocks change.
calendar: Days to skip, or the only days to run on: a list, or an .ics file.
window: How much later EventBridge Scheduler may start a slot, 1m to 24h.
enabled: false keeps the schedule from running the job.
taskDefinition: A family, family:revision, ARN, or a key of taskDefinitions.
cluster: The ECS cluster.
container: The job's own container, if the task definition has several.
command: One string that /bin/sh runs, or a list of arguments.
environment: Variables of the container. Never a secret.
cpu: CPU units, 1024 are one vCPU.
memory: MiB.
network: The task's subnets and security groups.
taskRole: The role that the job's own code has.
executionRole: The role that starts the task.
capacity: on-demand, spot, or spot-then-on-demand.
timeout: How long the task may run before it is stopped.
launchTimeout: How long an accepted task may take to run.
startWithin: How late a slot may still start.
catchUp: What happens to missed slots.
overlap: What happens while another run of the job is open.
inputs: Variables that a person may set in a run by hand.
args: true lets a person add arguments in a run by hand.
tags: Tags of the tasks.
metrics: true gives the job metrics of its own in CloudWatch, if the stack has any.
retry: When the control plane may make a further attempt by itself.
notify: Who is told, and of what.
`
