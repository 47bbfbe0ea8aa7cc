package failures_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

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
			got, err := find(t, l, c.ids)
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

// TestFindEndsInTime: a queue that cannot be read in time says nothing about a message.
func TestFindEndsInTime(t *testing.T) {
	t.Parallel()
	q := queues(t, &sqs{})
	q.Within = 1
	if got, err := q.Find(t.Context(), port.TriggerQueue, []string{"m-1"}); err != nil || got.Whole || len(got.Found) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func find(t *testing.T, h http.Handler, ids []string) (port.Search, error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	q := queues(t, &sqs{})
	q.SQS.Endpoint = server.URL
	return q.Find(t.Context(), port.TriggerQueue, ids)
}
