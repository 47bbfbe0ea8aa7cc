package stop

// Families about the set-up of a task on its host: secrets, registry authorisation, the check of
// the log driver, volumes. On Fargate all of it comes before any container is created. The agent
// of a container instance holds back only the containers that need a resource
// (BuildResourceDependency in
// https://github.com/aws/amazon-ecs-agent/blob/master/agent/api/task/task.go).
const lifeSetUp = "before any container is created on Fargate; on a container instance before those that need it"

// untrusted is why a service of AWS is not believed to be one.
const untrusted = "the certificate at the service's address is not trusted: something between, such as a proxy or firewall, answers in its place, or the endpoint's name does not fit"

var secretsFamily = Family{
	Title: "Secrets, registry authorisation, environment files",
	Life:  lifeSetUp,
	Begins: []string{
		"unable to pull se", "unable to retrieve secret", "unable to retrieve registry", "unable to retrieve ecr",
		"unable to get registry auth", "unable to get secret", "unable to fetch secret", "unable to fetch registry",
		"execution resource retrieval", "fetching secret", "failed to fetch secret", "asm fetching",
		"ssm fetching", "invalid ssm param", "failed to download env", "the task can't retrieve", "the task cannot retrieve",
		"the task cannot pull registry auth", "the task can't pull registry auth",
		"the task cannot pull secret", "the task can't pull secret", "retrieved secret from",
		"the task can't download the env", "the task cannot download the env", "the task can't access the env", "unable to decrypt", "failed to retrieve secret", "unable to pull registry auth", "trying to retrieve secret with", "unable to download env file",
		"unable to initialize s3 client", "unable to parse bucket and key", "unable to download s3 config", "unable to download firelens",
		"unable to create ssm client", "unable to create asm client", "could not find a secretsmanager",
	},
	Has: stems{
		"unable to pull secrets or registry auth", "unable to retrieve secret", "unable to retrieve ecr registry auth",
		"fetching secret data", "invalid ssm parameters", "the task and aws secrets manager", "the task and aws systems manager",
	},
	Vague: []string{"secrets manager"},
	proof: proofSetUp,
	Rules: []Rule{
		{
			Name:  "secrets-connection",
			Match: Match{Any: []stems{{"connection issue"}}, Not: []stems{unable}},
			Class: Ambiguous,
			Why:   "the task could not reach Secrets Manager, Parameter Store or ECR: a passing fault, or the subnet has no route",
		},
		{
			Name:  "secrets-refused",
			Match: Match{Any: []stems{denied}},
			Class: Config,
			Why:   "the execution role may not read the secret or the file of variables, decrypt it or use the registry",
		},
		{
			Name:  "secrets-missing",
			Match: Match{Any: []stems{missing}},
			Class: Config,
			Why:   "the secret, parameter or file of variables that the task definition names does not exist",
		},
		{
			Name:  "secrets-certificate",
			Match: Match{Any: []stems{{"x509"}}},
			Class: Config,
			Why:   untrusted,
		},
		{
			Name:  "secrets-invalid",
			Match: Match{Any: []stems{{"movedpermanently", "permanentredirect", "bucketregionerror", "incorrect region", "empty secret"}, invalid}, Not: []stems{{"throttl", "rate exceeded"}, garbled}},
			Class: Config,
			Why:   "the secret's name or JSON key, or the Region of the file of variables, in the task definition is wrong",
		},
		{
			Name:  "secrets-busy",
			Match: Match{Any: []stems{busy}},
			Class: Retry,
			Why:   "the service that holds the secret or the file of variables was too busy or failed",
		},
		{
			Name:  "secrets-network",
			Match: Match{Any: []stems{network}},
			Class: Ambiguous,
			Why:   "no answer in time from Secrets Manager, Parameter Store or ECR: a passing fault, or the subnet has no route",
		},
		{
			Name:  "secrets-unclear",
			Class: Ambiguous,
			Why:   "secrets or registry authorisation could not be fetched; ECS cut the cause off, or this version does not know it",
		},
	},
}

var loggerFamily = Family{
	Title: "Check of the log driver",
	Life:  lifeSetUp,
	Begins: []string{
		"failed to validate logger", "unable to get awslogs driver arg", "failed to create logger arg",
		"the task can't create a cloudwatch", "the task cannot create a cloudwatch", "the task cannot find the amazon cloudwatch log", "the task can't find the amazon cloudwatch log",
	},
	Has:   stems{"failed to validate logger args", "the task and amazon cloudwatch"},
	proof: proofSetUp,
	Rules: []Rule{
		{
			Name:  "logger-connection",
			Match: Match{Any: []stems{{"connection issue"}}, Not: []stems{unable}},
			Class: Ambiguous,
			Why:   "the task could not reach CloudWatch Logs, though the text speaks of a missing log group: a passing fault, or no route",
		},
		{
			Name:  "logger-refused",
			Match: Match{Any: []stems{denied}},
			Class: Config,
			Why:   "the execution role may not create the log group or stream",
		},
		{
			Name:  "logger-missing",
			Match: Match{Any: []stems{missing}},
			Class: Config,
			Why:   "the log group that the task definition names does not exist",
		},
		{
			Name:  "logger-certificate",
			Match: Match{Any: []stems{{"x509"}}},
			Class: Config,
			Why:   untrusted,
		},
		{
			Name:  "logger-invalid",
			Match: Match{Any: []stems{{"is expected"}, invalid}, Not: []stems{{"throttl", "rate exceeded"}, garbled}},
			Class: Config,
			Why:   "the log configuration of the task definition is wrong",
		},
		{
			Name:  "logger-busy",
			Match: Match{Any: []stems{busy}},
			Class: Retry,
			Why:   "CloudWatch Logs was too busy or failed",
		},
		{
			Name:  "logger-unclear",
			Class: Ambiguous,
			Why:   "the check of the log driver failed without a clear cause: no answer from CloudWatch Logs, or a wrong log group",
		},
	},
}

