// Package systemd makes jobs from timers of systemd and the services that they start.
package systemd

import (
	"bytes"
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job"
)

// Reader reads timers and services.
type Reader struct{}

// Kind gives the word after `import`.
func (Reader) Kind() string { return "systemd" }

// Recognise reports whether a file has a unit. Only timers and the services that they start count; the
// others of a folder do no harm.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	for line := range bytes.Lines(f.Data) {
		switch string(bytes.TrimSpace(line)) {
		case "[Timer]", "[Service]", "[Unit]", "[Install]":
			return "a unit of systemd", true
		}
	}
	return "", false
}

// Read makes jobs from the timers in the files.
func (Reader) Read(in *importer.Import, files []*importer.File) error {
	c := units(files)
	found := false
	for _, u := range c.all {
		if !slices.ContainsFunc(u.settings, func(s setting) bool { return s.section == "Timer" }) {
			continue
		}
		found = true
		r := &reading{in: in, timer: c.find(u.name), name: strings.TrimSuffix(u.name, ".timer")}
		if len(files) > 1 {
			r.file = u.file
		}
		_, instance, _ := strings.Cut(r.name, "@")
		started := cmp.Or(strings.NewReplacer("%i", instance, "%I", instance).Replace(r.timer.last("Timer", "Unit")), r.name+".service")
		r.service = c.find(started)
		r.read(started)
	}
	if !found {
		return &importer.ForeignError{Sentence: importer.Said(files[0].Name) + " has no timer: `systemctl cat NAME.timer NAME.service` prints one with what it starts, and `systemctl list-timers` lists all"}
	}
	in.BaseDefinition()
	return nil
}

// maxTimes is how many times of a timer are read, and maxService how many bytes of a service: a command
// of a task has far fewer. They bound what hostile files cost.
const (
	maxTimes   = 100
	maxService = 32 << 10
)

// reading is the import of one timer.
type reading struct {
	in             *importer.Import
	timer, service *unit
	name, file     string

	e importer.Entry
	j job.Job
}

// times is what the schedule of one job is made of: an OnCalendar, or several that one schedule can say,
// or an interval.
type times struct {
	setting
	calendar
	err    error
	joined bool
}

// timesOf reads values of OnCalendar, and joins those of a zone that differ in one field alone.
func (r *reading) timesOf(calendars []setting) (all []times) {
	for _, s := range calendars {
		c, err := parse(s.value)
		t := times{setting: s, calendar: c, err: err}
		for i := range all {
			if all[i].often(c) && err == nil && all[i].value != s.value {
				all[i].err, t.err = errOften, errOften
			}
		}
		at := slices.IndexFunc(all, func(o times) bool { return r.joins(o, t) })
		if at < 0 {
			all = append(all, t)
			continue
		}
		o := &all[at]
		if t.value == o.value {
			continue
		}
		o.fields, _ = o.fields.Joined(t.fields)
		o.seconds, o.joined, o.value = o.seconds || t.seconds, true, o.value+" and "+t.value
	}
	return all
}

// often reports whether both may name several seconds of a minute.
func (t times) often(o calendar) bool {
	return t.err == nil && (t.seconds || o.seconds) && t.fields.Meets(o.fields)
}

func (r *reading) joins(a, b times) bool {
	_, ok := a.fields.Joined(b.fields)
	return ok && a.err == nil && b.err == nil && r.zone(a.calendar) == r.zone(b.calendar) && a.fromEnd+b.fromEnd == 0 && !a.weekly && !b.weekly
}

func (r *reading) read(started string) {
	calendars, every := r.timer.all("Timer", "OnCalendar"), append(r.timer.all("Timer", "OnUnitActiveSec"), r.timer.all("Timer", "OnUnitInactiveSec")...)
	if len(calendars)+len(every) == 0 {
		r.begin(r.timer.line, "")
		r.e.Refuse("it has no times that repeat (OnCalendar, OnUnitActiveSec): what runs once after the start of its host has no counterpart")
		r.in.Entries = append(r.in.Entries, r.e)
		return
	}
	if n := len(calendars) + len(every); n > maxTimes {
		r.begin(r.timer.line, "")
		r.e.Refuse("it has %d times, and at most %d are read: write a schedule that has them all", n, maxTimes)
		r.in.Entries = append(r.in.Entries, r.e)
		return
	}
	all := r.timesOf(calendars)
	for _, s := range every {
		all = append(all, times{setting: s})
	}
	for i, t := range all {
		r.begin(t.line, t.value)
		if len(all) > 1 {
			r.e.Decide("the timer has %d times, and each is a job of its own: two of them may run at once, which systemd does not let a service do", len(all))
		}
		name := r.name
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		r.one(t, all[:i], started, name)
		r.in.Entries = append(r.in.Entries, r.e)
	}
}

// begin begins a job.
func (r *reading) begin(line int, text string) {
	r.e, r.j = importer.NewEntry(line, "timer", text), job.Job{}
	r.e.Item, r.e.File = r.timer.name, r.file
}

func (r *reading) one(t times, before []times, started, name string) {
	r.in.Again(&r.e, &r.j, r.timer.name+" "+t.key+" "+t.value)
	schedule := t.value
	r.e.Schedule = &schedule
	if !r.schedule(t, before) {
		return
	}
	r.terms()
	if r.timer.joined || r.service != nil && r.service.joined {
		r.e.Off(&r.j, "its file has a section more than once, as several units have that were put together: give each as a file of its own, or as `systemctl cat` prints them")
	}
	r.command(started)
	r.in.Take(&r.e, r.j, name)
	if r.e.Job != nil {
		r.off()
	}
}

