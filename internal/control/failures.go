package control

import (
	"context"
	"time"
)

// Queue is a queue of what could not be delivered, or was given up, by the function
// that it was for.
type Queue string

// The queues of a stack.
const (
	TriggerQueue   Queue = "trigger"
	OnStoppedQueue Queue = "onstopped"
	NotifyQueue    Queue = "notify"
	SweepQueue     Queue = "sweep"
)

// Queues are all of them.
var Queues = []Queue{TriggerQueue, OnStoppedQueue, NotifyQueue, SweepQueue}

// Failed is a message of a queue of failures.
type Failed struct {
	// ID is the message's.
	ID string `json:"id"`
	// At is when it came into the queue.
	At time.Time `json:"at"`
	// Input is what was to be delivered, Why what is said of its failure.
	Input string `json:"input"`
	Why   string `json:"why,omitempty"`
	// Qualifier is by which name the function was called: an alias, $LATEST, or ""
	// where it was not called at all.
	Qualifier string `json:"qualifier,omitempty"`
	// Scheduled is whether EventBridge Scheduler put it there, which only schedules
	// with a role of the stack can have done.
	Scheduled bool `json:"-"`
	// Handle is what the queue takes it off by.
	Handle string `json:"-"`
}

// Contents are what lies in a queue of failures, as far as was looked.
type Contents struct {
	Queue  Queue    `json:"queue"`
	Failed []Failed `json:"failed"`
}

// Failures are the queues of failures.
type Failures interface {
	// Failed returns messages of a queue, the oldest first: all of a short queue, and
	// of a long one at most most. It takes none off.
	Failed(ctx context.Context, q Queue, most int) ([]Failed, error)
	// Drop takes a message off. One that is gone is no error.
	Drop(ctx context.Context, q Queue, f Failed) error
}

// RedriveRequest asks for what lies in a queue of failures, or that some of it is
// tried again, or dropped.
type RedriveRequest struct {
	Queue Queue `json:"redrive"`
	// Messages are the ids of those that are meant; none asks what there is.
	Messages []string `json:"messages,omitempty"`
	Again    bool     `json:"again,omitempty"`
	By       string   `json:"by,omitempty"`
}