var volumeFamily = Family{
	Title: "Volumes (EFS, EBS, FSx, Docker)",
	Life:  lifeSetUp,
	Begins: []string{
		"cannotcreatevolumeerror", "volumeerror", "failed to invoke efs", "failed to set up efs", "failed to setup efs",
		"failed to create volume", "failed to configure ebs", "failed to attach ebs", "failed to create ebs",
		"timeout waiting for ebs", "timed out while attaching ebs", "timed out waiting for ebs", "timeout waiting for volume", "timed out waiting for volume",
		"mount.nfs", "unable to create volume",
		"ecs was unable to create volume", "ecs was unable to attach", "ecs was unable to configure",
		"ecs failed to set up the ebs", "ecs failed to attach", "ecs failed to configure", "ecs timed out while configuring", "ecs timed out while attaching",
	},
	Has: stems{
		"efs utils command", "mount.nfs4", "attach ebs", "attach the ebs", "create ebs", "create the ebs", "configure ebs", "configure the ebs", "set up ebs", "setup ebs",
	},
	Vague: []string{"failed to mount", "unable to mount", "efs ", "ebs ", "volume ", "fsx "},
	proof: proofSetUp,
	Rules: []Rule{
		{
			Name:  "volume-refused",
			Match: Match{Any: []stems{denied}},
			Class: Config,
			Why:   "the file system's policy, access point or role does not let the task in",
		},
		{
			// The mount helper's advice to check the ID is a guess, and later starts did mount
			// the same file system
			// (https://github.com/aws/efs-utils/issues/90, https://github.com/aws/efs-utils/issues/287,
			// https://github.com/rileydakota/valheim-ecs-fargate-cdk/issues/28).
			Name:  "volume-unresolved",
			Match: Match{Any: []stems{{"failed to resolve"}}},
			Class: Ambiguous,
			Why:   "the file system's name was not resolved: its ID is wrong, the task's zone or network has no mount target or no DNS for it, or DNS failed for a while",
		},
		{
			Name:  "volume-wrong",
			Match: Match{Any: []stems{{"reason given by server", "idempotentparametermismatch", "name too long", "name is too long"}, missing, invalid}},
			Class: Config,
			Why:   "the file system, its mount target or the directory does not exist, or the volume is declared wrongly",
		},
		{
			Name:  "volume-reset",
			Match: Match{Any: []stems{{"connection reset", "reset by peer"}, busy}},
			Class: Retry,
			Why:   "the connection to the file system broke while mounting; the next start usually works",
		},
		{
			Name:  "volume-unclear",
			Class: Ambiguous,
			Why:   "the volume could not be made ready: a passing fault, a blocked port or a limit",
		},
	},
}

// copyFamily is of a volume that gets what an image has at its place, so that image was pulled,
// and others of the task may have been.
var copyFamily = Family{
	Title:  "Volumes with the contents of an image",
	Life:   "after this container's image is pulled, before it is created; others of the task may run",
	Begins: []string{"cannotcreatevolumeerror: unable to copy", "cannotcreatevolumeerror: failed to copy", "unable to copy content", "failed to copy content"},
	proof:  proofOwn,
	Rules: []Rule{{
		Name:  "volume-copy",
		Class: Ambiguous,
		Why:   "what the image has at the volume's place could not be copied into the volume",
	}},
}

// agentEngine is where the agent of a container instance says what it could not make
// for a task. Its resources are dependencies of the containers that need them; the
// control group is one of all, before their images are pulled.
const agentEngine = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/cgroup/cgroup.go"

var hostFamily = Family{
	Title: "Resources of a task on its container instance",
	Life:  "before the containers that need them are created",
	Begins: []string{
		"cgrouperror", "taskresourceerror", "taskstateerror: agent could not create", "agent could not create task's",
		"cgroup resource", "resource cannot be initialized for task", "unable to generate firelens", "unable to initialize resource directory",
		"unrecogniedtask", "unrecognizedtask", "invalid firelens config", "unable to initialize envfile",
		"credentialspec resource", "invalid credentialspec", "unsupported credentialspec", "the provided ssm parameter", "failed to create kerberos", "failed to retrieve credentials for domainless",
		"fsxwindowsfileserver resource", "invalid credentials for mounting", "failed to verify fsx", "unsupported credentialsparameter",
	},
	proof: proofSetUp,
	Rules: []Rule{
		{
			Name:  "host-wrong",
			Match: Match{Any: []stems{denied, invalid}},
			Class: Config,
			Why:   "the agent of the container instance cannot make what the task definition asks for",
		},
		{
			Name:  "host-unclear",
			Class: Ambiguous,
			Why:   "the agent of the container instance could not set up the task; another instance may",
		},
	},
}
