package view

import (
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Recent is the number of runs from which a Summary is made.
const Recent = 20

// UnreadableWords say of a job that is Unreadable what that means and what to do.
const UnreadableWords = "its item cannot be read, so its slots are not watched: put the item back as it was"

// Summary is a job in one line.
type Summary struct {
	Job         string `json:"job"`
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	// Schedule is as written and When is the same in English; both are "" for a job that only
	// people run. Zone is the IANA name of the zone of its times.
	Schedule string `json:"schedule,omitempty"`
	When     string `json:"when,omitempty"`
	Zone     string `json:"zone,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
	// SwitchedOff is whether somebody switched the schedule off, which is on by the job's definition.
	SwitchedOff bool `json:"switchedOff,omitempty"`
	// Gone means that the job is no longer deployed. Such a job is not failing.
	Gone bool `json:"gone,omitempty"`
	// Ended and Awaits are an end that has come, and a start that is to come, which somebody gave the job's
	// schedule beside its definition: nothing starts the job then, or nothing until then.
	Ended  *time.Time `json:"endGiven,omitempty"`
	Awaits *time.Time `json:"startGiven,omitempty"`
	// Unreadable is whether the job's item cannot be read: then nothing else is known, and
	// nobody watches its slots.
	Unreadable bool `json:"unreadable,omitempty"`

	// Next is the first slot that will run, neither paused nor skipped, or nil if none is known.
	// Skip is a request to skip a slot, with that slot.
	Next *time.Time `json:"next,omitempty"`
	Skip *job.Skip  `json:"skip,omitempty"`
	// Unforeseen means that a schedule starts the job at times that nobody knows beforehand,
	// those of a rate(...).
	Unforeseen bool `json:"-"`
	// Paused is the pause in force, of the job or of all jobs. OfAll is the pause of all jobs,
	// which may be in force beside one of the job. GoesOn is when none of them is in force any
	// more, or zero if somebody must resume it.
	Paused    *job.Pause `json:"paused,omitempty"`
	PausedAll bool       `json:"pausedAll,omitempty"`
	OfAll     *job.Pause `json:"-"`
	GoesOn    time.Time  `json:"-"`
	// FailingSince is when the oldest failure since the last success ended.
	FailingSince *time.Time `json:"failingSince,omitempty"`

	// HeldBy is the open run because of which the last slots were skipped, or "".
	HeldBy run.ID `json:"heldBy,omitempty"`

	// Last is the newest run, or nil if there is none.
	Last *Row `json:"last,omitempty"`
	// Strip has one character for each of the newest runs, oldest first (see State.Mark). Runs
	// are the same runs, newest first. Any but the first that succeeded at once may lack exit
	// code, cause and asker.
	Strip string `json:"strip"`
	Runs  []Row  `json:"-"`
	// Succeeded is how many of them succeeded; Judged is how many succeeded, failed or were
	// missed. P50Ms and P95Ms are percentiles of the durations of the successes.
	Succeeded int    `json:"succeeded"`
	Judged    int    `json:"judged"`
	P50Ms     *int64 `json:"p50Ms,omitempty"`
	P95Ms     *int64 `json:"p95Ms,omitempty"`
}

// SummaryOf returns the summary of a job from its item, the item of all jobs, its definition,
// which may be zero, and its newest runs, newest first. The first run must be whole.
func SummaryOf(item, all job.Item, j job.Job, runs []run.Outline, now time.Time) Summary {
	s := Summary{
		Job: item.Name, Description: j.Description, Owner: j.Owner, Gone: item.Gone,
		Schedule: item.Plan.Schedule, When: ScheduleWords(item.Plan.Schedule), Disabled: item.Plan.Disabled,
		Zone: job.Job{Timezone: item.Plan.Timezone}.Zone(),
	}
	if !item.Gone {
		s.FailingSince = optional(item.FailsSince(now))
		s.given(&item, now)
		if item.Holder != nil {
			s.HeldBy = run.ID(item.Holder.By)
		}
		s.pauses(item, all, now)
		s.Skip, s.Unforeseen = SkipOf(&item, now), Unforeseen(&item)
		s.Next = optional(next(&item, &all, now))
	}
	s.runs(runs, now)
	return s
}

func (s *Summary) given(item *job.Item, now time.Time) {
	s.SwitchedOff = item.SwitchedOff
	if item.Ended(now) {
		s.Ended = optional(item.Plan.EndAt)
	}
	if item.Awaits(now) {
		s.Awaits = optional(item.Plan.StartAt)
	}
}

func (s *Summary) pauses(item, all job.Item, now time.Time) {
	s.Paused, s.OfAll = item.PausedAt(now), all.PausedAt(now)
	if s.Paused == nil {
		s.Paused, s.PausedAll = s.OfAll, s.OfAll != nil
	}
	if s.Paused != nil {
		s.GoesOn = job.GoesOn(&item, &all, now)
	}
}

func (s *Summary) runs(runs []run.Outline, now time.Time) {
	runs = runs[:min(len(runs), Recent)]
	strip := make([]byte, len(runs))
	var took []int64
	for i, r := range runs {
		row := rowOf(r, now)
		s.Runs = append(s.Runs, row)
		strip[len(runs)-1-i] = row.State.Mark()
		switch r.Status {
		case run.Succeeded:
			s.Succeeded++
			s.Judged++
			if row.DurationMs != nil {
				took = append(took, *row.DurationMs)
			}
		case run.Failed, run.Missed:
			s.Judged++
		}
	}
	s.Strip = string(strip)
	if len(s.Runs) > 0 {
		s.Last = &s.Runs[0]
	}
	s.P50Ms, s.P95Ms = percentile(took, 50), percentile(took, 95)
}

// percentile returns the smallest value that at least p percent of the values do not exceed.
func percentile(values []int64, p int) *int64 {
	if len(values) == 0 {
		return nil
	}
	values = slices.Sorted(slices.Values(values))
	v := values[(len(values)*p+99)/100-1]
	return &v
}

// ScheduleWords returns a schedule in English, or as written if it cannot be parsed.
func ScheduleWords(schedule string) string {
	spec, err := cron.Parse(schedule)
	if err != nil {
		return schedule
	}
	return spec.Words()
}
