package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Timeline is what ran when, and what will, a lane a job.
type Timeline struct {
	From, To time.Time
	// Now is where the past ends.
	Now   time.Time
	Lanes []Lane
}

// Lane is a job of a timeline.
type Lane struct {
	Job string
	// Zone is the job's, as an IANA name.
	Zone string
	// Bars are the runs, the oldest first.
	Bars []Bar
	// Slots are those of the time shown that will run, at most MaxSlots. Next is the
	// first of all that will, zero where none is known, and Unforeseen whether the job's
	// schedule has slots that nobody knows beforehand.
	Slots      []time.Time
	Next       time.Time
	Unforeseen bool
	// Paused are the pauses that reach into the time shown; one that nobody ends has no
	// To.
	Paused []Span
}

// Bar is a run of a timeline.
type Bar struct {
	Run   run.ID
	State State
	// ScheduledFor is the nominal minute. The bar begins when the task started, or was
	// accepted where that is not known yet, or the run was claimed where neither is so;
	// with several attempts, when the first was sent. It ends with the run: To is zero
	// where it has not ended, and now in a Timeline.
	ScheduledFor time.Time
	Span
	// Again are the times at which further attempts were sent.
	Again []time.Time
	// runsFrom is when a bar that is starting becomes one that runs.
	runsFrom time.Time
}

// Span is a time from From up to To.
type Span struct{ From, To time.Time }

// MaxSlots is how many slots to come a lane shows at most.
const MaxSlots = 500

// TimelineOf lays out runs and slots to come between two times. items are the
// jobs that get a lane, all is the item of all jobs.
func TimelineOf(from, to, now time.Time, items []job.Item, all job.Item, runs []Bar) Timeline {
	t := Timeline{From: from, To: to, Now: now}
	bars := byJob(runs, func(b *Bar) bool {
		*b = b.at(now)
		return b.To.After(from) && b.From.Before(to)
	})
	lanes := map[string]*Lane{}
	for _, item := range items {
		l := &Lane{Job: item.Name, Zone: item.Plan.Timezone, Next: next(&item, &all, now), Unforeseen: Unforeseen(&item), Paused: pausesOf(from, to, item, all)}
		if !l.Next.IsZero() {
			l.Slots = slotsOf(&item, &all, later(l.Next, from), to)
		}
		lanes[item.Name] = l
	}
	for name, of := range bars {
		if lanes[name] == nil {
			lanes[name] = &Lane{Job: name}
		}
		slices.SortFunc(of, func(a, b Bar) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Run, b.Run)) })
		lanes[name].Bars = of
	}
	for _, name := range slices.Sorted(maps.Keys(lanes)) {
		t.Lanes = append(t.Lanes, *lanes[name])
	}
	return t
}

// byJob are the bars that fit by their job; fit may change its copy. They are counted
// first: there may be tens of thousands.
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

// least is how long a bar is at least: what is no span would not be seen.
const least = time.Second

// BarOf is the bar of a run.
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
	// What an attempt before the last did, or waited for, is in sight too.
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

// looked has a bar whose task's start is not known begin when ECS accepted the task.
func (b *Bar) looked(r run.Run) {
	b.runsFrom = RunsFrom(r)
	if a := r.Last(); b.From.IsZero() && r.Status == run.Running && a != nil {
		b.From = a.AcceptedAt
	}
}

// at is the bar with an end, and a length that can be seen.
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

// slotsOf are the slots from one time on and before another that will run.
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
