package simulation

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// salt makes tokens differ between sends.
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
	if m == NoMutation {
		return
	}
	*r = copyRun(*r) // the store keeps what it handed out
	for i := range r.Attempts {
		m.attempt(&r.Attempts[i])
	}
	switch {
	case m == SpotForEver:
		r.OnDemand = false
	case m == OldTokens && r.Status == run.Launching && len(r.Attempts) > 0:
		r.Last().SentAt = epoch.AddDate(100, 0, 0)
	case m == NeverHeldUp && r.HeldUp.IsZero():
		r.HeldUp = epoch
	case m == NeverStuck && r.Stopping != nil:
		r.Stopping.At = epoch.AddDate(100, 0, 0)
	}
}

func (m Mutation) attempt(a *run.Attempt) {
	switch m {
	case NeverHangs:
		if !a.EndingSince.IsZero() {
			a.EndingSince = epoch.AddDate(100, 0, 0)
		}
	case NeverLong:
		a.Long = true
	case TrustRefusal:
		a.Doubt, a.Refusals, a.RefusedSends = false, a.Sends, nil
	case SpotForEver:
		a.OnDemand = false
	case TrustFound:
		a.Found = nil
	case GiveUpAtOnce:
		if !a.RefusedSince.IsZero() {
			a.RefusedSince = epoch.AddDate(-1, 0, 0)
		}
	}
}

// save changes what is written.
func (m Mutation) save(c port.Change) port.Change {
	switch {
	case m == ForgetOwed && c.Run != nil:
		r := *c.Run
		r.Owed = nil
		c.Run = &r
	case m == TellTwice && c.Run != nil && c.Run.Status == run.Failed && c.Run.Rev < 20:
		r := *c.Run
		r.Owed = []run.Effect{{Kind: run.Tell, Attempt: len(r.Attempts), Notice: "failed"}}
		if r.DueAt.IsZero() {
			r.DueAt = r.FinishedAt.Add(time.Minute)
		}
		c.Run = &r
	case (m == DropLock || m == KeepLock) && c.Item != nil:
		item := *c.Item
		m.lock(&item, c.Run)
		c.Item = &item
	}
	return c
}

// lock changes the lock in a job's item that is written with a run.
func (m Mutation) lock(item *job.Item, r *run.Run) {
	switch {
	case m == DropLock:
		item.Lock = ""
	case m == KeepLock && item.Lock == "" && r != nil && r.Status.Terminal():
		item.Lock = string(r.ID)
	}
}

// defines reports whether definitions are read differently from how they are. A process keeps
// those that it wrote and does not read them again.
func (m Mutation) defines() bool {
	return m == MoreAttempts || m == NoDeadline || m == RestPastLimit
}

// anew returns the control plane of a new process, which remembers nothing.
func anew(c *control.Control) *control.Control {
	return &control.Control{
		Stack: c.Stack, Store: c.Store, Launcher: c.Launcher, Schedules: c.Schedules, Registry: c.Registry, Notifier: c.Notifier,
		Now: c.Now, Timing: c.Timing, Log: c.Log, Pace: c.Pace, Abreast: c.Abreast, Backoff: c.Backoff,
	}
}

// definition changes a definition that was read.
func (m Mutation) definition(j *job.Job) {
	switch m {
	case MoreAttempts:
		j.Retry.Attempts = job.MaxAttempts
	case NoDeadline:
		j.Retry.Deadline = job.Duration(job.MaxDeadline)
	case RestPastLimit:
		j.Timeout = 0
	}
}

const provedReason = "Timeout waiting for network interface provisioning to complete."

// task changes a task that ECS described.
func (m Mutation) task(t *ecsevent.Task) {
	m.early(t)
	switch {
	case m == RelaunchOnUnknown && unclearEnd(t.StoppedReason):
		t.StoppedReason = provedReason
	case m == TrustExitZero && t.StopCode != nil && *t.StopCode == userStop:
		c := exited
		t.StopCode = &c
	case m == SpotWarning && t.StopCode != nil:
		t.LastStatus = "STOPPED"
	case m == TrustSpot:
		neverRan(t)
	case m == ForgetRuntime:
		for i := range t.Containers {
			t.Containers[i].RuntimeID, t.Containers[i].LastStatus = "", ""
		}
	}
}

