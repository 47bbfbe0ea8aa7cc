package ecsevent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/stop"
)

// maxDepth is how deep documents may lie in what carries them. An event in an
// SNS message in an SQS message in a batch is at 8.
const maxDepth = 16

// ParseAll reads all documents in what people have at hand, one for each task
// and each refusal. Beside the documents of Parse it takes
//   - an answer of RunTask or of DescribeTasks, whole, and arrays of documents
//   - what carries an event: an SNS message, SQS messages, a batch of records of
//     Lambda, Kinesis or Firehose, log events, an asynchronous invocation's record
//   - entries of PutEvents, whose source cannot be ECS's
//   - a CloudTrail record of RunTask, alone, as an event, in a file or as LookupEvents gives it
//   - Step Functions' Error and Cause, also in an execution or its history
//   - an error answer of the ECS API
//
// What cannot be read is in errs, by its place; the documents beside it are given.
func ParseAll(data []byte) (docs []Document, errs []error) {
	f := &finder{}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		f.fail("", errors.New("want an object, it is empty"))
		return nil, f.errs
	}
	f.find("", data, note{})
	return f.docs, f.errs
}

// finder gathers documents.
type finder struct {
	docs []Document
	errs []error
}

// note is what is said around a document of what lies in it.
type note struct {
	id         string
	definition []stop.Defined
	container  string
	depth      int
}

func (f *finder) fail(path string, err error) {
	f.errs = append(f.errs, fmt.Errorf("reading an ECS document: %s: %w", orDocument(path), err))
}

// shape is a kind of object, by keys that it has.
type shape struct {
	keys []string
	open func(f *finder, o object, n note)
}

// shapes are tried in order: first what is a document, then what carries one.
func shapes() []shape {
	return []shape{
		{[]string{"runTaskFailure"}, (*finder).leaf},
		{[]string{"runTaskException"}, (*finder).leaf},
		{[]string{"task"}, (*finder).leaf},
		{[]string{"tasks"}, (*finder).answer},
		{[]string{"failures"}, (*finder).answer},
		{[]string{"detailType", "detail"}, (*finder).entry},
		{[]string{"detail-type"}, (*finder).event},
		{[]string{"detail"}, (*finder).leaf},
		{[]string{"lastStatus"}, (*finder).leaf},
		{[]string{"stopCode"}, (*finder).leaf},
		{[]string{"stoppedReason"}, (*finder).leaf},
		{[]string{"containers"}, (*finder).leaf},
		{[]string{"taskArn"}, (*finder).leaf},
		{[]string{"kind"}, (*finder).leaf},
		{[]string{"cloudTrailEvent"}, in("cloudTrailEvent")},
		{[]string{"kinesis"}, in("kinesis")},
		{[]string{"eventSource", "eventName"}, (*finder).trail},
		{[]string{"sns"}, in("sns")},
		{[]string{"__type"}, (*finder).exception},
		{[]string{"code", "message"}, (*finder).exception},
		{[]string{"records"}, in("records")},
		{[]string{"messages"}, in("messages")},
		{[]string{"entries"}, in("entries")},
		{[]string{"events"}, (*finder).history},
		{[]string{"logEvents"}, in("logEvents")},
		{[]string{"requestPayload"}, in("requestPayload")},
		{[]string{"body"}, in("body")},
		{[]string{"message"}, in("message")},
		{[]string{"data"}, (*finder).data},
		{[]string{"event"}, in("event")},
		{[]string{"taskFailedEventDetails"}, in("taskFailedEventDetails")},
		{[]string{"executionFailedEventDetails"}, in("executionFailedEventDetails")},
		{[]string{"cause"}, (*finder).cause},
		{[]string{"error"}, (*finder).cause},
	}
}

// in opens a shape whose documents lie under a key.
func in(key string) func(*finder, object, note) {
	return func(f *finder, o object, n note) { f.find(o.at(key), o.raw(key), n) }
}

// find opens whatever stands at path.
func (f *finder) find(path string, raw json.RawMessage, n note) {
	n.depth++
	switch {
	case n.depth > maxDepth:
		f.fail(path, fmt.Errorf("what carries it is nested deeper than %d", maxDepth))
	case len(raw) > 0 && raw[0] == '[':
		f.list(path, raw, n)
	case len(raw) > 0 && raw[0] == '"':
		f.text(path, raw, n)
	default:
		f.object(path, raw, n)
	}
}

func (f *finder) list(path string, raw json.RawMessage, n note) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		f.fail(path, notObject(raw, err))
		return
	}
	if len(items) == 0 {
		f.fail(path, errors.New("want a document, the list is empty"))
	}
	for i, item := range items {
		f.find(fmt.Sprintf("%s[%d]", orDocument(path), i), item, n)
	}
}

// text opens a document that was written into a string.
func (f *finder) text(path string, raw json.RawMessage, n note) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		f.fail(path, notObject(raw, err))
		return
	}
	inner := strings.TrimSpace(s)
	switch {
	case inner == "" || !strings.ContainsRune(`{["`, rune(inner[0])):
		f.fail(path, errors.New("want an ECS document, it is text that is not JSON"))
	case !json.Valid([]byte(inner)):
		f.fail(path, errors.New("want an ECS document, it is JSON that is cut off or broken"))
	default:
		f.find(path, json.RawMessage(inner), n)
	}
}

