package stop

// stopCode values. [aws-sdk-go-v2 service/ecs types.TaskStopCode]
const (
	codeFailedToStart     = "TaskFailedToStart"
	codeEssentialExited   = "EssentialContainerExited"
	codeUserInitiated     = "UserInitiated"
	codeScheduler         = "ServiceSchedulerInitiated"
	codeSpot              = "SpotInterruption"
	codeTerminationNotice = "TerminationNotice"
	codeInfrastructure    = "InfrastructureHealth"
)

// Names of rules that run.Decide and others refer to.
const (
	RuleTimedOut  = "timed-out"
	RuleExited    = "exit-not-zero"
	RuleEndedLate = "ended-after-limit"
	RuleHung      = "hung-before-start"
)

const docEnum = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"

// endLexicon has texts of ends that are not failures to start. It is used if the stop code does
// not tell.
var endLexicon = lexicon{
	{
		Title: "Taken away by the infrastructure",
		Life:  "any time",
		Begins: []string{
			"your spot task was interrupted", "task stopped by spot", "stopped by spot", "ec2 instance", "fargate task retire", "service scheduler", "host ec2", "scaling activity", "container instance", "spot interruption", "spot instance", "spot task", "ecs is performing maintenance",
			"the task was stopped because the container instance",
		},
		Has: stems{
			"performing maintenance", "spot task was interrupted", "spot interruption", "spotinterruption", "spot capacity reclaim", "capacity reclaimed", "being reclaimed", "was evicted", "in draining",
			"draining state", "deregistration forced", "scaling activity initiated", "task retirement", "instance terminated", "instance stopped",
			"termination notice", "underlying infrastructure", "underlying host",
		},
		Rules: []Rule{{
			Name:    "taken",
			Class:   Interrupted,
			Why:     "the infrastructure took the task away: Spot, maintenance, scaling or a lost host",
			Example: Stop{Kind: Task, CodeMissing: true, Reason: "Host EC2 (instance i-123) terminated."},
			Source:  docStopped,
		}},
	},
	{
		Title:  "Stopped by a person",
		Life:   "any time",
		Begins: []string{"task stopped by", "stopped by", "user initiated", "userinitiated", "stopped via"},
		Rules: []Rule{{
			Name:    "user-said",
			Class:   StoppedByUser,
			Why:     "the reason is one that a person or a program gave when stopping the task",
			Example: Stop{Kind: Task, CodeMissing: true, Reason: "Task stopped by user"},
			Source:  docStopped,
		}},
	},
}

// Containers of examples in which one ended by itself, well or badly.
var (
	zero, one             = int64(0), int64(1)
	endedWell, endedBadly = []Container{{ExitCode: &zero}}, []Container{{ExitCode: &one}}
)

