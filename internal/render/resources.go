package render

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// name gives a schedule's own name. The second expression of a job has another name, and so has a
// job in another template. A job that moves between templates has both schedules for a moment,
// but its slots are still one run each.
func name(j job.Job, i, part int) string {
	n := j.Name
	if i > 0 {
		n += fmt.Sprintf(".%d", i+1)
	}
	if part > 0 {
		n += fmt.Sprintf(".p%d", part+1)
	}
	return n
}

func id(kind string, j job.Job, i int) string {
	out := logicalID(kind, j.Name)
	if i > 0 {
		out += fmt.Sprintf("Or%d", i+1)
	}
	return out
}

// maxAge gives how long EventBridge tries to call the trigger, in seconds: after that the slot is
// missed anyway (60 to 86400 seconds, RetryPolicy).
func maxAge(j job.Job) int {
	return int(min(max(j.Late(), time.Minute), 24*time.Hour) / time.Second)
}

func (o Options) schedule(j job.Job, p plan, i, part int, expression, input string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "      "+format+"\n", args...) }
	fmt.Fprintf(&b, "  %s:\n    Type: AWS::Scheduler::Schedule\n    Properties:\n", id("Schedule", j, i))
	line("Name: %s", text(name(j, i, part)))
	line("GroupName: %s", imported(exportGroup))
	if j.Description != "" {
		line("Description: %s", text(clip(j.Description)))
	}
	line("ScheduleExpression: %s", text(expression))
	line("ScheduleExpressionTimezone: %s", text(p.zone))
	if j.Window > 0 {
		line(`FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: %d}`, time.Duration(j.Window)/time.Minute)
	} else {
		line(`FlexibleTimeWindow: {Mode: "OFF"}`)
	}
	line("State: %s", p.state)
	if !j.StartAt.IsZero() {
		line("StartDate: %s", text(j.StartAt.UTC().Format(time.RFC3339)))
	}
	if !j.EndAt.IsZero() {
		line("EndDate: %s", text(j.EndAt.UTC().Format(time.RFC3339)))
	}
	line("Target:")
	line("  Arn: %s", imported(exportTrigger))
	line("  RoleArn: %s", imported(exportRole))
	line("  Input: %s", input)
	line("  RetryPolicy: {MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: %d}", maxAge(j))
	line("  DeadLetterConfig: {Arn: %s}", imported(exportFailures))
	return b.String()
}

// ruled writes the rules of a job, and the schedule that carries its definition. That schedule is
// disabled, since the rules start the job. It is in the stack's group, where only those who may
// deploy can write.
func (o Options) ruled(j job.Job, p plan, part int, bases map[string]job.TaskDefinition) string {
	var b strings.Builder
	for i, expression := range p.expressions {
		b.WriteString(o.rule(j, p, i, part, expression))
	}
	in, err := o.input(j, part, bases)
	if err != nil {
		panic(fmt.Sprintf("rendering job %s a second time: %v", j.Name, err)) // the first time it worked
	}
	p.state = "DISABLED"
	b.WriteString(o.schedule(j, p, 0, part, p.expressions[0], in.String()))
	return b.String()
}

// ruleable says why a job cannot be a scheduled rule; nil if it can.
func ruleable(j job.Job, p plan) error {
	switch {
	case p.zone != "UTC" && !strings.HasPrefix(p.expressions[0], "rate("):
		return fmt.Errorf("job %s: a rule runs in UTC only, and the job is in %s: use schedules, or write its times in UTC", j.Name, p.zone)
	case j.Schedule == "" || strings.HasPrefix(p.expressions[0], "at("):
		return fmt.Errorf("job %s: a rule takes cron(...) and rate(...) only: use schedules", j.Name)
	case j.Window > 0:
		return fmt.Errorf("job %s: a rule has no window: use schedules", j.Name)
	}
	if spec, err := cron.Parse(j.Schedule); err == nil && spec.OneTime() {
		return fmt.Errorf("job %s: a rule cannot run once: use schedules", j.Name)
	}
	return nil
}

