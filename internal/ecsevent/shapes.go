package ecsevent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/stop"
)

// maxDepth is how deeply a document may be nested in what carries it. An event in an SNS message
// in an SQS message in a batch is at depth 8.
const maxDepth = 16

// ParseAll reads all documents in whatever people have at hand, one for each task and each
// refusal. Beside the documents of Parse it accepts
//   - an answer of RunTask or of DescribeTasks, whole, and arrays of documents
//   - parts of it as --query prints them, under the names in projection.go, and the containers of one task alone
//   - what Python prints of them, and lines of text that end with it
//   - what carries an event: an SNS message, SQS messages, a batch of records of
//     Lambda, Kinesis or Firehose, log events and their subscription, packed or not,
//     results of Logs Insights, an asynchronous invocation's record
//   - entries of PutEvents, whose source cannot be ECS
//   - a CloudTrail record of RunTask or StopTask, alone, as an event, in a file or as LookupEvents gives it
//   - Step Functions' Error and Cause, also in an execution or its history
//   - an error answer of the ECS API, as it is and as SDKs print it, also in a line of a structured log
//
// errs names what cannot be read, by its place. The documents beside it are still returned.
func ParseAll(data []byte) (docs []Document, errs []error) {
	f := &finder{}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		f.fail("", errors.New("want an object, it is empty"))
		return nil, f.errs
	}
	f.find("", data, note{})
	return f.docs, f.errs
}

// finder collects documents.
type finder struct {
	docs []Document
	errs []error
}

// note is what the objects around a document say about it.
type note struct {
	id         string
	definition []stop.Defined
	container  string
	depth      int
}

func (f *finder) fail(path string, err error) {
	f.errs = append(f.errs, fmt.Errorf("reading an ECS document: %s: %w", orDocument(path), err))
}

// shape is a kind of object, recognised by its keys.
type shape struct {
	keys []string
	open func(f *finder, o object, n note)
}

// shapes are tried in order: first the documents themselves, then what carries one.
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
		{[]string{"$fault", "message"}, (*finder).exception},
		{[]string{"errorType", "errorMessage"}, (*finder).exception},
		{[]string{"errorCode", "errorMessage"}, (*finder).exception},
		{[]string{"records"}, in("records")},
		{[]string{"messages"}, in("messages")},
		{[]string{"entries"}, in("entries")},
		{[]string{"events"}, (*finder).history},
		{[]string{"logEvents"}, in("logEvents")},
		{[]string{"results"}, (*finder).results},
		{[]string{"requestPayload"}, in("requestPayload")},
		{[]string{"body"}, (*finder).body},
		{[]string{"awslogs"}, in("awslogs")},
		{[]string{"@message"}, in("@message")},
		{[]string{"message"}, (*finder).message},
		{[]string{"data"}, (*finder).data},
		{[]string{"event"}, in("event")},
		{[]string{"taskFailedEventDetails"}, in("taskFailedEventDetails")},
		{[]string{"taskSubmitFailedEventDetails"}, in("taskSubmitFailedEventDetails")},
		{[]string{"taskStartFailedEventDetails"}, in("taskStartFailedEventDetails")},
		{[]string{"executionFailedEventDetails"}, in("executionFailedEventDetails")},
		{[]string{"cause"}, (*finder).cause},
		{[]string{"error"}, (*finder).cause},
	}
}

// in opens a shape whose documents are under a key.
func in(key string) func(*finder, object, note) {
	return func(f *finder, o object, n note) { f.find(o.at(key), o.raw(key), n) }
}

// find opens whatever is at path.
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
	if f.containers(path, items, n) {
		return
	}
	for i, item := range items {
		f.find(fmt.Sprintf("%s[%d]", orDocument(path), i), item, n)
	}
}

// containers reads a list of a task's containers, if it is one.
func (f *finder) containers(path string, items []json.RawMessage, n note) bool {
	var err error
	list := make([]object, 0, len(items))
	for i, item := range items {
		o := open(fmt.Sprintf("%s[%d]", orDocument(path), i), item, &err)
		if err != nil || !isContainer(o) {
			return false
		}
		list = append(list, o)
	}
	if len(list) == 0 {
		return false
	}
	f.keep(ofContainers(list), list[0], n)
	if err != nil {
		f.errs = append(f.errs, reading(err))
	}
	return true
}

// text opens a document that is encoded as a string.
func (f *finder) text(path string, raw json.RawMessage, n note) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		f.fail(path, notObject(raw, err))
		return
	}
	inner := strings.TrimSpace(s)
	begins := inner != "" && strings.ContainsRune(`{["`, rune(inner[0]))
	switch {
	case begins && json.Valid([]byte(inner)):
		f.find(path, json.RawMessage(inner), n)
	case f.printed(inner, n), f.python(path, inner, n):
	case begins:
		f.fail(path, errors.New("want an ECS document, it is JSON that is cut off or broken"))
	default:
		f.fail(path, errors.New("want an ECS document, it is text that is not JSON"))
	}
}

func (f *finder) object(path string, raw json.RawMessage, n note) {
	f.one(path, raw, func(o object) {
		n := n.with(o)
		if isContainer(o) {
			f.keep(ofContainers([]object{o}), o, n)
			return
		}
		for _, s := range shapes() {
			if o.hasAll(s.keys) {
				s.open(f, o, n)
				return
			}
		}
		if e, ok := o.caught(); ok {
			f.cause(e, n)
			return
		}
		if !f.logged(o, n) {
			f.leaf(o, n)
		}
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

// with adds what an object says about the documents in it.
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
