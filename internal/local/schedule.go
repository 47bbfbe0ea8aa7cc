package local

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

type schedule struct {
	job  job.Job
	hash string
	cron timetable.Timetable
	next time.Time // zero if it never fires again
}

// schedule returns the schedules of the jobs. A schedule that did not change continues as it is.
func (p *Program) schedule(jobs []job.Job, items map[string]job.Item, first bool) (out []*schedule, err error) {
	known := make(map[string]*schedule, len(p.schedules))
	for _, s := range p.schedules {
		known[s.hash] = s
	}
	for _, j := range jobs {
		if j.Schedule == "" || j.Disabled {
			continue
		}
		s := known[j.Hash()]
		if s == nil {
			if s, err = newSchedule(j, p.from(j, items[j.Name], first)); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// from returns the time after which the slots of a job are to be fired. Slots older than StartWithin
// are left for the sweep to find.
func (p *Program) from(j job.Job, item job.Item, first bool) time.Time {
	now, since := p.Control.Now(), item.Since
	if minute := now.Truncate(time.Minute); first && !since.Before(minute) {
		since = minute.Add(-1)
	}
	from := latest(p.fired, now.Add(-j.Late()))
	if since.After(now) { // the clock was put back
		return from
	}
	return latest(from, since)
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func newSchedule(j job.Job, after time.Time) (*schedule, error) {
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return nil, fmt.Errorf("job %s: %w", j.Name, err)
	}
	s := &schedule{job: j, hash: j.Hash(), cron: t}
	s.advance(after)
	return s, nil
}

func (s *schedule) advance(after time.Time) {
	next, ok := s.cron.Next(after)
	if !ok {
		next = time.Time{}
	}
	s.next = next
}

// soonest returns the first slot of all schedules; zero if there is none.
func soonest(schedules []*schedule) (first time.Time) {
	for _, s := range schedules {
		if !s.next.IsZero() && (first.IsZero() || s.next.Before(first)) {
			first = s.next
		}
	}
	return first
}
