package stop

import "strings"

// succeeded is whether the exit codes prove success: the job's container ended
// with 0 and no other essential container failed by itself.
func succeeded(s *Stop) bool {
	job := jobContainer(s)
	proved := false
	for i := range s.Containers {
		c := &s.Containers[i]
		if injected(c.Name) || !essential(s, c.Name) {
			continue
		}
		mayBeJob := job == "" || c.Name == job
		switch {
		case c.ExitCode == nil:
			// Unread, so it proves nothing; it matters when it may be the job's.
			if mayBeJob {
				return false
			}
		case *c.ExitCode == 0:
			proved = proved || mayBeJob
		case c.Name == job && job != "", !endedByECS(c):
			return false
		}
	}
	return proved
}

// jobContainer is the name of the job's container, or "" when it is not known:
// then every essential container must have ended well, one of them with 0.
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

// essential is false only for a container that the definition calls so.
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

// endedByECS is whether a container looks stopped by ECS after an essential
// one had exited: SIGTERM, then SIGKILL. The kernel's out-of-memory kill has
// SIGKILL's code too, but a reason.
func endedByECS(c *Container) bool {
	const sigterm, sigkill = 128 + 15, 128 + 9
	if strings.Contains(c.Reason, "OutOfMemory") || strings.Contains(c.Reason, "memory usage") {
		return false
	}
	return *c.ExitCode == sigterm || *c.ExitCode == sigkill
}
