package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/preview"
)

// schedule is what a week will do: where launches crowd, what the clocks change,
// which jobs follow one another by the clock.
type schedule struct {
	Frame
	Days []heatDay
	Peak int
	// Key says what the colours of the heat map mean.
	Key []heatKey
	preview.Report
}

// heatDay is a day of the heat map.
type heatDay struct {
	At    time.Time
	Hours []heatHour
}

// heatKey is a colour of the heat map: of hours with From to To launches in their
// fullest minute.
type heatKey struct{ Level, From, To int }

// levels is how many colours there are, beside that of hours without a launch.
const levels = 5

// levelOf is the colour of a number of launches in one minute, where most is the
// highest.
func levelOf(n, most int) int {
	if n == 0 || most <= levels {
		return n
	}
	return 1 + (levels-1)*(n-1)/(most-1)
}

// keyOf are the colours that a heat map with at most so many launches a minute has.
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

// heatHour is an hour of the wall clock; Level is 0 to 5. A zero At is an hour
// that the clocks leave out.
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
	from := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, page.zone)
	report, err := remember(r.Context(), s.plans, fmt.Sprintf("schedule %s", from), func(ctx context.Context) (preview.Report, error) {
		return s.preview(ctx, from)
	})
	if err != nil {
		return rendered{}, err
	}
	for _, j := range report.Jobs {
		page.JobZone(j.Name, j.Zone)
	}
	page.fill(report, from)
	return rendered{name: "schedule", data: page}, nil
}

// ahead is how many days are looked at: a week, from any time of its first day.
const ahead = 8

// preview is what the jobs will do from a day on.
func (s *Server) preview(ctx context.Context, from time.Time) (preview.Report, error) {
	items, err := s.cfg.Plane.Items(ctx)
	var unreadable *control.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return preview.Report{}, err
	}
	var jobs []job.Job
	for _, item := range items {
		if item.Name != job.All && !item.Gone && item.Plan.Schedule != "" && !item.Plan.Disabled {
			jobs = append(jobs, job.Job{Name: item.Name, Schedule: item.Plan.Schedule, Timezone: item.Plan.Timezone, When: item.Plan.When})
		}
	}
	return preview.Of(jobs, preview.Options{From: from, Days: ahead, Cost: preview.CostOptions{Region: preview.Regions[0], Duration: time.Minute}})
}

// fill lays the days of a report out.
func (s *schedule) fill(r preview.Report, from time.Time) {
	s.Report = r
	for d := range ahead {
		day := time.Date(from.Year(), from.Month(), from.Day()+d, 0, 0, 0, 0, s.zone)
		row := heatDay{At: day}
		for h := range 24 {
			at := time.Date(day.Year(), day.Month(), day.Day(), h, 0, 0, 0, s.zone)
			if at.Hour() != h { // the clocks leave it out
				row.Hours = append(row.Hours, heatHour{Hour: h, Title: fmt.Sprintf("%02d:00 does not exist on %s", h, day.Format("Mon 2 Jan"))})
				continue
			}
			hour := heatHour{At: at, Hour: h}
			end := at.Add(time.Hour)
			if e := end.Add(time.Hour); e.Hour() == h+1 && end.Hour() == h { // it comes twice
				end = e
			}
			hour.Launches, hour.Peak = r.Between(at, end)
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

func (h heatHour) label() string { return fmt.Sprintf("%02d", h.Hour) }
