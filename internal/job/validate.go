package job

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// MaxNameLength is the longest job name. With stack, slot and attempt it must fit into ECS's
// startedBy of 128 characters.
const MaxNameLength = 48

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// ValidName reports whether s can name a job: it has letters, digits, `-` and `_`, at most
// MaxNameLength of them.
func ValidName(s string) bool {
	return s != "" && len(s) <= MaxNameLength && strings.Trim(s, nameLetters) == ""
}

// Problem is one fault of a definition. Field is its path in the job, such as
// retry.rules[0].action.
type Problem struct {
	Field   string
	Message string
}

func (p Problem) String() string { return p.Field + ": " + p.Message }

type problems []Problem

func (ps *problems) add(field, format string, args ...any) {
	*ps = append(*ps, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// Validate returns every fault that the definition alone shows. The cron engine judges
// schedule and timezone.
func (j Job) Validate() []Problem {
	var ps problems
	if !ValidName(j.Name) {
		ps.add("name", "%q cannot name a job: use letters, digits, - and _, at most %d of them", j.Name, MaxNameLength)
	}
	j.validateSize(&ps)
	j.validateNetwork(&ps)
	j.validateEnvironment(&ps)
	j.validateChanges(&ps)
	j.validateTags(&ps)
	j.validateNotify(&ps)
	j.validateLimits(&ps)
	j.validateWhen(&ps)
	j.Retry.validate(&ps)
	if j.Capacity != "" && !slices.Contains(Capacities, j.Capacity) {
		ps.add("capacity", "%q is not one of %s", j.Capacity, oneOf(Capacities))
	}
	if n := j.OverridesSize(); n > MaxOverrides {
		ps.add("command", "command, environment and size take %d characters as ECS overrides; ECS allows %d in all: move what is fixed into the task definition", n, MaxOverrides)
	}
	if strings.ContainsRune(j.Container, 0) || strings.Contains(strings.Join(j.Command, ""), "\x00") {
		ps.add("command", "contains a NUL character, which a command cannot have")
	}
	return ps
}

func (j Job) validateSize(ps *problems) {
	if j.CPU == 0 && j.Memory == 0 {
		return
	}
	if j.CPU == 0 || j.Memory == 0 {
		ps.add("cpu", "give cpu and memory together: Fargate takes only certain pairs")
		return
	}
	memories, ok := FargateMemory(j.CPU)
	if !ok {
		ps.add("cpu", "%d is not a Fargate size: use 256, 512, 1024, 2048, 4096, 8192 or 16384 CPU units", j.CPU)
		return
	}
	if !slices.Contains(memories, j.Memory) {
		ps.add("memory", "%d MiB does not go with %d CPU units: Fargate offers %s", j.Memory, j.CPU, sizes(memories))
	}
}

// Most subnets and security groups of a task (ECS API reference, AwsVpcConfiguration).
const (
	MaxSubnets        = 16
	MaxSecurityGroups = 5
)

func (j Job) validateNetwork(ps *problems) {
	if n := len(j.Network.Subnets); n > MaxSubnets {
		ps.add("network.subnets", "has %d entries; ECS takes at most %d", n, MaxSubnets)
	}
	if n := len(j.Network.SecurityGroups); n > MaxSecurityGroups {
		ps.add("network.securityGroups", "has %d entries; ECS takes at most %d", n, MaxSecurityGroups)
	}
}

// FargateMemory lists the memory sizes in MiB that Fargate offers for a number of CPU units, the smallest
// first. ok is false if it does not offer that number (Amazon ECS developer guide, "Task CPU and memory").
func FargateMemory(cpu int) (memories []int, ok bool) {
	span := func(from, to, step int) (out []int) {
		for gb := from; gb <= to; gb += step {
			out = append(out, gb*1024)
		}
		return out
	}
	switch cpu {
	case 256:
		return []int{512, 1024, 2048}, true
	case 512:
		return span(1, 4, 1), true
	case 1024:
		return span(2, 8, 1), true
	case 2048:
		return span(4, 16, 1), true
	case 4096:
		return span(8, 30, 1), true
	case 8192:
		return span(16, 60, 4), true
	case 16384:
		return span(32, 120, 8), true
	}
	return nil, false
}

func sizes(mib []int) string {
	if len(mib) <= 4 {
		return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(mib)), ", "), "[]")
	}
	return fmt.Sprintf("%d to %d in steps of %d", mib[0], mib[len(mib)-1], mib[1]-mib[0])
}

