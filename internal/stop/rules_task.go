package stop

// taskLexicon has the texts of tasks that did not start, in order.
var taskLexicon = lexicon{
	&ranFamily, &startFamily, &transitionFamily, // these say that something may run
	&interfaceFamily, &internalFamily, &storageFamily, &instanceFamily, &capacityFamily, &placementFamily,
	&secretsFamily, &loggerFamily, &copyFamily, &volumeFamily, &hostFamily, &roleFamily, &platformFamily,
	&pullFamily, &createFamily,
}

var interfaceFamily = Family{
	Title: "Network interface",
	Life:  "before any container is created",
	Begins: []string{
		"timeout waiting for network interface", "timed out waiting for network interface",
		"timeout waiting for eni", "timed out waiting for eni",
		"rate limit exceeded while preparing network interface", "unexpected ec2 error",
		"failed to configure eni", "failed to setup regular eni",
		"failed to set up eni", "failed to setup eni", "failed to attach eni", "failed to attach the eni", "failed to provision eni", "failed to setup trunk eni", "unable to configure eni", "unable to attach eni", "unable to attach the eni", "unable to set up eni", "unable to setup eni", "unable to provision eni", "netplugin",
		"unable to attach network interface", "failed to attach network interface",
		"error attaching network interface", "error while attempting to attach network interface", "network interface prov",
	},
	Has: stems{
		"network interface prov", "waiting for network interface", "create network interface", "attach network interface", "attach the network interface",
		"provision network interface", "networkinterfacelimit", "insufficientfreeaddress", "configure eni", "regular eni",
	},
	Vague: []string{"network interface", "elastic network interface", "eni "},
	proof: proofTask,
	Rules: []Rule{
		{
			Name:  "interface-host", // or EC2 does not see yet the interface that it has just made
			Match: Match{Any: []stems{{"configure eni", "regular eni", "setup eni", "netplugin", "trunk eni", "attach eni", "attach the eni", "set up eni", "provision eni", "attach network interface", "attach the network interface", "networkinterfaceid"}}, Not: []stems{{"accessden", "not authoriz", "unauthorized", "policyviolation"}, quotas}},
			Class: Retry,
			Why:   "the host could not attach or set up the task's network interface; another host usually can",
		},
		{
			Name:  "interface-busy",
			Match: Match{Any: []stems{busy}, Not: []stems{{"accessden", "not authoriz", "not exist", "notfound"}}},
			Class: Retry,
			Why:   "EC2 was too busy to give the task a network interface in time",
		},
		{
			Name:  "interface-refused",
			Match: Match{Any: []stems{{"optinrequired", "pendingverification"}, denied}},
			Class: Config,
			Why:   "EC2 refused to create the network interface: a permission is missing, a tag policy forbids it, or the account may not use EC2 there yet",
		},
		{
			Name:  "interface-wrong",
			Match: Match{Any: []stems{{"securitygroupsperinterface", "security groups per interface"}, missing, invalid}},
			Class: Config,
			Why:   "the subnet or security group named by the job does not exist or cannot be used",
		},
		{
			Name:  "interface-none-free",
			Match: Match{Any: []stems{{"unexpected ec2 error", "insufficientfree", "insufficient free", "not enough free", "no free address"}, quotas}},
			Class: Ambiguous,
			Why:   "EC2 gave no network interface; often the subnet has no free address, which may pass or need a larger subnet",
		},
		{
			Name:  "interface-late",
			Class: Retry,
			Why:   "the network interface was not ready in time, a passing fault of AWS",
		},
	},
}

var internalFamily = Family{
	Title:  "Internal errors of ECS",
	Life:   "before any container is created, if the stop code says that the task failed to start and no pull had begun",
	Begins: []string{"internalerror", "internal error"},
	proof:  proofCoded,
	Rules: []Rule{
		{
			Name:  "internal-refused",
			Match: Match{Any: []stems{denied, missing, invalid}},
			Class: Config,
			Why:   "ECS failed because something the task needs is missing, not allowed or wrong",
		},
		{
			Name:  "internal-error",
			Class: Retry,
			Why:   "ECS itself failed while it made the task ready, mostly its network interface",
		},
	},
}

var storageFamily = Family{
	Title: "Ephemeral storage",
	Life:  "before any container is created",
	Begins: []string{
		"timeout waiting for ephemeralstorage", "timeout waiting for ephemeral storage",
		"timed out waiting for ephemeralstorage", "timed out waiting for ephemeral storage",
		"ephemeralstorage prov", "ephemeral storage prov", "failed to provision ephemeral",
	},
	Has:   stems{"ephemeralstorage prov", "ephemeral storage prov"},
	Vague: []string{"ephemeralstorage", "ephemeral storage"},
	proof: proofTask,
	Rules: []Rule{
		{
			Name:  "storage-refused",
			Match: Match{Any: []stems{denied, missing, invalid}},
			Class: Config,
			Why:   "the task's storage could not be prepared because a key, role or size is wrong",
		},
		{
			Name:  "storage-late",
			Class: Retry,
			Why:   "the task's storage was not ready in time, a passing fault of AWS",
		},
	},
}

// placementResource is the rule that says more in failures[].
const (
	placementResource = "placement-resource"
	noResources       = "the resources could not be found"
)

