package stop

// Room is what ECS lacked for a launch that it refused, or for a task that it never started.
// Every such lack passes by itself and costs no attempt.
type Room string

const (
	// NoQuota: the account already runs as many vCPUs or tasks as it may. Another launch with the
	// same capacity, on demand or Spot, would get the same answer.
	NoQuota Room = "quota"
	// NoCapacity: AWS had none for a task of this size in these subnets.
	NoCapacity Room = "capacity"
	// NoRate: a rate limit of ECS, or of the calls that it makes to EC2, was reached.
	NoRate Room = "rate"
)

// Lacks returns the room that was lacking. It returns "" if the cause was something else, or if
// the verdict does not prove that nothing started.
func (v Verdict) Lacks() Room {
	if v.Started != No {
		return ""
	}
	switch v.Rule {
	case ruleRunningLimit, ruleLaunchRunningLimit, ruleServiceQuota, ruleInstanceLimit:
		return NoQuota
	case ruleCapacity, ruleLaunchCapacity, ruleInstanceNone:
		return NoCapacity
	case ruleThrottled, ruleThrottledEC2:
		return NoRate
	}
	return ""
}
