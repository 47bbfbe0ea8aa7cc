package calls_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// denying refuses launches as ECS does if the role may not be passed.
func denying(next http.RoundTripper) http.RoundTripper {
	const refusal = `{"__type":"AccessDeniedException","message":"User: arn:aws:sts::123456789012:assumed-role/trigger/trigger is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/other because no identity-based policy allows the iam:PassRole action"}`
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if middleware.GetOperationName(r.Context()) == "RunTask" {
			return status(http.StatusBadRequest, refusal).RoundTrip(r)
		}
		return next.RoundTrip(r)
	})
}

// TestRefusedLaunches: a launch that ECS will never perform is sent once, fails with what ECS
// said, and is reported once, whatever comes again.
func TestRefusedLaunches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(w *world)
		says []string
	}{
		{"a role that may not be passed", func(w *world) {
			w.job.TaskRole = "arn:aws:iam::123456789012:role/other"
			w.ecs = denying(w.ecs)
		}, []string{"AccessDeniedException", "iam:PassRole", "role/other"}},
		{"a cluster that does not exist", func(w *world) { w.job.Cluster = "gone" }, []string{"ClusterNotFoundException", "Cluster not found"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			c.with(w)
			w.must(w.fire(slot))
			w.must(w.fire(slot))
			for range 10 {
				w.clock.Advance(time.Minute)
				w.must(w.look("a look"))
			}
			w.must(w.play(notify, "the record again", func(c *control.Control) error { return c.Tell(w.t.Context(), w.id) }))
			r := w.run()
			if r.Status != run.Failed || len(r.Owed) > 0 || len(r.Attempts) != 1 {
				t.Errorf("it is %s with %d attempts and owes %v", r.Status, len(r.Attempts), r.Owed)
			}
			for _, word := range c.says {
				if !strings.Contains(r.Cause, word) || !strings.Contains(w.log.String(), word) {
					t.Errorf("the cause %q, or the log, does not say %q", r.Cause, word)
				}
			}
			if n := w.sent("RunTask"); n != 1 {
				t.Errorf("sent RunTask %d times", n)
			}
			if n := w.sent("Publish"); n != 1 {
				t.Errorf("told it %d times", n)
			}
		})
	}
}

// sent counts how often an operation was sent.
func (w *world) sent(operation string) (n int) {
	for _, s := range w.steps {
		for _, c := range s.calls {
			if c.operation == operation {
				n++
			}
		}
	}
	return n
}

// version gives the run's item another version.
func (w *world) version(v string) {
	w.t.Helper()
	_, err := w.db.UpdateItem(w.t.Context(), &dynamodb.UpdateItemInput{
		TableName: &w.table, UpdateExpression: aws.String("SET v = :v"),
		Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "R#" + w.id.Job()}, "sk": &types.AttributeValueMemberS{Value: w.id.Slot()},
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberN{Value: v}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestNewerItem: every function leaves a run that a newer version wrote as it is, in few calls,
// with a log line that says which run and why. Once the newer version is gone, or this one is,
// the run continues from where it was.
func TestNewerItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.must(w.fire(slot))
	w.version("2")
	if err := w.fire(slot); !errors.Is(err, port.ErrNewer) {
		t.Errorf("the slot again: %v", err)
	}
	w.logged("a slot is not finished")
	w.deliverLate(2 * time.Minute)
	w.logged("a task's end is not finished")
	w.clock.Advance(10 * time.Minute)
	w.must(w.look("a look"))
	w.logged("left a run to the newer version that wrote it")
	if err := w.play(notify, "its record", func(c *control.Control) error { return c.Tell(t.Context(), w.id) }); !errors.Is(err, port.ErrNewer) {
		t.Errorf("its notice: %v", err)
	}
	for _, s := range w.steps[1:] {
		refused := 0.0
		if s.function == trigger {
			refused = 1 // its claim, because the run exists; it is charged all the same
		}
		if len(s.calls) > 20 || s.written > refused {
			t.Errorf("%s of %s sent %s and wrote %s", s.function, s.input, count(s.calls), s.writes)
		}
	}
	w.version("1")
	w.must(w.deliver(t.Context(), w.stopped))
	if r := w.run(); r.Status != run.Succeeded {
		t.Errorf("it is %s: %s", r.Status, r.Cause)
	}
}

// deliverLate lets time pass. The event of the task's end is refused and the stand-in for ECS
// keeps it. On AWS the platform delivers it twice more and then keeps it in the function's queue.
func (w *world) deliverLate(d time.Duration) {
	w.t.Helper()
	w.clock.Advance(d)
	if w.stopped == nil {
		w.t.Fatal("no task has stopped")
	}
	if err := w.deliver(context.Background(), w.stopped); !errors.Is(err, port.ErrNewer) {
		w.t.Errorf("the task's end: %v", err)
	}
}

// logged checks that a log line names the run and says why.
func (w *world) logged(message string) {
	w.t.Helper()
	for line := range strings.Lines(w.log.String()) {
		var l struct{ Msg, Run, Why string }
		if err := json.Unmarshal([]byte(line), &l); err == nil && l.Msg == message && l.Run == string(w.id) &&
			strings.Contains(l.Why, "newer batchplane") && strings.Contains(l.Why, "upgrade") {
			return
		}
	}
	w.t.Errorf("no line %q with the run and why in\n%s", message, w.log)
}
