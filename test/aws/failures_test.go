package aws_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/notice"
)

// gaveUp puts into a queue what Lambda puts there after a function has failed on an input three
// times.
func (w *world) gaveUp(t *testing.T, queue, qualifier, payload string) {
	t.Helper()
	record := fmt.Sprintf(`{"version":"1.0","requestContext":{"requestId":"r","functionArn":%q,"condition":"RetriesExhausted","approximateInvokeCount":3},`+
		`"requestPayload":%s,"responsePayload":{"errorMessage":"the table was away"}}`, "arn:aws:lambda:us-east-1:000000000000:function:"+w.resource["Trigger"]+":"+qualifier, payload)
	w.call(t, "sqs", "AmazonSQS.SendMessage", map[string]string{"QueueUrl": w.resource[queue], "MessageBody": record}, nil)
}

// redrives: what was given up is listed with its reason, and is tried again or dropped only by
// people who may ask for runs. A person's request is only dropped.
func redrives(t *testing.T, w *world, reader, operator terminal) {
	t.Helper()
	w.looking.Lock()
	defer w.looking.Unlock()
	w.gaveUp(t, "TriggerFailures", "people", `{"run":"people-report","requestId":"given-up"}`)
	w.gaveUp(t, "TriggerFailures", "people", `{"job":"people-report","scheduledFor":"2026-11-22T02:30:00Z"}`)
	w.gaveUp(t, "OnStoppedFailures", "$LATEST", `{"detail":"none, for people"}`)
	reader.mustNot(t, "lambda:InvokeFunction", "OperatorPolicyArn", "redrive")
	if s := reader.types(t, "status"); s.code != 1 || !regexp.MustCompile(`wrong +[0-9]+ messages? in the queue OnStoppedFailures`).MatchString(s.out) {
		t.Errorf("status with a message in a queue: %+v", s)
	}
	message := func(queue, input string) string {
		t.Helper()
		for line := range strings.Lines(operator.must(t, "", "redrive", queue, "--json")) {
			var f struct{ ID, Input, Why string }
			if json.Unmarshal([]byte(line), &f) == nil && strings.Contains(f.Input, input) && f.Why == "RetriesExhausted: the table was away" {
				return f.ID
			}
		}
		t.Errorf("no message %q in the queue %s", input, queue)
		return ""
	}
	asked, slot, event := message("trigger", "given-up"), message("trigger", "scheduledFor"), message("onstopped", "for people")
	if s := operator.types(t, "redrive", "trigger", "--message", asked, "--again"); s.code != 2 || !strings.Contains(s.out, asked) || !strings.Contains(s.err, "nothing was done: there is no terminal to ask on; give --yes") {
		t.Errorf("without a yes: %+v", s)
	}
	if s := operator.types(t, "redrive", "trigger", "--message", asked, "--again", "--yes"); s.code != 1 || !strings.Contains(s.out, asked+" stays: it is a person's request") {
		t.Errorf("a request that a rule could have put there: %+v", s)
	}
	operator.must(t, asked+" is dropped", "redrive", "trigger", "--message", asked, "--drop", "--yes")
	if s := operator.types(t, "redrive", "trigger", "--message", slot, "--again", "--yes"); s.code != 1 || !strings.Contains(s.out, slot+" stays: refused: only schedules and rules start slots") {
		t.Errorf("a slot that a person asked for: %+v", s)
	}
	operator.must(t, slot+" is dropped", "redrive", "trigger", "--message", slot, "--drop", "--yes")
	operator.must(t, event+" is taken", "redrive", "onstopped", "--message", event, "--again", "--yes")
	if left := operator.must(t, "", "redrive", "--json"); strings.Contains(left, asked) || strings.Contains(left, slot) || strings.Contains(left, event) {
		t.Errorf("left are %s", left)
	}

	// The event was not one, and so it is kept now.
	kept := regexp.MustCompile(`"id":"([0-9a-f]{8})"[^\n]*none, for people`).FindStringSubmatch(reader.must(t, "none, for people", "kept", "--json"))
	if kept == nil {
		return
	}
	within(t, soon, "it is told by the name that `kept` takes", func() bool {
		_ = w.told(t, "input")
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.ContainsFunc(w.all, func(n notice.Notice) bool {
			return strings.HasPrefix(n.Cause, "it could not be used and is kept as "+kept[1]+": ") && n.ShowWith == "batchplane kept "+kept[1]+" --stack "+w.name
		})
	})
	reader.mustNot(t, "lambda:InvokeFunction", "OperatorPolicyArn", "kept", kept[1], "--drop", "--yes")
	if s := operator.types(t, "kept", kept[1], "--again", "--yes"); s.code != 1 || !strings.Contains(s.out, "still cannot be used and stays: not usable") {
		t.Errorf("a kept input again: %+v", s)
	}
	operator.must(t, kept[1]+" is dropped", "kept", kept[1], "--drop", "--yes")
	if s := reader.types(t, "kept", kept[1]); s.code != 1 || !strings.Contains(s.err, "there is no kept input "+kept[1]) {
		t.Errorf("what was dropped: %+v", s)
	}
	reader.must(t, `otto +people +redrive .* refused .* stays: it is a person's request`, "audit", "--since", "1h", "-o", "wide")
	reader.must(t, `otto +people +kept .* accepted .* `+kept[1]+` is dropped`, "audit", "--since", "1h", "-o", "wide")
}

// ruleSwitchedOff: status says that somebody switched off the rule that brings the ends of tasks, or took
// its target away. No end of a task is told meanwhile, so no story plays beside it. The emulator lets only
// the owner look at a rule.
func (w *world) ruleSwitchedOff(t *testing.T) {
	t.Helper()
	reader := terminal{w: w, keys: rootKeys}
	name := w.resource["StoppedTasks"]
	bare := name[strings.LastIndexByte(name, '/')+1:]
	rule := map[string]string{"Name": bare}
	if s := reader.types(t, "status"); !regexp.MustCompile(`rule +StoppedTasks: ENABLED, 1 target\n`).MatchString(s.out) {
		t.Errorf("before: %+v", s)
	}
	w.call(t, "events", "AWSEvents.DisableRule", rule, nil)
	if s := reader.types(t, "status"); s.code != 1 || !strings.Contains(s.out, "the rule StoppedTasks is switched off, so it calls no function: `aws events enable-rule --name "+bare+"` switches it on") {
		t.Errorf("with the rule switched off: %+v", s)
	}
	w.call(t, "events", "AWSEvents.EnableRule", rule, nil)
	var had struct{ Targets []map[string]any }
	w.call(t, "events", "AWSEvents.ListTargetsByRule", map[string]string{"Rule": bare}, &had)
	w.call(t, "events", "AWSEvents.RemoveTargets", map[string]any{"Rule": bare, "Ids": []any{had.Targets[0]["Id"]}}, nil)
	defer w.call(t, "events", "AWSEvents.PutTargets", map[string]any{"Rule": bare, "Targets": had.Targets}, nil)
	if s := reader.types(t, "status"); s.code != 1 || !strings.Contains(s.out, "the rule StoppedTasks has lost its target") {
		t.Errorf("without its target: %+v", s)
	}
}
