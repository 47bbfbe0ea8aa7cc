package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/view"
)

// timeline has the jobs down and time across.
type timeline struct {
	Frame
	From, To time.Time
	Width    int
	Rows     []timelineRow
	Ticks    []tick
	Spans    []Choice
	Classes  []Choice
	// NowAt is the place of the present in percent, or "" if it is out of sight. NowSide is the
	// side of it on which the word stands, or "" for the middle.
	NowAt, NowSide string
	// Week means that it shows days, not hours.
	Week bool
	// Cut is the number of slots drawn for each job if some job has more, or 0 if none has.
	Cut int
	// Unforeseen means that some job has slots that nobody knows beforehand.
	Unforeseen bool
	// Earlier, Later and Present are the addresses of other times.
	Earlier, Later, Present string
	// Total is the number of rows on all pages.
	Total, Pages int
	Counts       []classCount
}

// timelineRow is a job as drawn.
type timelineRow struct {
	Job    string
	Words  string
	Layers int
	Now    float64
	Quiet  []view.Path
	Shades []shape
	Marks  []shape
}

// shape is a mark with its place. All numbers are in the units of its row.
type shape struct {
	X, Y, W, H  float64
	Class       view.Class
	Href, Title string
	// Cuts are the places where a bar's further attempts begin.
	Cuts []float64
}

// tick is a time on the axis. At is its place in percent.
type tick struct {
	At, Text string
	Day      bool
	at       time.Time
}

// rowsAtMost is the largest number of rows on a page: a page of so many stays under a megabyte,
// however many runs there are.
const rowsAtMost = 1000

func (s *Server) timeline(r *http.Request, q Query) (rendered, error) {
	t := &timeline{Frame: s.frame(r, q, "timeline", "Timeline")}
	span := cmp.Or(q.Span, defaultSpan)
	at := q.At
	if at.IsZero() {
		at = t.Now
	}
	t.From, t.To = at.Add(-span), at.Add(span)
	filter := plane.JobFilter{Names: q.Jobs, Owner: q.Owner, Cluster: q.Cluster}
	name := fmt.Sprintf("timeline %s %s %#v", span, q.At, filter)
	read, err := remember(r.Context(), s.memo, name, func(ctx context.Context) (view.Timeline, error) {
		return s.cfg.Plane.Timeline(ctx, t.From, t.To, filter)
	})
	if err != nil {
		return rendered{}, err
	}
	if q.Zone == ZoneJob { // of jobs that are no longer deployed, too
		if err := s.zones(r, &t.Frame); err != nil {
			return rendered{}, err
		}
	}
	read.Tracks = slices.Clone(read.Tracks)
	t.fill(read, span)
	return rendered{name: "timeline", data: t}, nil
}

// fill makes the page from a timeline.
func (t *timeline) fill(read view.Timeline, span time.Duration) {
	t.know(read.Tracks)
	t.unread(read.Unread)
	read.Tracks = t.choose(read.Tracks)
	chart := view.ChartOf(read)
	t.From, t.To, t.Width = chart.From, chart.To, chart.Width
	if x := 100 * chart.Now / float64(max(chart.Width, 1)); x >= 0 && x <= 100 {
		t.NowAt = percent(x)
	}
	total := map[view.Class]int{}
	for _, row := range chart.Rows {
		for c, n := range row.Counts {
			total[view.Class(c)] += n
		}
		t.Rows = append(t.Rows, t.row(row, chart))
	}
	for c := view.ClassFailed; c <= view.ClassPlanned; c++ {
		t.Counts = append(t.Counts, classCount{c, total[c]})
		t.Classes = append(t.Classes, Choice{Value: c.String(), Words: LookOfClass(c).Word, Chosen: t.Query.Class == c.String()})
	}
	t.Ticks = ticksOf(t.From, t.To, span, t.zone)
	t.NowSide = giveWay(t.Ticks, t.From, t.To, t.Now)
	t.Week = span > defaultSpan
	for _, s := range spans {
		value := s.Word
		if s.Span == defaultSpan {
			value = ""
		}
		t.Spans = append(t.Spans, Choice{Value: t.Same("span", value, "page", ""), Words: "±" + s.Word, Chosen: s.Span == span})
	}
	middle := read.From.Add(span)
	t.Earlier = t.Same("at", middle.Add(-span).UTC().Format(time.RFC3339))
	t.Later = t.Same("at", middle.Add(span).UTC().Format(time.RFC3339))
	if !t.Query.At.IsZero() {
		t.Present = t.Same("at", "")
	}
}

