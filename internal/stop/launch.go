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
	kind := kindOf(s, &t, code)
	if notFound(s, &t, kind) {
		return verdict(&notFoundRule, Unknown)
	}
	f := launchFamily()
	lost := &f.Rules[len(launchRules)-1]
	started := launched(&t, kind, code)
	if started == No { // a refusal may quote an answer that ECS itself did not get
		t.holds.drop(lost.Match.any)
	}
	r := f.rule(&t, kind, code)
	switch {
	case started != Unknown || r.Class != Retry:
	case hasNoAnswer.in(&t):
		r = lost
	case code == "": // the text is a refusal's
		started = No
	}
	return verdict(r, started)
}

// kindOf returns the kind of an answer. Step Functions makes an error of an entry of failures[].
func kindOf(s *Stop, t *text, code string) Kind {
	if code == "" && t.known() {
		return LaunchFailure
	}
	return s.Kind
}

// answer fills t from the words of RunTask.
func (t *text) answer(s string) {
	t.normalise(s)
	t.find(ofLaunches())
}

// notFound reports whether a failure is the answer of DescribeTasks or a similar call for
// something that ECS does not know. RunTask's own failures name container instances.
func notFound(s *Stop, t *text, kind Kind) bool {
	return kind == LaunchFailure && (strings.Contains(s.ARN, ":task/") || (t.is(missingTask) && !strings.Contains(s.ARN, ":container-instance/")))
}

var missingTask = []string{"missing"}

// known reports whether a failure's reason alone is in the scheduler's words.
func (t *text) known() bool { return t.is(placementFamily.Is) || t.beginsAny(placementFamily.Begins) }

// launched answers whether RunTask may have launched the task. An entry of failures[] or a
// refused request did not; a conflict says that a task with this client token exists.
func launched(t *text, kind Kind, code string) Answer {
	switch {
	case kind == LaunchFailure:
		return No
	case slices.Contains(conflictCodes, code):
		return Yes
	case slices.Contains(brokeCodes, code):
		return Unknown
	case refuses(code):
		return No
	case !hasNoAnswer.in(t) && hasRefusal.in(t): // the status is a refusal's
		return No
	}
	return Unknown
}

// refuses reports whether an error's code says that ECS refused the request.
func refuses(code string) bool {
	return slices.Contains(refusalCodes, code) || slices.Contains(unclearCodes, code) || slices.Contains(throttleCodes, code)
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
	code := shortCode(word)
	return strings.HasSuffix(word, "exception") || strings.HasSuffix(word, "error") || refuses(code) || slices.Contains(brokeCodes, code)
}

// shortCode drops a namespace, and the address that may follow a code on the wire:
// "com.amazonaws.ecs#ClientException", "Aws::ECS::Errors::ClientException",
// "ClientException:http://internal.amazon.com/coral/"
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func shortCode(code string) string {
	code, _, _ = strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(code)), "::", "."), ":")
	return code[strings.LastIndexAny(code, "#.")+1:]
}