func (f *finder) object(path string, raw json.RawMessage, n note) {
	f.one(path, raw, func(o object) {
		n := n.with(o)
		for _, s := range shapes() {
			if o.hasAll(s.keys) {
				s.open(f, o, n)
				return
			}
		}
		f.leaf(o, n)
	})
}

// one reads an object and keeps the first error in it.
func (f *finder) one(path string, raw json.RawMessage, open func(object)) {
	var err error
	o := read(path, raw, &err)
	if err == nil {
		open(o)
	}
	if err != nil {
		f.errs = append(f.errs, reading(err))
	}
}

func reading(err error) error { return fmt.Errorf("reading an ECS document: %w", err) }

// with adds what an object says of the documents in it.
func (n note) with(o object) note {
	for _, key := range []string{"messageId", "eventId", "id"} {
		if o.has(key) {
			n.id = id(o.raw(key))
		}
	}
	if o.has("definition") {
		n.definition = definition(o)
	}
	if o.has("container") {
		n.container = containerName(o)
	}
	return n
}

// keep adds a document, unless reading it failed.
func (f *finder) keep(d Document, o object, n note) {
	if *o.err == nil {
		*o.err = d.foreign()
	}
	if *o.err != nil {
		return
	}
	if d.ID == "" {
		d.ID = n.id
	}
	if d.Definition == nil {
		d.Definition = n.definition
	}
	if d.Container == "" {
		d.Container = n.container
	}
	f.docs = append(f.docs, d)
}

// leaf reads an object that is a document itself.
func (f *finder) leaf(o object, n note) { f.keep(parse(o), o, n) }

// answer reads an answer of RunTask or DescribeTasks: each task, each failure.
func (f *finder) answer(o object, n note) {
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

// event reads an event of EventBridge.
func (f *finder) event(o object, n note) {
	switch o.text("detail-type") {
	case "AWS API Call via CloudTrail", "Step Functions Execution Status Change":
		f.find(o.at("detail"), o.raw("detail"), n)
	default:
		f.leaf(o, n)
	}
}

// entry reads an entry of PutEvents: its detail is text, and its source is not
// ECS's, for nobody else may use that.
func (f *finder) entry(o object, n note) {
	kind := o.text("detailType")
	if kind != DetailType && *o.err == nil {
		*o.err = fmt.Errorf("%w: source %q, detail-type %q", ErrForeign, o.text("source"), kind)
		return
	}
	f.find(o.at("detail"), o.raw("detail"), n)
}

// trail reads a CloudTrail record, the only trace of a launch that was refused
// to somebody else.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func (f *finder) trail(o object, n note) {
	source, name := o.text("eventSource"), o.text("eventName")
	switch {
	case *o.err != nil:
	case source != "ecs.amazonaws.com" || (name != "RunTask" && name != "StartTask"):
		*o.err = fmt.Errorf("%w nor a launch: a record of %q by %q", ErrForeign, name, source)
	case o.has("errorCode"):
		f.keep(refusal(o.text("errorCode"), o.text("errorMessage")), o, n)
	case !o.has("responseElements"):
		o.fail("responseElements", "RunTask's answer")
	default:
		f.one(o.at("responseElements"), o.raw("responseElements"), func(r object) { f.answer(r, n) })
	}
}

func refusal(code, message string) Document {
	return Document{Kind: stop.LaunchException, Exception: Exception{Code: code, Message: message}}
}

// exception reads an error answer as the API gives it.
func (f *finder) exception(o object, n note) {
	code := o.text("__type")
	if code == "" {
		code = o.text("code")
	}
	f.keep(refusal(code, o.text("message")), o, n)
}

// data reads what Kinesis and Firehose carry, in base64.
func (f *finder) data(o object, n note) {
	text, err := base64.StdEncoding.DecodeString(o.text("data"))
	if err != nil || !json.Valid(text) {
		o.fail("data", "an ECS document in base64")
		return
	}
	f.find(o.at("data"), bytes.TrimSpace(text), n)
}

// history reads the events of an execution of Step Functions, of which those
// that carry no failure are passed over, and one failure is told twice; or
// events of another kind, all.
func (f *finder) history(o object, n note) {
	seen := map[string]bool{}
	for i, raw := range o.items("events") {
		path := fmt.Sprintf("%s[%d]", o.at("events"), i)
		f.one(path, raw, func(e object) {
			switch details := e.object("taskFailedEventDetails"); {
			case !e.has("type") || !e.has("previousEventId"):
				f.find(path, raw, n)
			case e.has("taskFailedEventDetails"), e.has("executionFailedEventDetails"):
				if !e.has("taskFailedEventDetails") {
					details = e.object("executionFailedEventDetails")
				}
				if cause := string(details.raw("cause")); !seen[cause] {
					seen[cause] = true
					f.cause(details, n)
				}
			}
		})
	}
	if *o.err == nil && len(f.docs)+len(f.errs) == 0 {
		*o.err = fmt.Errorf("%s: none of them is the failure of a task", o.at("events"))
	}
}

// cause reads the error of a state of Step Functions: the task as text, or what
// RunTask was refused with.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
func (f *finder) cause(o object, n note) {
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
		f.keep(refusal(code, cause), o, n)
	default:
		*o.err = fmt.Errorf("%s: want an ECS task as JSON, it is other text, of the error %q", o.at("cause"), name)
	}
}