// Rules that are decided by structure, not by text. Classify refers to them by name.
var (
	notStoppedRule = Rule{
		Name: "not-stopped", Class: NotStopped,
		Why:     "the task has not ended, so there is nothing to judge yet; a stop code or reason that it already shows is an announcement",
		Example: Stop{Kind: Task, Code: codeTerminationNotice, Reason: "Your Spot Task was interrupted.", LastStatus: "RUNNING"},
		Source:  "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html",
	}
	askedPersonRule = Rule{
		Name: "asked-by-person", Class: StoppedByUser,
		Why:     "a person asked for this stop",
		Example: Stop{Kind: Task, Code: codeUserInitiated, Reason: "Task stopped by user", Asked: AskedByPerson},
		Source:  docEnum,
	}
	timedOutRule = Rule{
		Name: RuleTimedOut, Class: AppFailed,
		Why:     "the task ran longer than its job allows and was stopped",
		Example: Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByTimeout, AskedWhile: "RUNNING"},
		Source:  docEnum,
	}
	endedLateRule = Rule{
		Name: RuleEndedLate, Class: AppFailed, Useless: true,
		Why:     "the job ended by itself with exit code 0, but after its limit, when it had been asked to stop",
		Example: Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: endedWell, Asked: AskedByTimeout, AskedWhile: "RUNNING"},
		Source:  invented,
	}
	hungRule = Rule{
		Name: RuleHung, Class: Retry,
		Why:     "the task was stuck in PROVISIONING, where nothing has been pulled or started",
		Example: Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"},
		Source:  "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html",
	}
	hungLaterRule = Rule{
		Name: "hung-may-have-run", Class: AppFailed,
		Why:     "the task was not running in time, but it was past PROVISIONING and a process may have run",
		Example: Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"},
		Source:  "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html",
	}
	userRule = Rule{
		Name: "user-initiated", Class: StoppedByUser,
		Why:     "a person or a program stopped the task",
		Example: Stop{Kind: Task, Code: codeUserInitiated, Reason: "Task stopped by user"},
		Source:  docEnum,
	}
	takenCodeRule = Rule{
		Name: "interrupted", Class: Interrupted,
		Why:     "the infrastructure or the scheduler took the task away",
		Example: Stop{Kind: Task, Code: codeSpot, Reason: "Your Spot Task was interrupted."},
		Source:  docEnum,
	}
	unhealthyRule = Rule{
		Name: "unhealthy", Class: AppFailed,
		Why:     "the task ran and failed its health checks",
		Example: Stop{Kind: Task, Code: codeScheduler, Reason: "Task failed ELB health checks in (target-group web)"},
		Source:  docService,
	}
	succeededRule = Rule{
		Name: "exit-zero", Class: Succeeded,
		Why:     "the job's container ended with exit code 0",
		Example: Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: endedWell},
		Source:  docEnum,
	}
	exitedRule = Rule{
		Name: RuleExited, Class: AppFailed,
		Why:     "a container ended, and its exit code is not 0 or was not reported",
		Example: Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: endedBadly},
		Source:  docEnum,
	}
	startedRule = Rule{
		Name: "started-after-all", Class: AppFailed,
		Why:     "whatever the reason says, the stop shows that a process ran",
		Example: Stop{Kind: Task, Code: codeFailedToStart, Reason: "Task failed to start", Containers: endedBadly},
		Source:  "written for the rule, after a public bug report of an init container that had run",
	}
	bareRule = Rule{
		Name: "no-cause", Class: Ambiguous,
		Why:     "ECS says only that the task failed to start, which proves nothing",
		Example: failed("Task failed to start"),
		Source:  "https://github.com/aws/amazon-ecs-agent/issues/1430",
	}
	unpulledRule = Rule{
		Name: "not-pulled", Class: Ambiguous,
		Why:     "ECS stopped the task before it pulled the image, and does not say why",
		Example: failed("Task failed to start", Container{Name: "app", Reason: "TaskStoppedBeforePullBeginError: Task stopped before image pull could begin"}),
		Source:  "https://github.com/aws/amazon-ecs-agent/blob/master/agent/engine/errors.go",
	}
	notFoundRule = Rule{
		Name: "task-not-found", Class: Ambiguous,
		Why:     "ECS does not know this task: it is only just launched, or it stopped over an hour ago, however it ended",
		Example: Stop{Kind: LaunchFailure, Reason: "MISSING", ARN: "arn:aws:ecs:us-east-1:123456789012:task/jobs/0a1"},
		Source:  docReasons,
	}
	resourceConfigRule = Rule{
		Name: "resource-wrong", Class: Config,
		Why:     "something the task needs is missing, not allowed or wrong",
		Example: failed("ResourceInitializationError: access denied"),
		Source:  "public bug reports",
	}
	unknownRule = Rule{
		Name: "unknown", Class: Ambiguous,
		Why:     "this version does not know the reason, so a process may have run",
		Example: failed("Something that ECS says for the first time"),
		Source:  docStopped,
	}
	laterRule = Rule{
		Name: "later-time", Class: AppFailed,
		Why:     "the reason looks like a failure to start, but speaks of a later time, when a process may have run",
		Example: failed("Network interface eni-0a1 was detached from the task"),
		Source:  invented,
	}
	vagueRule = Rule{
		Name: "not-precise", Class: Ambiguous,
		Why:     "the reason names a part of the task, but not what failed or when, so a process may have run",
		Example: failed("EFS was not in order"),
		Source:  invented,
	}
	callerRule = Rule{
		Name: "caller-words", Class: StoppedByUser,
		Why:     "the reason is in nobody's known words; StopTask shows the words its caller gave",
		Example: Stop{Kind: Task, CodeMissing: true, Reason: "moto testing"},
		Source:  "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html",
	}
)

// structural lists these rules in the order in which Classify tries them.
var structural = []*Rule{
	&notStoppedRule, &askedPersonRule, &timedOutRule, &endedLateRule, &hungRule, &hungLaterRule, &userRule, &unhealthyRule, &takenCodeRule,
	&succeededRule, &exitedRule, &startedRule, &bareRule, &unpulledRule, &notFoundRule, &resourceConfigRule, &laterRule, &vagueRule, &callerRule, &unknownRule,
}
