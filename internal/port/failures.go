package port

import (
	"context"
	"time"
)

// Queue is a queue of inputs that could not be delivered or were given up, named after the
// function that they were for.
type Queue string

// The queues of a stack.
const (
	TriggerQueue   Queue = "trigger"
	OnStoppedQueue Queue = "onstopped"
	NotifyQueue    Queue = "notify"
	SweepQueue     Queue = "sweep"
)

// Queues lists all of them.
var Queues = []Queue{TriggerQueue, OnStoppedQueue, NotifyQueue, SweepQueue}

// Failed is a message in a queue of failures.
type Failed struct {
	// ID is the message's id.
	ID string `json:"id"`
	// At is when it came into the queue.
	At time.Time `json:"at"`
	// Input is what was to be delivered; Why is what is said about its failure.
	Input string `json:"input"`
	Why   string `json:"why,omitempty"`
	// Qualifier is the name under which the function was called: an alias, $LATEST, or "" if
	// it was not called at all.
	Qualifier string `json:"qualifier,omitempty"`
	// Scheduled says that EventBridge Scheduler put it there, which only schedules with a
	// role of the stack can cause.
	Scheduled bool `json:"-"`
	// Handle is what removes it from the queue.
	Handle string `json:"-"`
}

// MostListed is how many bytes of an input, or of why it failed, are listed. A message may have 1 MB
// (Amazon SQS developer guide, "Amazon SQS message quotas"), whoever sent it, and the trigger lists many
// with little memory.
const MostListed = 64 << 10

// Contents is what lies in a queue of failures, as far as was looked.
type Contents struct {
	Queue  Queue    `json:"queue"`
	Failed []Failed `json:"failed"`
}

// Failures gives access to the queues of failures.
type Failures interface {
	// Failed returns messages of a queue, the oldest first: all of a short queue, and at most
	// most of a long one. Of a long text it returns the first MostListed bytes and a mark. It
	// removes none.
	Failed(ctx context.Context, q Queue, most int) ([]Failed, error)
	// Find looks for messages by their ids until it has found all, has read the whole queue, or has
	// searched for too long. It removes none.
	Find(ctx context.Context, q Queue, ids []string) (Search, error)
	// Drop removes a message. If it is already gone, that is no error.
	Drop(ctx context.Context, q Queue, f Failed) error
}

// Search is what a search for messages of a queue found.
type Search struct {
	// Found holds messages by id.
	Found map[string]Failed
	// Looked is how many messages were looked at.
	Looked int
	// Whole reports that those not found are not in the queue, as far as its service tells. Otherwise
	// the time was up before.
	Whole bool
}

// RedriveRequest asks what lies in a queue of failures, or asks to try some of it again or to
// drop it.
type RedriveRequest struct {
	Queue Queue `json:"redrive"`
	// Messages are the ids of the messages that are meant; none asks what there is.
	Messages []string `json:"messages,omitempty"`
	Again    bool     `json:"again,omitempty"`
	By       string   `json:"by,omitempty"`
}
