package render

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// object is a JSON object. Its keys are written in order, so that equal jobs give equal bytes.
type object map[string]any

// Terraform renders the jobs as Terraform's JSON (jobs.tf.json), for use as a module: schedules,
// base definitions with their log groups, and the outputs of the control plane's stack as
// variables. Terraform 1.3 and OpenTofu 1.6 read it, with version 5 or 6 of the provider
// hashicorp/aws. The error names every job that cannot be rendered.
func Terraform(jobs []job.Job, definitions []job.TaskDefinition, o Options) ([]byte, error) {
	bases := map[string]job.TaskDefinition{}
	tasks, groups, schedules := object{}, object{}, object{}
	for _, d := range definitions {
		bases[d.Family] = d
		tasks[taskName(d.Family)] = taskResource(d)
		if d.LogGroup != "" {
			groups[groupName(d.LogGroup)] = object{
				"count": "${var.create_log_groups ? 1 : 0}", "name": literal(d.LogGroup), "retention_in_days": "${var.log_retention_days}",
				"tags": tagsObject(sharedTags(definitions, d.LogGroup)),
			}
		}
	}
	var faults []string
	for _, j := range jobs {
		if err := o.schedules(schedules, j, bases); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(faults, "\n"))
	}
	resources := object{}
	for kind, all := range map[string]object{"aws_scheduler_schedule": schedules, "aws_ecs_task_definition": tasks, "aws_cloudwatch_log_group": groups} {
		if len(all) > 0 {
			resources[kind] = all
		}
	}
	file := object{
		"//": "Written by batchplane render --terraform. Change the jobs file, not this.",
		"terraform": object{
			"required_version":   ">= 1.3",
			"required_providers": object{"aws": object{"source": "hashicorp/aws", "version": ">= 5.0"}},
		},
		"variable": o.variables(),
		"data":     object{"aws_region": object{"current": object{}}},
		"resource": resources,
	}
	return indented(file)
}

func indented(file object) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(file); err != nil {
		return nil, fmt.Errorf("writing Terraform's JSON: %w", err)
	}
	return []byte(job.Visible(b.String())), nil
}

// variables are the outputs of the control plane's stack; see deploy/terraform.
func (o Options) variables() object {
	text := func(description string) object { return object{"type": "string", "description": description} }
	stack := text("The name of the control plane's stack, which the families of task definitions begin with.")
	stack["default"] = literal(o.Stack)
	return object{
		"stack":                stack,
		"trigger_arn":          text("Its output TriggerArn."),
		"schedule_group_name":  text("Its output ScheduleGroupName."),
		"schedule_role_arn":    text("Its output ScheduleRoleArn."),
		"trigger_failures_arn": text("Its output TriggerFailuresArn."),
		"create_log_groups":    object{"type": "bool", "default": true, "description": "Whether the log groups of the task definitions are made here."},
		"log_retention_days":   object{"type": "number", "default": 30, "description": "For how many days these log groups keep what was written."},
	}
}

// literal gives a text in which Terraform replaces nothing: to Terraform, ${ and %{ begin an
// expression.
func literal(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
}

// Names of resources begin with a word, since those of jobs may begin with a digit.
func taskName(family string) string { return "task-" + family }

func scheduleName(j job.Job, i int) string {
	if i > 0 {
		return fmt.Sprintf("or%d-%s", i+1, j.Name)
	}
	return "job-" + j.Name
}

// groupName gives a resource name for a log group.
func groupName(group string) string {
	return logicalID("logs-", strings.NewReplacer("/", "-", ".", "-", "#", "-").Replace(group))
}

func (o Options) schedules(into object, j job.Job, bases map[string]job.TaskDefinition) error {
	p, err := o.plan(j)
	if err != nil {
		return err
	}
	in, err := o.input(j, 0, bases)
	if err != nil {
		return err
	}
	if err := inputFits(j, in.size()); err != nil {
		return err
	}
	for i, expression := range p.expressions {
		into[scheduleName(j, i)] = scheduleResource(j, p, i, expression, in)
	}
	return nil
}

