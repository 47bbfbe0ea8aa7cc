package failures_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/batchplane/batchplane/internal/adapter/failures"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

// Messages in the forms that the guides give: what EventBridge or Scheduler could not deliver, what
// functions failed on, and a part of a stream.
const (
	undelivered = `{"MessageId":"a","ReceiptHandle":"ha","Body":"{\"job\":\"etl\"}","Attributes":{"SentTimestamp":"1763802000000"},
		"MessageAttributes":{"ERROR_CODE":{"StringValue":"NO_PERMISSIONS","DataType":"String"},"ERROR_MESSAGE":{"StringValue":"not authorized","DataType":"String"}}}`
	givenUp = `{"MessageId":"b","ReceiptHandle":"hb","Attributes":{"SentTimestamp":"1763798400000"},"Body":"{\"version\":\"1.0\",` +
		`\"requestContext\":{\"requestId\":\"r\",\"functionArn\":\"arn:aws:lambda:eu-central-1:123456789012:function:bp-Trigger-1:people\",\"condition\":\"RetriesExhausted\"},` +
		`\"requestPayload\":{\"run\":\"etl\"},\"responseContext\":{\"statusCode\":200,\"functionError\":\"Unhandled\"},\"responsePayload\":{\"errorMessage\":\"the table is away\"}}"}`
	streamed = `{"MessageId":"c","ReceiptHandle":"hc","Body":"{\"requestContext\":{\"functionArn\":\"arn:aws:lambda:eu-central-1:123456789012:function:bp-Notify-1\",\"condition\":\"RetryAttemptsExhausted\"},` +
		`\"DDBStreamBatchInfo\":{\"shardId\":\"s\"}}"}`
)

// sqs answers as SQS does, a few messages at a time.
type sqs struct {
	mu      sync.Mutex
	pages   []string
	refuses string
	asked   []map[string]any
	target  []string
	// valid is the only valid handle; "" means that all are.
	valid string
}

func (s *sqs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in map[string]any
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &in)
	s.asked, s.target = append(s.asked, in), append(s.target, r.Header.Get("X-Amz-Target"))
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=id/") || !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/sqs/aws4_request") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if s.refuses != "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, s.refuses)
		return
	}
	if handle, drops := in["ReceiptHandle"]; drops && s.valid != "" && handle != s.valid {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.sqs#ReceiptHandleIsInvalid","message":"The input receipt handle is invalid."}`)
		return
	}
	if len(s.pages) > 0 && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "ReceiveMessage") {
		_, _ = io.WriteString(w, s.pages[0])
		s.pages = s.pages[1:]
		return
	}
	_, _ = io.WriteString(w, "{}")
}

func queues(t *testing.T, s *sqs) *failures.Queues {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &failures.Queues{
		URLs: map[port.Queue]string{port.TriggerQueue: server.URL + "/123456789012/failures"},
		SQS: &signed.Client{Service: "sqs", Endpoint: server.URL, Config: aws.Config{Region: "eu-central-1", HTTPClient: signedtest.Checked(t, server.Client()), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		})}},
	}
}

