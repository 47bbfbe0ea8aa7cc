package stop

// Families about one container: pull, create, start, and texts which show that something ran.

var pullFamily = Family{
	Title: "Image pull",
	Life:  "before this container is created; others of the task may run",
	Begins: []string{
		"cannotpull", "the task cannot pull", "the task can't pull", "toomanyrequests", "too many requests",
		"you have reached your pull rate limit", "you have reached your unauthenticated pull", "error pulling image", "cannot pull container", "cannot pull image", "image pull failed",
		"pull command failed", "unable to pull image", "ref pull", "inspect image", "failed to resolve ref", "failed to pull", "image manifest",
		"manifest unknown", "no matching manifest", "image not found",
	},
	Has:   stems{"failed to resolve ref", "pull image manifest", "cannotpull", "pull access denied", "pull rate limit", "manifest unknown"},
	Vague: []string{"image pull", "pull image"},
	proof: proofContainers,
	Rules: []Rule{
		{
			Name:  "pull-connection",
			Match: Match{Any: []stems{{"connection issue"}}, Not: []stems{unable}},
			Class: Ambiguous,
			Why:   "the task could not reach the registry: a passing fault, or the subnet has no route",
		},
		{
			Name:  "pull-refused",
			Match: Match{Any: []stems{{"payment required", "unavailable for legal"}, denied}, Not: []stems{unpacking}},
			Class: Config,
			Why:   "the registry refused the image: it does not exist, credentials are missing or have expired, or its owner has not paid",
		},
		{
			Name:  "pull-missing",
			Match: Match{Any: []stems{missing}, Not: []stems{{"credentials: not found"}, unpacking}}, // what the agent lacks is no image
			Class: Config,
			Why:   "the image or its tag does not exist in the registry, or is archived there",
		},
		{
			Name:  "pull-no-space",
			Match: Match{Any: []stems{{"no space left", "disk quota", "not enough space"}}},
			Class: Config,
			Why:   "the image does not fit on the disk: give the task more ephemeral storage or make the image smaller",
		},
		{
			Name:  "pull-unfit",
			Match: Match{Any: []stems{{"gave http response"}, malformed, invalid}, Not: []stems{{"invalid argument", "size validation", "tar header", "invalid memory", "lsetxattr"}, garbled}}, // a broken transfer or unpacking, which may pass
			Class: Config,
			Why:   "the image's name is wrong, it was not built for the task's platform, or the host does not trust the registry's certificate",
		},
		{
			Name:  "pull-rate-limit",
			Match: Match{Any: []stems{{"toomanyrequests", "too many requests", "pull rate limit", "code: 429", "http 429"}}},
			Class: Ambiguous,
			Why:   "the registry's pull limit is used up, which can take hours to pass",
		},
		{
			Name:  "pull-registry-failed",
			Match: Match{Any: []stems{busy}},
			Class: Retry,
			Why:   "the registry itself failed or was too busy",
		},
		{
			Name:  "pull-network",
			Match: Match{Any: []stems{network}},
			Class: Ambiguous,
			Why:   "no answer in time from the registry: a passing fault, or the subnet has no route",
		},
		{
			Name:  "pull-unclear",
			Class: Ambiguous,
			Why:   "the image could not be pulled; ECS cut the cause off, or this version does not know it",
		},
	},
}

// unpacking are words about the layers of an image that was found. What the host lacks is then
// not the fault of the image's name, and the next host may have it
// (https://github.com/moby/moby/issues/32814, https://github.com/moby/moby/issues/38275,
// https://github.com/containerd/containerd/issues/3604,
// https://github.com/containerd/containerd/blob/main/core/unpack/unpacker.go).
var unpacking = stems{
	"extract layer", "register layer", "apply layer", "applylayer", "importlayer", "processbaselayer", "extraction snapshot", "lease content", "content digest", "no such file",
}

