package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Attention is something that somebody should look at.
type Attention struct {
	Kind AttentionKind `json:"kind"`
	Job  string        `json:"job"`
	Run  run.ID        `json:"run,omitempty"`
	// Since is when it began, zero where that is not known.
	Since time.Time `json:"since,omitzero"`
	Words string    `json:"words"`
}

// AttentionKind is why somebody should look.
type AttentionKind string

// What needs somebody, the most urgent first.
const (
	NeedsDoubt   AttentionKind = "in doubt"
	NeedsStuck   AttentionKind = "will not stop"
	NeedsHeldUp  AttentionKind = "held up"
	NeedsFailing AttentionKind = "failing"
	NeedsPaused  AttentionKind = "paused for long"
)

var urgency = []AttentionKind{NeedsDoubt, NeedsStuck, NeedsHeldUp, NeedsFailing, NeedsPaused}

// Times after which something is worth a look.
const (
	// HeldUpAfter is for a run that was claimed and not launched.
	HeldUpAfter = 15 * time.Minute
	// PausedLong is for a pause that nobody gave an end.
	PausedLong = 7 * 24 * time.Hour
)

// AttentionOf is what needs somebody, of jobs and of runs that are open; the most
// urgent and the oldest first.
func AttentionOf(summaries []Summary, open []run.Run, now time.Time) []Attention {
	var out []Attention
	for _, r := range open {
		if a, ok := openAttention(r, now); ok {
			out = append(out, a)
		}
	}
	for _, s := range summaries {
		out = append(out, jobAttention(s, now)...)
	}
	slices.SortStableFunc(out, func(a, b Attention) int {
		return cmp.Or(cmp.Compare(slices.Index(urgency, a.Kind), slices.Index(urgency, b.Kind)), a.Since.Compare(b.Since), cmp.Compare(a.Job, b.Job))
	})
	return out
}

func openAttention(r run.Run, now time.Time) (Attention, bool) {
	a := Attention{Job: r.ID.Job(), Run: r.ID, Words: r.Cause}
	switch d := DoubtOf(r); {
	case d != nil:
		a.Kind, a.Since = NeedsDoubt, d.Since
		a.Words = fmt.Sprintf("whether ECS launched attempt %d is not known; %s", d.Attempt, d.Next)
	case r.Stopping != nil && r.Stopping.Stuck:
		a.Kind, a.Since, a.Words = NeedsStuck, r.Stopping.At, "its task was asked to stop and has not: "+r.Stopping.Reason
	case (r.Status == run.Queued || r.Status == run.Launching) && !r.Waits && now.Sub(r.QueuedAt) > HeldUpAfter:
		a.Kind, a.Since = NeedsHeldUp, r.QueuedAt
	default:
		return a, false
	}
	return a, true
}

func jobAttention(s Summary, now time.Time) (out []Attention) {
	if s.FailingSince != nil {
		a := Attention{Kind: NeedsFailing, Job: s.Job, Since: *s.FailingSince, Words: "no success since"}
		if i := slices.IndexFunc(s.Runs, func(r Row) bool { return r.State.Bad() }); i >= 0 {
			a.Run, a.Words = s.Runs[i].Run, s.Runs[i].Cause
		}
		out = append(out, a)
	}
	if p := s.Paused; p != nil && !s.PausedAll && p.To.IsZero() && now.Sub(p.From) > PausedLong {
		out = append(out, Attention{Kind: NeedsPaused, Job: s.Job, Since: p.From, Words: PauseWords(*p)})
	}
	return out
}

// PauseWords say who paused and why.
func PauseWords(p job.Pause) string {
	words := "by " + orElse(p.By, "a person")
	if p.Reason != "" {
		words += ": " + p.Reason
	}
	return words
}
