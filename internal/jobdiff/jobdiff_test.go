package jobdiff_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
)

var from = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestWords(t *testing.T) {
	t.Parallel()
	base := job.Job{Name: "a", Schedule: "30 2 * * 1-5", Timezone: "Europe/Berlin", Command: []string{"x"}, Environment: map[string]string{"A": "1", "B": "2"}}
	for name, c := range map[string]struct {
		change func(*job.Job)
		want   []string // in this order, and no more
	}{
		"nothing":      {func(*job.Job) {}, nil},
		"later":        {func(j *job.Job) { j.Schedule = "0 3 * * 1-5" }, []string{"schedule: was run at 02:30 on Monday to Friday", "runs 30 minutes later on weekdays, 260 days a year"}},
		"earlier":      {func(j *job.Job) { j.Schedule = "15 0 * * 1-5" }, []string{"schedule: ", "runs 2 hours 15 minutes earlier on weekdays, 260 days a year"}},
		"another zone": {func(j *job.Job) { j.Timezone = "Europe/London" }, []string{"schedule: ", "runs 1 hour later on weekdays, 260 days a year"}},
		"fewer days":   {func(j *job.Job) { j.Schedule = "30 2 * * 1-4" }, []string{"schedule: ", "drops 52 days a year, the first at Fri 2026-11-27 02:30 CET"}},
		"more days":    {func(j *job.Job) { j.Schedule = "30 2 * * *" }, []string{"schedule: ", "adds at weekends, 105 days a year, the first at Sun 2026-11-22 02:30 CET"}},
		"later, and other holidays": {func(j *job.Job) {
			j.Schedule, j.Calendar.Skip = "30 3 * * 1-5", []string{"2026-12-25", "2027-01-01"}
		}, []string{"schedule: ", "runs 1 hour later on weekdays, 258 days a year", "drops 2 days a year, the first at Fri 2026-12-25 02:30 CET", "calendar.skip"}},
		"later on most days only":                 {func(j *job.Job) { j.Schedule = "30 3 * * 1-3" }, []string{"schedule: ", "runs 1 hour later 156 days a year", "drops 104 days a year, the first at Thu 2026-11-26 02:30 CET"}},
		"on other days, a third of them the same": {func(j *job.Job) { j.Schedule = "30 3 * * 5-7" }, []string{"schedule: ", "drops on weekdays, 260 days a year, the first at Mon 2026-11-23 02:30 CET", "adds 157 days a year, the first at Sun 2026-11-22 03:30 CET"}},
		"two hours, one of them the same":         {func(j *job.Job) { j.Schedule = "30 2,3 * * 1-5" }, []string{"schedule: ", "adds on weekdays, 260 days a year, the first at Mon 2026-11-23 03:30 CET"}},
		"more often than can be held":             {func(j *job.Job) { j.Schedule = "*/5 * * * *" }, []string{"schedule: ", "it runs too often to compare run by run; the first difference: adds a run at Sun 2026-11-22 01:00 CET"}},
		"said anew":                               {func(j *job.Job) { j.Schedule = "30 2 * * mon-fri" }, []string{"schedule: "}},
		"a holiday":                               {func(j *job.Job) { j.Calendar.Skip = []string{"2027-01-01"} }, []string{"drops 1 day a year, the first at Fri 2027-01-01 02:30 CET", "calendar.skip: now [\"2027-01-01\"]"}},
		"switched off":                            {func(j *job.Job) { j.Disabled = true }, []string{"it is switched off"}},
		"fields": {func(j *job.Job) {
			j.CPU, j.Memory, j.Command = 256, 512, []string{"<y>"}
			j.Environment = map[string]string{"A": "3"}
		}, []string{
			`command: ["x"] becomes ["<y>"]`, "cpu: now 256", `environment.A: "1" becomes "3"`, `environment.B: no longer "2"`, "memory: now 512",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := base
			c.change(&after)
			changes := jobdiff.Of([]job.Job{base}, []job.Job{after}, from)
			if c.want == nil {
				if len(changes) > 0 {
					t.Errorf("%+v", changes)
				}
				return
			}
			if len(changes) != 1 || len(changes[0].Words) != len(c.want) || changes[0].Kind != jobdiff.Changed {
				t.Fatalf("%q", changes)
			}
			for i, w := range c.want {
				if !strings.HasPrefix(changes[0].Words[i], w) {
					t.Errorf("%q; want %q", changes[0].Words[i], w)
				}
			}
		})
	}
}