var createFamily = Family{
	Title: "Container create",
	Life:  "before this container is created; others of the task may run",
	Begins: []string{
		"cannotcreatecontainererror", "cannotcreatecontainer:", "cannotcreatecontainer ",
		"hostconfigerror", "dockerclientconfigerror", "cannotgetdockerclientversion", // of createContainer alone
	},
	Has:   stems{"cannotcreatecontainererror"},
	proof: proofContainers,
	Rules: []Rule{
		{
			Name: "create-wrong",
			Match: Match{Any: []stems{{
				"no space left", "free data blocks", "disk quota", "cannot be empty", "already in use", "select device driver", "minimum memory limit",
			}, denied, missing, invalid, broken}},
			Class: Config,
			Why:   "the container cannot be made as the task definition describes it",
		},
		{
			Name:  "create-unclear",
			Class: Ambiguous,
			Why:   "the container could not be created, for no clear reason",
		},
	},
}

var startFamily = Family{
	Title: "Container start",
	Life:  "while containers start: this one or another may have run",
	Begins: []string{
		"cannotstartcontainer", "failed to initialize logging driver", "failed to initialise logging driver",
		"failed to create new container runtime task", "failed to create container runtime task",
		"failed to create shim", "oci runtime", "runc ", "failed to start container", "starting container process", "exec format error",
	},
	Has: stems{
		"oci runtime", "container runtime task", "starting container process", "start container process", "cannotstartcontainer",
		"initialize logging driver",
	},
	proof: proofNone,
	Rules: []Rule{
		{
			Name: "start-wrong",
			Match: Match{Any: []stems{{
				"no space left", "awslogs", "log-opt", "cannot be empty", "already in use", "memory limit too low",
			}, broken, denied, missing, invalid}, Not: []stems{{"i/o time", "send request failed", "throttl"}}},
			Class: Config,
			Why:   "the container cannot start as it is: wrong command, wrong platform, too little memory, missing file or log group",
		},
		{
			Name:  "start-unclear",
			Class: Ambiguous,
			Why:   "a container did not start, for no clear reason; it or another may have run",
		},
	},
}

var transitionFamily = Family{
	Title: "Time-outs of the container runtime",
	Life:  "unknown: a process may have run",
	Begins: []string{
		"dockertimeouterror", "containerruntimetimeouterror", "containerruntimeerror", "could not transition",
		"dockerstateerror", "containernetworkingerror", "taskdependencyerror",
	},
	Has:   stems{"could not transition"},
	proof: proofNone,
	Rules: []Rule{{
		Name:  "transition",
		Class: Ambiguous,
		Why:   "the container runtime did not answer in time, so nobody knows whether the process ran",
	}},
}

var ranFamily = Family{
	Title: "Something ran",
	Life:  "after a start",
	Begins: []string{
		"essential container", "outofmemory", "container killed", "container exited", "cannotinspectcontainer", "cannotstopcontainer", "cannotcreatecontainerexec", "cannotstartcontainerexec",
		"cannotremovecontainer", "cannotdescribecontainer", "containervanished", "nosuchcontainer", "task failed container health", "task failed elb", "elb health", "container health check",
		"health check",
	},
	Has: stems{
		"could not transition to stopped", "could not transition to inspecting", "elb health",
		"container health check", "outofmemoryerror", "killed due to memory", "out of memory", "unhealthy in target", "oomkilled",
	},
	proof: proofNone,
	Rules: []Rule{
		{
			Name:  "out-of-memory",
			Match: Match{Any: []stems{{"container killed"}, memory}},
			Class: AppFailed,
			Why:   "the container used more memory than it has",
		},
		{
			Name:  "health-check",
			Match: Match{Any: []stems{{"health", "unhealthy"}}},
			Class: AppFailed,
			Why:   "the task ran and failed its health checks",
		},
		{
			Name:  "exit-unread",
			Match: Match{Any: []stems{{"inspect", "cannotstop", "cannotremove", "cannotdescribe", "vanished", "nosuchcontainer", "transition"}}},
			Class: AppFailed,
			Why:   "the container ran, and its exit code could not be read: it may even have succeeded",
		},
		{
			Name:  "container-exited",
			Class: AppFailed,
			Why:   "a container ended, and no exit code proves that it ended well",
		},
	},
}
