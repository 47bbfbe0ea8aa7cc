package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// overview is the first page that people see: what needs attention, how the last day went, what
// runs now and what comes next.
type overview struct {
	Frame
	// Known reports whether any job is deployed; Jobs is how many are.
	Known bool
	Jobs  int
	// Needs lists the newest of each kind, MoreNeeds how many older ones there are.
	Needs     []view.Attention
	MoreNeeds []moreNeeds
	Wrong     []string
	Day       []dayCount
	Total     int
	Open      []view.Row
	More      int // open runs that are not listed
	// Coming lists the jobs with a slot in the next hour. MoreComing is how many others have one.
	// Unforeseen is how many jobs start at times that nobody knows beforehand.
	Coming                 []view.Summary
	MoreComing, Unforeseen int
	// Pauses lists pauses in force. MorePauses is how many there are beyond these.
	Pauses     []plane.Pause
	MorePauses int
	// Kept lists inputs that could not be used and that nobody has settled, newest first.
	Kept []port.Kept
}

// dayCount is how many runs of the last day are in one state or, for open runs, in states that
// look alike. Status is the status by which history selects the same runs, or "" if none does.
type dayCount struct {
	Of     any
	Status run.Status
	Count  int
}

// moreNeeds is how many of a kind of attention are not listed, and where they are.
type moreNeeds struct {
	Kind  view.AttentionKind
	Count int
	Href  string
}

type classCount struct {
	Class view.Class
	Count int
}

// Bounds of the overview's lists.
const (
	mostOfKind = 20
	mostOpen   = 20
	mostComing = 20
	mostPauses = 20
	comingIn   = time.Hour
	openAtMost = 1000
)

func (s *Server) overview(r *http.Request, q Query) (rendered, error) {
	ctx, p := r.Context(), s.cfg.Plane
	o := &overview{Frame: s.frame(r, q, "overview", "Overview")}
	summaries, err := s.summaries(ctx, plane.JobFilter{Brief: true})
	if err != nil {
		return rendered{}, err
	}
	open, err := remember(ctx, s.memo, "open", func(ctx context.Context) ([]run.Run, error) { return p.OpenRuns(ctx, openAtMost) })
	if err != nil {
		return rendered{}, err
	}
	missed, err := remember(ctx, s.memo, "missed", p.MissedRuns)
	if err != nil {
		return rendered{}, err
	}
	counts, err := remember(ctx, s.memo, "day", s.lastDay)
	if err != nil {
		return rendered{}, err
	}
	st, err := remember(ctx, s.memo, "status", p.Status)
	if err != nil {
		o.Unread = append(o.Unread, "the state of the control plane: "+s.cfg.Plane.Explained(err).Error())
	}
	o.Kept, err = remember(ctx, s.memo, "kept", func(ctx context.Context) ([]port.Kept, error) { return p.Kept(ctx, keptAtMost) })
	if err != nil {
		o.Unread = append(o.Unread, "inputs that could not be used: "+s.cfg.Plane.Explained(err).Error())
	}
	if o.Pauses, err = remember(ctx, s.memo, "pauses", p.Pauses); err != nil {
		return rendered{}, err
	}
	if q.Zone == ZoneJob { // of jobs that are no longer deployed, too
		if err := s.zones(r, &o.Frame); err != nil {
			return rendered{}, err
		}
	}
	o.unseen(open, missed.Runs)
	left := slices.Concat(missed.Unread, counts.Unread)
	slices.Sort(left)
	o.unread(slices.Compact(left)) // a missed slot may be in both
	o.fill(view.AttentionOf(summaries, open, missed.Runs, o.Now), summaries, open, counts.States, st)
	return rendered{name: "overview", data: o}, nil
}

// summaries returns the jobs that a filter selects. A caller that changes them must copy them.
func (s *Server) summaries(ctx context.Context, f plane.JobFilter) ([]view.Summary, error) {
	return remember(ctx, s.memo, fmt.Sprintf("jobs %#v", f), func(ctx context.Context) ([]view.Summary, error) { return s.cfg.Plane.Jobs(ctx, f) })
}

// lastDay counts the runs of the last 24 hours by their state.
func (s *Server) lastDay(ctx context.Context) (plane.Counts, error) {
	return s.cfg.Plane.Counted(ctx, s.cfg.Now().Add(-24*time.Hour))
}

