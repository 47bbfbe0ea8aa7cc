package timetable

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// guesses are the minutes, either way, by which a zone's offset may have changed without our
// knowing: an hour first, as with summer time, and the odd ones last.
var guesses = []int{60, 30, 120, 180, 90, 150, 15, 45, 75, 105, 135, 165}

// agree is how long a shift stays in force after our data have its offset too. A change of
// the clocks that is in our data and not in EventBridge's is over by then.
const agree = 3 * time.Hour

// shifted is a timetable of which some slots follow another offset.
type shifted struct {
	ours, theirs Timetable
	// theirs counts after from and before until.
	from, until time.Time
}

// Under returns the timetable under a shift: while the shift is in force, Next gives the
// slots by its offset. nil means no shift.
func (t Timetable) Under(s *job.Shift) Timetable {
	if s == nil || !s.Known {
		return t
	}
	until, ends := t.Zone().Reaches(time.Duration(s.Offset), s.From)
	if !ends {
		until = s.From.AddDate(1000, 0, 0)
	}
	until = until.Add(agree)
	t.shifted = &shifted{ours: t, theirs: t.by(time.Duration(s.Offset)), from: s.From, until: until}
	return t
}

func (s *shifted) next(after time.Time) (slot time.Time, ok bool) {
	if after.Before(s.from) {
		if slot, ok = s.ours.Next(after); !slot.After(s.from) {
			return slot, ok
		}
		after = s.from
	}
	if slot, ok = s.theirs.Next(after); ok && slot.Before(s.until) {
		return slot, true
	}
	if before := s.until.Add(-1); after.Before(before) {
		after = before
	}
	return s.ours.Next(after)
}

// by returns the timetable in a zone that always has one offset.
func (t Timetable) by(offset time.Duration) Timetable {
	zone := cron.Fixed(t.Zone().Name(), offset)
	t.Schedule, t.zone, t.shifted = t.Spec().In(zone, cron.DST{}), zone.Location(), nil
	return t
}

// isShifted reports whether a minute lies in the time of a shift that is in force.
func (t Timetable) isShifted(minute time.Time) bool {
	return t.shifted != nil && minute.After(t.shifted.from) && minute.Before(t.shifted.until)
}

// Starts reports whether the schedule starts at a minute, or EventBridge may because it
// cannot express the schedule exactly. A rate(...) may start at every minute.
func (t Timetable) Starts(minute time.Time) bool {
	if _, rate := t.Spec().Rate(); rate {
		return true
	}
	if t.isShifted(minute) {
		t = t.shifted.theirs
	}
	return t.Matches(minute) || t.Spec().Dialect() == cron.Crontab && t.Shows(minute)
}

// Explain finds out what a start at a minute that the schedule does not have means. s holds
// the other offset of the zone by which the schedule would have that minute. slot is the slot
// that the start stands for, which our own data have in its place; zero if they have none. ok
// is false if no offset of up to three hours more or less explains the start.
func (t Timetable) Explain(minute time.Time) (s job.Shift, slot time.Time, ok bool) {
	s.At = minute
	if zone := t.Zone().Name(); zone == "UTC" || strings.HasPrefix(zone, "Etc/") {
		return s, slot, false // nobody changes the offset of these
	}
	ours := t.Zone().Offset(minute)
	for _, n := range guesses {
		for _, by := range []time.Duration{time.Duration(n) * time.Minute, -time.Duration(n) * time.Minute} {
			if !t.by(ours + by).Matches(minute) {
				continue
			}
			s.Known, s.Offset, s.From = true, job.Offset(ours+by), minute.Add(-1)
			first, last := minute, minute.Add(by)
			if by < 0 {
				first, last = last, first
			}
			if at, found := t.Schedule.Next(first.Add(-1)); found && !at.After(last) {
				slot = at
				if at.Before(minute) {
					s.From = at.Add(-1)
				}
			}
			return s, slot, true
		}
	}
	return s, slot, false
}

// Words says what a start at a minute that the schedule does not have means.
func (t Timetable) Words(s job.Shift) string {
	words := fmt.Sprintf("its schedule in EventBridge started it at %s, and %s in %s has no such minute here", job.UTC(s.At), t.plan.Schedule, t.Zone().Name())
	if !s.Known {
		return words + ": look whether that schedule says what the job does"
	}
	return words + fmt.Sprintf(": EventBridge seems to go by %s there, where the time zone data of this version (%s) have %s; slots are expected by EventBridge's clock until both agree",
		offsetWords(time.Duration(s.Offset)), cron.TZData, offsetWords(t.Zone().Offset(s.At)))
}

func offsetWords(d time.Duration) string {
	sign := '+'
	if d < 0 {
		sign, d = '-', -d
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, int(d.Hours()), int(d.Minutes())%60)
}