// TestMovesAreAllTold: a shift hides nothing that is dropped or added at the same time.
func TestMovesAreAllTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		was, is job.Job
		want    []string // after what the schedules say, and before the fields
	}{
		"another day of the calendar": {
			job.Job{Schedule: "0 3 * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2026-12-25"}}}},
			job.Job{Schedule: "0 4 * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2026-12-26"}}}},
			[]string{"runs 1 hour later 363 days a year", "drops 1 day a year, the first at Sat 2026-12-26 03:00 UTC", "adds 1 day a year, the first at Fri 2026-12-25 04:00 UTC", "calendar.skip"},
		},
		"a change of the clocks": {
			job.Job{Schedule: "30 2 * * *", Timezone: "Europe/Berlin"},
			job.Job{Schedule: "30 2 * * *", Timezone: "Europe/London"},
			[]string{"runs 1 hour later 363 days a year", "runs at another time 2 days a year, the first at Sun 2027-03-28 02:30 BST instead of Sun 2027-03-28 02:00 BST"},
		},
		"the same minutes in another zone": {
			job.Job{Schedule: "30 16 * * sun"},
			job.Job{Schedule: "30 1 * * mon", Timezone: "Asia/Tokyo"},
			nil,
		},
		"one more in another zone": {
			job.Job{Schedule: "0 20 * * *"},
			job.Job{Schedule: "0 5,6 * * *", Timezone: "Asia/Tokyo"},
			[]string{"adds every day, 365 days a year, the first at Mon 2026-11-23 06:00 JST"},
		},
		"what stays is not told": {
			job.Job{Schedule: "30 2 * * *", Timezone: "Europe/Berlin"}, // on 2027-03-28 at 03:00
			job.Job{Schedule: "0 3 * * *", Timezone: "Europe/Berlin"},
			[]string{"runs 30 minutes later 363 days a year", "runs at another time 1 day a year, the first at Sun 2027-10-31 03:00 CET instead of Sun 2027-10-31 02:30 CEST"},
		},
		"every hour moves":         {job.Job{Schedule: "0 * * * *"}, job.Job{Schedule: "5 * * * *"}, []string{"runs 5 minutes later every day, 365 days a year (8760 runs)"}},
		"every hour, one less":     {job.Job{Schedule: "0 * * * *"}, job.Job{Schedule: "0 1-23 * * *"}, []string{"drops every day, 365 days a year, the first at Sun 2026-11-22 00:00 UTC"}},
		"half of them move":        {job.Job{Schedule: "0 9,17 * * *"}, job.Job{Schedule: "0 10,17 * * *"}, []string{"drops every day, 365 days a year, the first", "adds every day"}},
		"by a minute":              {job.Job{Schedule: "0 3 * * *"}, job.Job{Schedule: "1 3 * * *"}, []string{"runs 1 minute later every day, 365 days a year"}},
		"half of them in two ways": {job.Job{Schedule: "0 1,5 * * *"}, job.Job{Schedule: "0 2,9 * * *"}, []string{"drops every day, 365 days a year (730 runs), the first", "adds every day, 365 days a year (730 runs), the first"}},
		"they move, and one less":  {job.Job{Schedule: "0 1-3,10 * * *"}, job.Job{Schedule: "0 2,3,11 * * *"}, []string{"runs 1 hour later every day, 365 days a year (1095 runs)", "drops every day, 365 days a year, the first at Sun 2026-11-22 03:00 UTC"}},
		"no longer too often":      {job.Job{Schedule: "*/5 * * * *"}, job.Job{Schedule: "0 * * * *"}, []string{tooOften + "drops the run at Sun 2026-11-22 00:05 UTC"}},
		"too often, for longer":    {job.Job{Schedule: "*/5 * * * *", When: job.When{EndAt: from.AddDate(0, 0, 1)}}, job.Job{Schedule: "*/5 * * * *"}, []string{tooOften + "adds a run at Mon 2026-11-23 00:00 UTC", "endAt"}},
		"too often, all the year":  {job.Job{Schedule: "1-59/5 * * * *", When: job.When{EndAt: from.AddDate(2, 0, 0)}}, job.Job{Schedule: "1-59/5 * * * *"}, []string{"endAt"}},
		"too often, and moved":     {job.Job{Schedule: "*/5 * * * *"}, job.Job{Schedule: "1-59/5 * * * *"}, []string{tooOften + "drops the run at Sun 2026-11-22 00:00 UTC"}},
		"too often, and one more":  {job.Job{Schedule: "*/5 * * * *"}, job.Job{Schedule: "*/5,59 * * * *"}, []string{tooOften + "adds a run at Sun 2026-11-22 00:59 UTC"}},
		"too often, and a holiday": {job.Job{Schedule: "*/5 * * * *"}, job.Job{Schedule: "*/5 * * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2027-01-01"}}}}, []string{tooOften + "drops the run at Fri 2027-01-01 00:00 UTC", "calendar.skip"}},
		"too often, the same":      {job.Job{Schedule: "*/5 * * * *"}, job.Job{Schedule: "0-59/5 * * * *"}, nil},
	} {
		c.was.Name, c.is.Name = "a", "a"
		changes := jobdiff.Of([]job.Job{c.was}, []job.Job{c.is}, from)
		if len(changes) != 1 {
			t.Fatalf("%s: %q", name, changes)
		}
		words := slices.DeleteFunc(changes[0].Words, func(w string) bool { return strings.HasPrefix(w, "schedule: ") })
		if !slices.EqualFunc(words, c.want, strings.HasPrefix) {
			t.Errorf("%s: %q; want %q", name, words, c.want)
		}
	}
}

