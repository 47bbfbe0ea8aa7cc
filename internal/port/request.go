package port

import (
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Slot is what a schedule or a rule asks for: the run of a job at a nominal time.
type Slot struct {
	// Name is the job's name.
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	// Carried is the definition that came along; nil if only the name did. It is a hint: what
	// runs is what is deployed.
	Carried *job.Job `json:"carried,omitempty"`
	// Schedule is the ARN of the schedule that came along; "" if none did. It does not prove
	// who sends it.
	Schedule string `json:"schedule,omitempty"`
}

// String names the slot in a sentence.
func (s Slot) String() string {
	return "the slot of " + s.Name + " at " + s.At.Format(time.RFC3339)
}

// RunRequest asks for a new run of a job by hand.
type RunRequest struct {
	Job string `json:"job"`
	// RequestID makes a repeated request the same run.
	RequestID string `json:"requestId"`
	By        string `json:"by,omitempty"`
	// Inputs are values of the job's inputs; Args are added to its command. Both are allowed
	// only as far as the job lets people change something.
	Inputs map[string]string `json:"inputs,omitempty"`
	Args   []string          `json:"args,omitempty"`
	// Force runs the job even if it is paused.
	Force bool `json:"force,omitempty"`
}

// RetryRequest asks for a further attempt of a run that has ended.
type RetryRequest struct {
	Run       run.ID `json:"run"`
	RequestID string `json:"requestId"`
	By        string `json:"by,omitempty"`
	// Same takes the recorded definition and revision instead of the newest.
	Same bool `json:"same,omitempty"`
	// Force retries even a run that succeeded.
	Force bool `json:"force,omitempty"`
	// Attempts is how many attempts the run had when the person decided. If it has another
	// number now, the retry is refused: what was known about it may not hold. nil means that
	// nobody says.
	Attempts *int `json:"attempts,omitempty"`
	// Safety is how safe the retry was when the person decided. If it is less safe now, because an
	// attempt ran after all or the run succeeded, the retry is refused. "" means that nobody says.
	Safety run.Safety `json:"safety,omitempty"`
	// Reason is kept with the run.
	Reason string `json:"reason,omitempty"`
}

// StopRequest asks to stop a run.
type StopRequest struct {
	Run    run.ID `json:"run"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason"`
}

// PauseRequest asks to skip the slots of a job, or of all jobs, for a time.
type PauseRequest struct {
	// Job is the job's name, or job.All.
	Job string `json:"job"`
	// Until is when the pause ends by itself; if it is zero, the pause lasts until it is
	// resumed.
	Until  time.Time `json:"until,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// ResumeRequest ends a pause.
type ResumeRequest struct {
	Job string `json:"job"`
	By  string `json:"by,omitempty"`
}

// SkipRequest asks to skip the next slot of a job.
type SkipRequest struct {
	Job string `json:"job"`
	By  string `json:"by,omitempty"`
	// Reason is kept with the run that is skipped.
	Reason string `json:"reason,omitempty"`
}

// KeptRequest asks to try again, or to drop, what was kept under an ID.
type KeptRequest struct {
	ID    string `json:"kept"`
	Again bool   `json:"again"`
	By    string `json:"by,omitempty"`
}

// Reply is the answer to a request, for people and machines.
type Reply struct {
	Run     run.ID     `json:"run,omitempty"`
	Outcome Outcome    `json:"outcome"`
	Status  run.Status `json:"status,omitempty"`
	Message string     `json:"message"`
	// Contents is what lies in a queue of failures, if that was asked for.
	Contents *Contents `json:"contents,omitempty"`
}

// Outcome is what became of a request.
type Outcome string

const (
	// Accepted: the request was carried out or is under way.
	Accepted Outcome = "accepted"
	// Duplicate: the same request came before.
	Duplicate Outcome = "duplicate"
	// Refused: the request was not carried out, or ECS refused the launch for good. Message
	// says what to do. If there is a run, Status says how it ended.
	Refused Outcome = "refused"
	// Waits: the slot is kept until it is known whether what it asks for is deployed. The
	// sweep tries it.
	Waits Outcome = "waits"
	// Unanswered: the request failed on the way, and Message says why. Only the record of a
	// request has this outcome.
	Unanswered Outcome = "unanswered"
	// Filtered: the slot does not count, so nothing is recorded.
	Filtered Outcome = "filtered"
)
