package stop

import "strings"

// shows is whether the stop holds any evidence that a process of the task's own
// ran: a startedAt, an exit code, a runtimeId that tells of a created container,
// or a container that is or was seen RUNNING.
func shows(s *Stop) bool {
	return !s.StartedAt.IsZero() || anyRan(s, false)
}

// anyRan is whether a container shows that it ran: one of those that AWS added, or
// one of the others.
func anyRan(s *Stop, added bool) bool {
	for i := range s.Containers {
		c := &s.Containers[i]
		if injected(c.Name) == added && (c.ExitCode != nil || c.Ran || oneOf(c.LastStatus, running) || created(s, c)) {
			return true
		}
	}
	return false
}

// running are the states of a container whose process runs or is being stopped: of
// the API, of the agent
// (https://github.com/aws/amazon-ecs-agent/blob/master/ecs-agent/api/container/status/containerstatus.go)
// and of a task.
var running = []string{"RUNNING", "RESOURCES_PROVISIONED", "ACTIVATING", "DEACTIVATING", "STOPPING"}

// created is whether a container's runtimeId shows that it was created. Docker
// gives an id of 64 hex digits with the creation. On Fargate each container has
// one before its image is pulled, of the form of fargateID, and keeps it when
// the pull fails (https://github.com/aws/aws-cdk/issues/32877). An id of
// another form shows a creation too, unless the container's own reason says
// that there was none.
func created(s *Stop, c *Container) bool {
	switch {
	case c.RuntimeID == "":
		return false
	case s.OnInstance, dockerID(c.RuntimeID):
		return true
	}
	return !fargateID(c.RuntimeID) && !saysNotCreated(c)
}

// dockerID is whether an id is 64 hex digits.
func dockerID(id string) bool { return len(id) == 64 && spelled(id, hexDigits) }

// fargateID is whether an id is a task's, as 32 hex digits or a UUID, a dash and
// a number.
func fargateID(id string) bool {
	dash := strings.LastIndexByte(id, '-')
	if dash < 0 {
		return false
	}
	task, number := id[:dash], id[dash+1:]
	return number != "" && spelled(number, digits) &&
		(len(task) == 32 && spelled(task, hexDigits) || len(task) == 36 && spelled(task, hexDigits+"-"))
}

const (
	digits    = "0123456789"
	hexDigits = digits + "abcdef"
)

// spelled is whether s has letters of the alphabet only.
func spelled(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }

// saysNotCreated is whether a container's own reason is of the time before its
// creation.
func saysNotCreated(c *Container) bool {
	var t text
	t.read(c.Reason)
	return written(&t).proof != proofNone
}

// started answers whether anything started, from structure and from what the
// text proves. No is given only where nothing can have run.
// See docs/decisions/0110-what-aws-adds-to-a-task-is-no-start.md.
func started(s *Stop, p proof) Answer {
	agent := anyRan(s, true)
	switch {
	case shows(s):
		return Yes
	case beforeAny(s, p) && !agent, // with one it was not before any, whatever is said
		p == proofContainers && allListed(s) && !anyPulled(s) && (!agent || allNotCreated(s)),
		p == proofOwn && allListed(s) && allNotCreated(s):
		return No
	}
	return Unknown
}

// beforeAny is whether a text of this proof was written before any container of the
// task is created. On an instance a container that needs no secret or volume starts
// beside one that waits for it, so the list must show that none did.
func beforeAny(s *Stop, p proof) bool {
	switch p {
	case proofTask, proofCoded:
		return true
	case proofPlacement:
		return !s.OnInstance
	case proofSetUp:
		return !s.OnInstance || allListed(s)
	}
	return false
}

// anyPulled is whether the image of a container was pulled that does not say
// itself that it was not created: where a runtimeId shows nothing, only its exit
// code could tell that it ran, and ECS does not always report one.
func anyPulled(s *Stop) bool {
	for i := range s.Containers {
		c := &s.Containers[i]
		if c.RuntimeID != "" && c.ImageDigest != "" && !injected(c.Name) && !saysNotCreated(c) {
			return true
		}
	}
	return false
}

// allNotCreated is whether each container says itself that it was not created,
// or is the only one that the task's reason can mean.
func allNotCreated(s *Stop) bool {
	own, silent := 0, 0
	for i := range s.Containers {
		if injected(s.Containers[i].Name) {
			continue
		}
		own++
		if !saysNotCreated(&s.Containers[i]) {
			silent++
		}
	}
	return silent == 0 || own == 1
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
		if !injected(name) && !listed(s, name) {
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
