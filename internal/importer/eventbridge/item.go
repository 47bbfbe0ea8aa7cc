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
func (i *item) task(e *importer.Entry) (t ecs.Target, ok bool) {
	arn := ecs.Get(i.target, "Arn").String()
	definition := i.machine(arn)
	t = ecs.Target{Cluster: cluster(arn), Parameters: ecs.Get(i.target, "EcsParameters"), Input: ecs.Get(i.target, "Input")}
	known := ecs.IsRunTask(arn) || definition != nil
	if !known && t.Parameters.Absent() {
		e.Refuse("%s", noTask(arn))
		return ecs.Target{}, false
	}
	if !t.Fixed(e, i.target) {
		return ecs.Target{}, false
	}
	switch {
	case ecs.IsRunTask(arn):
		t, ok = ecs.Request(e, t.Input)
		t.Cluster = cluster(t.Cluster)
		return t, ok
	case definition != nil:
		return ecs.Machine(e, arn, definition, t.Input)
	}
	return t, true
}

// noTask says what a target is that has no EcsParameters and starts no task by other means.
func noTask(arn string) string {
	switch {
	case strings.HasPrefix(arn, inThisTemplate):
		return "its target is the state machine " + importer.Clip(strings.TrimPrefix(arn, inThisTemplate)) + ", whose definition is not in this file: import what was deployed with --live, which reads it with states:DescribeStateMachine"
	case ecs.IsMachine(arn):
		return "its target is a state machine of Step Functions whose definition is not in these files: `aws stepfunctions describe-state-machine --state-machine-arn " + importer.Word(ecs.MachineOf(arn)) + "` prints it, give that too; --live reads it with states:DescribeStateMachine"
	case strings.Contains(arn, ":cluster/"):
		return "its target is a cluster without EcsParameters, so nothing says which task to start"
	}
	return "its target is " + ecs.Other(arn)
}

// cluster gives a cluster's ARN, or its name if only part of the ARN is known.
func cluster(arn string) string {
	if before, name, found := strings.Cut(arn, "cluster/"); found && strings.Contains(before, importer.ReplaceMe) {
		return name
	}
	return arn
}
