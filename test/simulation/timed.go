package simulation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // an independent copy of what package cron reads

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// almanac makes the jobs of a world have every kind of schedule, in a zone whose clocks change. It says
// by itself, minute by minute, which slots they have: it knows nothing of packages cron and timetable.
type almanac struct {
	w     *World
	zone  *time.Location
	begin time.Time
	// loses means that schedules start as EventBridge Scheduler starts them, which knows no `dst`.
	loses bool
}

// changes of the clock, and one zone without.
var clockChanges = []struct{ zone, at string }{
	{"Europe/Berlin", "2026-10-25T01:00"},
	{"Europe/Berlin", "2026-03-29T01:00"},
	{"America/New_York", "2026-11-01T06:00"},
	{"America/New_York", "2026-03-08T07:00"},
	{"Australia/Lord_Howe", "2026-04-04T15:00"},
	{"Australia/Lord_Howe", "2026-10-03T15:30"},
	{"America/Santiago", "2026-04-05T03:00"},
	{"America/Santiago", "2026-09-06T04:00"},
	{"Asia/Beirut", "2026-03-28T22:00"},
	{"Asia/Kolkata", "2026-07-01T20:00"},
}

// ahead and behind are how much time around a world its slots are listed for.
const (
	behind = 5 * time.Hour
	ahead  = 11 * time.Hour
)

// times decides whether the world has an almanac, which moves its begin.
func (w *World) times() {
	if _, ok := w.luck(Timed, 60, "", 0); !ok && (!w.opt.Timed || !w.active.Has(Timed)) || w.group != nil {
		return
	}
	d := w.dice("almanac", 0)
	change := clockChanges[d.IntN(len(clockChanges))]
	at, err := time.Parse("2006-01-02T15:04", change.at)
	zone, errZone := time.LoadLocation(change.zone)
	if err != nil || errZone != nil {
		panic(change.zone)
	}
	w.epoch = at.Add(-time.Duration(d.between(-20, 200)) * time.Minute)
	w.end = w.end.Add(w.epoch.Sub(w.now))
	w.now = w.epoch
	w.almanac = &almanac{w: w, zone: zone, begin: w.epoch, loses: d.chance(500)}
}

// timing is a job's schedule as an almanac gave it.
type timing struct {
	// starts are when the schedule starts the job, and slots those of its times that count.
	starts, slots []time.Time
	// every is set for a rate, which has no slots that are known beforehand.
	every time.Duration
	// once means that it has one slot, after which somebody may delete it.
	once bool
}

// fields are what an expression selects of a wall clock; nil selects all.
type fields struct{ minutes, hours, days []int }

func (f fields) fires(wall time.Time) bool {
	in := func(set []int, n int) bool { return set == nil || slices.Contains(set, n) }
	return in(f.minutes, wall.Minute()) && in(f.hours, wall.Hour()) && in(f.days, int(wall.Weekday()))
}