// days returns the counts of a day in order. Open runs are grouped by how they look.
func days(counts map[view.State]int) (out []dayCount) {
	add := func(of any, status run.Status, n int) {
		if n > 0 {
			out = append(out, dayCount{of, status, n})
		}
	}
	for c := view.ClassFailed; c <= view.ClassPlanned; c++ {
		open := 0
		for _, status := range run.Statuses {
			if state := view.State(status); !state.Open() && view.ClassOf(state) == c {
				add(state, status, counts[state])
			}
		}
		for state, n := range counts {
			if state.Open() && view.ClassOf(state) == c {
				open += n
			}
		}
		add(c, "", open)
	}
	return out
}

// unseen says that there is more than was read.
func (o *overview) unseen(open, missed []run.Run) {
	if len(open) >= openAtMost {
		o.Unread = append(o.Unread, fmt.Sprintf("open runs beyond the newest %d", openAtMost))
	}
	if len(missed) >= plane.MissedAtMost {
		o.Unread = append(o.Unread, fmt.Sprintf("missed slots beyond the newest %d", plane.MissedAtMost))
	}
}

// fill makes the page from what was read.
func (o *overview) fill(needs []view.Attention, summaries []view.Summary, open []run.Run, counts map[view.State]int, st plane.Status) {
	o.Jobs, o.Known = len(summaries), len(summaries) > 0
	o.need(needs)
	o.Wrong = st.Wrong
	o.Day = days(counts)
	for _, d := range o.Day {
		o.Total += d.Count
	}
	for _, r := range open {
		o.Open = append(o.Open, view.RowOf(r, o.Now))
	}
	slices.SortStableFunc(o.Open, func(a, b view.Row) int { return a.QueuedAt.Compare(b.QueuedAt) })
	o.More = max(0, len(o.Open)-mostOpen)
	o.Open = o.Open[:min(len(o.Open), mostOpen)]
	for _, s := range summaries {
		o.JobZone(s.Job, s.Zone)
		if s.Next != nil && s.Next.Sub(o.Now) <= comingIn {
			o.Coming = append(o.Coming, s)
		}
		if s.Unforeseen && s.Paused == nil {
			o.Unforeseen++
		}
	}
	slices.SortStableFunc(o.Coming, func(a, b view.Summary) int { return cmp.Or(a.Next.Compare(*b.Next), cmp.Compare(a.Job, b.Job)) })
	o.MoreComing = max(0, len(o.Coming)-mostComing)
	o.Coming = o.Coming[:min(len(o.Coming), mostComing)]
	o.MorePauses = max(0, len(o.Pauses)-mostPauses)
	o.Pauses = o.Pauses[:min(len(o.Pauses), mostPauses)]
	o.Attention = len(needs) + len(o.Wrong) + min(len(o.Kept), 1)
	if o.Attention > 0 {
		o.Title = job.Counted(o.Attention, "problem") + " · Overview"
	}
}

// need lists what needs attention. If everything fails at once, the figures below stay in reach, and what
// began last is seen beside what has been so for weeks.
func (o *overview) need(needs []view.Attention) {
	for len(needs) > 0 { // they come kind by kind, the oldest first
		kind := needs[0].Kind
		n := slices.IndexFunc(needs, func(a view.Attention) bool { return a.Kind != kind })
		if n < 0 {
			n = len(needs)
		}
		o.Needs = append(o.Needs, needs[max(0, n-mostOfKind):n]...)
		if n > mostOfKind {
			o.MoreNeeds = append(o.MoreNeeds, moreNeeds{kind, n - mostOfKind, o.ofKind(kind)})
		}
		needs = needs[n:]
	}
}

// ofKind returns the address of the page that has all of a kind of attention.
func (o *overview) ofKind(kind view.AttentionKind) string {
	switch kind {
	case view.NeedsFailing, view.NeedsPaused, view.NeedsResumed:
		return o.Href("/jobs")
	case view.NeedsMissed:
		return o.Href("/history", "status", string(run.Missed), "since", "24h")
	default:
		return o.Href("/history", "status", "queued,launching,running")
	}
}

// Well reports whether nothing needs attention.
func (o *overview) Well() bool { return o.Known && o.Attention == 0 && len(o.Unread) == 0 }
