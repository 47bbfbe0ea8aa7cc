package stop

import (
	"slices"
	"strings"
)

// shows reports whether the stop holds any evidence that one of the task's own processes ran: a
// startedAt, an exit code, a runtimeId of a created container, or a container that is or was seen
// RUNNING.
func shows(s *Stop) bool {
	return !s.StartedAt.IsZero() || anyRan(s, false)
}

// anyRan reports whether any container shows that it ran. With added it considers only the
// containers that AWS added, otherwise only the others.
func anyRan(s *Stop, added bool) bool {
	for i := range s.Containers {
		c := &s.Containers[i]
		if injected(c.Name) == added && (c.ExitCode != nil || c.Ran || slices.Contains(running, c.LastStatus) || created(s, c)) {
			return true
		}
	}
	return false
}

// running lists the states of a container whose process runs or is being stopped. They come from
// the API, from the agent
// (https://github.com/aws/amazon-ecs-agent/blob/master/ecs-agent/api/container/status/containerstatus.go)
// and from the states of a task.
var running = []string{"RUNNING", "RESOURCES_PROVISIONED", "ACTIVATING", "DEACTIVATING", "STOPPING"}

// created reports whether a container's runtimeId shows that it was created. Docker assigns an id
// of 64 hex digits on creation. On Fargate every container has an id of the form of fargateID
// before its image is pulled, and keeps it if the pull fails
// (https://github.com/aws/aws-cdk/issues/32877). An id of any other form also shows a creation,
// unless the container's own reason denies it.
func created(s *Stop, c *Container) bool {
	switch {
	case c.RuntimeID == "":
		return false
	case s.OnInstance, s.NeedsInstance, dockerID(c.RuntimeID):
		return true
	}
	return !fargateID(c.RuntimeID) && !saysNotCreated(c)
}

// dockerID reports whether an id is 64 hex digits.
func dockerID(id string) bool { return len(id) == 64 && spelled(id, hexDigits) }

// fargateID reports whether an id is a task's id (32 hex digits or a UUID), a dash and a number.
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

// spelled reports whether s has only letters of the alphabet.
func spelled(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }

// saysNotCreated reports whether a container's own reason dates from before its creation.
func saysNotCreated(c *Container) bool {
	var t text
	t.read(c.Reason)
	return written(&t).proof != proofNone
}

// started answers whether anything started, from the structure of the stop and from what the text
// proves. It answers No only if nothing can have run. See
// docs/decisions/0110-what-aws-adds-to-a-task-is-no-start.md.
func started(s *Stop, p proof) Answer {
	agent := anyRan(s, true)
	switch {
	case shows(s):
		return Yes
	case beforeAny(s, p) && !agent, // with one it was not before any, whatever is said
		p == proofContainers && allListed(s) && !anyPulled(s) && (!agent && !s.Partial || allNotCreated(s)),
		p == proofOwn && allListed(s) && allNotCreated(s):
		return No
	}
	return Unknown
}

// beforeAny reports whether a text with this proof was written before any container of the task
// was created. On an instance, a container that needs no secret or volume starts while another
// waits for one, so the list of containers must show that none did. On Fargate a log driver was
// also seen to fail at the start of its container
// (https://github.com/splunk/splunk-connect-for-kubernetes/issues/423). So a container beside it
// whose image was pulled, and which says nothing, denies that it was before any. So does one that is
// listed alone: the text may mean another of the definition.
func beforeAny(s *Stop, p proof) bool {
	if p >= proofPlacement && anyPulled(s) && (!allListed(s) || !allNotCreated(s)) {
		return false
	}
	switch p {
	case proofTask:
		return true
	case proofCoded:
		return !pullBegan(s)
	case proofPlacement:
		return !s.OnInstance
	case proofSetUp:
		return !s.OnInstance && !s.NeedsInstance || allListed(s)
	}
	return false
}

// pullBegan reports whether the stop shows that ECS had begun to pull the image of some container
// of the task's own. What runs after that, a stop does not always show.
func pullBegan(s *Stop) bool {
	for i := range s.Containers {
		if s.Containers[i].ImageDigest != "" && !injected(s.Containers[i].Name) {
			return true
		}
	}
	return s.SawPull
}

// anyPulled reports whether the image of some container was pulled and the container does not
// itself say that it was not created. Where a runtimeId shows nothing, only an exit code could
// tell that it ran, and ECS does not always report one.
func anyPulled(s *Stop) bool {
	for i := range s.Containers {
		c := &s.Containers[i]
		if c.RuntimeID != "" && c.ImageDigest != "" && !injected(c.Name) && !saysNotCreated(c) {
			return true
		}
	}
	return false
}

// allNotCreated reports whether every container itself says that it was not created, or is the
// only one that the task's reason can mean.
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

// allListed reports whether the stop lists every container of the definition. If the definition
// is not known, a list that is not empty counts as complete, but it must contain every name known
// from elsewhere.
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

// injected reports whether AWS itself added this container, as GuardDuty's runtime monitoring
// does (an event in the ECS developer guide shows aws-guardduty-agent-nm40lC).
func injected(name string) bool { return strings.HasPrefix(name, "aws-guardduty-agent") }
