package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Timeline is what ran when and what will, with one track per job.
type Timeline struct {
	From, To time.Time
	// Now is the end of the past.
	Now    time.Time
	Tracks []Track
	// Unread has the ids of the runs that are left out because they cannot be read.
	Unread []run.ID
}

// Track is one job of a timeline.
type Track struct {
	Job string
	// Zone is the job's zone, as an IANA name.
	Zone string
	// Bars are the runs, oldest first.
	Bars []Bar
	// Slots are the slots of the time shown that will run, at most MaxSlots. Next is the first of
	// all that will, or zero if none is known. Unforeseen means that the job's schedule has slots
	// that nobody knows beforehand.
	Slots      []time.Time
	Next       time.Time
	Unforeseen bool
	// Paused lists the pauses that reach into the time shown. One that nobody ends has no To.
	Paused []Span
}

// Bar is one run of a timeline.
type Bar struct {
	Run   run.ID
	State State
	// ScheduledFor is the nominal minute. The bar begins when the task started; if that is not
	// known yet, when it was accepted; if it was not, when the run was claimed. With several
	// attempts it begins when the first was sent, if that is earlier. It ends with the run: for
	// an open run, To is zero, and now in a Timeline.
	ScheduledFor time.Time
	Span
	// Again holds the times at which further attempts were sent.
	Again []time.Time
	// runsFrom is when a bar that is starting becomes one that is running.
	runsFrom time.Time
}

// Span is the time from From up to To.
type Span struct{ From, To time.Time }

// MaxSlots is the largest number of future slots that a track shows.
const MaxSlots = 500

// TimelineOf lays out runs and future slots between two times. items are the jobs that get a
// track; all is the item of all jobs.
func TimelineOf(from, to, now time.Time, items []job.Item, all job.Item, runs []Bar) Timeline {
	t := Timeline{From: from, To: to, Now: now}
	bars := byJob(runs, func(b *Bar) bool {
		*b = b.at(now)
		return b.To.After(from) && b.From.Before(to)
	})
	tracks := map[string]*Track{}
	for _, item := range items {
		l := &Track{Job: item.Name, Zone: item.Plan.Timezone, Next: next(&item, &all, now), Unforeseen: Unforeseen(&item), Paused: pausesOf(from, to, item, all)}
		if !l.Next.IsZero() {
			l.Slots = slotsOf(&item, &all, later(l.Next, from), to)
		}
		tracks[item.Name] = l
	}
	for name, of := range bars {
		if tracks[name] == nil {
			tracks[name] = &Track{Job: name}
		}
		slices.SortFunc(of, func(a, b Bar) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Run, b.Run)) })
		tracks[name].Bars = of
	}
	for _, name := range slices.Sorted(maps.Keys(tracks)) {
		t.Tracks = append(t.Tracks, *tracks[name])
	}
	return t
}

// byJob returns the bars that fit, by job. fit may change its copy. It counts them first, because
// there may be tens of thousands.
func byJob(runs []Bar, fit func(b *Bar) bool) map[string][]Bar {
	counts := map[string]int{}
	for i := range runs {
		counts[runs[i].Run.Job()]++
	}
	bars := make(map[string][]Bar, len(counts))
	for _, b := range runs {
		if !fit(&b) {
			continue
		}
		name := b.Run.Job()
		of, ok := bars[name]
		if !ok {
			of = make([]Bar, 0, counts[name])
		}
		bars[name] = append(of, b)
	}
	return bars
}

// least is the shortest length of a bar: without a length it would be invisible.
const least = time.Second

// BarOf returns the bar of a run.
func BarOf(o run.Outline) Bar {
	b := Bar{Run: o.ID, State: State(o.Status), ScheduledFor: o.ScheduledFor, Span: Span{o.StartedAt, o.FinishedAt}}
	if o.Whole != nil {
		b.looked(*o.Whole)
	}
	if b.From.IsZero() {
		b.From = o.QueuedAt
	}
	if o.Whole == nil {
		return b
	}
	r := o.Whole
	b.State = StateOf(*r, time.Time{})
	// Show also what attempts before the last did or waited for.
	if len(r.Attempts) > 1 && !r.Attempts[0].SentAt.IsZero() && r.Attempts[0].SentAt.Before(b.From) {
		b.From = r.Attempts[0].SentAt
	}
	for i := 1; i < len(r.Attempts); i++ {
		if at := r.Attempts[i].SentAt; !at.IsZero() {
			b.Again = append(b.Again, at)
		}
	}
	return b
}

// looked makes a bar begin when ECS accepted the task, if the task's start is not known.
func (b *Bar) looked(r run.Run) {
	b.runsFrom = r.RunsFrom()
	if a := r.Last(); b.From.IsZero() && r.Status == run.Running && a != nil {
		b.From = a.AcceptedAt
	}
}

// at returns the bar with an end and a visible length.
func (b Bar) at(now time.Time) Bar {
	if b.To.IsZero() {
		b.To = now
	}
	if b.State == Starting && !b.runsFrom.IsZero() && !now.Before(b.runsFrom) {
		b.State = State(run.Running)
	}
	if b.To.Before(b.From.Add(least)) {
		b.To = b.From.Add(least)
	}
	return b
}

// slotsOf returns the slots that will run, from one time on and before another.
func slotsOf(item, all *job.Item, from, to time.Time) (out []time.Time) {
	for slot := range coming(item, all, from.Add(-1), to) {
		if out = append(out, slot); len(out) == MaxSlots {
			break
		}
	}
	return out
}

func pausesOf(from, to time.Time, items ...job.Item) []Span {
	var out []Span
	for _, item := range items {
		for _, p := range item.Pauses {
			if p.From.Before(to) && (p.To.IsZero() || p.To.After(from) && p.To.After(p.From)) {
				out = append(out, Span{p.From, p.To})
			}
		}
	}
	slices.SortFunc(out, func(a, b Span) int { return a.From.Compare(b.From) })
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
