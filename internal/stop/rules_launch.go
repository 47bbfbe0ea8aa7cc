package stop

import (
	"slices"
	"sync"
)

// Names that the launcher refers to.
const (
	ruleCapacity     = "capacity"
	ruleRunningLimit = "running-limit"
	ruleServiceQuota = "launch-service-quota"
	ruleThrottled    = "launch-throttled"
	RuleConflict     = "launch-conflict"
	RuleInactive     = "launch-inactive"
)

// Error codes in lower case. Each is an answer of the service that launched nothing, except for
// conflict (a task exists) and broke (nobody knows).
var (
	throttleCodes = []string{
		"throttlingexception", "throttling", "throttledexception", "requestlimitexceeded", "toomanyrequestsexception",
		"requestthrottled", "requestthrottledexception", "requestthrottlingexception", "bandwidthlimitexceeded",
		"priorrequestnotcomplete", "slowdown", "ec2throttledexception",
	}
	conflictCodes = []string{"conflictexception"}
	refusalCodes  = []string{
		"accessdeniedexception", "accessdenied", "unauthorizedoperation", "unauthorizedexception", "notauthorized", "authfailure", "blockedexception",
		"clusternotfoundexception", "invalidparameterexception", "invalidparametervalue", "invalidparametercombination", "validationexception", "validationerror",
		"platformtaskdefinitionincompatibilityexception", "platformunknownexception",
		"unsupportedfeatureexception", "unrecognizedclientexception", "invalidclienttokenid", "invalidsignatureexception",
		"signaturedoesnotmatch", "incompletesignature", "incompletesignatureexception", "missingauthenticationtoken",
		"missingauthenticationtokenexception", "optinrequired", "subscriptionrequiredexception", "unknownoperationexception", "invalidaction", "resourcenotfoundexception",
		"targetnotfoundexception", "servicenotfoundexception", "notfoundexception", "missingparameter",
	}
	unclearCodes = []string{
		"clientexception", "limitexceededexception", "servicequotaexceededexception", "expiredtokenexception", "expiredtoken",
		"requestexpired", "resourceinuseexception", "updateinprogressexception",
	}
	brokeCodes = []string{
		"serverexception", "serviceexception", "internalfailure", "internalerror", "internalservererror", "internalserverexception",
		"serviceunavailable", "serviceunavailableexception", "requesterror", "requestcanceled", "requesttimeout",
		"requesttimeoutexception", "sdkclientexception", "amazonclientexception", "serializationerror", "responsetimeout",
		"connecttimeouterror", "readtimeouterror", "endpointconnectionerror", "connectionclosederror", "httpclienterror", "timeouterror",
		"apicalltimeoutexception", "apicallattempttimeoutexception", "responseparsererror",
	}
)

// unsent are words of a client that got no answer, or the status of an answer that leaves it open.
var unsent = stems{
	"status code: 5", "statuscode: 5",
	"send request failed", "request send failed", "context deadline exceeded", "request canceled", "context canceled", "request context",
	"connection reset", "could not connect to the endpoint", "read timeout on endpoint", "connect timeout on endpoint", "connection was closed before",
	"connection broken", "broken pipe", "unexpected eof", "tls handshake", "client.timeout", "deserialization failed",
}

// launchFamily is built on first use, not at every start of a process.
var launchFamily = sync.OnceValue(func() *Family {
	return &Family{
		Title: "RunTask refused, failed or did not answer",
		Life:  "a refusal and an entry of failures[] launch nothing; a server error or a lost answer leaves it open",
		Rules: slices.Concat(launchRules, launchPlacement(), otherLaunchRules),
	}
})