// TestFirstIsToCome: the first run that a change names is still to come, whatever the time of day.
func TestFirstIsToCome(t *testing.T) {
	t.Parallel()
	noon := from.Add(12*time.Hour + 10*time.Minute)
	for schedule, want := range map[string]string{
		"0 * * * *":    "adds every day, 365 days a year (8395 runs), the first at Sun 2026-11-22 13:00 UTC",
		"0 3,11 * * *": "adds every day, 365 days a year, the first at Mon 2026-11-23 11:00 UTC",
		"0 0 * * *":    "runs 3 hours earlier every day, 365 days a year",
		"0 11 1 * *":   "drops every day, 365 days a year, the first at Mon 2026-11-23 03:00 UTC",
		"*/2 * * * *":  tooOften + "adds a run at Sun 2026-11-22 12:10 UTC",
	} {
		changes := jobdiff.Of([]job.Job{{Name: "a", Schedule: "0 3 * * *"}}, []job.Job{{Name: "a", Schedule: schedule}}, noon)
		if got := strings.Join(changes[0].Words, "; "); !strings.Contains(got, want) {
			t.Errorf("%s: %s; want %s", schedule, got, want)
		}
	}
}

// TestEachChangeIsToldByItself: what a change means is not taken from that of another job which had, or
// now has, the same schedule.
func TestEachChangeIsToldByItself(t *testing.T) {
	t.Parallel()
	for want, schedules := range map[string][2][2]string{ // of two jobs, before and after
		"runs 1 hour later; runs 2 hours later":  {{"0 2 * * *", "0 3 * * *"}, {"0 1 * * *", "0 3 * * *"}},
		"runs 1 hour earlier; runs 1 hour later": {{"0 2 * * *", "0 1 * * *"}, {"0 2 * * *", "0 3 * * *"}},
		"runs 2 hours later; runs 2 hours later": {{"0 2 * * *", "0 4 * * *"}, {"0 2 * * *", "0 4 * * *"}},
	} {
		a, b := schedules[0], schedules[1]
		changes := jobdiff.Of([]job.Job{{Name: "a", Schedule: a[0]}, {Name: "b", Schedule: b[0]}}, []job.Job{{Name: "a", Schedule: a[1]}, {Name: "b", Schedule: b[1]}}, from)
		var got []string
		for _, c := range changes {
			words, _, _ := strings.Cut(c.Words[1], " every day")
			got = append(got, words)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

const tooOften = "it runs too often to compare run by run; the first difference: "

// TestFromASkippedMidnight: a year that begins on such a day has whole days too, so that no run of
// the evening before is told to be dropped.
func TestFromASkippedMidnight(t *testing.T) {
	t.Parallel()
	before := job.Job{Name: "a", Schedule: "15 23 * * *", Timezone: "America/Havana", Command: []string{"x"}}
	after := before
	after.Schedule = "30 22 * * *"
	for _, from := range []time.Time{time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC), time.Date(2025, 3, 10, 12, 0, 0, 0, time.UTC)} {
		words := jobdiff.Of([]job.Job{before}, []job.Job{after}, from)[0].Words
		if len(words) != 2 || words[1] != "runs 45 minutes earlier every day, 365 days a year" {
			t.Errorf("from %s: %q", from, words)
		}
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	base := job.TaskDefinition{Family: "app", Image: "x:1", ExecutionRole: "r", Secrets: map[string]string{"A": "/a"}}
	for name, c := range map[string]struct {
		change func(*job.TaskDefinition)
		want   []string
	}{
		"nothing":               {func(*job.TaskDefinition) {}, nil},
		"its defaults, written": {func(d *job.TaskDefinition) { d.CPU, d.Memory, d.Container, d.Architecture = 256, 512, "app", "x86_64" }, nil},
		"another container":     {func(d *job.TaskDefinition) { d.Container = "main" }, []string{`container: "app" becomes "main"`}},
		"another architecture":  {func(d *job.TaskDefinition) { d.Architecture = "arm64" }, []string{`architecture: "x86_64" becomes "arm64"`}},
		"image":                 {func(d *job.TaskDefinition) { d.Image = "x:2" }, []string{`image: "x:1" becomes "x:2"`}},
		"size":                  {func(d *job.TaskDefinition) { d.CPU, d.Memory = 1024, 2048 }, []string{"cpu: 256 becomes 1024", "memory: 512 becomes 2048"}},
		"secrets":               {func(d *job.TaskDefinition) { d.Secrets = nil }, []string{`secrets.A: no longer "/a"`}},
		"environment":           {func(d *job.TaskDefinition) { d.Environment = map[string]string{"schedule": "1"} }, []string{`environment.schedule: now "1"`}},
	} {
		after := base
		c.change(&after)
		changes := jobdiff.Definitions([]job.TaskDefinition{base}, []job.TaskDefinition{after})
		if c.want == nil {
			if len(changes) > 0 {
				t.Errorf("%s: %q", name, changes)
			}
			continue
		}
		want := append(c.want, "the deployment registers a new revision: the jobs that name it use it from their next run")
		if len(changes) != 1 || changes[0].Kind != jobdiff.Changed || changes[0].Definition != "app" || !slices.Equal(changes[0].Words, want) {
			t.Errorf("%s: %q; want %q", name, changes, want)
		}
	}
	got := jobdiff.Definitions([]job.TaskDefinition{base}, []job.TaskDefinition{{Family: "b", Image: "y"}})
	want := []jobdiff.Change{
		{Definition: "app", Kind: jobdiff.Removed, Words: []string{"the deployment deregisters it: a job that still names it cannot be launched"}},
		{Definition: "b", Kind: jobdiff.Added, Words: []string{"image: y"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}

func TestAddedAndRemoved(t *testing.T) {
	t.Parallel()
	got := jobdiff.Of([]job.Job{{Name: "z"}, {Name: "same"}}, []job.Job{{Name: "same"}, {Name: "b", Schedule: "* * * * *"}}, from)
	want := []jobdiff.Change{
		{Job: "b", Kind: jobdiff.Added, Words: []string{"run every minute, UTC time (* * * * *)"}},
		{Job: "z", Kind: jobdiff.Removed, Words: []string{"its schedule is removed, so nothing starts it any more; its history stays", "it was run by people only"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}

// TestWhetherItRuns: what a change means for a job that its schedule runs only before or only after it,
// or whose schedule says nothing.
func TestWhetherItRuns(t *testing.T) {
	t.Parallel()
	const nine, ten = "0 9 * * *", "0 10 * * *"
	for name, c := range map[string]struct {
		was, is job.Job
		want    []string
	}{
		"switched on":          {job.Job{Schedule: nine, Disabled: true}, job.Job{Schedule: nine}, []string{"it is switched on"}},
		"it stays off":         {job.Job{Schedule: nine, Disabled: true}, job.Job{Schedule: nine, Disabled: true, TaskDefinition: "t"}, []string{`taskDefinition: now "t"`}},
		"off, and moved":       {job.Job{Schedule: nine}, job.Job{Schedule: ten, Disabled: true}, []string{"schedule: was run at 09:00 every day, UTC time (0 9 * * *); is switched off, else at 10:00 every day, UTC time (0 10 * * *)", "it is switched off: its schedule no longer runs it", "runs 1 hour later every day, 365 days a year"}},
		"by people, elsewhere": {job.Job{}, job.Job{Timezone: "Asia/Tokyo"}, []string{"timezone: was UTC; is Asia/Tokyo"}},
		"by people only":       {job.Job{Schedule: nine}, job.Job{}, []string{"schedule: was run at 09:00 every day, UTC time (0 9 * * *); is run by people only"}},
		"no longer":            {job.Job{}, job.Job{Schedule: nine}, []string{"schedule: was run by people only; is run at 09:00 every day, UTC time (0 9 * * *)"}},
		"it cannot be read":    {job.Job{Schedule: nine}, job.Job{Schedule: "x"}, []string{"schedule: was run at 09:00 every day, UTC time (0 9 * * *); is run UTC time (x)", "its runs cannot be compared: a schedule cannot be read"}},
		"it could not":         {job.Job{Schedule: "x"}, job.Job{Schedule: nine}, []string{"schedule: was run UTC time (x); is run at 09:00 every day, UTC time (0 9 * * *)", "its runs cannot be compared: a schedule cannot be read"}},
		"a long value is cut":  {job.Job{}, job.Job{TaskDefinition: strings.Repeat("ü", 119)}, []string{`taskDefinition: now "` + strings.Repeat("ü", 116) + "..."}},
		"a shorter one is not": {job.Job{}, job.Job{TaskDefinition: strings.Repeat("ü", 118)}, []string{`taskDefinition: now "` + strings.Repeat("ü", 118) + `"`}},
	} {
		c.was.Name, c.is.Name = "a", "a"
		if got := jobdiff.Of([]job.Job{c.was}, []job.Job{c.is}, from); len(got) != 1 || got[0].Job != "a" || !slices.Equal(got[0].Words, c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}
