package stop

// The launch of an instance for a single task, which ECS Managed Instances does if no running
// instance has room.

// Names that room.go refers to.
const (
	ruleInstanceLimit = "instance-limit"
	ruleInstanceNone  = "instance-none"
)

// noInstance is how the texts of the published cases begin (https://github.com/k-k1/agent-fleet,
// docs/adr; the errors are those of EC2 Fleet:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
const noInstance = "ResourceInitializationError: Unable to launch instance(s) for capacity provider jobs. "

var instanceFamily = Family{
	Title:  "Launch of an instance (ECS Managed Instances)",
	Life:   "before the task has a place",
	Begins: []string{"unable to launch instance", "failed to launch instance"},
	Has:    stems{"unable to launch instance", "failed to launch instance"},
	proof:  proofPlacement,
	Rules: []Rule{
		{
			Name:  "instance-refused",
			Match: Match{Any: []stems{denied}},
			Class: Config,
			Why:   "ECS may not launch an instance: the infrastructure role lacks a permission, mostly iam:PassRole for the instance profile",
		},
		{
			Name:  "instance-busy",
			Match: Match{Any: []stems{busy}},
			Class: Retry,
			Why:   "EC2 was too busy to launch an instance, or failed",
		},
		{
			Name:  ruleInstanceLimit,
			Match: Match{Any: []stems{{"vcpulimit", "maxspotinstance", "instancelimit"}, quotas}},
			Class: Retry,
			Why:   "the account runs as many instances or vCPUs on EC2 as it may; later some will be free",
		},
		{
			Name: ruleInstanceNone,
			Match: Match{Any: []stems{{
				"insufficientinstancecapacity", "insufficientcapacity", "insufficienthostcapacity", "insufficientreserved", "insufficient capacity", "enough capacity", "unfulfillable", "fulfill capacity",
			}}},
			Class: Retry,
			Why:   "EC2 had no instance of the types that the capacity provider allows at this moment, on Spot often for longer",
		},
		{
			Name:  "instance-wrong",
			Match: Match{Any: []stems{{"no instance type", "not offered"}, missing, invalid}},
			Class: Config,
			Why:   "the capacity provider names something that does not exist, or allows no instance type that fits",
		},
		{
			Name:  "instance-unclear",
			Class: Ambiguous,
			Why:   "no instance could be launched for the task; ECS cut the cause off, or this version does not know it",
		},
	},
}