// schedule takes a job's times. Those before it are the jobs' that the same timer has become.
func (r *reading) schedule(t times, before []times) (ok bool) {
	if t.key != "OnCalendar" {
		return r.every(t.setting)
	}
	if t.err != nil {
		r.e.Refuse("%s", t.err.Error())
		return false
	}
	if t.joined {
		r.e.Note("the times of its timer are one schedule")
	}
	before = slices.DeleteFunc(slices.Clone(before), func(o times) bool { return o.err != nil })
	switch {
	case slices.ContainsFunc(before, func(o times) bool { return r.zone(o.calendar) != r.zone(t.calendar) }):
		r.e.Off(&r.j, "times of its timer may name the same minute, since they are in several zones, and at that systemd starts it once and two jobs would start twice: make one schedule of them")
	case slices.ContainsFunc(before, func(o times) bool { return o.fields.Meets(t.fields) }):
		r.e.Off(&r.j, "times of its timer name the same minute, at which systemd starts it once and two jobs would start twice: make one schedule of them")
	}
	return r.calendar(t.value, t.calendar)
}

// off adds how to switch the timer off and on again.
func (r *reading) off() {
	name := importer.Word(strings.Replace(r.timer.name, "@.", "@INSTANCE.", 1))
	command := "sudo systemctl"
	if strings.Contains(r.timer.path, "/systemd/user/") || strings.Contains(r.timer.path, "/.config/systemd/") {
		command = "systemctl --user"
	}
	on := command + " enable --now " + name
	if r.persistent() {
		on += "   # systemd starts at once what it missed meanwhile"
	}
	r.in.Switch(command+" disable --now "+name, on)
}

// persistent reports whether systemd starts at once what was missed, which it does for times of OnCalendar
// alone (https://www.freedesktop.org/software/systemd/man/latest/systemd.timer.html#Persistent=).
func (r *reading) persistent() bool {
	return yes(r.timer.last("Timer", "Persistent")) && r.timer.last("Timer", "OnCalendar") != ""
}

// zone gives the zone of times, which is the host's if they name none.
func (r *reading) zone(c calendar) string { return cmp.Or(c.zone, r.in.Zone, "UTC") }

// calendar takes the times of an OnCalendar.
func (r *reading) calendar(written string, c calendar) (ok bool) {
	if c.seconds {
		r.e.Change("it names a second, and a schedule here has whole minutes: the second is left out")
	}
	zone := r.in.ZoneOr(&r.e, c.zone, "its host")
	rule := r.in.AtChanges(zone, cron.DST{Gap: cron.GapSkip, Overlap: cron.OverlapOnce})
	switch {
	case c.fromEnd > 0 || c.weekly:
		ok = r.in.EventBridge(&r.e, &r.j, fromEnd(c), zone)
	default:
		ok = r.in.BothDays(&r.e, &r.j, "systemd", written, c.fields, zone, rule)
	}
	if ok {
		r.e.KeepChanges(&r.j, "systemd", rule)
		r.e.Note("%s is %s", written, r.j.Schedule)
	}
	return ok
}

// fromEnd writes a day that is counted from the month's end for EventBridge.
func fromEnd(c calendar) string {
	at := strings.Fields(c.fields.Crontab())
	if c.weekly {
		return fmt.Sprintf("cron(%s %s ? %s %dL *)", at[0], at[1], at[3], bits.TrailingZeros64(c.fields.Weekday)+1)
	}
	return fmt.Sprintf("cron(%s %s L %s ? *)", at[0], at[1], at[3])
}

// every takes the interval of a timer that counts from the last start or the last end.
func (r *reading) every(s setting) (ok bool) {
	d, ok := span(s.value)
	if !ok {
		r.e.Refuse("its interval %s is none that could be read", importer.Clip(s.value))
		return false
	}
	rate, err := importer.Rate(d.String())
	if err != nil {
		r.e.Refuse("its interval %s", err.Error())
		return false
	}
	if s.key == "OnUnitInactiveSec" {
		r.e.Decide("systemd counts its interval from the end of the run before, and a rate from start to start: %s is proposed", rate)
	}
	return r.in.EventBridge(&r.e, &r.j, rate, "")
}

// terms reads what else a timer says.
func (r *reading) terms() {
	if strings.Contains(r.timer.name, "@.") {
		r.e.Off(&r.j, "it is a template, and each of its instances, which `systemctl list-timers %s` lists, is a job of its own", importer.Word(r.name+"*"))
	}
	for _, key := range []string{"OnBootSec", "OnStartupSec", "OnActiveSec"} {
		if v := r.timer.last("Timer", key); v != "" && r.timer.last("Timer", "OnCalendar") != "" {
			r.e.Change("%s=%s is left out: a task has no boot, and runs at the times alone", key, importer.Clip(v))
		}
	}
	r.j.Overlap = job.Forbid
	r.e.Note("systemd starts no service that still runs, and neither does `overlap: forbid`, which records the slot as skipped")
	if r.persistent() {
		r.j.CatchUp = job.CatchUpLast
		r.e.Note("Persistent is `catchUp: last`")
	}
	if text := r.timer.last("Timer", "RandomizedDelaySec"); text != "" {
		switch d, ok := span(text); {
		case ok && d < time.Minute:
		case ok && d <= 24*time.Hour:
			r.j.Window = job.Duration(d.Truncate(time.Minute))
			r.e.Note("RandomizedDelaySec is `window: %s`", r.j.Window)
		default:
			r.e.Change("RandomizedDelaySec %s is left out: `window` takes 1m to 24h", importer.Clip(text))
		}
	}
}
