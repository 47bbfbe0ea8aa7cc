package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// wire is a DynamoDB that gives prepared answers and keeps the requests.
type wire struct {
	mu    sync.Mutex
	asked []request
}

type request struct {
	operation string
	body      map[string]any
}

// newWire returns a store on a wire. answer returns a status and a body for the n-th request, from 1.
func newWire(t *testing.T, answer func(n int, r request) (int, string), options ...func(*dynamodb.Options)) (*wire, *dynamo.Store) {
	t.Helper()
	w := &wire{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, hr *http.Request) {
		_, operation, _ := strings.Cut(hr.Header.Get("X-Amz-Target"), ".")
		r := request{operation: operation}
		body, err := io.ReadAll(hr.Body)
		if err != nil {
			return // whoever asked has gone, since another call failed
		}
		if err := json.Unmarshal(body, &r.body); err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		w.asked = append(w.asked, r)
		n := len(w.asked)
		w.mu.Unlock()
		status, text := answer(n, r)
		rw.Header().Set("Content-Type", "application/x-amz-json-1.0")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text)
	}))
	t.Cleanup(server.Close)
	return w, dynamo.New(dynamo.Config{
		DB: dynamotest.NewClient(server.URL, append([]func(*dynamodb.Options){never}, options...)...), Table: "t", Now: func() time.Time { return start },
	})
}

func exception(name, rest string) string {
	return `{"__type":"com.amazonaws.dynamodb.v20120810#` + name + `","message":"m"` + rest + `}`
}

func canceled(codes ...string) string {
	var reasons []string
	for _, c := range codes {
		reasons = append(reasons, fmt.Sprintf(`{"Code":%q}`, c))
	}
	return exception("TransactionCanceledException", `,"CancellationReasons":[`+strings.Join(reasons, ",")+`]`)
}

func claimed() *run.Run {
	return &run.Run{ID: "report/20261122T1730Z", ScheduledFor: start, Status: run.Launching, DueAt: start.Add(2 * time.Minute)}
}

// accepted is a run as it is written after RunTask.
func accepted() *run.Run {
	return &run.Run{
		ID: "report/20261122T1730Z", ScheduledFor: start, Status: run.Running, DueAt: start.Add(5 * time.Minute), Rev: 1,
		Attempts: []run.Attempt{{N: 1, TaskARN: "arn", LastStatus: "PROVISIONING"}},
	}
}

func TestWhatErrorsMean(t *testing.T) {
	t.Parallel()
	one := port.Change{Run: claimed()}
	both := port.Change{Run: claimed(), Item: &job.Item{Name: "report"}}
	cases := []struct {
		name     string
		change   port.Change
		status   int
		answer   string
		conflict bool
		busy     bool
	}{
		{"a condition failed", one, 400, exception("ConditionalCheckFailedException", ""), true, false},
		{"the condition of an update failed", port.Change{Run: accepted(), Was: claimed()}, 400, exception("ConditionalCheckFailedException", ""), true, false},
		{"a transaction holds the item", one, 400, exception("TransactionConflictException", ""), true, false},
		{"canceled by the run's condition", both, 400, canceled("ConditionalCheckFailed", "None"), true, false},
		{"canceled by the item's condition", both, 400, canceled("None", "ConditionalCheckFailed"), true, false},
		{"canceled by another transaction", both, 400, canceled("None", "TransactionConflict"), true, false},
		{"canceled by throttling", both, 400, canceled("ThrottlingError", "None"), false, true},
		{"canceled by throughput", both, 400, canceled("None", "ProvisionedThroughputExceeded"), false, true},
		{"canceled by a mistake", both, 400, canceled("ValidationError", "None"), false, false},
		{"canceled without reasons", both, 400, exception("TransactionCanceledException", ""), false, false},
		{"the same transaction is under way", both, 400, exception("TransactionInProgressException", ""), false, true},
		{"throttled", one, 400, exception("ThrottlingException", ""), false, true},
		{"over the table's throughput", one, 400, exception("ProvisionedThroughputExceededException", ""), false, true},
		{"over the account's throughput", one, 400, exception("RequestLimitExceeded", ""), false, true},
		{"denied", one, 400, exception("AccessDeniedException", ""), false, false},
		{"no table", one, 400, exception("ResourceNotFoundException", ""), false, false},
		{"DynamoDB is broken", one, 500, exception("InternalServerError", ""), false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, s := newWire(t, func(int, request) (int, string) { return c.status, c.answer })
			err := s.Commit(t.Context(), c.change)
			if err == nil || errors.Is(err, port.ErrConflict) != c.conflict || errors.Is(err, dynamo.ErrBusy) != c.busy {
				t.Errorf("got %v, conflict %v, busy %v", err, errors.Is(err, port.ErrConflict), errors.Is(err, dynamo.ErrBusy))
			}
			if err != nil && !strings.Contains(err.Error(), "run report/20261122T1730Z") {
				t.Errorf("the error does not name the run: %v", err)
			}
		})
	}
}

