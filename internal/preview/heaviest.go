package preview

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Heaviest gives, for each of the weights, the minute in which the starting jobs weigh most
// together. It examines the given number of days from a time on. Of equal minutes it gives the
// first. For a weight that no job has, the Minute is zero.
func Heaviest(jobs []job.Job, from time.Time, days int, weights ...func(job.Job) float64) ([]Minute, error) {
	from = from.UTC().Truncate(time.Minute)
	to := from.AddDate(0, 0, days)
	sums := make([][]float64, len(weights))
	for n := range sums {
		sums[n] = make([]float64, days*24*60+1)
	}
	tables := make([]*timetable.Timetable, len(jobs))
	for i, j := range jobs {
		if j.Schedule == "" || j.Disabled {
			continue
		}
		t, err := tableOf(j, from)
		if err != nil {
			return nil, err
		}
		tables[i] = &t
		for slot := range t.All(from, to) {
			for n, weight := range weights {
				sums[n][int(slot.Sub(from)/time.Minute)] += weight(j)
			}
		}
	}
	out := make([]Minute, len(weights))
	for n := range weights {
		if most := slices.Max(sums[n]); most > 0 {
			out[n] = minuteOf(from.Add(time.Duration(slices.Index(sums[n], most))*time.Minute), jobs, tables)
		}
	}
	return out, nil
}

// tableOf gives a job's timetable as a preview from a time on uses it.
func tableOf(j job.Job, from time.Time) (timetable.Timetable, error) {
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return t, fmt.Errorf("job %s: %w", j.Name, err)
	}
	if _, rate := t.Spec().Rate(); rate {
		t.Schedule = t.Since(from)
	}
	return t, nil
}

// minuteOf gives a minute with the jobs that start in it.
func minuteOf(at time.Time, jobs []job.Job, tables []*timetable.Timetable) Minute {
	m := Minute{At: at}
	for n, t := range tables {
		if t != nil && t.Matches(at) && t.Filtered(at) == "" {
			m.Jobs = append(m.Jobs, jobs[n].Name)
		}
	}
	return m
}