// know notes what applies to all tracks.
func (t *timeline) know(tracks []view.Track) {
	for _, l := range tracks {
		if l.Zone != "" {
			t.JobZone(l.Job, l.Zone)
		}
		if len(l.Slots) >= view.MaxSlots {
			t.Cut = view.MaxSlots
		}
		t.Unforeseen = t.Unforeseen || l.Unforeseen
	}
}

// choose keeps the tracks that the address asks for, one page of them: those with something bad
// first, then by name.
func (t *timeline) choose(tracks []view.Track) []view.Track {
	bad := func(l view.Track) bool {
		return slices.ContainsFunc(l.Bars, func(b view.Bar) bool { return b.State.Bad() })
	}
	if t.Query.Class != "" {
		tracks = slices.DeleteFunc(tracks, func(l view.Track) bool { return !hasClass(l, t.Query.Class) })
	}
	slices.SortStableFunc(tracks, func(a, b view.Track) int { return -cmp.Compare(flag(bad(a)), flag(bad(b))) })
	t.Total = len(tracks)
	t.Pages = (t.Total + rowsAtMost - 1) / rowsAtMost
	t.Query.Page = min(t.Query.Page, t.Pages) // there may have been more when the address was made
	from := max(t.Query.Page-1, 0) * rowsAtMost
	return tracks[from:min(from+rowsAtMost, t.Total)]
}

func hasClass(l view.Track, class string) bool {
	if class == view.ClassPlanned.String() && len(l.Slots) > 0 {
		return true
	}
	return slices.ContainsFunc(l.Bars, func(b view.Bar) bool { return view.ClassOf(b.State).String() == class })
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *timeline) row(r view.ChartRow, c view.Chart) timelineRow {
	row := timelineRow{Job: r.Job, Layers: r.Layers, Now: c.Now, Quiet: r.Quiet, Words: t.words(r)}
	for _, p := range r.Shades {
		to := "until somebody resumes it"
		if !p.To.IsZero() {
			to = "to " + t.At(p.To, r.Job).Text
		}
		row.Shades = append(row.Shades, shape{X: p.X, W: p.Width, H: float64(r.Layers), Title: fmt.Sprintf("paused %s %s", t.At(p.From, r.Job).Text, to)})
	}
	for _, m := range r.Marks {
		row.Marks = append(row.Marks, t.shape(r.Job, m))
	}
	return row
}

// heights says how tall a mark is in its layer: a bad one fills it. Together with the icon and the
// word, this distinguishes states without colours.
var heights = map[view.Class]float64{
	view.ClassFailed: 0.92, view.ClassMissed: 0.92, view.ClassHeld: 0.7, view.ClassRunning: 0.7, view.ClassOK: 0.46, view.ClassSkipped: 0.2,
}

func (t *timeline) shape(job string, m view.Mark) shape {
	h := heights[m.Class]
	s := shape{X: m.X, W: m.Width, H: h, Y: float64(m.Layer) + (1-h)/2, Class: m.Class, Cuts: m.Cuts}
	when := t.At(m.From, job).Text
	if m.Count == 1 {
		s.Href = t.Href("/runs/" + string(m.Run))
		s.Title = fmt.Sprintf("%s %s", m.State, when)
		if m.Class != view.ClassMissed && m.Class != view.ClassSkipped {
			s.Title += ", " + Took(m.To.Sub(m.From), false)
		}
		if m.Attempts > 1 {
			s.Title += fmt.Sprintf(", %d attempts", m.Attempts)
		}
		return s
	}
	s.Href = t.Href("/history", "job", job, "since", m.First.UTC().Format(time.RFC3339Nano), "until", m.Last.UTC().Format(time.RFC3339Nano))
	s.Title = fmt.Sprintf("%d runs, the worst %s, %s to %s", m.Count, LookOfClass(m.Class).Word, when, t.At(m.To, job).Text)
	return s
}

// words describes a row in text, without its picture.
func (t *timeline) words(r view.ChartRow) string {
	var parts []string
	for c := view.ClassFailed; c < view.ClassPlanned; c++ {
		if n := r.Counts[c]; n > 0 {
			word := LookOfClass(c).Word
			if c == view.ClassOK {
				word = c.String()
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	if r.Paused {
		parts = append(parts, "paused")
	}
	if !r.Next.IsZero() {
		parts = append(parts, "next "+clock(r.Next, t.Now, t.zoneOf([]string{r.Job})))
	}
	if r.Crowded > 0 {
		parts = append(parts, fmt.Sprintf("+%d at once", r.Crowded))
	}
	return strings.Join(parts, ", ")
}