// TestFailed: all of a queue is seen, each message once, the oldest first, with what was to be
// delivered, why it was not, and by which name the function was called.
func TestFailed(t *testing.T) {
	t.Parallel()
	s := &sqs{pages: []string{`{"Messages":[` + undelivered + `]}`, `{}`, `{"Messages":[` + undelivered + `,` + givenUp + `]}`, `{"Messages":[` + streamed + `]}`}}
	q := queues(t, s)
	got, err := q.Failed(t.Context(), port.TriggerQueue, 100)
	if err != nil || len(got) != 3 {
		t.Fatalf("got %+v, %v", got, err)
	}
	receive := map[string]any{
		"QueueUrl": q.URLs[port.TriggerQueue], "MaxNumberOfMessages": 10.0, "VisibilityTimeout": 1.0, "WaitTimeSeconds": 1.0,
		"MessageAttributeNames": []any{"All"}, "MessageSystemAttributeNames": []any{"SentTimestamp"}, "AttributeNames": []any{"SentTimestamp"},
	}
	if s.target[0] != "AmazonSQS.ReceiveMessage" || !reflect.DeepEqual(s.asked[0], receive) {
		t.Errorf("asked %s %v", s.target[0], s.asked[0])
	}
	for i, want := range []port.Failed{
		{ID: "c", Input: got[0].Input, Why: "RetryAttemptsExhausted", Handle: "hc"},
		{ID: "b", At: time.UnixMilli(1763798400000).UTC(), Input: `{"run":"etl"}`, Why: "RetriesExhausted: the table is away", Qualifier: "people", Handle: "hb"},
		{ID: "a", At: time.UnixMilli(1763802000000).UTC(), Input: `{"job":"etl"}`, Why: "NO_PERMISSIONS: not authorized", Handle: "ha"},
	} {
		if got[i] != want {
			t.Errorf("got %+v, want %+v", got[i], want)
		}
	}
	if !strings.Contains(got[0].Input, "DDBStreamBatchInfo") {
		t.Errorf("a part of a stream is %s", got[0].Input)
	}
	if err := q.Drop(t.Context(), port.TriggerQueue, got[2]); err != nil {
		t.Error(err)
	}
	n := len(s.asked) - 1
	if s.target[n] != "AmazonSQS.DeleteMessage" || s.asked[n]["ReceiptHandle"] != "ha" || s.asked[n]["QueueUrl"] != q.URLs[port.TriggerQueue] {
		t.Errorf("asked %s %v", s.target[n], s.asked[n])
	}
	s.pages = []string{`{"Messages":[` + undelivered + `,` + givenUp + `]}`}
	if got, err := q.Failed(t.Context(), port.TriggerQueue, 1); err != nil || len(got) != 1 || got[0].ID != "b" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestFailedAtLength: of a long message, the beginning is listed, whoever sent it.
func TestFailedAtLength(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 1<<19)
	record, err := json.Marshal(map[string]any{"requestContext": map[string]string{"condition": "RetriesExhausted"}, "requestPayload": long, "responsePayload": map[string]string{"errorMessage": long}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := json.Marshal(map[string]any{"Messages": []map[string]string{{"MessageId": "m", "Body": string(record)}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := queues(t, &sqs{pages: []string{string(page)}}).Failed(t.Context(), port.TriggerQueue, 100)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for _, text := range []string{got[0].Input, got[0].Why} {
		if len(text) > port.MostListed+len("…") || !strings.HasSuffix(text, "ü…") {
			t.Errorf("%d bytes, which end with %q", len(text), text[len(text)-10:])
		}
	}
}

// TestWhoPutItThere: a rule decides what it sends, even if that looks like Lambda's record of what
// people or schedules sent. EventBridge and Scheduler say who it was.
func TestWhoPutItThere(t *testing.T) {
	t.Parallel()
	by := func(attribute string) string {
		return strings.Replace(givenUp, `"Attributes"`, `"MessageAttributes":{"`+attribute+`":{"StringValue":"arn:x","DataType":"String"}},"Attributes"`, 1)
	}
	for name, tc := range map[string]struct {
		message, qualifier string
		scheduled, whole   bool
	}{
		"a function that failed": {givenUp, "people", false, false},
		"a rule":                 {by("RULE_ARN"), "rules", false, true},
		"a schedule":             {by("SCHEDULE_ARN"), "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := queues(t, &sqs{pages: []string{`{"Messages":[` + tc.message + `]}`}}).Failed(t.Context(), port.TriggerQueue, 100)
			if err != nil || len(got) != 1 || got[0].Qualifier != tc.qualifier || got[0].Scheduled != tc.scheduled || strings.Contains(got[0].Input, "requestContext") != tc.whole {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestDropAfterAnotherLook: somebody else received a message after it was found, so its handle is no
// longer valid. It is found again, unless others receive it again and again.
func TestDropAfterAnotherLook(t *testing.T) {
	t.Parallel()
	again := `{"Messages":[` + strings.Replace(undelivered, `"ha"`, `"ha-2"`, 1) + `,` + givenUp + `]}`
	for name, c := range map[string]struct {
		pages   []string
		deletes int
		dropped bool
	}{
		"found anew":              {[]string{again}, 2, true},
		"hidden at first":         {[]string{`{}`, `{}`, `{}`, again}, 3, true},
		"hidden for all the time": {nil, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sqs{pages: c.pages, valid: "ha-2"}
			err := queues(t, s).Drop(t.Context(), port.TriggerQueue, port.Failed{ID: "a", Handle: "ha"})
			deletes := 0
			for _, target := range s.target {
				if target == "AmazonSQS.DeleteMessage" {
					deletes++
				}
			}
			if (err == nil) != c.dropped || deletes != c.deletes {
				t.Errorf("%d tries, %v", deletes, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for answer, says := range map[string]string{
		`{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"not authorized to perform: sqs:receivemessage"}`: "not authorized to perform",
		`<html>`: "status 400",
	} {
		q := queues(t, &sqs{refuses: answer})
		if _, err := q.Failed(t.Context(), port.TriggerQueue, 1); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", answer, err)
		}
		if got, err := q.Find(t.Context(), port.TriggerQueue, []string{"a"}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v", answer, got, err)
		}
		if err := q.Drop(t.Context(), port.TriggerQueue, port.Failed{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
