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
			"draining state", "instance draining", "deregistration forced", "scaling activity initiated", "task retirement", "instance terminated", "instance stopped",
			"termination notice", "underlying infrastructure", "underlying host",
		},
		Rules: []Rule{{
			Name:  "taken",
			Class: Interrupted,
			Why:   "the infrastructure took the task away: Spot, maintenance, scaling or a lost host",
		}},
	},
	{
		Title:  "Stopped by a person",
		Life:   "any time",
		Begins: []string{"task stopped by", "stopped by", "user initiated", "userinitiated", "stopped via"},
		Rules: []Rule{{
			Name:  "user-said",
			Class: StoppedByUser,
			Why:   "the reason is one that a person or a program gave when stopping the task",
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
		Why: "the task has not ended, so there is nothing to judge yet; a stop code or reason that it already shows is an announcement",
	}
	askedPersonRule = Rule{
		Name: "asked-by-person", Class: StoppedByUser,
		Why: "a person asked for this stop",
	}
	timedOutRule = Rule{
		Name: RuleTimedOut, Class: AppFailed,
		Why: "the task ran longer than its job allows and was stopped",
	}
	endedLateRule = Rule{
		Name: RuleEndedLate, Class: AppFailed, Useless: true,
		Why: "the job ended by itself with exit code 0, but after its limit, when it had been asked to stop",
	}
	hungRule = Rule{
		Name: RuleHung, Class: Retry,
		Why: "the task was stuck in PROVISIONING, where nothing has been pulled or started",
	}
	hungLaterRule = Rule{
		Name: "hung-may-have-run", Class: AppFailed,
		Why: "the task was not running in time, but it was past PROVISIONING and a process may have run",
	}
	userRule = Rule{
		Name: "user-initiated", Class: StoppedByUser,
		Why: "a person or a program stopped the task",
	}
	takenCodeRule = Rule{
		Name: "interrupted", Class: Interrupted,
		Why: "the infrastructure or the scheduler took the task away",
	}
	unhealthyRule = Rule{
		Name: "unhealthy", Class: AppFailed,
		Why: "the task ran and failed its health checks",
	}
	succeededRule = Rule{
		Name: "exit-zero", Class: Succeeded,
		Why: "the job's container ended with exit code 0",
	}
	exitedRule = Rule{
		Name: RuleExited, Class: AppFailed,
		Why: "a container ended, and its exit code is not 0 or was not reported",
	}
	startedRule = Rule{
		Name: "started-after-all", Class: AppFailed,
		Why: "whatever the reason says, the stop shows that a process ran",
	}
	bareRule = Rule{
		Name: "no-cause", Class: Ambiguous,
		Why: "ECS says only that the task failed to start, which proves nothing",
	}
	unpulledRule = Rule{
		Name: "not-pulled", Class: Ambiguous,
		Why: "ECS stopped the task before it pulled the image, and does not say why",
	}
	notFoundRule = Rule{
		Name: "task-not-found", Class: Ambiguous,
		Why: "ECS does not know this task: it is only just launched, or it stopped over an hour ago, however it ended",
	}
	resourceConfigRule = Rule{
		Name: "resource-wrong", Class: Config,
		Why: "something the task needs is missing, not allowed or wrong",
	}
	unknownRule = Rule{
		Name: "unknown", Class: Ambiguous,
		Why: "this version does not know the reason, so a process may have run",
	}
	laterRule = Rule{
		Name: "later-time", Class: AppFailed,
		Why: "the reason looks like a failure to start, but speaks of a later time, when a process may have run",
	}
	vagueRule = Rule{
		Name: "not-precise", Class: Ambiguous,
		Why: "the reason names a part of the task, but not what failed or when, so a process may have run",
	}
	callerRule = Rule{
		Name: "caller-words", Class: StoppedByUser,
		Why: "the reason is in nobody's known words; StopTask shows the words its caller gave",
	}
)

// structural lists these rules in the order in which Classify tries them.
var structural = []*Rule{
	&notStoppedRule, &askedPersonRule, &timedOutRule, &endedLateRule, &hungRule, &hungLaterRule, &userRule, &unhealthyRule, &takenCodeRule,
	&succeededRule, &exitedRule, &startedRule, &bareRule, &unpulledRule, &notFoundRule, &resourceConfigRule, &laterRule, &vagueRule, &callerRule, &unknownRule,
}
