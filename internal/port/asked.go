package port

import (
	"encoding/json"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Asked is the record of a person's request and its answer, kept as long as runs are. It is
// written before anything is done, and again with the answer. A record without an answer was
// cut off in between.
type Asked struct {
	// ID is the request's id; together with At it names the record.
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// By is who asked, as their program says it; on AWS it is the caller's ARN. It proves
	// nothing; CloudTrail's data events do.
	By string `json:"by,omitempty"`
	// Door is the door it came through.
	Door string `json:"door"`
	// What is the kind of the request as its document says it: run, retry, stop, pause,
	// resume, skipNext, kept, redrive; "" if it could not be read.
	What string `json:"what,omitempty"`
	// Job is the name of the job: All if the request was about all jobs, "" if it named none.
	// Run is the run that it was about or that it made.
	Job string `json:"job,omitempty"`
	Run run.ID `json:"run,omitempty"`
	// Request is the request as it was understood, without texts that look like secrets.
	Request json.RawMessage `json:"request,omitempty"`
	// Outcome and Message are the answer; both are "" until it is given.
	Outcome Outcome `json:"outcome,omitempty"`
	Message string  `json:"message,omitempty"`
}

// UnreadableAsked stands in a list for a request that cannot be read; its Message says so.
func UnreadableAsked(id string, at time.Time, why error) Asked {
	return Asked{ID: id, At: at.UTC(), Message: "this record of a request cannot be read: " + why.Error()}
}

// AskedQuery selects requests; zero fields select all. A Limit of 0 means 100.
type AskedQuery struct {
	Job string
	By  string
	// Since is the earliest At.
	Since time.Time
	Limit int
}

// Selects reports whether the query asks for a request.
func (q AskedQuery) Selects(a Asked) bool {
	return (q.Job == "" || a.Job == q.Job) && (q.By == "" || a.By == q.By) && !a.At.Before(q.Since)
}
