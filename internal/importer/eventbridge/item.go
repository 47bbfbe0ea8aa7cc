package eventbridge

import (
	"cmp"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/job"
)

// read makes a job of an item, or says why not.
func (i *item) read(in *importer.Import) {
	e := importer.NewEntry(i.line, "rule", i.expression)
	if i.schedule != nil {
		e.Kind = "schedule"
	}
	e.File, e.Item = i.file, i.what
	defer func() { in.Entries = append(in.Entries, e) }()
	if i.odd != "" {
		e.Refuse("%s", i.odd)
		return
	}
	if ours(i.target) {
		e.Note("a stack of batchplane made it: it carries a job that is deployed already")
		return
	}
	target, ok := i.task(&e)
	if !ok || in.Before(&e, i.identity()) {
		return
	}
	j := job.Job{Description: importer.Hide(i.description), Disabled: i.disabled}
	if !in.EventBridge(&e, &j, i.expression, i.zone) {
		return
	}
	of := func(key string) string { return ecs.Get(i.schedule, key).String() }
	terms := ecs.Terms{Disabled: i.disabled, Pattern: i.pattern, Window: ecs.Get(i.schedule, "FlexibleTimeWindow"), Start: of("StartDate"), End: of("EndDate"), Key: of("KmsKeyArn"), After: of("ActionAfterCompletion")}
	terms.Job(&e, &j, in.From)
	target.Job(&e, &j)
	ecs.Unread(&e, target.Parameters)
	ecs.Delivery(&e, i.target)
	i.unsaid(&e, &j)
	in.Elsewhere(&e, &j, importer.PlaceOf(cmp.Or(i.arn, target.Cluster)))
	in.Take(&e, j, i.name)
	if e.Job != nil && !i.disabled {
		in.Switch(i.off, i.on)
	}
}

// ours reports whether a target is the trigger of a control plane, with a job in its input.
func ours(target *doc.Node) bool {
	input := ecs.Get(target, "Input").String() + ecs.Get(target, "InputTransformer", "InputTemplate").String()
	return strings.Contains(ecs.Get(target, "Arn").String(), ":lambda:") && strings.Contains(input, `"scheduledFor"`) && strings.Contains(input, `"job"`)
}

// task finds the target's ECS task. ok is false for any other target, which the entry names.
func (i *item) task(e *importer.Entry) (ecs.Target, bool) {
	t := i.target
	arn := ecs.Get(t, "Arn").String()
	if ecs.IsRunTask(arn) {
		return i.request(e)
	}
	if definition := i.machine(arn); definition != nil {
		return i.runs(e, arn, definition)
	}
	parameters := ecs.Get(t, "EcsParameters")
	if parameters.Absent() && strings.HasPrefix(arn, inThisTemplate) {
		e.Refuse("its target is the state machine %s, whose definition is not in this file: import what was deployed with --live, which reads it with states:DescribeStateMachine", importer.Clip(strings.TrimPrefix(arn, inThisTemplate)))
		return ecs.Target{}, false
	}
	if parameters.Absent() && ecs.IsMachine(arn) {
		e.Refuse("its target is a state machine of Step Functions whose definition is not in these files: `aws stepfunctions describe-state-machine --state-machine-arn %s` prints it, give that too; --live reads it with states:DescribeStateMachine", importer.Word(ecs.MachineOf(arn)))
		return ecs.Target{}, false
	}
	if parameters.Absent() && !strings.Contains(arn, ":cluster/") {
		e.Refuse("its target is %s", ecs.Other(arn))
		return ecs.Target{}, false
	}
	if parameters.Absent() {
		e.Refuse("its target is a cluster without EcsParameters, so nothing says which task to start")
		return ecs.Target{}, false
	}
	out := ecs.Target{Cluster: cluster(arn), Parameters: parameters, Input: ecs.Get(t, "Input")}
	return out, i.input(e, &out)
}

// input reads the input, and refuses one that an event makes.
func (i *item) input(e *importer.Entry, out *ecs.Target) bool {
	transformer := ecs.Get(i.target, "InputTransformer")
	switch {
	case !transformer.Absent():
		template := ecs.Get(transformer, "InputTemplate").String()
		if placeholder().MatchString(template) {
			e.Refuse("its input is made of the event by a transformer (%s): a job's variables are fixed; BATCHPLANE_SCHEDULED_FOR has the slot's time", importer.Clip(template))
			return false
		}
		out.Input = &doc.Node{Kind: doc.Text, Text: template}
		e.Note("its input comes from a transformer that uses nothing of the event")
	case ecs.Get(i.target, "InputPath").String() != "":
		e.Refuse("its input is a part of the event (InputPath), which a schedule's has nothing of: write the overrides out")
		return false
	case strings.Contains(out.Input.String(), "<aws.scheduler."):
		e.Refuse("its input holds context attributes of Scheduler: BATCHPLANE_SCHEDULED_FOR has the slot's time, write the rest out")
		return false
	}
	return true
}

var placeholder = importer.Pattern(`<[A-Za-z0-9_.-]+>`)

// cluster gives a cluster's ARN, or its name if only part of the ARN is known.
func cluster(arn string) string {
	if before, name, found := strings.Cut(arn, "cluster/"); found && strings.Contains(before, importer.ReplaceMe) {
		return name
	}
	return arn
}

// request reads the universal target. Its input is a whole RunTask request in PascalCase.
func (i *item) request(e *importer.Entry) (ecs.Target, bool) {
	request := ecs.Get(i.target, "Input")
	if request.Kind != doc.Map {
		request = doc.One(request.String())
	}
	if request == nil || request.Kind != doc.Map {
		e.Refuse("its target is ecs:runTask and its input is no JSON of a request")
		return ecs.Target{}, false
	}
	if request.Has("taskDefinition") && !request.Has("TaskDefinition") {
		e.Decide("its request is written in camel case, which Scheduler answers with an error, so it has most likely never started a task")
	}
	out := ecs.Target{Cluster: cluster(ecs.Get(request, "Cluster").String()), Parameters: request, Input: ecs.Get(request, "Overrides")}
	return out, i.input(e, &out)
}