// placementFamily has the words of the scheduler.
var placementFamily = Family{
	Title: "Placement of a task",
	Life:  "before the task has a place, unless it was put on a container instance",
	Is:    []string{"agent", "agent.", "attribute", "location", "inactive"},
	Begins: []string{
		// Not every "resource:": the agent writes it before what it cleans up.
		"resource:cpu", "resource:memory", "resource:ports", "resource:eni", "resource:gpu", "resource:inferentia", "resource:neuron", "resource:fargate", "resource:*",
		"attribute:", "location:", "memberof", "distinctinstance",
		"empty capacity provider", "no active instances", "no container instance", "no space in", "the selected task definition is not compatible",
	},
	// The words that a service was unable to place a task may precede reasons from any time.
	Has:   stems{"unable to place a task because", "unable to place task because"},
	Vague: []string{"agent:", "unable to place", noResources},
	proof: proofPlacement,
	Rules: []Rule{
		{
			Name:  "placement-gpu",
			Match: Match{Any: []stems{{"resource:gpu", "resource:inferentia", "resource:neuron"}}},
			Class: Ambiguous,
			Why:   "no instance with a free accelerator; one may come free, or there may be none",
		},
		{
			Name:  placementResource,
			Match: Match{Any: []stems{{wordsBegin, noResources}}},
			Class: Ambiguous,
			Why:   "no instance has enough free cpu, memory, ports or network interfaces; they may come free, or the task is too large",
		},
		{
			Name:  "placement-agent",
			Match: Match{Any: []stems{{"agent"}}},
			Class: Retry,
			Why:   "the agent of the chosen container instance was not connected",
		},
		{
			Name:  "placement-empty",
			Match: Match{Any: []stems{{"empty capacity", "no active instances", "no container instance", "distinctinstance", "no space in", "unable to place"}}},
			Class: Ambiguous,
			Why:   "ECS found no instance for the task; scaling may mend it, or not",
		},
		{
			Name:  "placement-unfit",
			Class: Config,
			Why:   "no instance fits what the task definition or the network configuration asks for",
		},
	},
}

// aboveLimit are words of a quota. AWS does not say whether it counts what else is running.
const aboveLimit = "configuration is above your limit"

var capacityFamily = Family{
	Title: "Capacity and running limits",
	Life:  "before the task has a place",
	Begins: []string{
		"capacity is un", "capacity is currently un", "capacity is not available", "capacity unavailable", "capacity not available", "insufficient capacity", "insufficientinstancecapacity",
		"insufficient instance capacity", "no capacity available", "no capacity is", "no capacity in", "not enough capacity", "fargate capacity is un", "fargate_spot capacity is un",
		"spot capacity is un", "fargate spot capacity is un", "there is no capacity", "you've reached the limit on the number", "you have reached the limit on the number",
		"reached the limit on the number", "vcpulimitexceeded", "the requested cpu configuration is above", "the requested memory configuration is above",
	},
	Has: stems{
		"capacity is unavailable", "capacity is currently unavailable", "capacity is not available", "capacity unavailable",
		"insufficient capacity", "insufficientinstancecapacity", "limit on the number of vcpus", "limit on the number of tasks", "no capacity in", aboveLimit,
		"vcpus you can run", "vcpus that you can run", "vcpu limit", "vcpu quota", "vcpu resource count", // vcpus
	},
	Vague: []string{"no capacity", "capacity is", "fargate capacity", "fargate_spot capacity", "spot capacity", "fargate spot capacity"},
	proof: proofTask,
	Rules: []Rule{
		{
			Name:  ruleRunningLimit,
			Match: Match{Any: []stems{{"limit on the number", "vcpulimit"}, vcpus}},
			Class: Retry,
			Why:   "the account runs as many vCPUs or tasks as it may; later some will be free",
		},
		{
			Name:  "above-limit",
			Match: Match{Any: []stems{{aboveLimit}}},
			Class: Ambiguous,
			Why:   "the task asks for more cpu or memory than a quota of the account leaves: ask AWS for more, or ask for less, unless other tasks use it up now",
		},
		{
			Name:  ruleCapacity,
			Class: Retry,
			Why:   "there was no capacity for the task at this moment",
		},
	},
}

// notAssumed is why ECS cannot use a role. IAM makes a role known everywhere only after some
// seconds: in https://github.com/pulumi/pulumi-awsx/issues/927 the next start, half a minute
// later, worked.
const notAssumed = "ECS cannot use the role: its name or its trust policy is wrong, or it was made only moments ago; then the next start works"

var roleFamily = Family{
	Title:  "Roles",
	Life:   "before any container is created",
	Begins: []string{"ecs was unable to assume", "unable to assume", "ecs cannot assume", "the task can't assume", "the task cannot assume"},
	Has:    stems{"unable to assume the role", "unable to assume role"},
	proof:  proofTask,
	Rules: []Rule{{
		Name:  "role-not-assumed",
		Class: Config,
		Why:   notAssumed,
	}},
}

var platformFamily = Family{
	Title:  "Platform version",
	Life:   "when ECS looks at the platform that the task asks for",
	Begins: []string{"the task definition is configured to use a fargate platform"},
	Has:    stems{"platform version that's retired", "platform version that is retired"},
	proof:  proofNone, // running tasks are retired too
	Rules: []Rule{{
		Name:  "platform-retired",
		Class: Config,
		Why:   "Fargate no longer offers the platform version that the task asks for",
	}},
}