// launchRules end with launch-lost.
var launchRules = []Rule{
	{
		Name:  RuleConflict,
		Match: Match{Codes: conflictCodes},
		Class: Config,
		Why:   "the client token was already used for another request: its task exists and must be adopted, not launched again",
	},
	{
		Name:  "launch-no-answer",
		Match: Match{Codes: brokeCodes},
		Class: Ambiguous,
		Why:   "ECS failed or its answer was lost: the task may have been launched, only the same client token may be sent again",
	},
	{
		Name:  ruleThrottled,
		Match: Match{Codes: throttleCodes},
		Class: Retry,
		Why:   "the API's rate limit refused the request; nothing was launched",
	},
	{
		Name:  ruleThrottledEC2,
		Match: Match{Any: []stems{{"throttl", "rate exceeded", "requestlimitexceeded", "request limit exceeded", "too many requests"}}},
		Class: Retry,
		Why:   "the rate limit of a call that ECS makes to EC2 was reached",
	},
	{
		Name:  RuleInactive,
		Match: Match{Any: []stems{{"is inactive", "task definition inactive"}}, Not: []stems{{"cluster"}}},
		Class: Config,
		Why:   "this revision of the task definition was deregistered",
	},
	{
		Name: ruleLaunchRunningLimit,
		Match: Match{Any: []stems{{
			"limit on the number", "vcpulimit", "maxspotinstancecount", "instancelimitexceeded", "number of tasks in provisioning", "provisioning state", "provisioning capacity limit", "limit on tasks", "tasks in the provisioning",
		}, vcpus}},
		Class: Retry,
		Why:   "a limit on running or provisioning tasks is reached; later some will have ended",
	},
	{
		Name:  "launch-above-limit",
		Match: Match{Any: []stems{{aboveLimit}}},
		Class: Ambiguous,
		Why:   "the task asks for more cpu or memory than a quota of the account leaves: ask AWS for more, or ask for less, unless other tasks use it up now",
	},
	{
		Name:  ruleServiceQuota,
		Match: Match{Codes: []string{"servicequotaexceededexception", "limitexceededexception"}},
		Class: Retry,
		Why:   "a quota of the account is used up: of RunTask's, those on what runs at once; later some of it will be free",
	},
	{
		Name:  "launch-" + ruleCapacity,
		Match: Match{Any: []stems{{"resource:fargate", "unfulfillablecapacity"}, capacityFamily.Begins, capacityFamily.Has, capacityFamily.Vague}, Not: []stems{{"capacity provider", "capacity is set"}}},
		Class: Retry,
		Why:   "there was no capacity for the task at this moment",
	},
	{
		Name:  "launch-ec2-unreachable",
		Match: Match{Any: []stems{{"error retrieving"}}, With: []stems{{"temporarily"}, network, busy}, Not: []stems{unable}},
		Class: Retry,
		Why:   "ECS itself could not reach EC2, which passes",
	},
	{
		Name:  "launch-lost",
		Match: Match{Any: []stems{unsent, {"unable to execute http request"}}},
		Class: Ambiguous,
		Why:   "the answer of RunTask was lost: the task may have been launched, only the same client token may be sent again",
	},
}

// otherLaunchRules are tried after the placement rules.
var otherLaunchRules = []Rule{
	{
		Name:  "launch-no-instances",
		Match: Match{Any: []stems{{"no container instances were found"}}},
		Class: Ambiguous,
		Why:   "the cluster has no container instance: it may be booting, or the launch type is wrong",
	},
	{
		Name:  "launch-service-role",
		Match: Match{Any: []stems{{"service linked role"}}},
		Class: Config,
		Why:   "ECS cannot use its own role: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com makes it, or it was made only moments ago; then the next start works",
	},
	{
		Name:  "launch-role-not-assumed",
		Match: Match{Any: []stems{{"unable to assume"}}},
		Class: Config,
		Why:   notAssumed,
	},
	{
		Name:  "launch-refused",
		Match: Match{Any: []stems{{"unable to describe task def", "does not appear to belong", "not belong to", "is blocked", "was blocked", "currently blocked", "no fargate configuration", "is not a container", "must specify", "must provide", "must be", "must have", "must match", "cluster was inactive", "does not have", "do not match", "does not match", " requires ", "cannot be", "can't be"}, denied, missing, invalid}, Not: []stems{{"usually caused by a client action"}}},
		Class: Config,
		Why:   "the request names something that does not exist, is not allowed or does not fit",
	},
	{
		Name:  "launch-refused-code",
		Match: Match{Codes: refusalCodes},
		Class: Config,
		Why:   "ECS refused the request as it is; the message says what to mend",
	},
	{
		Name:  "launch-refused-unclear",
		Match: Match{Codes: unclearCodes},
		Class: Ambiguous,
		Why:   "ECS refused the request with an error that can also mean a limit which passes; nothing was launched",
	},
	{
		Name:  "launch-failure-unknown",
		Match: Match{Failure: true},
		Class: Ambiguous,
		Why:   "RunTask launched nothing, for a reason this version does not know",
	},
	{
		Name:  "launch-unknown",
		Class: Ambiguous,
		Why:   "RunTask failed in a way this version does not know: the task may have been launched",
	},
}

// launchPlacement returns the placement rules for the answers of RunTask. They apply only to
// failures[] and match only their own words. There they say a little more than in a stopped task,
// for which a capacity provider had waited in vain.
func launchPlacement() []Rule {
	rules := slices.Clone(placementFamily.Rules)
	for i := range rules {
		r := &rules[i]
		if r.Name == placementResource {
			r.Class = Retry
		}
		r.Name, r.Match.Failure = "launch-"+r.Name, true
		if r.Match.Any == nil {
			r.Match.Any = []stems{{"attribute", "location", "memberof", "inactive"}}
		}
	}
	return rules
}