func (o Options) rule(j job.Job, p plan, i, part int, expression string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "      "+format+"\n", args...) }
	fmt.Fprintf(&b, "  %s:\n    Type: AWS::Events::Rule\n    Properties:\n", id("Rule", j, i))
	line(`Name: {"Fn::Sub": %s}`, text("${AWS::StackName}-"+name(j, i, part)))
	if j.Description != "" {
		line("Description: %s", text(clip(j.Description)))
	}
	line("ScheduleExpression: %s", text(expression))
	line("State: %s", p.state)
	line("Targets:")
	line("  - Id: trigger")
	line("    Arn: %s", imported(exportRules))
	line("    InputTransformer:")
	line("      InputPathsMap: {time: $.time}")
	line("      InputTemplate: %s", text(j.RuleInput()))
	line("    RetryPolicy: {MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: %d}", maxAge(j))
	line("    DeadLetterConfig: {Arn: %s}", imported(exportFailures))
	return b.String()
}

var architectures = map[string]string{"": "X86_64", "x86_64": "X86_64", "arm64": "ARM64"}

// definition writes a base definition of a task. The stack's name is part of the family's name, so
// that two environments in one account do not write revisions of the same family. A revision that a
// change replaces stays, since runs that were claimed with it may still wait for their launch.
func definition(d job.TaskDefinition) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "      "+format+"\n", args...) }
	cpu, memory := d.Size()
	fmt.Fprintf(&b, "  %s:\n    Type: AWS::ECS::TaskDefinition\n    DeletionPolicy: Delete\n    UpdateReplacePolicy: Retain\n    Properties:\n", logicalID("Task", d.Family))
	line(`Family: {"Fn::Sub": %s}`, text(job.StackFamily+d.Family))
	line("RequiresCompatibilities: [FARGATE]")
	line("NetworkMode: awsvpc")
	line(`Cpu: "%d"`, cpu)
	line(`Memory: "%d"`, memory)
	line("RuntimePlatform: {OperatingSystemFamily: LINUX, CpuArchitecture: %s}", architectures[d.Architecture])
	if d.ExecutionRole != "" {
		line("ExecutionRoleArn: %s", text(d.ExecutionRole))
	}
	if d.TaskRole != "" {
		line("TaskRoleArn: %s", text(d.TaskRole))
	}
	line("Tags:")
	line("  - {Key: %s, Value: {Ref: ControlPlane}}", text(job.OurTags+"stack"))
	for _, key := range sortedKeys(d.Tags) {
		line("  - {Key: %s, Value: %s}", text(key), text(d.Tags[key]))
	}
	line("ContainerDefinitions:")
	line("  - Name: %s", text(cmp.Or(d.Container, d.Family)))
	line("    Image: %s", text(d.Image))
	line("    Essential: true")
	if d.User != "" {
		line("    User: %s", text(d.User))
	}
	pairs(&b, "Environment", "Value", d.Environment)
	pairs(&b, "Secrets", "ValueFrom", d.Secrets)
	if d.LogGroup != "" {
		line("    LogConfiguration:")
		line("      LogDriver: awslogs")
		line("      Options: {awslogs-group: %s, awslogs-region: {Ref: AWS::Region}, awslogs-stream-prefix: %s}", text(d.LogGroup), text(d.Family))
	}
	return b.String()
}

func pairs(b *strings.Builder, key, value string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	fmt.Fprintf(b, "          %s:\n", key)
	for _, n := range sortedKeys(m) {
		fmt.Fprintf(b, "            - {Name: %s, %s: %s}\n", text(n), value, text(m[n]))
	}
}

// maxDescription is the longest description of a schedule or rule, in characters.
const maxDescription = 512

func clip(s string) string {
	if r := []rune(s); len(r) > maxDescription {
		return string(r[:maxDescription-1]) + "…"
	}
	return s
}
