package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/view"
)

type jobsCmd struct {
	looks
	Job     []string `arg:"" optional:"" help:"Only these jobs; report-* matches all that begin with report-."`
	Owner   string   `help:"Only this owner's jobs." placeholder:"O"`
	Failing bool     `help:"Only jobs that are failing."`
	Paused  bool     `help:"Only jobs that are paused."`
}

// Run lists jobs. That one of them cannot be read is an error, as for status, and so is a name
// of no job.
func (c *jobsCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		jobs, err := p.Jobs(ctx, plane.JobFilter{Names: c.Job, Owner: c.Owner, Failing: c.Failing, Paused: c.Paused})
		if err != nil {
			return err
		}
		var unknown error
		for _, name := range c.Job {
			if unknown == nil && job.ValidName(name) && !slices.ContainsFunc(jobs, func(s view.Summary) bool { return s.Job == name }) {
				unknown = p.Known(ctx, name)
			}
		}
		if unknown != nil && len(jobs) == 0 {
			return unknown
		}
		if err := a.printJobs(jobs); err != nil || unknown != nil {
			return errors.Join(err, unknown)
		}
		a.warnDown(ctx, p, len(jobs) > 0)
		if slices.ContainsFunc(jobs, func(s view.Summary) bool { return s.Unreadable }) {
			return errRefused
		}
		return nil
	})
}

func (a *app) printJobs(jobs []view.Summary) error {
	if a.json {
		return printAll(a.Stdout, jobs)
	}
	rows := make([][]string, 0, len(jobs))
	for _, s := range jobs {
		state, when, lasted := "", "", ""
		if s.Last != nil {
			state, when, lasted = string(s.Last.State), a.at(s.Last.ScheduledFor), took(s.Last.Took())
		}
		rows = append(rows, []string{
			s.Job, s.Owner, scheduleText(s), a.nextText(s), state, when, lasted, rate(s), millis(s.P50Ms), millis(s.P95Ms), s.Strip, a.jobNote(s),
		})
	}
	return a.list([]column{
		{head: "JOB"},
		{head: "OWNER", wide: true},
		{head: "SCHEDULE", least: 16, rank: 5},
		{head: "NEXT (" + a.zoneName() + ")", rank: 2},
		{head: "LAST", paint: paintState},
		{head: "SCHEDULED FOR", rank: 6},
		{head: "TOOK", rank: 7},
		{head: "OK", rank: 3},
		{head: "P50", rank: 8},
		{head: "P95", rank: 9},
		{head: "RUNS", rank: 4, paint: paintStrip},
		{head: "NOTE", least: 16, rank: 1},
	}, rows, "no jobs found")
}

// scheduleText is a schedule in words, with the zone of its times.
func scheduleText(s view.Summary) string {
	switch {
	case s.Unreadable:
		return "not known"
	case s.Schedule == "":
		return "by hand"
	case s.Zone == "UTC" || sameEverywhere(s.When):
		return s.When
	}
	return s.When + " " + s.Zone
}

// sameEverywhere reports whether a schedule in words names no hour, day or month, so that it needs
// no zone: every 5 minutes, but not every 5 minutes from 09:00 to 17:55.
func sameEverywhere(words string) bool {
	for _, part := range []string{":", " of the hours ", " on ", " in "} {
		if strings.Contains(words, part) {
			return false
		}
	}
	return strings.HasPrefix(words, "every")
}

func (a *app) nextText(s view.Summary) string {
	if s.Next == nil {
		return "-"
	}
	return s.Next.In(a.zone).Format("2006-01-02 15:04")
}

// rate says how many of the newest runs succeeded.
func rate(s view.Summary) string {
	if s.Judged == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Succeeded, s.Judged)
}

func millis(ms *int64) string {
	if ms == nil {
		return ""
	}
	return took(time.Duration(*ms) * time.Millisecond)
}

// jobNote says what is special about a job.
func (a *app) jobNote(s view.Summary) string {
	var notes []string
	if s.Unreadable {
		notes = append(notes, view.UnreadableWords)
	}
	if s.FailingSince != nil {
		notes = append(notes, "failing since "+a.atPointer(s.FailingSince))
	}
	if s.HeldBy != "" {
		notes = append(notes, "slots are skipped while "+string(s.HeldBy)+" is open")
	}
	switch p := s.Paused; {
	case s.Gone:
		notes = append(notes, "no longer deployed")
	case s.SwitchedOff:
		notes = append(notes, "somebody switched its schedule off")
	case s.Disabled:
		notes = append(notes, "disabled")
	case p != nil:
		notes = append(notes, a.pauseNote(s, *p))
	}
	notes = append(notes, a.boundNotes(s)...)
	if s.Skip != nil {
		slot := "the slot of " + a.at(s.Skip.At)
		if s.Unforeseen {
			slot = "the next slot"
		}
		notes = append(notes, fmt.Sprintf("%s is skipped at the request of %s", slot, somebody(s.Skip.By)))
	}
	return strings.Join(notes, "; ")
}

// boundNotes says which end or start somebody gave a job's schedule.
func (a *app) boundNotes(s view.Summary) (notes []string) {
	if s.Ended != nil {
		notes = append(notes, "somebody gave its schedule an end: "+a.at(*s.Ended))
	}
	if s.Awaits != nil {
		notes = append(notes, "somebody gave its schedule a start: "+a.at(*s.Awaits))
	}
	return notes
}

func (a *app) pauseNote(s view.Summary, p job.Pause) string {
	text := "paused"
	if s.PausedAll {
		text = "all jobs are paused"
	}
	if !p.To.IsZero() {
		text += " until " + a.at(p.To)
	}
	text += " " + view.PauseWords(p)
	if s.OfAll != nil && !s.PausedAll {
		text += "; all jobs are paused, too"
	}
	return text
}

func somebody(name string) string {
	return cmp.Or(name, "a person")
}
