package ecsevent

import (
	"slices"
	"strings"
)

// Printed finds the launches that ECS refused, as SDKs and the AWS CLI print them, in text that is
// no JSON: lines of a log or of a terminal. It keeps to errors of RunTask and StartTask: an error
// that names another call, or another service, is none. If neither its line nor a stack trace below
// it names a call, the document says so. What is printed again right after, as in the causes of a
// Java exception, counts once.
func Printed(text string) (docs []Document) {
	last, counted := "", false
	text = strings.ReplaceAll(text, "\r", "\n") // as Lambda writes a traceback in one message
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		message, ofClient := printed(line)
		if message = strings.TrimSpace(message); message == "" {
			continue
		}
		launch, named := true, true
		if ofClient {
			launch, named = launchTrace(rest)
		}
		switch again := message == last; {
		case again && counted:
			before := &docs[len(docs)-1]
			before.Unnamed = before.Unnamed && !launch
		case launch, !named && !again:
			d := refusal("", message)
			d.Unnamed, counted = !named, true
			docs = append(docs, d)
		default:
			counted = false
		}
		last = message
	}
	return docs
}

// launches lists the calls that launch a task.
var launches = []string{"RunTask", "StartTask"}

// sdks tells how an error of ECS begins whose call stands right before or behind the mark: in
// Python and the AWS CLI, in Go.
var sdks = []struct{ mark, before, after string }{
	{"An error occurred (", ") when calling the ", " operation"},
	{"operation error ECS: ", "", ","},
}

// clients lists how SDKs that do not name the call mark an error of ECS: Ruby, .NET, both of Java.
var clients = []string{"Aws::ECS::Errors::", "Amazon.ECS.", "(Service: AmazonECS;", "(Service: Ecs,"}

// names lists errors of RunTask that a line begins with where an SDK prints nothing before them
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html).
var names = []string{
	"BlockedException: ", "ClientException: ", "ClusterNotFoundException: ", "InvalidParameterException: ",
	"PlatformTaskDefinitionIncompatibilityException: ", "PlatformUnknownException: ", "ServerException: ", "UnsupportedFeatureException: ",
}

// printed returns the error of ECS in a line from its name on, or "". ofClient reports whether only
// a stack trace can tell of which call it is.
func printed(line string) (message string, ofClient bool) {
	switch at, launch := called(line); {
	case launch:
		return line[at:], false
	case at >= 0:
		return "", false
	}
	for _, mark := range clients {
		if at := strings.Index(line, mark); at >= 0 && !isFrame(line) {
			return fromName(line, at), true
		}
	}
	line = strings.TrimLeft(line, " \t{")
	for _, name := range names {
		if strings.HasPrefix(line, name) {
			return line, true
		}
	}
	return "", false
}

// called returns where in a text an error begins that names its call, or -1, and whether that call
// launches a task.
func called(text string) (at int, launch bool) {
	for _, sdk := range sdks {
		if at := strings.Index(text, sdk.mark); at >= 0 {
			_, call, _ := strings.Cut(text[at+len(sdk.mark):], sdk.before)
			call, _, ok := strings.Cut(call, sdk.after)
			return at, ok && slices.Contains(launches, call)
		}
	}
	return -1, false
}

// fromName returns a line from the name of the error on that stands at or before at, as in
// "10:00 ERROR com.amazonaws.services.ecs.model.ClientException: ...", or with the name first that
// Ruby prints last. It returns a line without a name as it is.
func fromName(line string, at int) string {
	for _, of := range []string{".ecs.model.", "Aws::ECS::Errors::", "Amazon.ECS."} {
		begin := strings.LastIndex(line[:min(len(line), at+len(of))], of)
		if begin < 0 {
			continue
		}
		if _, _, ok := strings.Cut(line[begin:], "Exception: "); ok {
			return line[1+strings.LastIndexAny(line[:begin+1], " \t[("):]
		}
		if name, _, ok := strings.Cut(line[begin:], ")"); ok {
			return name + ": " + strings.TrimRight(line[:begin], " (")
		}
	}
	return line
}

// mostFrames bounds how far a stack trace is read.
const mostFrames = 200

// launchTrace reports whether the stack trace that follows an error shows a launch, and whether it
// shows any call of an ECS client.
func launchTrace(text string) (launch, named bool) {
	for range mostFrames {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		frame := strings.ToLower(line)
		switch {
		case !isFrame(line):
			return false, named
		case !slices.ContainsFunc(frames, func(of string) bool { return strings.Contains(frame, of) }):
		case strings.Contains(frame, "runtask"), strings.Contains(frame, "starttask"), strings.Contains(frame, "run_task"), strings.Contains(frame, "start_task"):
			return true, true
		default:
			named = true
		}
	}
	return false, named
}

// isFrame reports whether a line is one of a stack trace.
func isFrame(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "at ") || strings.HasPrefix(line, "from ") || strings.HasPrefix(line, "...")
}

// frames lists what the frames of ECS clients contain: of both SDKs for Java and of .NET, of Ruby, of JavaScript.
var frames = []string{"ecsclient.", "ecsasyncclient.", "aws-sdk-ecs", "client-ecs/"}

// logged reads the error in a line of a structured log, whatever the field is called that holds it.
func (f *finder) logged(o object, n note) bool {
	for _, field := range o.fields {
		if s, ok := unquoted(field.raw); ok && f.printed(s, n) {
			return true
		}
	}
	return false
}

// printed reads the refused launches in a text.
func (f *finder) printed(text string, n note) bool {
	docs := Printed(text)
	for _, d := range docs {
		d.ID, d.Definition, d.Container = n.id, n.definition, n.container
		f.docs = append(f.docs, d)
	}
	return len(docs) > 0
}

// message opens what carries its document as "message", as a line of a structured log may.
func (f *finder) message(o object, n note) {
	if s, ok := unquoted(o.raw("message")); ok && !strings.HasPrefix(strings.TrimSpace(s), "{") && f.logged(o, n) {
		return
	}
	f.find(o.at("message"), o.raw("message"), n)
}
