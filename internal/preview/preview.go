// Package preview says what jobs would do: when they run, where they meet, what changes of the
// clock do to them, and roughly what they cost.
package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Limits of a preview.
const (
	MaxDays = 400
	// nextFires is how many of the next runs are shown for each job.
	nextFires = 3
	// busiest is how many crowded minutes are shown; a minute is crowded from crowd jobs on.
	busiest, crowd = 5, 3
	// Close is the time between two runs of a job below which a note is given: a task takes 20 to
	// 60 seconds to start, and often more.
	Close = 5 * time.Minute
	// chainGap is the longest time between the jobs of a chain.
	chainGap = 20 * time.Minute
)

// Options is what the jobs do not say themselves.
type Options struct {
	From time.Time
	Days int
	Cost CostOptions
}

// Report is the result of a preview.
type Report struct {
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"`
	Jobs   []Job      `json:"jobs"`
	Clocks []Clock    `json:"clocks"`
	Busy   []Minute   `json:"busy"`
	Peak   int        `json:"peak"`
	Launch int        `json:"launches"`
	Chains [][]string `json:"chains"`
	Cost   Cost       `json:"cost"`

	minutes []uint32 // launches by the minute since From
}

// Between gives the number of launches from a time up to another, and the number in the minute
// that has the most.
func (r Report) Between(from, to time.Time) (launches, peak int) {
	first := max(0, int(from.Sub(r.From)/time.Minute))
	last := min(len(r.minutes), int(to.Sub(r.From)/time.Minute))
	for i := first; i < last; i++ {
		launches += int(r.minutes[i])
		peak = max(peak, int(r.minutes[i]))
	}
	return launches, peak
}

// Job is what one job would do.
type Job struct {
	Name     string      `json:"name"`
	Schedule string      `json:"schedule"`
	Zone     string      `json:"zone"`
	Words    string      `json:"words"`
	Runs     int         `json:"runs"`
	Next     []time.Time `json:"next"`
	// Filtered is the number of the schedule's slots that the job's own conditions leave out.
	Filtered int `json:"filtered"`
	// Changed says which slots a change of the clocks moves or repeats, and which local times it
	// leaves out.
	Changed []string `json:"changed"`
	// Shortest is the shortest time between two runs; 0 if there are fewer than two.
	Shortest time.Duration `json:"-"`
	Notes    []string      `json:"notes"`
	// MonthlyUSD is its share of the cost.
	MonthlyUSD float64 `json:"monthlyUSD"`

	rhythm []byte // the minutes between the first runs, for chains
	zone   *time.Location
}

// Clock is a change of the clocks in a zone that jobs use.
type Clock struct {
	Zone  string    `json:"zone"`
	At    time.Time `json:"at"`
	Shift string    `json:"shift"`
}

// Minute is a minute in which many jobs start.
type Minute struct {
	At   time.Time `json:"at"`
	Jobs []string  `json:"jobs"`
}

// Of previews jobs. The error names a job whose schedule cannot be read, which loading the jobs
// file would have reported.
func Of(jobs []job.Job, o Options) (Report, error) {
	from := o.From.UTC().Truncate(time.Minute)
	r := Report{From: from, To: from.AddDate(0, 0, o.Days), Jobs: []Job{}, Clocks: []Clock{}, Busy: []Minute{}, Chains: [][]string{}}
	minutes := make([]uint32, o.Days*24*60+1)
	tables := make([]*timetable.Timetable, len(jobs))
	for i, j := range jobs {
		p := Job{Name: j.Name, Schedule: j.Schedule, Zone: j.Zone(), Next: []time.Time{}, Changed: []string{}, Notes: []string{}}
		switch {
		case j.Schedule == "":
			p.Words = "only when a person runs it"
		case j.Disabled:
			p.Words = "switched off"
		default:
			t, err := tableOf(j, from)
			if err != nil {
				return Report{}, err
			}
			tables[i] = &t
			p.walk(t, j, r.From, r.To, minutes)
		}
		r.Launch += p.Runs
		r.Jobs = append(r.Jobs, p)
	}
	r.minutes = minutes
	r.meet(jobs, tables, minutes)
	r.clocks()
	r.Chains = append(r.Chains, chains(r.Jobs)...)
	r.cost(jobs, o)
	return r, nil
}

// walk goes through a job's slots.
func (p *Job) walk(t timetable.Timetable, j job.Job, from, to time.Time, minutes []uint32) {
	p.Words, p.zone = t.Spec().Words(), t.Zone().Location()
	var last time.Time
	for slot := range t.All(from, to) {
		minutes[int(slot.Sub(from)/time.Minute)]++
		p.see(slot, last)
		last = slot
	}
	p.Changed = append(p.Changed, changed(t, from, to)...)
	if !j.Calendar.IsZero() || !j.StartAt.IsZero() || !j.EndAt.IsZero() {
		p.Filtered = count(t.Schedule, from, to) - p.Runs
	}
	if p.Shortest > 0 && p.Shortest < Close {
		p.Notes = append(p.Notes, fmt.Sprintf("runs are %s apart, not much longer than a task takes to start: run it less often, for longer", job.Duration(p.Shortest)))
	}
	if past := t.Past(from.Add(-1)); past != "" {
		p.Notes = append(p.Notes, past)
	} else if p.Runs == 0 {
		p.Notes = append(p.Notes, "it does not run in these days")
	}
	p.Notes = append(p.Notes, t.Spec().Warnings()...)
}

// see counts a slot that comes after the last one.
func (p *Job) see(slot, last time.Time) {
	p.Runs++
	if len(p.Next) < nextFires {
		p.Next = append(p.Next, slot)
	}
	if last.IsZero() {
		return
	}
	gap := slot.Sub(last)
	if p.Runs <= 400 {
		p.rhythm = strconv.AppendInt(append(p.rhythm, ' '), int64(gap/time.Minute), 10)
	}
	if p.Shortest == 0 || gap < p.Shortest {
		p.Shortest = gap
	}
}

func count(s cron.Schedule, from, to time.Time) (n int) {
	for range s.All(from, to) {
		n++
	}
	return n
}

// meet finds the minutes in which the most jobs start.
func (r *Report) meet(jobs []job.Job, tables []*timetable.Timetable, minutes []uint32) {
	var order []int
	for i, n := range minutes {
		r.Peak = max(r.Peak, int(n))
		if n >= crowd {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(minutes[b], minutes[a]) })
	for _, i := range order[:min(busiest, len(order))] {
		r.Busy = append(r.Busy, minuteOf(r.From.Add(time.Duration(i)*time.Minute), jobs, tables))
	}
}
