package run

import (
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Event is something that happened to a run: a request, an answer of ECS, a state of its
// task, or the arrival of its due time.
type Event interface{ event() }

type (
	// Triggered is a further trigger for a run that exists. Duplicates are counted, not kept,
	// because nothing bounds their number.
	Triggered struct{}

	// Due says that the run's DueAt has passed. Task is the newest revision if the run asked
	// for one by Renew. For a run that Waits, Blocked says that the other run is still open;
	// a Due that is not Blocked wakes the run before its time.
	Due struct {
		Task    *TaskDefinition
		Blocked bool
	}

	// Waiting says that the run still waits to be launched.
	Waiting struct{}

	// Paced: a send that was counted did not go out, because the rate of launches is used up
	// or for another reason, which Why gives.
	Paced struct {
		Attempt, Send int
		Why           string
	}

	// Unresolved: the run asked for the newest revision, and there is none now or, if Final,
	// ever. For a run that Waits, it also says that the other run has ended.
	Unresolved struct {
		Err   string
		Final bool
	}

	// Launched: ECS accepted the task of an attempt, or said which task an earlier send of
	// the same request had launched.
	Launched struct {
		Attempt, Round int
		TaskARN        string
		LastStatus     string
	}

	// Refused: ECS answered a send with a refusal, either an error or failures[]. Send is the
	// send's number, the attempt's Sends at that time: a refusal that is reported twice must
	// not count as two.
	Refused struct {
		Attempt, Send int
		Stop          stop.Stop
		// Mend says what a person can change so that the launch is let through; "" if that is
		// not known.
		Mend string
	}

	// NoAnswer: a send, given by its number, may or may not have launched a task.
	NoAnswer struct {
		Attempt, Send int
		Err           string
	}

	// Found is the result of a search by startedBy. No ARNs prove nothing.
	Found struct {
		Attempt, Round int
		TaskARNs       []string
	}

	// Seen is a state of an attempt's task, from an event or from a look. Round is that of
	// the task's startedBy, or UnknownRound.
	Seen struct {
		Attempt, Round int
		TaskARN        string
		Version        int64
		Stop           stop.Stop
		// EndedAt is when the task's containers ended, or else when it stopped.
		EndedAt time.Time
		// EndUnseen says that nobody saw when the containers ended.
		EndUnseen bool
		// Look says that we asked for the state, so that the next look must be set even if
		// nothing is new.
		Look bool
	}

	// Gone: when asked at At, ECS did not know the attempt's task.
	Gone struct {
		Attempt int
		At      time.Time
	}

	// Strange: a task that was taken for the attempt's cannot be it, and why.
	Strange struct {
		Attempt      int
		TaskARN, Why string
	}

	// RetryAsked: a person asks for a further attempt of the same run.
	RetryAsked struct {
		Trigger Trigger
		Force   bool
		// Attempts is how many attempts the run had when the person decided; nil means that
		// nobody says.
		Attempts *int
		// Seen is how safe a retry was when the person decided; "" means that nobody says.
		Seen Safety
		// Blocked names an open run of the same job that forbids another.
		Blocked    ID
		Definition string
		Task       TaskDefinition
		// Alone says that no other run of the job may be started beside an open one.
		Alone bool
	}

	// StopAsked: a person asks to stop the run.
	StopAsked struct {
		By     string
		Reason string
	}

	// Done: an owed stop or notice was performed. Launches and searches report their answers
	// instead.
	Done struct {
		Effect Effect
		// To are the targets that took a notice; none means that it was given up.
		To []string
	}
)

func (Triggered) event()  {}
func (Due) event()        {}
func (Unresolved) event() {}
func (Launched) event()   {}
func (Waiting) event()    {}
func (Paced) event()      {}
func (Refused) event()    {}
func (NoAnswer) event()   {}
func (Found) event()      {}
func (Seen) event()       {}
func (Gone) event()       {}
func (Strange) event()    {}
func (RetryAsked) event() {}
func (StopAsked) event()  {}
func (Done) event()       {}

// Result says what an event led to.
type Result string

const (
	// Did: the run moved on.
	Did Result = "did"
	// Ignored: nothing is new, so nothing needs to be saved.
	Ignored Result = "ignored"
	// Duplicate: the request was received before.
	Duplicate Result = "duplicate"
	// Denied: a person's request cannot be carried out; Why says what to do instead.
	Denied Result = "denied"
	// Rests: a look found the task running as it should. Nothing needs to be saved; Until is
	// when the task must be looked at again.
	Rests Result = "rests"
)

// Decision is what to do next. Next must be saved before its owed effects are performed. If
// Result is Ignored, Denied or Rests, Next equals the run that was given.
type Decision struct {
	Next   Run
	Result Result
	Why    string
	// Until is set if Result is Rests.
	Until time.Time
	// Counted is the attempt of which this decision counted a send; 0 if it counted none.
	// Only whoever saved the decision may make that send: the refusal of a send that was not
	// counted would seem to prove that nothing was launched.
	Counted int
}
