package run

import (
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Event is something that happened to a run: a request, an answer of ECS, a
// task's state, or that its time has come.
type Event interface{ event() }

type (
	// Triggered is a further trigger for a run that exists. Duplicates are
	// counted, not kept: nothing bounds their number.
	Triggered struct{}

	// Due says that the run's DueAt has passed. Task is the newest revision
	// where the run asked for one by Renew. Blocked says, of a run that Waits,
	// that the other run is still open; a Due that is not Blocked wakes it
	// before its time.
	Due struct {
		Task    *TaskDefinition
		Blocked bool
	}

	// Paced: a send that was counted did not go out, since the rate of
	// launches is used up, or for another reason that Why says.
	Paced struct {
		Attempt, Send int
		Why           string
	}

	// Unresolved: the run asked for the newest revision and there is none to be
	// had now, or ever where Final. Of a run that Waits it says that the other
	// run has ended.
	Unresolved struct {
		Err   string
		Final bool
	}

	// Launched: ECS accepted the task of an attempt, or said which task an
	// earlier send of the same request had launched.
	Launched struct {
		Attempt, Round int
		TaskARN        string
		LastStatus     string
	}

	// Refused: ECS answered a send with a refusal, an error or failures[]. Send
	// is its number, the attempt's Sends at the time: who hears of a refusal
	// twice must not take it for two.
	Refused struct {
		Attempt, Send int
		Stop          stop.Stop
		// Mend says what a person can change so that the launch is let through, ""
		// where that is not known.
		Mend string
	}

	// NoAnswer: a send, by its number, may or may not have launched a task.
	NoAnswer struct {
		Attempt, Send int
		Err           string
	}

	// Found is what a search by startedBy brought; no ARNs prove nothing.
	Found struct {
		Attempt, Round int
		TaskARNs       []string
	}

	// Seen is a state of an attempt's task, from an event or from a look. Round is
	// that of the task's startedBy, or UnknownRound.
	Seen struct {
		Attempt, Round int
		TaskARN        string
		Version        int64
		Stop           stop.Stop
		// EndedAt is when the task's containers ended, else when it stopped.
		EndedAt time.Time
		// EndUnseen is whether nobody saw when the containers ended.
		EndUnseen bool
		// Look is whether we asked for the state, so that the next look must be
		// set even when nothing is new.
		Look bool
	}

	// Gone: ECS did not know the attempt's task when it was asked, at At.
	Gone struct {
		Attempt int
		At      time.Time
	}

	// RetryAsked: a person asks for a further attempt of the same run.
	RetryAsked struct {
		Trigger Trigger
		Force   bool
		// Blocked names an open run of the same job that forbids another.
		Blocked    ID
		Definition string
		Task       TaskDefinition
		// Alone is whether no other run of the job may be started beside an open one.
		Alone bool
	}

	// StopAsked: a person asks to stop the run.
	StopAsked struct {
		By     string
		Reason string
	}

	// Done: an owed stop or notice was performed. Launches and searches report
	// their answers instead.
	Done struct {
		Effect Effect
		// To are the targets that took a notice; none is that it was given up.
		To []string
	}
)

func (Triggered) event()  {}
func (Due) event()        {}
func (Unresolved) event() {}
func (Launched) event()   {}
func (Paced) event()      {}
func (Refused) event()    {}
func (NoAnswer) event()   {}
func (Found) event()      {}
func (Seen) event()       {}
func (Gone) event()       {}
func (RetryAsked) event() {}
func (StopAsked) event()  {}
func (Done) event()       {}

// Outcome says what an event came to.
type Outcome string

const (
	// Did: the run moved on.
	Did Outcome = "did"
	// Ignored: nothing is new; nothing needs to be saved.
	Ignored Outcome = "ignored"
	// Duplicate: the request was received before.
	Duplicate Outcome = "duplicate"
	// Denied: a person's request cannot be done; Why says what to do instead.
	Denied Outcome = "refused"
	// Rests: a look found the task running as it should. Nothing needs to be saved;
	// Until is when it must be looked at again.
	Rests Outcome = "rests"
)

// Decision is what to do next. Next must be saved before its owed effects are
// performed; it equals the run that was given where Outcome is Ignored, Denied or
// Rests.
type Decision struct {
	Next    Run
	Outcome Outcome
	Why     string
	// Until is set where Outcome is Rests.
	Until time.Time
	// Counted is the attempt of which this decision counted a send, 0 when it
	// counted none. Only who saved the decision may send it: a send that is not
	// counted would let its refusal prove that nothing was launched.
	Counted int
}
