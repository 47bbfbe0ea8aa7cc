// Package failures reads the queues of what could not be delivered to the stack's functions, or what
// they gave up.
package failures

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
)

// Queues implements port.Failures.
type Queues struct {
	SQS *signed.Client
	// URLs holds the queues' URLs by name.
	URLs map[port.Queue]string
}

const (
	// atOnce is the most messages that one ReceiveMessage returns (Amazon SQS API reference).
	atOnce = 10
	// inVain is after how many answers in a row without a new message a queue counts as read: an answer
	// need not contain all there is (the same page).
	inVain = 3
	// within is how long messages are searched for. The trigger then has as long again to carry them out.
	within = 10 * time.Second
	// protocol is the version of AWS JSON that SQS speaks (Amazon SQS developer guide,
	// "Making Query API requests using AWS JSON protocol").
	protocol = "1.0"
	// sent is the attribute that says when a message entered the queue.
	sent = "SentTimestamp"
)

// received is a message in ReceiveMessage's answer.
type received struct {
	ID         string            `json:"MessageId"`
	Handle     string            `json:"ReceiptHandle"`
	Body       string            `json:"Body"`
	Attributes map[string]string `json:"Attributes"`
	Said       map[string]struct {
		Text string `json:"StringValue"`
	} `json:"MessageAttributes"`
}

// Failed implements port.Failures. It hides each message from other readers for a second.
func (q *Queues) Failed(ctx context.Context, name port.Queue, most int) ([]port.Failed, error) {
	found := map[string]*port.Failed{}
	vain := 0
	for vain < inVain && len(found) < most {
		messages, err := q.receive(ctx, name)
		if err != nil {
			return nil, err
		}
		before := len(found)
		for _, m := range messages {
			f := failed(m)
			f.Input, f.Why = beginning(f.Input), beginning(f.Why)
			found[m.ID] = &f
		}
		if vain++; len(found) > before {
			vain = 0
		}
	}
	// By pointers: a sort is compiled anew for each type of value.
	all := slices.SortedFunc(maps.Values(found), func(a, b *port.Failed) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	oldest := make([]port.Failed, min(most, len(all)))
	for i := range oldest {
		oldest[i] = *all[i]
	}
	return oldest, nil
}

// beginning returns what is listed of a text. What is left out is not kept in memory.
func beginning(s string) string {
	if len(s) <= port.MostListed {
		return s
	}
	return strings.ToValidUTF8(s[:port.MostListed], "") + "…"
}

// Find implements port.Failures. The messages of a long queue come in any order and become visible
// again during the search. So the queue counts as read only after a number of answers in vain that grows
// with its length.
func (q *Queues) Find(ctx context.Context, name port.Queue, ids []string) (port.Search, error) {
	soon, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	found := map[string]port.Failed{}
	seen := map[string]bool{}
	vain := 0
	for len(found) < len(ids) && vain < inVain+3*len(seen)/atOnce {
		messages, err := q.receive(soon, name)
		if err != nil && soon.Err() != nil && ctx.Err() == nil {
			return port.Search{Found: found, Looked: len(seen)}, nil
		}
		if err != nil {
			return port.Search{}, err
		}
		before := len(seen)
		for _, m := range messages {
			seen[m.ID] = true
			if slices.Contains(ids, m.ID) {
				found[m.ID] = failed(m)
			}
		}
		if vain++; len(seen) > before {
			vain = 0
		}
	}
	return port.Search{Found: found, Looked: len(seen), Whole: true}, nil
}

func (q *Queues) receive(ctx context.Context, name port.Queue) ([]received, error) {
	var out struct {
		Messages []received `json:"Messages"`
	}
	err := q.SQS.JSON(ctx, protocol, "AmazonSQS.ReceiveMessage", map[string]any{
		"QueueUrl": q.URLs[name], "MaxNumberOfMessages": atOnce, "VisibilityTimeout": 1, "WaitTimeSeconds": 1,
		"MessageAttributeNames": []string{"All"}, "MessageSystemAttributeNames": []string{sent}, "AttributeNames": []string{sent},
	}, &out)
	if err != nil {
		return nil, fmt.Errorf("reading the queue %s: %w", name, err)
	}
	return out.Messages, nil
}

// dropTries is how often Drop tries to delete a message: a handle becomes invalid when somebody else
// receives the message (Amazon SQS API reference, DeleteMessage, ReceiptHandleIsInvalid).
const dropTries = 3

// Drop implements port.Failures. If somebody else has received the message since, Drop looks for it
// again.
func (q *Queues) Drop(ctx context.Context, name port.Queue, f port.Failed) error {
	for n := 1; ; n++ {
		err := q.SQS.JSON(ctx, protocol, "AmazonSQS.DeleteMessage", map[string]any{"QueueUrl": q.URLs[name], "ReceiptHandle": f.Handle}, nil)
		if err == nil {
			return nil
		}
		var says smithy.APIError
		if n == dropTries || !errors.As(err, &says) || says.ErrorCode() != "ReceiptHandleIsInvalid" {
			return fmt.Errorf("taking a message off the queue %s: %w", name, err)
		}
		again, err := q.Find(ctx, name, []string{f.ID})
		if err != nil {
			return err
		}
		if other, ok := again.Found[f.ID]; ok {
			f = other
		}
	}
}

// failed reads a message. It is either what EventBridge or Scheduler could not deliver, as it is, with
// the reason and the sender in its attributes (EventBridge user guide, "Using dead-letter queues";
// EventBridge Scheduler user guide, "Configuring a dead-letter queue"). Or it is Lambda's record of
// what a function was given and failed on (AWS Lambda developer guide, "Capturing records of
// asynchronous invocations"). The attributes are checked first, since whoever writes a rule decides
// what it sends, which may look like such a record.
func failed(m received) port.Failed {
	f := port.Failed{ID: m.ID, Input: m.Body, Handle: m.Handle}
	if ms, err := strconv.ParseInt(m.Attributes[sent], 10, 64); err == nil {
		f.At = time.UnixMilli(ms).UTC()
	}
	f.Why = strings.Trim(m.Said["ERROR_CODE"].Text+": "+m.Said["ERROR_MESSAGE"].Text, ": ")
	_, f.Scheduled = m.Said["SCHEDULE_ARN"]
	_, ruled := m.Said["RULE_ARN"]
	if ruled {
		f.Qualifier = "rules"
	}
	if f.Scheduled || ruled {
		return f
	}
	var record struct {
		RequestContext *struct {
			FunctionARN string `json:"functionArn"`
			Condition   string `json:"condition"`
		} `json:"requestContext"`
		RequestPayload  json.RawMessage `json:"requestPayload"`
		ResponsePayload struct {
			ErrorMessage string `json:"errorMessage"`
		} `json:"responsePayload"`
	}
	if json.Unmarshal([]byte(f.Input), &record) != nil || record.RequestContext == nil {
		return f
	}
	f.Why = strings.Trim(record.RequestContext.Condition+": "+record.ResponsePayload.ErrorMessage, ": ")
	if len(record.RequestPayload) > 0 { // the record of a stream has no payload
		f.Input = string(record.RequestPayload)
	}
	if parts := strings.Split(record.RequestContext.FunctionARN, ":"); len(parts) == 8 {
		f.Qualifier = parts[7]
	}
	return f
}