// listed returns a list of numbers, or what stands for all.
func listed(set []int) string {
	if set == nil {
		return "*"
	}
	words := make([]string, len(set))
	for i, n := range set {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// reschedule gives a job a schedule.
func (a *almanac) reschedule(j *deployed, d dice) {
	j.job.Timezone, j.job.When, j.timing = a.zone.String(), job.When{}, timing{}
	j.job.Window = pick(d, 0, 0, 0, minutes(5), minutes(15))
	switch d.IntN(10) {
	case 0, 1:
		j.timing.every = time.Duration(pick(d, 5, 7, 20, 45)) * time.Minute
		j.job.Schedule = fmt.Sprintf("rate(%d minutes)", int(j.timing.every/time.Minute))
		for at := a.w.now.Truncate(time.Minute).Add(j.timing.every); at.Before(a.begin.Add(ahead)); at = at.Add(j.timing.every) {
			j.timing.starts = append(j.timing.starts, at)
		}
		return
	case 2:
		a.once(j, d)
	default:
		a.repeated(j, d)
	}
	a.narrow(j, d)
	j.timing.slots = slices.DeleteFunc(slices.Clone(j.timing.slots), func(at time.Time) bool { return !counts(j.job.When, a.zone, at) })
}

// once gives a job a schedule with one time, which exists.
func (a *almanac) once(j *deployed, d dice) {
	at := a.w.now.Truncate(time.Minute).Add(time.Duration(d.between(1, 120)) * time.Minute)
	wall := at.In(a.zone).Format("2006-01-02T15:04")
	for before := at.Add(-3 * time.Hour); before.Before(at); before = before.Add(time.Minute) {
		if before.In(a.zone).Format("2006-01-02T15:04") == wall {
			at = before // the time comes twice, and the first counts
		}
	}
	j.job.Schedule = "at(" + wall + ":00)"
	j.timing.once, j.timing.slots = true, []time.Time{at}
	j.timing.starts = j.timing.slots
}

// repeated gives a job a crontab line or an expression of EventBridge.
func (a *almanac) repeated(j *deployed, d dice) {
	near := a.w.now.In(a.zone)
	f := fields{minutes: pick(d, []int{0, 20, 40}, []int{30}, []int{0, 5, 59}, []int{15, 45})}
	if d.chance(600) {
		h := near.Hour()
		f.hours = pick(d, []int{0, 1, 2, 3}, []int{h % 24, (h + 1) % 24, (h + 2) % 24}, []int{1, 2}, []int{2})
	}
	if d.chance(200) {
		f.days = pick(d, []int{int(near.Weekday())}, []int{int(near.AddDate(0, 0, 1).Weekday())})
	}
	rule := clockRule{late: f.hours != nil, twice: f.hours == nil} // as cronie does
	if d.chance(300) {
		rule = clockRule{}
		days := "? *"
		if f.days != nil {
			days = strconv.Itoa(f.days[0]+1) + " *"
		}
		dom := map[bool]string{true: "*", false: "?"}[f.days == nil]
		j.job.Schedule = fmt.Sprintf("cron(%s %s %s * %s)", listed(f.minutes), listed(f.hours), dom, days)
	} else {
		j.job.Schedule = fmt.Sprintf("%s %s * * %s", listed(f.minutes), listed(f.hours), listed(f.days))
		j.job.DST = job.DST{Gap: pick(d, "", "", "run-late", "skip"), Overlap: pick(d, "", "", "once", "twice")}
		rule = rule.with(j.job.DST)
	}
	j.timing.slots = a.walk(f, rule)
	j.timing.starts = j.timing.slots
	if a.loses && (f.hours != nil || f.days != nil) { // else it is translated to UTC, which has no changes
		j.timing.starts = a.walk(f, clockRule{})
	}
}

// clockRule says what happens when the clocks change: whether what a gap skips runs right after it, and
// whether what an overlap repeats runs twice. None is the rule of EventBridge Scheduler.
type clockRule struct{ late, twice bool }

func (r clockRule) with(dst job.DST) clockRule {
	switch dst.Gap {
	case "run-late":
		r.late = true
	case "skip":
		r.late = false
	}
	switch dst.Overlap {
	case "once":
		r.twice = false
	case "twice":
		r.twice = true
	}
	return r
}

// walk asks every minute.
func (a *almanac) walk(f fields, rule clockRule) (slots []time.Time) {
	seen := map[time.Time]bool{}
	var before time.Time
	for at := a.begin.Truncate(time.Minute).Add(-behind); at.Before(a.begin.Add(ahead)); at = at.Add(time.Minute) {
		_, offset := at.In(a.zone).Zone()
		wall := at.Add(time.Duration(offset) * time.Second)
		runs := f.fires(wall) && (rule.twice || !seen[wall])
		for skipped := before.Add(time.Minute); rule.late && !before.IsZero() && skipped.Before(wall); skipped = skipped.Add(time.Minute) {
			runs = runs || f.fires(skipped)
		}
		if runs {
			slots = append(slots, at)
		}
		before, seen[wall] = wall, true
	}
	return slots
}

// narrow lets a job's own terms leave out some of its slots.
func (a *almanac) narrow(j *deployed, d dice) {
	some := func() time.Time {
		return a.w.now.Truncate(time.Minute).Add(time.Duration(d.between(-30, 150)) * time.Minute)
	}
	if d.chance(200) {
		j.job.StartAt = some().UTC()
	}
	if d.chance(200) {
		j.job.EndAt = some().Add(3 * time.Hour).UTC()
	}
	day := a.w.now.In(a.zone).AddDate(0, 0, d.IntN(2)).Format(time.DateOnly)
	switch d.IntN(6) {
	case 0:
		j.job.Calendar.Skip = []string{day}
	case 1:
		j.job.Calendar.Only = []string{day}
	}
}

// counts reports whether a job's own terms leave a slot in.
func counts(w job.When, zone *time.Location, at time.Time) bool {
	day := at.In(zone).Format(time.DateOnly)
	switch {
	case at.Before(w.StartAt), !w.EndAt.IsZero() && !at.Before(w.EndAt):
		return false
	case len(w.Calendar.Only) > 0:
		return slices.Contains(w.Calendar.Only, day)
	}
	return !slices.Contains(w.Calendar.Skip, day)
}

// nextOf returns the first of some times after one.
func nextOf(times []time.Time, after time.Time) (time.Time, bool) {
	i, found := slices.BinarySearchFunc(times, after, time.Time.Compare)
	if found {
		i++
	}
	if i == len(times) {
		return time.Time{}, false
	}
	return times[i], true
}

// bySweep reports whether a sweep found that a run was missing.
func (w *World) bySweep(id run.ID) bool {
	kind := w.store.runs[id].run.Triggers[0].Kind
	return kind == run.BySweep || kind == run.ByCatchUp
}
