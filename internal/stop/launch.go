package stop

import (
	"cmp"
	"slices"
	"strings"
)

// Names of launch rules that have a counterpart among the rules for tasks.
const (
	ruleThrottledEC2       = "launch-throttled-ec2"
	ruleLaunchCapacity     = "launch-capacity"
	ruleLaunchRunningLimit = "launch-running-limit"
)

// classifyLaunch reads an answer of RunTask.
func classifyLaunch(s *Stop) Verdict {
	var t text
	t.answer(s.Reason)
	code := ""
	if s.Kind == LaunchException {
		if code = t.errorCode(s.ErrorCode); t.lo > 1 {
			t.find(ofLaunches())
		}
	} else if s.Detail != "" && !t.known() {
		t.answer(s.Reason + ": " + s.Detail)
	}
	kind := s.Kind
	if code == "" && t.known() {
		kind = LaunchFailure // Step Functions makes an error of an entry of failures[]
	}
	if kind == LaunchFailure && notFound(s, &t) {
		return verdict(&notFoundRule, Unknown)
	}
	r := launchFamily().rule(&t, kind, code)
	return verdict(r, launched(&t, kind, code, r))
}

// answer fills t from the words of RunTask.
func (t *text) answer(s string) {
	t.normalise(s)
	t.find(ofLaunches())
}

// notFound reports whether a failure is the answer of DescribeTasks or a similar call for
// something that ECS does not know. RunTask's own failures name container instances.
func notFound(s *Stop, t *text) bool {
	return strings.Contains(s.ARN, ":task/") || (t.is(missingTask) && !strings.Contains(s.ARN, ":container-instance/"))
}

var missingTask = []string{"missing"}

// known reports whether a failure's reason alone is in the scheduler's words.
func (t *text) known() bool { return t.is(placementFamily.Is) || t.beginsAny(placementFamily.Begins) }

// launched answers whether RunTask may have launched the task. An entry of failures[] or a
// refused request did not; a conflict says that a task with this client token exists.
func launched(t *text, kind Kind, code string, r *Rule) Answer {
	switch {
	case kind == LaunchFailure:
		return No
	case slices.Contains(conflictCodes, code):
		return Yes
	case slices.Contains(brokeCodes, code):
		return Unknown
	case slices.Contains(refusalCodes, code), slices.Contains(unclearCodes, code), slices.Contains(throttleCodes, code):
		return No
	case hasNoAnswer.in(t):
		return Unknown
	case hasRefusal.in(t), code == "" && r.Class == Retry: // the status, or the text, is a refusal's
		return No
	}
	return Unknown
}

// clientStatus lists how SDKs print the HTTP status of a refused request.
var clientStatus = stems{
	"status code: 400", "statuscode: 400", "status code: 401", "statuscode: 401", "status code: 403", "statuscode: 403",
	"status code: 404", "statuscode: 404", "status code: 429", "statuscode: 429",
}

// wrappers are the names that boto3 and both SDKs for Java give to any error of the service. The
// error's own code may follow.
var wrappers = []string{"clienterror", "ecsexception", "amazonecsexception"}

// errorCode returns the exception's type in lower case, and cuts from t what the client printed
// before the message.
func (t *text) errorCode(given string) string {
	code := shortCode(given)
	t.skip("aws: [error]:")
	for {
		if slices.Contains(wrappers, code) {
			code = ""
		}
		s := string(t.bytes())
		if rest, ok := strings.CutPrefix(s, "an error occurred ("); ok {
			if word, after, ok := strings.Cut(rest, ")"); ok {
				code = cmp.Or(code, shortCode(word))
				t.drop(len(s) - len(after))
				continue
			}
		}
		word, after, ok := strings.Cut(s, ": ")
		if !ok || !codeLike(word) {
			return cmp.Or(code, printedCode(s))
		}
		code = cmp.Or(code, shortCode(word))
		t.drop(len(s) - len(after))
	}
}

// printedCode finds the code where the Go v2 and Java SDKs print it.
func printedCode(s string) string {
	for _, mark := range []string{"api error ", "error code: ", "requestid: "} {
		_, rest, _ := strings.Cut(s, mark)
		if mark == "requestid: " {
			_, rest, _ = strings.Cut(rest, ", ")
		}
		if end := strings.IndexAny(rest, ":;,) "); end > 0 && codeLike(rest[:end]) {
			return shortCode(rest[:end])
		}
	}
	return ""
}

// codeLike reports whether a word looks like an error's type.
func codeLike(word string) bool {
	if strings.ContainsAny(word, " /\"'()[]") {
		return false
	}
	return strings.HasSuffix(word, "exception") || strings.HasSuffix(word, "error") || slices.Contains(throttleCodes, shortCode(word)) ||
		slices.Contains(refusalCodes, shortCode(word)) || slices.Contains(brokeCodes, shortCode(word))
}

// shortCode drops a namespace, and the address that may follow a code on the wire:
// "com.amazonaws.ecs#ClientException", "Aws::ECS::Errors::ClientException",
// "ClientException:http://internal.amazon.com/coral/"
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func shortCode(code string) string {
	code, _, _ = strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(code)), "::", "."), ":")
	return code[strings.LastIndexAny(code, "#.")+1:]
}
