package stop

import "strings"

// shows is whether the stop holds any evidence that a process ran: a
// startedAt, an exit code, a runtimeId, or a container that is RUNNING.
func shows(s *Stop) bool {
	if !s.StartedAt.IsZero() {
		return true
	}
	for i := range s.Containers {
		c := &s.Containers[i]
		if c.ExitCode != nil || c.RuntimeID != "" || c.LastStatus == "RUNNING" {
			return true
		}
	}
	return false
}

// started answers whether anything started, from structure and from what the
// text proves. No is given only where nothing can have run.
func started(s *Stop, p proof) Answer {
	switch {
	case shows(s):
		return Yes
	case p == proofTask, p == proofCoded, p == proofPlacement && !s.OnInstance, p == proofContainers && allListed(s):
		return No
	}
	return Unknown
}

// allListed is whether the stop lists every container of the definition. When
// the definition is not known, a list that is not empty counts as complete,
// but a name known from elsewhere must be in it.
func allListed(s *Stop) bool {
	own := false
	for i := range s.Containers {
		if !injected(s.Containers[i].Name) {
			own = true
		}
	}
	if !own {
		return false
	}
	for i := range s.Definition {
		if !listed(s, s.Definition[i].Name) {
			return false
		}
	}
	for _, name := range s.Mentioned {
		if !listed(s, name) {
			return false
		}
	}
	return s.Container == "" || listed(s, s.Container)
}

func listed(s *Stop, name string) bool {
	for i := range s.Containers {
		if s.Containers[i].Name == name {
			return true
		}
	}
	return false
}

// injected is whether AWS added this container by itself: GuardDuty's runtime
// monitoring does (an ECS developer guide event shows aws-guardduty-agent-nm40lC).
func injected(name string) bool { return strings.HasPrefix(name, "aws-guardduty-agent") }