var envName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// NamesVariable reports whether a container can have a variable of this name.
func NamesVariable(name string) bool { return envName().MatchString(name) }

func (j Job) validateEnvironment(ps *problems) {
	for _, name := range sortedKeys(j.Environment) {
		field := "environment." + name
		switch {
		case !NamesVariable(name):
			ps.add(field, "%q cannot name a variable", name)
		case strings.HasPrefix(name, "BATCHPLANE_"):
			ps.add(field, "names beginning with BATCHPLANE_ are set by the control plane")
		case strings.ContainsRune(j.Environment[name], 0):
			ps.add(field, "contains a NUL character")
		case LooksSecret(name, j.Environment[name]):
			ps.add(field, "looks like a secret, and anyone who may read ECS events could read it: put it into the task definition's secrets")
		}
	}
}

func (j Job) validateNotify(ps *problems) {
	for i, t := range j.Notify.Targets {
		if !ValidName(t) {
			ps.add(fmt.Sprintf("notify.targets[%d]", i), "%q cannot name a target: use letters, digits, - and _", t)
		}
	}
	for i, a := range j.Notify.Also {
		if a != AlsoSucceeded && a != AlsoRelaunched {
			ps.add(fmt.Sprintf("notify.also[%d]", i), "%q is not one of succeeded, relaunched", a)
		}
	}
}

func (r Retry) validate(ps *problems) {
	if r.Attempts < 0 || r.Attempts > MaxAttempts {
		ps.add("retry.attempts", "%d is out of range: 1 to %d launches per run", r.Attempts, MaxAttempts)
	}
	if time.Duration(r.Backoff) > MaxBackoff {
		ps.add("retry.backoff", "%s is too long: at most %s", r.Backoff, Duration(MaxBackoff))
	}
	if d := time.Duration(r.Deadline); d != 0 && (d < time.Minute || d > MaxDeadline) {
		ps.add("retry.deadline", "%s is out of range: 1m to %s", r.Deadline, Duration(MaxDeadline))
	}
	for i, c := range r.ExitCodes {
		if c == 0 {
			ps.add(fmt.Sprintf("retry.exitCodes[%d]", i), "0 is success and is never relaunched")
		}
	}
	for i, rule := range r.Rules {
		rule.validate(fmt.Sprintf("retry.rules[%d]", i), r.Idempotent, ps)
	}
}

func (r Rule) validate(field string, idempotent bool, ps *problems) {
	if !slices.Contains(Actions, r.Action) {
		ps.add(field+".action", "%q is not one of %s", r.Action, oneOf(Actions))
	}
	if r.StopCode == "" && r.StoppedReason == "" && r.ContainerReason == "" && r.ExitCode == nil {
		ps.add(field, "a rule needs at least one of stopCode, stoppedReason, containerReason, exitCode")
	}
	if r.Action == Relaunch {
		r.validateRelaunch(field, idempotent, ps)
	}
}

// validateRelaunch refuses rules that could never apply.
func (r Rule) validateRelaunch(field string, idempotent bool, ps *problems) {
	if r.ExitCode != nil && *r.ExitCode == 0 {
		ps.add(field, "exit code 0 is success and is never relaunched")
		return
	}
	if r.ExitCode != nil && !idempotent {
		ps.add(field, "an exit code proves that the job ran: relaunching it needs `idempotent: true`, or the code in exitCodes")
	}
	if mayHaveStarted(r.StopCode) && !idempotent {
		ps.add(field, "a task with stop code %s may have run: relaunching it needs `idempotent: true`", r.StopCode)
	}
}

// ranCodes are the stop codes of tasks that may have run (ECS API reference, Task, stopCode).
// A rule may also name the type of RunTask's exception, as history shows it, which no task
// has.
var ranCodes = []string{
	"EssentialContainerExited", "UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice", "InfrastructureHealth",
}

// mayHaveStarted reports whether a task with this stop code, given in full, may have run.
func mayHaveStarted(stopCode string) bool { return slices.Contains(ranCodes, stopCode) }

func oneOf[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}
