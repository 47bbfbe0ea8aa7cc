package kinds_test

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/render"
	"github.com/batchplane/batchplane/internal/timetable"
)

// twoYears ends a span that has all changes of the clocks twice.
var twoYears = from.AddDate(2, 0, 0)

// TestRoundTrip: what is imported is a valid jobs file, and its template can be read back. Over
// two years the minutes that EventBridge starts, less those that are filtered and with those that
// the sweep starts, are the minutes of the job, and those of the old side.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("../crontab/testdata/rows.crontab")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, read(t, s.files), s.options)
		})
	}
	t.Run("crontab", func(t *testing.T) {
		t.Parallel()
		roundTrip(t, []*importer.File{{Name: "crontab", Data: rows}}, importer.Options{From: from, Zone: "America/New_York", Disabled: true})
	})
}

func roundTrip(t *testing.T, files []*importer.File, o importer.Options) {
	t.Helper()
	r, err := kinds.Import("", files, o, kinds.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
	if err != nil {
		t.Fatal(err)
	}
	file, problems := jobfile.Load([]jobfile.Source{{Data: text}}, jobfile.Options{Env: noVariables})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	templates, err := render.Templates(file.Jobs, file.Definitions, render.Options{Stack: "b", From: from})
	if err != nil {
		t.Fatal(err)
	}
	started := map[string][]cron.Schedule{}
	for _, one := range templates {
		docs, err := doc.Parse(one.Text)
		if err != nil {
			t.Fatal(err)
		}
		docs[0].Get("Resources").Pairs(func(_ string, res *doc.Node) {
			if res.Get("Type").String() != "AWS::Scheduler::Schedule" {
				return
			}
			p := res.Get("Properties")
			name, _, _ := strings.Cut(p.Get("Name").String(), ".")
			started[name] = append(started[name], schedule(t, p.Get("ScheduleExpression").String(), p.Get("ScheduleExpressionTimezone").String()))
		})
	}
	old := map[string]importer.Entry{}
	for _, e := range r.Entries {
		if e.Job != nil {
			old[*e.Job] = e
		}
	}
	compared := 0
	for _, j := range file.Jobs {
		if j.Schedule == "" || strings.HasPrefix(j.Schedule, "rate(") {
			continue
		}
		compared++
		want := slots(t, j)
		if got := byEventBridge(t, j, started[j.Name]); !slices.Equal(got, want) {
			t.Errorf("%s: %d slots by its template, %d by its schedule %s", j.Name, len(got), len(want), j.Schedule)
		}
		if before := before(t, r.Kind, old[j.Name], j); before != nil && !slices.Equal(before, want) {
			t.Errorf("%s: %d fires of %s before, %d now", j.Name, len(before), *old[j.Name].Schedule, len(want))
		}
	}
	if compared == 0 {
		t.Error("no schedule was compared")
	}
}

func schedule(t *testing.T, expression, zone string) cron.Schedule {
	t.Helper()
	spec, err := cron.ParseAWS(expression)
	if err != nil {
		t.Fatal(err)
	}
	z, err := cron.LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	return spec.In(z, cron.DST{})
}

func slots(t *testing.T, j job.Job) (out []time.Time) {
	t.Helper()
	table, err := timetable.Of(j.Plan())
	if err != nil {
		t.Fatal(err)
	}
	for slot := range table.All(from, twoYears) {
		out = append(out, slot)
	}
	return out
}

// byEventBridge gives the slots that the schedules start, less those that are filtered, with
// those that the sweep starts in their place.
func byEventBridge(t *testing.T, j job.Job, all []cron.Schedule) []time.Time {
	t.Helper()
	table, err := timetable.Of(j.Plan())
	if err != nil {
		t.Fatal(err)
	}
	set := map[time.Time]bool{}
	for _, s := range all {
		for slot := range s.All(from, twoYears) {
			if table.Filtered(slot) == "" {
				set[slot] = true
			}
		}
	}
	for slot := range table.All(from, twoYears) {
		if table.SchedulerMisses(slot) {
			set[slot] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), time.Time.Compare)
}

// before gives the fires of the old side, read by other code than the reader's. It is nil if that
// would be cron's own engine, which has its own tests.
func before(t *testing.T, kind string, e importer.Entry, j job.Job) (out []time.Time) {
	t.Helper()
	text := *e.Schedule
	switch kind {
	case "kubernetes":
		zone, rest := j.Zone(), text
		if prefix, after, found := strings.Cut(text, "TZ="); found && (prefix == "" || prefix == "CRON_") {
			zone, rest, _ = strings.Cut(after, " ")
		}
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		return byTheClock(rest, location)
	case "eventbridge", "terraform", "ecschedule":
		for slot := range schedule(t, text, j.Zone()).All(from, twoYears) {
			if j.EndAt.IsZero() || slot.Before(j.EndAt) {
				if j.StartAt.IsZero() || !slot.Before(j.StartAt) {
					out = append(out, slot)
				}
			}
		}
		return out
	}
	return nil
}

// byTheClock fires at each minute whose local fields match. This is robfig/cron's rule, in which
// a day field is open if it has a * or ? without a step.
func byTheClock(text string, zone *time.Location) (out []time.Time) {
	f := strings.Fields(strings.ToLower(text))
	open := func(field string) bool { return field == "*" || field == "?" || field == "*/1" }
	var sets [5][60]bool
	for i, b := range []struct {
		low, high int
		names     string
	}{{0, 59, ""}, {0, 23, ""}, {1, 31, ""}, {1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"}, {0, 6, "sun mon tue wed thu fri sat"}} {
		for v := b.low; v <= b.high; v++ {
			sets[i][v] = has(f[i], v, b.low, b.high, b.names)
		}
	}
	for at := from; at.Before(twoYears); at = at.Add(time.Minute) {
		l := at.In(zone)
		if !sets[0][l.Minute()] || !sets[1][l.Hour()] || !sets[3][l.Month()] {
			continue
		}
		day, weekday := sets[2][l.Day()], sets[4][l.Weekday()]
		if open(f[2]) || open(f[4]) {
			day = day && weekday
		} else {
			day = day || weekday
		}
		if day {
			out = append(out, at)
		}
	}
	return out
}

// has reports whether a field of robfig/cron has a value.
func has(field string, v, low, high int, names string) bool {
	for item := range strings.SplitSeq(field, ",") {
		part, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			step, _ = strconv.Atoi(stepText)
		}
		a, b := low, high
		if part != "*" && part != "?" {
			from, to, ranged := strings.Cut(part, "-")
			a = number(from, low, names)
			if b = a; ranged {
				b = number(to, low, names)
			} else if stepped {
				b = high
			}
		}
		if v >= a && v <= b && (v-a)%step == 0 {
			return true
		}
	}
	return false
}

func number(text string, low int, names string) int {
	if i := slices.Index(strings.Fields(names), text); i >= 0 {
		return low + i
	}
	n, _ := strconv.Atoi(text)
	return n
}

// TestKubernetesSchedules: fields of many forms fire when robfig/cron's do.
func TestKubernetesSchedules(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"0 9 */2 * 1", "UTC"},
		{"0 9 1-31/2 * */2", "UTC"},
		{"*/15 1 * * *", "Europe/Berlin"},
		{"30 2 * * *", "America/New_York"},
		{"30 1 * * sun", "America/New_York"},
		{"0 0 * * *", "America/Santiago"},
		{"0,30 0-4/2 1,15 * 1-5", "Europe/London"},
		{"5/20 ? * 1-6/2 SUN", "Asia/Tokyo"},
		{"0 2 31 * ?", "UTC"},
		{"0 12 ? JAN-MAR mon,wed", "Australia/Lord_Howe"},
		{"@weekly", "UTC"},
		{"*/1 3 */1 * 2", "UTC"},
	} {
		text := "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '" + c[0] + "', timeZone: " + c[1] + ", jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: b}]}}}}}\n"
		r, err := kinds.Import("kubernetes", []*importer.File{{Name: "a.yaml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err != nil || len(r.Jobs) != 1 {
			t.Errorf("%v: %v %+v", c, err, r.Entries)
			continue
		}
		zone, err := time.LoadLocation(c[1])
		if err != nil {
			t.Fatal(err)
		}
		expression := strings.ReplaceAll(c[0], "@weekly", "0 0 * * 0")
		if got, want := slots(t, r.Jobs[0]), byTheClock(expression, zone); !slices.Equal(got, want) {
			t.Errorf("%v: %d fires by %s %+v, want %d", c, len(got), r.Jobs[0].Schedule, r.Jobs[0].DST, len(want))
		}
	}
}
