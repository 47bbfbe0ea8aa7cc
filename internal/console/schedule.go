package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/preview"
	"github.com/batchplane/batchplane/internal/timetable"
)

// schedule shows what a week will bring: where launches crowd, what the clocks change, and which
// jobs follow one another by the clock.
type schedule struct {
	Frame
	Days []heatDay
	Peak int
	// Key explains the colours of the heat map.
	Key []heatKey
	plans
}

// plans is what the jobs will do, as far as their schedules say.
type plans struct {
	preview.Report
	// unread lists jobs whose schedules cannot be read. Rates is how many start at times that
	// nobody knows beforehand; they are counted as if they began with the first day.
	unread []string
	Rates  int
}

// heatDay is one day of the heat map.
type heatDay struct {
	At    time.Time
	Hours []heatHour
}

// heatKey is a colour of the heat map. It stands for hours with From to To launches in their
// fullest minute.
type heatKey struct{ Level, From, To int }

// levels is the number of colours, in addition to that of hours without a launch.
const levels = 5

// levelOf returns the colour for n launches in one minute, where most is the highest number.
func levelOf(n, most int) int {
	if n == 0 || most <= levels {
		return n
	}
	return 1 + (levels-1)*(n-1)/(most-1)
}

// keyOf returns the colours of a heat map with at most that many launches a minute.
func keyOf(most int) (out []heatKey) {
	for n := range most + 1 {
		l := levelOf(n, most)
		if len(out) == 0 || out[len(out)-1].Level != l {
			out = append(out, heatKey{Level: l, From: n})
		}
		out[len(out)-1].To = n
	}
	return out
}

// heatHour is an hour of the wall clock. Level is 0 to 5. A zero At marks an hour that the clocks
// skip.
type heatHour struct {
	At       time.Time
	Hour     int
	Launches int
	Peak     int
	Level    int
	Title    string
}

func (s *Server) schedule(r *http.Request, q Query) (rendered, error) {
	page := &schedule{Frame: s.frame(r, q, "schedule", "Schedule")}
	local := page.Now.In(page.zone)
	from := hoursOf(local.Year(), local.Month(), local.Day(), page.zone)[0].From
	report, err := remember(r.Context(), s.plans, fmt.Sprintf("schedule %s", from), func(ctx context.Context) (plans, error) {
		return s.preview(ctx, from)
	})
	if err != nil {
		return rendered{}, err
	}
	for _, j := range report.Jobs {
		page.JobZone(j.Name, j.Zone)
	}
	for _, name := range report.unread {
		page.Unread = append(page.Unread, "the schedule of "+name)
	}
	page.fill(report, from)
	return rendered{name: "schedule", data: page}, nil
}

// ahead is the number of days to look at: a week from any time of its first day.
const ahead = 8

// preview returns what the jobs will do from a day on.
func (s *Server) preview(ctx context.Context, from time.Time) (out plans, err error) {
	items, err := s.cfg.Plane.Items(ctx)
	var unreadable *port.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return out, err
	}
	if unreadable != nil {
		out.unread = slices.Sorted(maps.Keys(unreadable.Jobs))
	}
	var jobs []job.Job
	for _, item := range items {
		if item.Name == job.All || item.Gone || item.Plan.Schedule == "" || item.Plan.Disabled {
			continue
		}
		t, err := timetable.Of(item.Plan)
		switch {
		case err != nil:
			out.unread = append(out.unread, item.Name)
			continue
		case !t.Foreseen():
			out.Rates++
		}
		jobs = append(jobs, job.Job{Name: item.Name, Schedule: item.Plan.Schedule, Timezone: item.Plan.Timezone, When: item.Plan.When})
	}
	out.Report, err = preview.Of(jobs, preview.Options{From: from, Days: ahead, Cost: preview.CostOptions{Region: preview.Regions[0], Duration: time.Minute}})
	return out, err
}

// fill lays out the days of a report.
func (s *schedule) fill(r plans, from time.Time) {
	s.plans = r
	first := from.In(s.zone)
	for d := range ahead {
		hours := hoursOf(first.Year(), first.Month(), first.Day()+d, s.zone)
		row := heatDay{At: hours[0].From.In(s.zone)}
		for h := range 24 {
			hour := heatHour{Hour: h, Title: fmt.Sprintf("%02d:00 does not exist on %s", h, row.At.Format("Mon 2 Jan"))}
			for _, w := range hours {
				if w.Hour == h {
					hour.At = w.From.In(s.zone)
					hour.Launches, hour.Peak = r.Between(w.From, w.To)
				}
			}
			s.Peak = max(s.Peak, hour.Peak)
			row.Hours = append(row.Hours, hour)
		}
		s.Days = append(s.Days, row)
	}
	for _, d := range s.Days {
		for i := range d.Hours {
			d.Hours[i].finish(s.Peak)
		}
	}
	s.Key = keyOf(s.Peak)
}

func (h *heatHour) finish(most int) {
	if h.At.IsZero() {
		return
	}
	h.Level = levelOf(h.Peak, most)
	h.Title = fmt.Sprintf("%s: %d launched, at most %d in one minute", h.At.Format("Mon 2 Jan 15:04 MST"), h.Launches, h.Peak)
}