func TestRequestsOfCommit(t *testing.T) {
	t.Parallel()
	older := claimed()
	older.Rev = 3
	cases := []struct {
		name       string
		change     port.Change
		operation  string
		conditions []string
	}{
		{"a claim", port.Change{Run: claimed()}, "PutItem", []string{"attribute_not_exists(pk)"}},
		{"a change", port.Change{Run: older}, "PutItem", []string{"r = :r"}},
		{"the write after RunTask", port.Change{Run: accepted(), Was: claimed()}, "UpdateItem", []string{"r = :r AND op = :op AND od <= :od"}},
		{"an item", port.Change{Item: &job.Item{Name: "report"}}, "PutItem", []string{"attribute_not_exists(pk)"}},
		{"a run and an item", port.Change{Run: older, Item: &job.Item{Name: "report"}}, "TransactWriteItems", []string{"r = :r", "attribute_not_exists(pk)"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, s := newWire(t, func(int, request) (int, string) { return 200, "{}" })
			if err := s.Commit(t.Context(), c.change); err != nil {
				t.Fatal(err)
			}
			if len(w.asked) != 1 || w.asked[0].operation != c.operation {
				t.Fatalf("asked %v", w.asked)
			}
			got := fmt.Sprint(conditions(w.asked[0].body))
			if got != fmt.Sprint(c.conditions) {
				t.Errorf("conditions %s, want %s", got, c.conditions)
			}
		})
	}
}

// TestWhatIsKeptExpires: an input that could not be used, and a slot that waited, are kept for 30 days
// after they came and after the slot was given up.
func TestWhatIsKeptExpires(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(int, request) (int, string) { return 200, "{}" })
	until := start.Add(time.Hour)
	for _, err := range []error{
		s.Keep(t.Context(), port.Kept{At: start.Add(-time.Hour), Reason: "why"}),
		s.PutPending(t.Context(), port.Pending{Since: start, Until: until}),
		s.PutPending(t.Context(), port.Pending{Since: start, Until: until, Done: true}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, from := range []time.Time{start, until, until} {
		item, _ := w.asked[i].body["Item"].(map[string]any)
		if got, want := fmt.Sprint(item[dynamo.TTLAttribute]), fmt.Sprintf("map[N:%d]", from.Add(30*24*time.Hour).Unix()); got != want {
			t.Errorf("item %d expires at %s, want %s", i, got, want)
		}
	}
}

// conditions returns the condition of a request, or those of each part of a transaction.
func conditions(body map[string]any) []any {
	parts, ok := body["TransactItems"].([]any)
	if !ok {
		return []any{body["ConditionExpression"]}
	}
	var out []any
	for _, p := range parts {
		part, _ := p.(map[string]any)
		put, _ := part["Put"].(map[string]any)
		out = append(out, put["ConditionExpression"])
	}
	return out
}

// never turns off the SDK's retries.
func never(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// soon makes the SDK retry without waiting.
func soon(o *dynamodb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// TestALostAnswer: if the answer to a write is lost, the SDK sends the write again, which then finds
// itself. That is no conflict.
func TestALostAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]port.Change{"a claim": {Run: claimed()}, "the write after RunTask": {Run: accepted(), Was: claimed()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mark string
			own := true
			w, s := newWire(t, func(n int, r request) (int, string) {
				if n%2 == 1 {
					mark = markOf(r.body)
					return 500, exception("InternalServerError", "")
				}
				if !own {
					mark = "c29tZWJvZHk="
				}
				if r.body["ReturnValuesOnConditionCheckFailure"] != "ALL_OLD" {
					return 400, exception("ConditionalCheckFailedException", "")
				}
				return 400, exception("ConditionalCheckFailedException", `,"Item":{"r":{"N":"2"},"w":{"B":"`+mark+`"}}`)
			}, soon)
			if err := s.Commit(t.Context(), c); err != nil {
				t.Errorf("after a lost answer: %v", err)
			}
			own = false
			if err := s.Commit(t.Context(), c); !errors.Is(err, port.ErrConflict) {
				t.Errorf("when somebody else wrote: %v", err)
			}
			if len(w.asked) != 4 {
				t.Errorf("%d requests", len(w.asked))
			}
		})
	}
}

