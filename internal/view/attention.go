package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Attention is something that a person should look at.
type Attention struct {
	Kind AttentionKind `json:"kind"`
	Job  string        `json:"job"`
	Run  run.ID        `json:"run,omitempty"`
	// Since is when it began, or zero if that is not known.
	Since time.Time `json:"since,omitzero"`
	Words string    `json:"words"`

	count int
}

// Pause reports whether it is about a pause and not a run.
func (a Attention) Pause() bool { return a.Kind == NeedsPaused || a.Kind == NeedsResumed }

// AttentionKind says why a person should look.
type AttentionKind string

// Kinds of attention, most urgent first.
const (
	NeedsDoubt   AttentionKind = "in doubt"
	NeedsStuck   AttentionKind = "will not stop"
	NeedsHung    AttentionKind = "hangs"
	NeedsHeldUp  AttentionKind = "held up"
	NeedsLong    AttentionKind = "runs for long"
	NeedsFailing AttentionKind = "failing"
	NeedsMissed  AttentionKind = "missed"
	NeedsPaused  AttentionKind = "paused for long"
	NeedsResumed AttentionKind = "pause ends soon"
)

var urgency = []AttentionKind{NeedsDoubt, NeedsStuck, NeedsHung, NeedsHeldUp, NeedsLong, NeedsFailing, NeedsMissed, NeedsPaused, NeedsResumed}

// Times after which something is worth a look.
const (
	// hungAfter applies to a task that ECS accepted and that does not run. It is half of the
	// default launch timeout.
	hungAfter = 10 * time.Minute
	// pausedLong applies to a pause without an end.
	pausedLong = 7 * 24 * time.Hour
	// endsSoon applies to a pause that ends by itself.
	endsSoon = time.Hour
)

// MissedFor is how long a missed slot needs attention.
const MissedFor = 24 * time.Hour

// AttentionOf returns what needs attention: among the jobs, the open runs, and the runs that were
// missed within MissedFor, newest first. The result has the most urgent and oldest first, and
// names each thing once.
func AttentionOf(summaries []Summary, open, missed []run.Run, now time.Time) []Attention {
	var out []Attention
	needs, since := map[run.ID]int{}, map[run.ID]time.Time{}
	for _, r := range open {
		if a, ok := openAttention(r, now); ok {
			needs[r.ID] = len(out)
			out = append(out, a)
		}
		since[r.ID] = cmp.Or(r.ReadyAt, r.QueuedAt)
	}
	var all *job.Pause
	for _, s := range summaries {
		if i, ok := needs[s.HeldBy]; ok {
			out[i].Words += "; the job's slots are skipped while it is open"
			s.HeldBy = ""
		}
		out = append(out, jobAttention(s, since[s.HeldBy], now)...)
		all = cmp.Or(all, s.OfAll) // reported only once
	}
	if all != nil {
		out = append(out, pauseAttention(job.All, *all, all.To, now)...)
	}
	out = withMissed(out, missedAttention(missed))
	slices.SortStableFunc(out, func(a, b Attention) int {
		return cmp.Or(cmp.Compare(slices.Index(urgency, a.Kind), slices.Index(urgency, b.Kind)), a.Since.Compare(b.Since), cmp.Compare(a.Job, b.Job))
	})
	return out
}

// withMissed adds missed slots. If a job is failing because of them, its entry says so instead.
func withMissed(out, missed []Attention) []Attention {
	failing := map[run.ID]int{}
	for i, a := range out {
		if a.Kind == NeedsFailing {
			failing[a.Run] = i
		}
	}
	for _, a := range missed {
		if i, ok := failing[a.Run]; ok {
			out[i].Words = a.Words
			continue
		}
		out = append(out, a)
	}
	return out
}

func openAttention(r run.Run, now time.Time) (Attention, bool) {
	a := Attention{Job: r.ID.Job(), Run: r.ID, Words: r.Cause}
	switch d := DoubtOf(r); {
	case d != nil:
		a.Kind, a.Since = NeedsDoubt, d.Since
		a.Words = fmt.Sprintf("it is not known whether ECS launched attempt %d; %s", d.Attempt, d.Next)
	case r.Stuck() && r.Stopping != nil:
		a.Kind, a.Since, a.Words = NeedsStuck, r.Stopping.At, "its task was asked to stop but has not: "+r.Stopping.Reason
		if r.Owes(run.StopTask) {
			a.Words = "ECS has not confirmed the request to stop its task: " + r.Stopping.Reason
		}
	case r.Stuck():
		a.Kind, a.Since, a.Words = NeedsStuck, r.Last().EndingSince, "ECS has been stopping its task, which has not stopped: it is still "+r.Last().LastStatus
	case StateOf(r, now) == Starting && now.Sub(r.Last().SentAt) > hungAfter:
		a.Kind, a.Since = NeedsHung, r.Last().SentAt
		a.Words = fmt.Sprintf("ECS accepted its task and reports %s, not RUNNING; it is stopped after its launchTimeout", cmp.Or(r.Last().LastStatus, "nothing"))
	case r.RunsLong():
		a.Kind, a.Since, a.Words = NeedsLong, r.StartedAt, "its task has been running for long, and its job has no timeout"
	default:
		since, held := HeldUp(r, now)
		a.Kind, a.Since = NeedsHeldUp, since
		return a, held
	}
	return a, true
}

