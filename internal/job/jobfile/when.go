package jobfile

import (
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// pendingTime is a time that cannot be read before the job's zone is known.
type pendingTime struct {
	text string
	node ast.Node
	at   func(*job.Job) *time.Time
}

// moment is a time. Without an offset it is in the job's zone.
func moment(at func(*job.Job) *time.Time) field[job.Job] {
	return field[job.Job]{func(d *decoder, n ast.Node, path string, _ *job.Job) {
		if s, ok := d.text(n, path); ok {
			if d.times == nil {
				d.times = map[string]pendingTime{}
			}
			d.times[lastKey(path)] = pendingTime{s, n, at}
		}
	}, orVariable(shape{"type": "string", "pattern": `^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$`})}
}

// moments are the forms with an offset, and wallClocks those in the job's zone.
var (
	moments    = []string{time.RFC3339, "2006-01-02T15:04Z07:00"}
	wallClocks = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}
)

func (d *decoder) setTimes(j *job.Job) {
	zone, err := cron.LoadZone(j.Zone())
	if err != nil {
		return // reported with the schedule
	}
	for key, p := range d.times {
		t, ok := timeOf(p.text, zone)
		if !ok {
			d.add(p.node, "%s: %q is not a time: write 2026-12-01, 2026-12-01T09:00 (in the job's zone) or 2026-12-01T09:00Z", key, p.text)
			continue
		}
		*p.at(j) = t
	}
}

// timeOf reads a time. A day whose midnight the zone's clocks skip begins after the gap.
func timeOf(text string, zone *cron.Zone) (t time.Time, ok bool) {
	for _, layout := range moments {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	for _, layout := range wallClocks {
		if wall, err := time.Parse(layout, text); err == nil {
			return zone.At(wall), true
		}
	}
	return time.Time{}, false
}

// days is a list of days, or the name of an .ics file that has them.
func days(at func(*job.Job) *[]string) field[job.Job] {
	return field[job.Job]{func(d *decoder, n ast.Node, path string, j *job.Job) {
		// The job's calendar replaces both halves of the defaults' calendar.
		calendar := strings.TrimSuffix(path, lastKey(path)) // of a job or of the defaults
		j.Calendar = job.Calendar{Skip: ifSet(d, calendar+"skip", j.Calendar.Skip), Only: ifSet(d, calendar+"only", j.Calendar.Only)}
		if _, isList := d.resolve(n).(*ast.SequenceNode); isList {
			if *at(j) = d.texts(n, path); len(*at(j)) == 0 && lastKey(path) == "only" {
				d.add(n, "%s: is empty: name the days, or leave the key out", path)
			}
			return
		}
		name, ok := d.text(n, path)
		if !ok {
			return
		}
		found, err := d.calendarFile(name)
		if err != nil {
			d.add(n, "%s: %v", path, err)
			return
		}
		*at(j) = found
	}, shape{"anyOf": []shape{textShape, listOf(textShape)}}}
}

func ifSet(d *decoder, path string, days []string) []string {
	if d.places[path] == nil {
		return nil
	}
	return days
}

func (d *decoder) schedule(j job.Job) {
	zone, err := cron.LoadZone(j.Zone())
	if err != nil {
		d.add(d.place("timezone"), "timezone: %v", err)
	}
	if j.Schedule == "" {
		return
	}
	spec, bad := cron.Parse(j.Schedule)
	if bad != nil {
		d.add(d.place("schedule"), "schedule: %v", bad)
	}
	if err != nil || bad != nil {
		return
	}
	if spec.NeverFires() {
		d.add(d.place("schedule"), "schedule: %q never fires: no such day exists", j.Schedule)
		return
	}
	if spec.Dialect() == cron.AWS {
		if _, err := spec.Normal(); err != nil {
			d.add(d.place("schedule"), "schedule: %v", err)
		}
	}
	d.anySlot(j)
	d.period(j, spec, zone)
}

// period reports durations that are longer than the time between two slots.
func (d *decoder) period(j job.Job, spec *cron.Spec, zone *cron.Zone) {
	dst, err := cron.ParseDST(j.DST.Gap, j.DST.Overlap)
	if err != nil {
		return // the rules of a job say it
	}
	period := spec.In(zone, dst).Shortest()
	if period > 0 && time.Duration(j.Window) >= period {
		d.add(d.place("window"), "window: %s is not shorter than the %s between two slots of %q: a slot would start after the next one",
			j.Window, job.Duration(period), j.Schedule)
	}
	if period > 0 && j.StartWithin > 0 && time.Duration(j.StartWithin) > period {
		d.add(d.place("startWithin"), "startWithin: %s is longer than the %s between two slots of %q: a late slot would run beside the next one",
			j.StartWithin, job.Duration(period), j.Schedule)
	}
}

// anySlot reports a job whose own conditions leave it without any slot.
func (d *decoder) anySlot(j job.Job) {
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return // reported already
	}
	if _, ok := t.Next(time.Unix(-1, 0)); !ok {
		d.add(d.place("calendar"), "calendar: no slot of %q is left between startAt and endAt on the days of the calendar", j.Schedule)
	}
}
