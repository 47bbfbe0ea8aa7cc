package ecsevent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/stop"
)

// leaf reads an object that is itself a document.
func (f *finder) leaf(o object, n note) { f.keep(parse(o), o, n) }

// answer reads an answer of RunTask or DescribeTasks: each task, each failure.
func (f *finder) answer(o object, n note) {
	for _, other := range []string{"services", "clusters", "containerInstances", "capacityProviders", "taskSets", "taskDefinitions", "serviceDeployments"} {
		if o.has(other) {
			*o.err = fmt.Errorf("%s: want an answer about tasks, it is one about %s", orDocument(o.path), other)
			return
		}
	}
	tasks, failures := o.items("tasks"), o.items("failures")
	for i, raw := range tasks {
		f.one(fmt.Sprintf("%s[%d]", o.at("tasks"), i), raw, func(t object) {
			f.keep(Document{Kind: stop.Task, Task: bareTask(t)}, t, n)
		})
	}
	for i, raw := range failures {
		f.one(fmt.Sprintf("%s[%d]", o.at("failures"), i), raw, func(x object) {
			f.keep(Document{Kind: stop.LaunchFailure, Failure: failure(x)}, x, n)
		})
	}
	if *o.err == nil && len(tasks)+len(failures) == 0 {
		*o.err = fmt.Errorf("%s: it has no task and no failure, so there is nothing to judge", orDocument(o.path))
	}
}

// event reads an EventBridge event.
func (f *finder) event(o object, n note) {
	switch o.text("detail-type") {
	case "AWS API Call via CloudTrail", "Step Functions Execution Status Change":
		f.find(o.at("detail"), o.raw("detail"), n)
	default:
		if _, packed := unquoted(o.raw("detail")); packed {
			f.entry(o, n)
			return
		}
		f.leaf(o, n)
	}
}

// entry reads an entry of PutEvents, or an event of which something on the way made such an
// entry's form. Its detail is text, and an entry's source is not ECS's, because nobody else may
// use that source.
func (f *finder) entry(o object, n note) {
	kind := cmp.Or(o.text("detailType"), o.text("detail-type"))
	if kind != DetailType && *o.err == nil {
		*o.err = fmt.Errorf("%w: source %q, detail-type %q", ErrForeign, o.text("source"), kind)
		return
	}
	n.id = cmp.Or(id(o.raw("id")), n.id)
	f.find(o.at("detail"), o.raw("detail"), n)
}

// trail reads a CloudTrail record, the only trace of a refused launch that someone else
// requested.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func (f *finder) trail(o object, n note) {
	source, name := o.text("eventSource"), o.text("eventName")
	answer := open(o.at("responseElements"), written(o.raw("responseElements")), o.err)
	switch {
	case *o.err != nil:
	case source == "ecs.amazonaws.com" && name == "StopTask" && answer.has("task"):
		f.keep(Document{Kind: stop.Task, Task: bareTask(answer.object("task"))}, o, n)
	case source != "ecs.amazonaws.com" || (name != "RunTask" && name != "StartTask"):
		*o.err = fmt.Errorf("%w nor a launch: a record of %q by %q", ErrForeign, name, source)
	case o.has("errorCode"):
		f.keep(refusal(o.text("errorCode"), o.text("errorMessage")), o, n)
	case !o.has("responseElements"):
		o.fail("responseElements", "RunTask's answer")
	default:
		f.answer(answer, n)
	}
}

// written returns the JSON that a string holds, because a query of CloudTrail's records returns
// their objects as strings. It returns any other value as it is.
func written(raw json.RawMessage) json.RawMessage {
	if s, ok := unquoted(raw); ok && json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return raw
}

func refusal(code, message string) Document {
	return Document{Kind: stop.LaunchException, Exception: Exception{Code: code, Message: message}}
}