// HeldUp returns since when a run has waited to be launched, and whether that is longer than
// its Patience. A run in doubt does not wait. A run that a person retried waits since the
// retry; a relaunch waits since the previous attempt ended.
func HeldUp(r run.Run, now time.Time) (since time.Time, held bool) {
	if r.Status != run.Queued && r.Status != run.Launching || DoubtOf(r) != nil {
		return time.Time{}, false
	}
	since = r.WaitsSince()
	return since, now.Sub(since) > r.Patience()
}

// jobAttention is about a job. held is since when the run has been open that holds back its
// slots.
func jobAttention(s Summary, held, now time.Time) (out []Attention) {
	if s.FailingSince != nil {
		out = append(out, failing(s))
	}
	if s.HeldBy != "" {
		out = append(out, Attention{Kind: NeedsHeldUp, Job: s.Job, Run: s.HeldBy, Since: held, Words: fmt.Sprintf("its slots are skipped while %s is open", s.HeldBy)})
	}
	if p := s.Paused; p != nil && !s.PausedAll {
		goesOn := s.GoesOn
		if s.Schedule == "" || s.Disabled { // nothing goes on
			goesOn = time.Time{}
		}
		out = append(out, pauseAttention(s.Job, *p, goesOn, now)...)
	}
	return out
}

// failing is about a job that has not succeeded since a failure.
func failing(s Summary) Attention {
	a := Attention{Kind: NeedsFailing, Job: s.Job, Since: *s.FailingSince, Words: "has not succeeded since then"}
	if f := s.Failure(); f != nil {
		a.Run, a.Words = f.Run, f.Cause
	}
	return a
}

// Failure returns the newest run of a failing job that failed or was missed. It is nil if that is not among the
// known runs, if the job is not failing, or as long as a newer run is open that a person asked for: mostly a retry
// of the newest failure, and an older one is not the next to retry.
func (s Summary) Failure() *Row {
	if s.FailingSince == nil {
		return nil
	}
	for i, r := range s.Runs {
		switch {
		case r.Status == run.Failed, r.Status == run.Missed:
			return &s.Runs[i]
		case r.By != "" && !r.Status.Terminal():
			return nil
		}
	}
	return nil
}

// missedAttention is about the last day's slots without a run, by job. The newest come first in
// missed.
func missedAttention(missed []run.Run) (out []Attention) {
	at := map[string]int{}
	for _, r := range missed {
		i, ok := at[r.ID.Job()]
		if !ok {
			i = len(out)
			at[r.ID.Job()] = i
			out = append(out, Attention{Kind: NeedsMissed, Job: r.ID.Job(), Run: r.ID, Words: r.Cause})
		}
		out[i].Since = r.ScheduledFor
		out[i].count++
	}
	for i := range out {
		if n := out[i].count; n > 1 {
			out[i].Words = fmt.Sprintf("%d slots were missed, the last: %s", n, out[i].Words)
		}
	}
	return out
}

// pauseAttention is about a pause that nobody ends, or one that ends soon, after which the paused
// schedules resume.
func pauseAttention(name string, p job.Pause, goesOn, now time.Time) []Attention {
	a := Attention{Kind: NeedsPaused, Job: name, Since: p.From, Words: PauseWords(p)}
	switch left := goesOn.Sub(now); {
	case p.To.IsZero() && now.Sub(p.From) > pausedLong:
	case !goesOn.IsZero() && left <= endsSoon:
		what := "its schedule resumes"
		if name == job.All {
			what = "all schedules resume"
		}
		a.Kind, a.Words = NeedsResumed, fmt.Sprintf("%s in %s; paused %s", what, soon(left), PauseWords(p))
	default:
		return nil
	}
	return []Attention{a}
}

// soon formats a time of at most an hour for people.
func soon(d time.Duration) string {
	if d = d.Round(time.Minute); d > 0 {
		return job.Duration(d).String()
	}
	return "less than a minute"
}

// PauseWords says who paused, and why.
func PauseWords(p job.Pause) string {
	words := "by " + cmp.Or(p.By, "a person")
	if p.Reason != "" {
		words += ": " + p.Reason
	}
	return words
}
