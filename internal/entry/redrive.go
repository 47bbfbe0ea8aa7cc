package entry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/port"
)

// mostFailed is the largest number of a queue's messages that are listed.
const mostFailed = 100

// redrive returns the contents of a failure queue, or has some of it tried again or dropped. What
// was tried in vain stays in the queue.
func (d Door) redrive(ctx context.Context, req port.RedriveRequest) (port.Reply, error) {
	if d.Failures == nil {
		return refused("there are no failure queues here: on one machine, the log says what was given up"), nil
	}
	if req.Again && (req.Queue == port.NotifyQueue || req.Queue == port.SweepQueue) {
		return refused(fmt.Sprintf("drop the messages of the queue %s, they need no further try: the next sweep does what a failed one left, owed notices included", req.Queue)), nil
	}
	if len(req.Messages) == 0 {
		return d.failed(ctx, req.Queue)
	}
	search, err := d.Failures.Find(ctx, req.Queue, req.Messages)
	if err != nil {
		return port.Reply{}, fmt.Errorf("looking into the queue %s: %w", req.Queue, err)
	}
	reply := port.Reply{Outcome: port.Accepted}
	said := make([]string, 0, len(req.Messages))
	for _, id := range req.Messages {
		words, done := d.redriveOne(ctx, req, search, id)
		if !done {
			reply.Outcome = port.Refused
		}
		said = append(said, id+" "+words)
	}
	reply.Message = strings.Join(said, "\n")
	return reply, nil
}

// failed returns the contents of a queue.
func (d Door) failed(ctx context.Context, q port.Queue) (port.Reply, error) {
	found, err := d.Failures.Failed(ctx, q, mostFailed)
	if err != nil {
		return port.Reply{}, fmt.Errorf("looking into the queue %s: %w", q, err)
	}
	return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("%d in the queue %s", len(found), q), Contents: &port.Contents{Queue: q, Failed: listed(found)}}, nil
}

// redriveOne says what became of a message, and whether that is what was asked for.
func (d Door) redriveOne(ctx context.Context, req port.RedriveRequest, search port.Search, id string) (words string, done bool) {
	f, ok := search.Found[id]
	switch {
	case !ok && search.Whole:
		return "is not there any more", true
	case !ok:
		return fmt.Sprintf("is not among the %d messages that there was time to look at: ask again, or settle others of the queue first", search.Looked), false
	}
	words, err := d.redriven(ctx, req, f)
	if err != nil {
		return "stays: " + err.Error(), false
	}
	return words, true
}

// mostListed bounds a list of messages, in bytes. A function's answer has at most 6 MB (AWS Lambda developer guide,
// "Lambda quotas"), and a byte of an input may take six bytes in JSON.
const mostListed = 4 << 20

// listed returns the messages that fit into an answer, oldest first. Later ones are listed once
// these are settled.
func listed(found []port.Failed) []port.Failed {
	size := 0
	for i := range found {
		size += 6*(len(found[i].Input)+len(found[i].Why)) + 300
		if size > mostListed {
			return found[:i]
		}
	}
	return found
}

func refused(why string) port.Reply {
	return port.Reply{Outcome: port.Refused, Message: "refused: " + why}
}

// redriven carries out one message. It removes the message last, because carrying it out twice
// has the same effect as once.
func (d Door) redriven(ctx context.Context, req port.RedriveRequest, f port.Failed) (words string, err error) {
	words = "is dropped"
	if req.Again {
		if words, err = d.anew(ctx, req.Queue, f); err != nil {
			return "", err
		}
	}
	return words, d.Failures.Drop(ctx, req.Queue, f)
}

// anew carries out what a message was to deliver, by the way by which it came.
func (d Door) anew(ctx context.Context, q port.Queue, f port.Failed) (words string, err error) {
	if q == port.OnStoppedQueue {
		return "is taken", d.Control.OnStopped(ctx, []byte(f.Input))
	}
	way := map[string]Way{"": FromQueue, "$LATEST": FromQueue, string(FromRules): FromRules}[f.Qualifier]
	switch {
	case f.Scheduled:
		way = FromSchedules
	case way == "":
		way = FromPeople
	}
	// Any rule of the account may send into the queue, also what looks like Lambda's record.
	if r, err := Parse([]byte(f.Input)); err == nil && r.Slot == nil {
		return "", errors.New("it is a person's request, and nothing proves whose: if you want the same, ask for it yourself, and drop this")
	}
	reply, err := d.Enter(ctx, way, f.ID, []byte(f.Input))
	if err == nil && reply.Outcome == port.Refused && reply.Status == "" { // otherwise its run says and reports it
		err = errors.New(reply.Message)
	}
	return "is done: " + reply.Message, err
}
