package simulation

import (
	"bytes"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Mutation breaks the control plane on purpose, through what its ports show it,
// so that the checks can be seen to fail.
type Mutation uint8

// Each mutation is a promise of the code that is taken away.
const (
	NoMutation        Mutation = iota
	BlindWrites                // writes skip their condition
	RelaunchOnUnknown          // an unclear stop is taken for proof that nothing started
	ForgetOwed                 // owed effects are not kept
	DropLock                   // the job's lock is not kept
	TrustRefusal               // a second send's refusal is taken for proof
	TrustExitZero              // exit 0 of a task that was stopped is a success
	NewTokens                  // every send has a token of its own
	OldTokens                  // a launch in doubt is sent again for ever
	NeverLook                  // nothing is ever due
	SkipSlots                  // slots are never judged
	MoreAttempts               // the limit of attempts is not kept
	NoDeadline                 // the deadline is not kept
	TooFast                    // the rate is not kept
	TellTwice                  // told notices stay owed
	SpotWarning                // a warning of Spot is taken for the stop
	IgnorePause                // pauses are not seen
	IgnoreLateness             // triggers never come late
	DoubtSuccess               // exit 0 is a failure
	ForgetRuntime              // a runtime id is no proof of a start
	mutations
)

var mutationNames = [mutations]string{
	"none", "writes are blind", "relaunch on unknown", "owed effects are forgotten", "the lock is dropped", "a second send's refusal is trusted",
	"exit 0 of a stopped task is success", "new tokens", "old tokens", "never look", "slots are skipped", "more attempts", "no deadline", "too fast",
	"tell twice", "a warning is a stop", "pauses are ignored", "lateness is ignored", "success is doubted", "a runtime id proves nothing",
}

func (m Mutation) String() string { return mutationNames[m] }

// salt makes a token differ from send to send.
func (m Mutation) salt(n int) string {
	if m == NewTokens {
		return strconv.Itoa(n)
	}
	return ""
}

func (m Mutation) faster() int {
	if m == TooFast {
		return 1
	}
	return 0
}

// load changes a run that was read.
func (m Mutation) load(r *run.Run) {
	switch m {
	case TrustRefusal:
		for i := range r.Attempts {
			a := &r.Attempts[i]
			a.Doubt, a.Refusals = false, max(0, a.Sends-1)
		}
	case OldTokens:
		if r.Status == run.Launching && len(r.Attempts) > 0 {
			r.Attempts[len(r.Attempts)-1].SentAt = epoch.AddDate(100, 0, 0)
		}
	}
}

// save changes what is written.
func (m Mutation) save(c control.Change) control.Change {
	switch {
	case m == ForgetOwed && c.Run != nil:
		r := *c.Run
		r.Owed = nil
		c.Run = &r
	case m == DropLock && c.Item != nil:
		item := *c.Item
		item.Lock = ""
		c.Item = &item
	case m == TellTwice && c.Run != nil && c.Run.Status == run.Failed && c.Run.Rev < 20:
		r := *c.Run
		r.Owed = []run.Effect{{Kind: run.Tell, Attempt: len(r.Attempts), Notice: "failed"}}
		if r.DueAt.IsZero() {
			r.DueAt = r.FinishedAt.Add(time.Minute)
		}
		c.Run = &r
	}
	return c
}

// definition changes a definition that was read.
func (m Mutation) definition(j *job.Job) {
	switch m {
	case MoreAttempts:
		j.Retry.Attempts = job.MaxAttempts
	case NoDeadline:
		j.Retry.Deadline = job.Duration(job.MaxDeadline)
	}
}

const provedReason = "Timeout waiting for network interface provisioning to complete."

// task changes a task that ECS described.
func (m Mutation) task(t *ecsevent.Task) {
	switch {
	case m == RelaunchOnUnknown && unclearEnd(t.StoppedReason) && t.StoppedReason != "":
		t.StoppedReason = provedReason
	case m == TrustExitZero && t.StopCode != nil && *t.StopCode == userStop:
		c := exited
		t.StopCode = &c
	case m == SpotWarning && t.StopCode != nil:
		t.LastStatus = "STOPPED"
	case m == ForgetRuntime:
		for i := range t.Containers {
			t.Containers[i].RuntimeID, t.Containers[i].LastStatus = "", ""
		}
	}
}

// item changes a job's item that was read.
func (m Mutation) item(i *job.Item) {
	if m == IgnorePause {
		i.Pauses = nil
	}
}

func unclearEnd(reason string) bool {
	for _, u := range unclearEnds {
		if u == reason {
			return true
		}
	}
	return false
}

// event changes an event's body.
func (m Mutation) event(body []byte) []byte {
	switch m {
	case RelaunchOnUnknown:
		for _, u := range unclearEnds {
			if u != "" {
				body = bytes.Replace(body, []byte(strconv.Quote(u)), []byte(strconv.Quote(provedReason)), 1)
			}
		}
	case TrustExitZero:
		body = bytes.Replace(body, []byte(strconv.Quote(userStop)), []byte(strconv.Quote(exited)), 1)
	case DoubtSuccess:
		body = bytes.Replace(body, []byte(`"exitCode":0`), []byte(`"exitCode":1`), 1)
	case ForgetRuntime:
		body = bytes.ReplaceAll(body, []byte(`"runtimeId"`), []byte(`"unknown"`))
	case SpotWarning:
		if bytes.Contains(body, []byte(`"stopCode"`)) {
			body = bytes.Replace(body, []byte(`"lastStatus":"RUNNING"`), []byte(`"lastStatus":"STOPPED"`), 1)
		}
	}
	return body
}
