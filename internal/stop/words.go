package stop

// Fragments that several families share. They are stems, because ECS may cut a text at any place.
var (
	// denied: a permission, a key or a role is wrong.
	denied = stems{
		"denied", "accessden", "access den", "not authoriz", "unauthorized", "unauthorised", "forbidden",
		"no basic auth", "nocredentialprov", "authentication required", "authorization failed", "insufficient_scope", "operation not permitted", "policyviolation",
		"docker login", "permission", "assume role", "assume the role", "unrecognizedclient",
		"disabledexception", "is disabled", "decryptionfail", "can't decrypt", "cannot decrypt", "failed to decrypt", "unable to decrypt", "kmsinvalidstate", "pending deletion", "pending import",
		"marked for deletion", "marked deleted", "scheduled for deletion", "code: 403", "code: 401", "http 403", "http 401",
	}
	// missing: something named does not exist.
	missing = stems{
		"not fou", "notfou", "resourcenotf", "not exist", "n't exist",
		"can't find", "cannot find", "could not find", "couldn't find", "unable to find",
		"be found", "whether the secret exist", "whether the parameter exist", "whether the image exist", "whether the log group exist", "manifest unknown", "manifest_unknown",
		"name unknown", "name_unknown", "not known to registry", "no such file", "no such image",
		"no such object", "nosuchkey", "nosuchbucket", "no longer exist", "(404)", "code: 404", "http 404",
	}
	// invalid: something is written incorrectly or cannot work here.
	invalid = stems{
		"invalid", "validation", "malformed", "is required", "are required", "required option", "not support",
		"unsupported", "not valid", "unknown log opt", "no matching manifest", "matching platform",
		"no match for platform", "json key", "must be a valid", "must be between", "unmarshal",
		"failed to parse", "unable to parse", "cannot parse", "not enabled", "x509",
		"incompatible", "cannot be used on", "no such plugin", "unknown runtime", "no matching entries",
		"normalize image", "descriptor for platform",
	}
	// malformed: an image was built or pushed in a form that no pull can unpack.
	malformed = stems{
		"diffid", "diff id", "mismatched image rootfs", "media type", "mediatype", "media-type", "stream processor", "not have any layers", "max depth exceeded", "not match the specified platform",
		"manifest schema", "schema version",
	}
	// busy: an AWS service was overloaded or out of order.
	busy = stems{
		"throttl", "rate exceeded", "rate limit exceeded", "requestlimitexceeded", "request limit exceeded",
		"internalserver", "internal server error", "internalfailure", "internal failure", "internalservice",
		"internal service error", "internal error", "service unavailable", "serviceunavailable",
		"service is unavailable", "errorcode: unavailable", "bad gateway", "gateway time", "slowdown", "code: 500", "code: 502", "code: 503", "code: 504",
		"http 500", "http 502", "http 503", "http 504",
	}
	// garbled: the answer was not in the service's form, mostly a page of HTML from an overloaded
	// service or from something in between. What a decoder finds invalid in it was written by nobody.
	garbled = stems{"response body", "token response", "unmarshalling content", "deserialization failed", "serializationerror"}
	// network: there was no answer, or none in time.
	network = stems{
		"i/o time", "timeout", "timed out", "deadline exceeded", "connection issue", "network configuration",
		"network connect", "connection refused", "connection reset", "no route to host", "unreachable",
		"no such host", "request canceled", "requestcanceled", "context canceled", "tls handshake",
		"unexpected eof", ": eof", clientConnection, "request send failed", "send request failed", "dial tcp", "signal: killed",
	}
	// unable are fragments that decide even beside a "connection issue".
	unable = stems{"accessden", "not authoriz", "resourcenotf", "does not exist", "unauthorized"}
	// later are words about the time after a start. A text that contains one of them proves
	// nothing, however it begins.
	later = stems{
		"reclaim", "detach", "interrupt", "evict", "preempt", "drain", "lost", "crash", "stopped", "was killed", "impaired", "released", "replaced", "retired",
		"restart", "removed", "deleted by", "was deleted", "interface deleted", "delete network", "delete the network", "deleting", "disconnect",
		"deprovision", "clean up", "cleanup of", "cleanup fail", "cleanup cgroup", "during cleanup", "after cleanup", "to remove", "error removing", "cgroup remove", "tear down", "teardown", "unmount", "remount", "volume snapshot", "still trying", "to continue", "keep running", "during execution",
		"while the task", "while the container", "while a container", "while container",
		"was running", "were running", "is running", "are running", "been running", "while running", "running container", "running task",
		"after start", "after the start", "after container", "after the container", "after the task", "after a container",
		"container start", "containers start", "container was start", "containers were start", "task start", "task was start",
		"has started", "have started", "had started", "already started", "a started", "exceeded by", "usage exceeded", "exited", "shut down", "shutdown",
		"became un", "terminated", "stopping", "exit code", "sigterm", "sigkill", "ended with", "completed", "finished", "rolled back", "deregist", "scaling activity",
		"task ran", "had run", "has run", "container ran", "process ran", "was healthy",
	}
	// memory and health: a container ran, and was not well.
	memory = stems{"outofmemory", "out of memory", "out-of-memory", "memory usage", "oomkill", "oom kill"}
	health = stems{"health check", "healthcheck", "unhealthy"}
	// theirs are words of ECS that a person who stops a task is unlikely to write.
	theirs = stems{
		"container", "instance", "internal error", "unable to", "(service", "ephemeral", "fargate", "volume", "interface", "capacity", "agent",
	}
	// quotas are words for quotas of AWS that a person may have to raise.
	quotas = stems{
		"limitexceeded", "limit exceeded", "quota", "exceeded your maximum", "exceeded the maximum",
		"maximum number of", "toomany",
	}
	// broken: the image or its command cannot run.
	broken = stems{
		"exec format", "executable file not f", "no such file", "not a directory", "is a directory",
		"no command specified", "exec user process", "cannot run executable",
	}
	// vcpus: a quota on what runs at once, in words other than those that AWS documents.
	vcpus = stems{"vcpus you can run", "vcpus that you can run", "vcpu limit", "vcpu quota", "vcpu resource count"}
)