// exception reads an error answer in the API's form, which names no call. An SDK's message may.
func (f *finder) exception(o object, n note) {
	var code, message string
	for _, key := range []string{"__type", "code", "name", "errorType", "errorCode"} {
		if code == "" {
			code = o.text(key)
		}
	}
	for _, key := range []string{"message", "errorMessage"} {
		if message == "" {
			message = o.text(key)
		}
	}
	at, launch := called(message)
	if at >= 0 && !launch && *o.err == nil {
		*o.err = fmt.Errorf("%s: want an answer of RunTask, it is another call's", orDocument(o.path))
	}
	d := refusal(code, message)
	d.Unnamed = at < 0
	f.keep(d, o, n)
}

// results reads the results of Logs Insights: rows of fields, where the message is the document.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ResultField.html
func (f *finder) results(o object, n note) {
	found := len(f.docs) + len(f.errs)
	for i, raw := range o.items("results") {
		var fields []json.RawMessage
		if json.Unmarshal(raw, &fields) != nil {
			*o.err = fmt.Errorf("%s[%d]: want the fields of a row, it is %s", o.at("results"), i, kindOf(raw))
			return
		}
		for j, raw := range fields {
			f.one(fmt.Sprintf("%s[%d][%d]", o.at("results"), i, j), raw, func(field object) {
				if field.text("field") == "@message" {
					f.find(field.at("value"), field.raw("value"), n)
				}
			})
		}
	}
	if *o.err == nil && len(f.docs)+len(f.errs) == found {
		*o.err = fmt.Errorf("%s: none of them has the field @message", o.at("results"))
	}
}

// failed lists the event details of Step Functions that report a failure.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
var failed = []string{"taskFailedEventDetails", "taskSubmitFailedEventDetails", "taskStartFailedEventDetails", "executionFailedEventDetails"}

// history reads the events of a Step Functions execution. It passes over those that carry no end
// of a task, and reads a failure that is reported twice once. If the events are of another kind,
// it reads them all.
func (f *finder) history(o object, n note) {
	seen := map[string]bool{}
	for i, raw := range o.items("events") {
		path := fmt.Sprintf("%s[%d]", o.at("events"), i)
		f.one(path, raw, func(e object) {
			if !e.has("type") || !e.has("previousEventId") {
				f.find(path, raw, n)
				return
			}
			for _, key := range failed {
				details := e.object(key)
				if cause := string(details.raw("cause")); e.has(key) && !seen[cause] {
					seen[cause] = true
					f.cause(details, n)
				}
			}
			if ended := e.object("taskSucceededEventDetails"); ended.text("resource") == "runTask.sync" {
				f.find(ended.at("output"), ended.raw("output"), n)
			}
		})
	}
	if *o.err == nil && len(f.docs)+len(f.errs) == 0 {
		*o.err = fmt.Errorf("%s: none of them is the end of a task", o.at("events"))
	}
}

// anyCall is the service in the errors of any call that Step Functions makes through an AWS SDK. Its own
// integration with ECS launches tasks and nothing else
// (https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html).
const anyCall = "Ecs"

// cause reads the error of a Step Functions state: the task as text, or the error with which
// RunTask was refused.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
func (f *finder) cause(o object, n note) {
	if raw := o.raw("error"); raw != nil && raw[0] == '{' {
		f.find(o.at("error"), raw, n) // from boto3: {"Error": {"Code", "Message"}}
		return
	}
	cause, name := strings.TrimSpace(o.text("cause")), o.text("error")
	service, code, _ := strings.Cut(name, ".")
	switch {
	case *o.err != nil:
	case strings.HasPrefix(cause, "{"):
		f.find(o.at("cause"), o.raw("cause"), n)
	case strings.EqualFold(service, "ECS") || strings.EqualFold(service, "AmazonECS"):
		if !strings.HasSuffix(code, "Exception") || strings.HasSuffix(strings.ToLower(code), "ecsexception") {
			code = "" // it says only that ECS refused; the message says more
		}
		d := refusal(code, cause)
		d.Unnamed = service == anyCall
		f.keep(d, o, n)
	case f.logged(o, n):
	default:
		*o.err = fmt.Errorf("%s: want an ECS task as JSON, it is other text, of the error %q", o.at("cause"), name)
	}
}
