package failures_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/failures"
	"github.com/batchplane/batchplane/internal/port"
)

// long is a queue of messages m-0, m-1 and so on. Each answer has the ten that have not been received
// for the longest time.
type long struct{ all, answers int }

func (l *long) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	var out struct{ Messages []map[string]string }
	for i := range min(10, l.all) {
		out.Messages = append(out.Messages, map[string]string{"MessageId": fmt.Sprintf("m-%d", (10*l.answers+i)%l.all), "ReceiptHandle": "h", "Body": "{}"})
	}
	l.answers++
	body, _ := json.Marshal(out)
	_, _ = w.Write(body)
}

// TestFind: messages are found wherever in a queue they are. Only if the whole queue was read does a
// message count as gone.
func TestFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		queue         int
		ids           []string
		found, looked int
		answers       int
	}{
		"one of the first":        {500, []string{"m-3"}, 1, 10, 1},
		"far beyond a list":       {500, []string{"m-3", "m-499"}, 2, 500, 50},
		"gone from a long queue":  {500, []string{"m-3", "gone"}, 1, 500, 50 + 153},
		"gone from a short queue": {2, []string{"gone"}, 0, 2, 1 + 3},
		"an empty queue":          {0, []string{"gone"}, 0, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &long{all: c.queue}
			got, err := serves(t, l).Find(t.Context(), port.TriggerQueue, c.ids)
			if err != nil || len(got.Found) != c.found || got.Looked != c.looked || l.answers != c.answers || !got.Whole {
				t.Errorf("got %d of %d, whole %t, after %d answers, %v", len(got.Found), got.Looked, got.Whole, l.answers, err)
			}
			for id, f := range got.Found {
				if f.ID != id || f.Handle != "h" || f.Input != "{}" {
					t.Errorf("%s is %+v", id, f)
				}
			}
		})
	}
}

// once answers one request and lets the others wait.
type once struct{ answer string }

func (o *once) Do(r *http.Request) (*http.Response, error) {
	if o.answer == "" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	is := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(o.answer)), Request: r}
	o.answer = ""
	return is, nil
}

// TestFailedOfALongQueue: it is read only as far as is asked for, and up to answers that hold nothing new.
func TestFailedOfALongQueue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ queue, most, found, answers int }{
		"longer than what is asked for": {500, 20, 20, 2},
		"shorter":                       {15, 20, 15, 2 + 3},
		"empty":                         {0, 20, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &long{all: c.queue}
			got, err := serves(t, l).Failed(t.Context(), port.TriggerQueue, c.most)
			if err != nil || len(got) != c.found || l.answers != c.answers {
				t.Errorf("%d messages after %d answers, %v", len(got), l.answers, err)
			}
		})
	}
}

// TestFindEndsInTime: a queue that cannot be read in time says nothing about the messages that were not
// found. Whoever asked may end the search too, which is a failure.
func TestFindEndsInTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		within, took time.Duration
		fails        bool
	}{
		"its own time is up":      {time.Hour, 10 * time.Second, false},
		"the caller's time is up": {9 * time.Second, 9 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := queues(t, &sqs{})
			synctest.Test(t, func(t *testing.T) {
				q.SQS.HTTPClient = &once{answer: `{"Messages":[` + undelivered + `,` + givenUp + `]}`}
				ctx, cancel := context.WithTimeout(t.Context(), c.within)
				defer cancel()
				begin := time.Now()
				got, err := q.Find(ctx, port.TriggerQueue, []string{"a", "gone"})
				if time.Since(begin) != c.took || (err != nil) != c.fails {
					t.Errorf("%v after %v", err, time.Since(begin))
				}
				if err == nil && (got.Whole || got.Looked != 2 || len(got.Found) != 1 || got.Found["a"].Handle != "ha") {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func serves(t *testing.T, h http.Handler) *failures.Queues {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	q := queues(t, &sqs{})
	q.SQS.Endpoint = server.URL
	return q
}
