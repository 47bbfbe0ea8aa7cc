package ecsevent

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"
)

func packed(tb testing.TB, s string) string {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// TestPacked: an event that is packed, or written into text, is opened.
func TestPacked(t *testing.T) {
	t.Parallel()
	logs := packed(t, `{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"l-1","timestamp":1,"message":`+quote(change)+`}]}`)
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"a subscription of CloudWatch Logs":      {`{"awslogs":{"data":` + in64(logs) + `}}`, []string{"e-1 arn:a exit-zero"}},
		"the same over Kinesis":                  {`{"Records":[{"kinesis":{"data":` + in64(logs) + `}}]}`, []string{"e-1 arn:a exit-zero"}},
		"the same over Firehose":                 {`{"records":[{"recordId":"1","data":` + in64(logs) + `}]}`, []string{"e-1 arn:a exit-zero"}},
		"a request through API Gateway":          {`{"body":` + in64(ended) + `,"isBase64Encoded":true}`, []string{" arn:a exit-zero"}},
		"a request in plain text":                {`{"body":` + quote(ended) + `,"isBase64Encoded":false}`, []string{" arn:a exit-zero"}},
		"Logs Insights, exported":                {`[{"@timestamp":"2026-11-01 00:00:00.000","@message":` + change + `},{"@message":` + quote(unready) + `}]`, []string{"e-1 arn:a exit-zero", " arn:b interface-late"}},
		"CloudTrail Lake, the answer as text":    {trail(`,"responseElements":` + quote(`{"tasks":[`+running+`],"failures":[`+noRoom+`]}`)), []string{"c-1 arn:c not-stopped", "c-1  launch-placement-resource"}},
		"Step Functions, under a ResultPath":     {`{"job":{"name":"x"},"status":"x","errorInfo":{"Error":"States.TaskFailed","Cause":` + quote(unready) + `}}`, []string{" arn:b interface-late"}},
		"Step Functions, refused, so too":        {`{"taskError":{"Error":"ECS.AmazonECSException","Cause":"RESOURCE:CPU"}}`, []string{"  launch-placement-resource"}},
		"a task, whatever is said of it besides": {`{"taskArn":"arn:c","lastStatus":"RUNNING","x":{"Error":"States.TaskFailed","Cause":` + quote(unready) + `}}`, []string{" arn:c not-stopped"}},
	} {
		docs, errs := ParseAll([]byte(c.doc))
		if got := verdicts(docs); len(errs) > 0 || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v\nwant %q", name, got, errs, c.want)
		}
	}
	for doc, want := range map[string]string{
		`{"awslogs":{"data":` + in64(logs[:20]) + `}}`:                `awslogs.data: it is gzip that is cut off or broken`,
		`{"awslogs":{"data":` + in64("\x1f\x8b and so on") + `}}`:     `awslogs.data: it is gzip that is cut off or broken`,
		`{"awslogs":{"data":` + in64(packed(t, "hello")) + `}}`:       `awslogs.data: want an ECS document in base64`,
		`{"body":` + quote(ended) + `,"isBase64Encoded":true}`:        `body: want an ECS document in base64`,
		`{"body":` + quote(ended) + `,"isBase64Encoded":"x"}`:         `isBase64Encoded: want true or false, it is a string`,
		trail(`,"responseElements":"x"`):                              `responseElements: want an object, it is a string`,
		`{"errorInfo":{"Error":"States.TaskFailed","Cause":"oh"}}`:    `errorInfo.cause: want an ECS task as JSON, it is other text`,
		`{"errorInfo":{"Error":"States.TaskFailed"},"other":{"a":1}}`: `want an ECS task`,
	} {
		docs, errs := ParseAll([]byte(doc))
		if len(docs) > 0 || len(errs) != 1 || !strings.Contains(strings.ToLower(errs[0].Error()), strings.ToLower(want)) {
			t.Errorf("%s: %d documents, %v\nwant %s", doc, len(docs), errs, want)
		}
	}
}

// TestUnpack: data that unpacks to more than fits comfortably in memory is refused.
func TestUnpack(t *testing.T) {
	t.Parallel()
	if got, err := Unpack([]byte(ended)); err != nil || string(got) != ended {
		t.Errorf("what is not packed becomes %q, %v", got, err)
	}
	twice := packed(t, ended) + packed(t, "\n"+running)
	if got, err := Unpack([]byte(twice)); err != nil || string(got) != ended+"\n"+running {
		t.Errorf("two in a row become %q, %v", got, err)
	}
	if _, err := Unpack([]byte(packed(t, strings.Repeat(" ", maxUnpacked+1)))); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("too much of it: %v", err)
	}
	if _, err := Unpack([]byte(packed(t, strings.Repeat(" ", maxUnpacked)))); err != nil {
		t.Errorf("as much as may be: %v", err)
	}
}