func scheduleResource(j job.Job, p plan, i int, expression string, in input) object {
	window := object{"mode": "OFF"}
	if j.Window > 0 {
		window = object{"mode": "FLEXIBLE", "maximum_window_in_minutes": int(time.Duration(j.Window) / time.Minute)}
	}
	out := object{
		"name":                         name(j, i, 0),
		"group_name":                   "${var.schedule_group_name}",
		"schedule_expression":          expression,
		"schedule_expression_timezone": p.zone,
		"state":                        p.state,
		"flexible_time_window":         window,
		"target": object{
			"arn":                "${var.trigger_arn}",
			"role_arn":           "${var.schedule_role_arn}",
			"input":              in.terraform(),
			"retry_policy":       object{"maximum_retry_attempts": 185, "maximum_event_age_in_seconds": maxAge(j)},
			"dead_letter_config": object{"arn": "${var.trigger_failures_arn}"},
		},
	}
	if j.Description != "" {
		out["description"] = literal(clip(j.Description))
	}
	if !j.StartAt.IsZero() {
		out["start_date"] = j.StartAt.UTC().Format(time.RFC3339)
	}
	if !j.EndAt.IsZero() {
		out["end_date"] = j.EndAt.UTC().Format(time.RFC3339)
	}
	return out
}

// terraform gives the input, with the revision that this apply registers.
func (i input) terraform() string {
	if i.base == "" {
		return literal(i.before)
	}
	return literal(i.before) + "${aws_ecs_task_definition." + taskName(i.base) + ".arn}" + literal(i.after)
}

// tagsObject gives the tags, and the tag of the control plane's stack.
func tagsObject(tags map[string]string) object {
	out := object{job.OurTags + "stack": "${var.stack}"}
	for k, v := range tags {
		out[literal(k)] = literal(v)
	}
	return out
}

// sharedTags gives the tags that all definitions which write into a log group have in common.
func sharedTags(definitions []job.TaskDefinition, group string) (shared map[string]string) {
	for _, d := range definitions {
		switch {
		case d.LogGroup != group:
		case shared == nil:
			shared = maps.Clone(d.Tags)
			if shared == nil {
				shared = map[string]string{}
			}
		default:
			maps.DeleteFunc(shared, func(k, v string) bool { return d.Tags[k] != v })
		}
	}
	return shared
}

// taskResource gives a base definition. A revision that a change replaces stays ACTIVE, since
// runs that were claimed with it may still wait for their launch.
func taskResource(d job.TaskDefinition) object {
	cpu, memory := d.Size()
	out := object{
		"family":                   "${var.stack}-" + d.Family,
		"requires_compatibilities": []string{"FARGATE"},
		"network_mode":             "awsvpc",
		"cpu":                      fmt.Sprint(cpu),
		"memory":                   fmt.Sprint(memory),
		"runtime_platform":         object{"operating_system_family": "LINUX", "cpu_architecture": architectures[d.Architecture]},
		"container_definitions":    containerText(d),
		"skip_destroy":             true,
		"tags":                     tagsObject(d.Tags),
	}
	if d.ExecutionRole != "" {
		out["execution_role_arn"] = literal(d.ExecutionRole)
	}
	if d.TaskRole != "" {
		out["task_role_arn"] = literal(d.TaskRole)
	}
	return out
}

// containerText gives the only container as the API's JSON. Terraform inserts the region.
func containerText(d job.TaskDefinition) string {
	container := object{"name": cmp.Or(d.Container, d.Family), "image": d.Image, "essential": true}
	if d.User != "" {
		container["user"] = d.User
	}
	named := func(key string, values map[string]string) (out []object) {
		for _, name := range sortedKeys(values) {
			out = append(out, object{"name": name, key: values[name]})
		}
		return out
	}
	if len(d.Environment) > 0 {
		container["environment"] = named("value", d.Environment)
	}
	if len(d.Secrets) > 0 {
		container["secrets"] = named("valueFrom", d.Secrets)
	}
	if d.LogGroup != "" {
		container["logConfiguration"] = object{"logDriver": "awslogs", "options": object{
			"awslogs-group": d.LogGroup, "awslogs-region": region, "awslogs-stream-prefix": d.Family,
		}}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode([]object{container}) // strings and lists of them always encode
	return strings.Replace(literal(strings.TrimSpace(b.String())), `"awslogs-region":"`+region+`"`, `"awslogs-region":"${data.aws_region.current.id}"`, 1)
}

// region stands in the text until Terraform's expression replaces it.
const region = "AWS::Region"

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