func markOf(body map[string]any) string {
	at := func(m map[string]any, name string) map[string]any {
		v, _ := m[name].(map[string]any)
		return v
	}
	for _, v := range []any{at(at(body, "Item"), "w")["B"], at(at(body, "ExpressionAttributeValues"), ":w")["B"]} {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return ""
}

// TestRunsOfAHerdAreAskedForByTheHundred: finding out whether the runs of 10,000 jobs exist takes a
// hundred calls.
func TestRunsOfAHerdAreAskedForByTheHundred(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(_ int, r request) (int, string) {
		there, err := json.Marshal(keysOf(r))
		if err != nil {
			t.Error(err)
		}
		return 200, `{"Responses":{"t":` + string(there) + `},"UnprocessedKeys":{}}`
	})
	var ids []run.ID
	for i := range 10_000 {
		ids = append(ids, run.ID(fmt.Sprintf("job-%d/20261122T1730Z", i)))
	}
	if found, err := s.Exist(t.Context(), ids); err != nil || len(found) != len(ids) {
		t.Fatalf("%d exist, %v", len(found), err)
	}
	for _, r := range w.asked {
		if n := len(keysOf(r)); r.operation != "BatchGetItem" || n != 100 {
			t.Errorf("%s of %d keys", r.operation, n)
		}
	}
	if len(w.asked) != 100 {
		t.Errorf("%d calls", len(w.asked))
	}
}

// TestAnEmptyPageIsNotTheEnd: a page can be empty although others follow.
func TestAnEmptyPageIsNotTheEnd(t *testing.T) {
	t.Parallel()
	_, s := newWire(t, func(_ int, r request) (int, string) {
		values, _ := r.body["ExpressionAttributeValues"].(map[string]any)
		pk, _ := values[":pk"].(map[string]any)
		switch {
		case pk["S"] != "J#3":
			return 200, `{"Items":[]}`
		case r.body["ExclusiveStartKey"] == nil:
			return 200, `{"Items":[],"LastEvaluatedKey":{"pk":{"S":"J#3"},"sk":{"S":"a"}}}`
		}
		return 200, `{"Items":[{"pk":{"S":"J#3"},"sk":{"S":"b"},"r":{"N":"1"},"b":{"S":"{\"name\":\"b\"}"}}]}`
	})
	got, err := s.Items(t.Context())
	if err != nil || len(got) != 1 || got[0].Name != "b" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestOpenRunsAreListedByTheirLane: nothing else needs to be read for them.
func TestOpenRunsAreListedByTheirLane(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(int, request) (int, string) { return 200, "{}" })
	if _, err := s.Runs(t.Context(), port.Query{Status: run.Running}); err != nil {
		t.Fatal(err)
	}
	for _, r := range w.asked {
		if values := fmt.Sprint(r.body["ExpressionAttributeValues"]); !strings.Contains(values, "look#") {
			t.Errorf("queried %s", values)
		}
	}
	if len(w.asked) != 4 {
		t.Errorf("%d requests", len(w.asked))
	}
}