// neverRan shows a task that Spot took away as one that never started.
func neverRan(t *ecsevent.Task) {
	if t.StopCode == nil || *t.StopCode != taken || t.LastStatus != "STOPPED" {
		return
	}
	c := failedStart
	t.StopCode, t.StoppedReason, t.StartedAt = &c, provedReason, time.Time{}
	for i := range t.Containers {
		t.Containers[i].RuntimeID, t.Containers[i].ExitCode = "", nil
	}
}

// item changes a job's item that was read.
func (m Mutation) item(i *job.Item, now time.Time) {
	if m == NoMutation {
		return
	}
	*i = copyItem(*i)
	switch m {
	case IgnorePause:
		i.Pauses = nil
	case ForgetPause:
		i.Pauses = slices.DeleteFunc(i.Pauses, func(p job.Pause) bool { return !p.To.IsZero() && p.To.Before(now) })
	case ForgetSkip:
		i.SkipNext = nil
	case ForgetFormer:
		i.Former = nil
	case ZoneIsUTC:
		i.Plan.Timezone = "UTC"
	case HideCalendar:
		i.Plan.Calendar = job.Calendar{}
	case SkipLater:
		if i.SkipNext != nil {
			i.SkipNext.At = i.SkipNext.At.Add(time.Minute)
		}
	}
}

// answer changes what RunTask answered.
func (m Mutation) answer(e run.Event) run.Event {
	if r, ok := e.(run.Refused); ok && m == ChargeQuota && r.Stop.Reason == noQuota {
		r.Stop.Reason = "SOMETHING NEW"
		return r
	}
	if n, ok := e.(run.NoAnswer); ok && m == HangIsRefused && n.Err == hung {
		return exception(n.Attempt, "ClientException", "It hangs.")
	}
	if r, ok := e.(run.Refused); ok && m == RateIsException && r.Stop.Reason == rateWords {
		r.Stop.Kind, r.Stop.ErrorCode = stop.LaunchException, "ThrottlingException"
		return r
	}
	return e
}

// denial changes how ECS refuses to tell of tasks.
func (m Mutation) denial(err error) error {
	if m == NeverGiveUp {
		return errUnavailable
	}
	return err
}

// holds reports whether the handler cannot continue.
func (m Mutation) holds(h *handler) bool { return m == RefusalHoldsAll && h.denied }

// revive makes a trigger find an owed launch as if it were recent.
func (m Mutation) revive(h *handler, r *run.Run, now time.Time) {
	a := r.Last()
	if m != ReviveLate || h.name != "trigger" || a == nil || now.Sub(a.SentAt) < time.Hour {
		return
	}
	*r = copyRun(*r)
	a = r.Last()
	r.Status, r.Owed = run.Launching, []run.Effect{{Kind: run.Launch, Attempt: a.N}}
	a.SentAt, a.TaskARN, a.EndedAt = now, "", time.Time{}
}

// believe shows a run that has ended as running, to the trigger of another run.
func (m Mutation) believe(h *handler, r *run.Run) {
	if m == TrustItem && h.name == "trigger" && r.ID != h.run && r.Status.Terminal() {
		r.Status = run.Running
	}
}

// lags notes what an index does not show.
func (w *World) lags(id run.ID, lags bool) {
	if lags && w.opt.Mutation == LagForEver {
		w.hide(id)
	}
}

// hide makes a run due nowhere any more.
func (w *World) hide(id run.ID) {
	if w.unindexed == nil {
		w.unindexed = map[run.ID]bool{}
	}
	w.unindexed[id] = true
}

// hidden reports whether a mutation hides a run that is due.
func (w *World) hidden(r run.Run) bool {
	return w.unindexed[r.ID] || w.opt.Mutation == HideNonsense && w.damagedRun(r.ID)
}

func unclearEnd(reason string) bool {
	for _, u := range unclearEnds {
		if u != "" && u == reason {
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
	case TrustSpot:
		if bytes.Contains(body, []byte(taken)) {
			return []byte(`{}`) // the look decides
		}
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
