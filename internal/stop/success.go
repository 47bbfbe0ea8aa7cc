package stop

import (
	"slices"
	"strings"
)

// succeeded reports whether the exit codes prove success: the job's container ended with 0 and no
// other essential container failed by itself. against judges the texts.
func succeeded(s *Stop) bool {
	job := jobContainer(s)
	proved := false
	for i := range s.Containers {
		c := &s.Containers[i]
		if aside(s, c) {
			continue
		}
		mayBeJob := job == "" || c.Name == job
		switch {
		case c.ExitCode == nil:
			// ECS gave no exit code, which proves nothing. It matters if this may be the job's
			// container.
			if mayBeJob {
				return false
			}
		case *c.ExitCode == 0:
			proved = proved || mayBeJob
		case job != "" && mayBeJob, !endedByECS(s, c):
			return false
		}
	}
	return proved
}

// against returns the rule of a text that denies a success whatever the exit codes are: the task,
// or a container that counts, ran out of memory or failed its health checks.
func against(s *Stop) *Rule {
	r := denial(s.Reason)
	for i := range s.Containers {
		if c := &s.Containers[i]; r == nil && !aside(s, c) {
			r = denial(c.Reason)
		}
	}
	return r
}

func denial(reason string) *Rule {
	if reason == "" || reason == exitText {
		return nil
	}
	var t text
	t.read(reason)
	if !deniesSuccess.in(&t) {
		return nil
	}
	return ranFamily.rule(&t, Task, "")
}

// aside reports whether a container says nothing about the job.
func aside(s *Stop, c *Container) bool { return injected(c.Name) || !essential(s, c.Name) }

// jobContainer returns the name of the job's container, or "" if it is not known. In that case
// one essential container must have ended with 0, and every other with 0 or as if it was stopped.
func jobContainer(s *Stop) string {
	if s.Container != "" {
		return s.Container
	}
	name := ""
	for i := range s.Definition {
		if !s.Definition[i].Essential || injected(s.Definition[i].Name) {
			continue
		}
		if name != "" {
			return ""
		}
		name = s.Definition[i].Name
	}
	return name
}

// essential is false only for a container that the definition calls not essential.
func essential(s *Stop, name string) bool {
	if name == s.Container && name != "" {
		return true
	}
	for i := range s.Definition {
		if s.Definition[i].Name == name {
			return s.Definition[i].Essential
		}
	}
	return true
}

// stopped lists the exit codes of a container that was stopped: by SIGTERM or SIGKILL, or on
// Windows with STATUS_CONTROL_C_EXIT (0xC000013A), which may be printed as a signed number.
var stopped = []int64{128 + 15, 128 + 9, 3221225786, -1073741510}

// endedByECS reports whether ECS seems to have stopped a container after an essential one had
// exited. Others stop containers with the same codes, such as the kernel when memory is short. So
// nothing else may be said: the container gives no reason, and the task's reason is only that a
// container exited. See docs/decisions/0014-a-sidecar-that-was-stopped.md.
func endedByECS(s *Stop, c *Container) bool {
	return slices.Contains(stopped, *c.ExitCode) && c.Reason == "" && plainEnd(s.Reason)
}

// exitText is the task's reason if an essential container ended.
const exitText = "Essential container in task exited"

// plainEnd reports whether the task's reason says no more than its stop code does.
func plainEnd(reason string) bool {
	return reason == "" || strings.EqualFold(strings.TrimRight(reason, ". "), exitText)
}
