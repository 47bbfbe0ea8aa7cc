package job_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// minutes gives the time n minutes after noon.
func minutes(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func every(schedule string) job.Plan {
	return job.Plan{Schedule: schedule, Timezone: "UTC", StartWithin: job.Duration(15 * time.Minute)}
}

// deployed gives an item that has had a plan since noon.
func deployed(hash string, p job.Plan) job.Item {
	item, _ := job.Item{Name: "j"}.Deploy(hash, p, minutes(-60), time.Time{}, noon)
	return item
}

// plans describes which plan is in force when, the oldest first.
func plans(i job.Item) string {
	at := func(t time.Time) string { return fmt.Sprint(int(t.Sub(noon).Minutes())) }
	var out []string
	for _, f := range i.Former {
		plan := "-"
		if f.Plan != nil {
			plan = f.Plan.Schedule + " " + at(f.From)
		}
		until := at(f.To)
		if !f.Until().Equal(f.To) {
			until = at(f.Until()) + " or " + until
		}
		out = append(out, fmt.Sprintf("%s %s..%s", f.Definition, plan, until))
	}
	out = append(out, fmt.Sprintf("%s %s %s", i.Definition, i.Plan.Schedule, at(i.Since)))
	return strings.Join(out, ", ")
}

func TestDeploy(t *testing.T) {
	t.Parallel()
	hourly, daily := every("0 * * * *"), every("0 9 * * *")
	off := hourly
	off.Disabled = true
	had := deployed("a", hourly)
	gone := had.Leave(minutes(50), minutes(60))
	found := had
	found.KnownAt = minutes(20)
	unsaid := had
	unsaid.Modified = time.Time{}
	for name, c := range map[string]struct {
		item     job.Item
		hash     string
		plan     job.Plan
		modified time.Time
		now      int
		want     string
		recheck  int
	}{
		"a new job begins when it is seen":           {job.Item{}, "a", hourly, minutes(-90), 0, "a 0 * * * * 0", 0},
		"a new plan begins when it was made":         {had, "b", daily, minutes(30), 60, "a 0 * * * * 0..30, b 0 9 * * * 30", 30},
		"or now, where nobody says":                  {had, "b", daily, time.Time{}, 60, "a 0 * * * * 0..60, b 0 9 * * * 60", 60},
		"or now, where that time is to come":         {had, "b", daily, minutes(61), 60, "a 0 * * * * 0..60, b 0 9 * * * 60", 60},
		"or now, where it is older than what was":    {had, "b", daily, minutes(-61), 60, "a 0 * * * * 0..60, b 0 9 * * * 60", 60},
		"or now, where it is that of what was":       {had, "b", daily, minutes(-60), 60, "a 0 * * * * 0..60, b 0 9 * * * 60", 60},
		"one that only people run begins, too":       {job.Item{}, "a", job.Plan{}, minutes(-90), 5, "a  5", 5},
		"one that only people ran had no slots":      {deployed("a", job.Plan{}), "b", daily, minutes(30), 60, "a -..30, b 0 9 * * * 30", 30},
		"another reading of the same definition":     {had, "a", daily, time.Time{}, 60, "a 0 * * * * 0..60, a 0 9 * * * 60", 60},
		"made before it was found out about":         {found, "b", daily, minutes(10), 60, "a 0 * * * * 0..10, b 0 9 * * * 10", 0},
		"made before what was could be written":      {had, "b", daily, minutes(-10), 60, "a -..0, b 0 9 * * * 0", 0},
		"or now, where that was not kept":            {unsaid, "b", daily, minutes(-10), 60, "a 0 * * * * 0..60, b 0 9 * * * 60", 60},
		"and when it was made, where that is later":  {unsaid, "b", daily, minutes(30), 60, "a 0 * * * * 0..30, b 0 9 * * * 30", 30},
		"another command leaves the plan in force":   {had, "b", hourly, minutes(30), 60, "a -..30, b 0 * * * * 0", 30},
		"one that is switched off had its slots":     {had, "b", off, minutes(30), 60, "a 0 * * * * 0..30, b 0 * * * * 30", 30},
		"one that was off had none":                  {deployed("a", off), "b", hourly, minutes(30), 60, "a -..30, b 0 * * * * 30", 30},
		"back as it was":                             {gone, "a", hourly, minutes(-60), 61, "a 0 * * * * 0", 50},
		"back soon, and nobody says when it changed": {gone, "a", hourly, time.Time{}, 120, "a 0 * * * * 0", 50},
		"made anew after it left":                    {gone, "a", hourly, minutes(62), 63, "a 0 * * * * 0..60, a 0 * * * * 62", 50},
		"made anew long after it left":               {gone, "a", hourly, minutes(121), 122, "a 0 * * * * 0..50 or 60, a 0 * * * * 121", 50},
		"away for long, and nobody says since when":  {gone, "a", hourly, time.Time{}, 121, "a 0 * * * * 0..50 or 60, a 0 * * * * 121", 50},
		"made anew, and it was not seen once":        {had.Leave(minutes(-5), minutes(60)), "a", hourly, minutes(121), 122, "a -..0 or 60, a 0 * * * * 121", 0},
		"back with another plan":                     {gone, "b", daily, minutes(55), 61, "a 0 * * * * 0..55, b 0 9 * * * 55", 50},
		"back with another command":                  {gone, "b", hourly, minutes(55), 61, "a -..55, b 0 * * * * 0", 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next, changed := c.item.Deploy(c.hash, c.plan, c.modified, noon.Add(time.Second), minutes(c.now))
			if got := plans(next); got != c.want || !changed || next.Gone || !next.KnownAt.Equal(minutes(c.now)) || !next.Recheck.Equal(minutes(c.recheck)) {
				t.Errorf("%s, changed %v, gone %v, known at %s, recheck from %s; want\n%s from %d", got, changed, next.Gone, next.KnownAt, next.Recheck, c.want, c.recheck)
			}
			if again, changed := next.Deploy(c.hash, c.plan, c.modified, noon, minutes(c.now+1)); changed || plans(again) != plans(next) {
				t.Errorf("the same again: %s, changed %v", plans(again), changed)
			}
		})
	}
}

// TestDeployTwiceBeforeACheck: the check goes back to the older of two changes that it has not
// seen.
func TestDeployTwiceBeforeACheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ checked, want int }{"unseen": {35, 30}, "the first was seen": {45, 60}} {
		item, _ := deployed("a", every("0 * * * *")).Deploy("b", every("5 * * * *"), minutes(30), noon.Add(time.Second), minutes(40))
		item, _ = item.Deploy("c", every("6 * * * *"), minutes(60), minutes(c.checked), minutes(61))
		if !item.Recheck.Equal(minutes(c.want)) {
			t.Errorf("%s: it goes back to %s", name, item.Recheck)
		}
	}
}

// TestFormerIsBounded: a definition goes once nobody can ask for it any more and its slots
// have been checked; and there are never more than MaxFormer.
func TestFormerIsBounded(t *testing.T) {
	t.Parallel()
	item := deployed("0", every("0 * * * *"))
	for n := range 2 * job.MaxFormer {
		item, _ = item.Deploy(fmt.Sprint(n+1), every(fmt.Sprintf("%d * * * *", n)), minutes(n), minutes(n), minutes(n))
	}
	if len(item.Former) != job.MaxFormer || item.Former[0].Definition != "10" {
		t.Errorf("%d are kept: %s", len(item.Former), plans(item))
	}
	late := minutes(20).Add(job.KeepFormer)
	if _, changed := item.Deploy(item.Definition, item.Plan, time.Time{}, minutes(15), late); changed {
		t.Error("a plan went whose slots were not checked")
	}
	next, changed := item.Deploy(item.Definition, item.Plan, time.Time{}, late, late)
	if !changed || len(next.Former) != 0 || !next.KnownAt.Equal(item.KnownAt) {
		t.Errorf("after %s: %s", job.KeepFormer, plans(next))
	}
}

// TestPlansToJudgeAreKept: however often a job is deployed, a plan stays as long as one of its
// slots may not be judged yet. After that it goes before younger ones.
func TestPlansToJudgeAreKept(t *testing.T) {
	t.Parallel()
	slow := every("* * * * *")
	slow.StartWithin = job.Duration(time.Hour)
	item := deployed("slow", slow)
	for n := range 2 * job.MaxFormer {
		item, _ = item.Deploy(fmt.Sprint(n), every("* * * * *"), minutes(30+n), minutes(30+n), minutes(30+n))
	}
	if f := item.Former; len(f) != job.MaxFormer || f[0].Definition != "slow" || f[0].Plan == nil || f[1].Definition != "10" {
		t.Errorf("it is forgotten: %s", plans(item))
	}
	item, _ = item.Deploy("last", every("* * * * *"), minutes(89), minutes(89), minutes(89))
	if item.Former[0].Definition != "slow" {
		t.Errorf("it is forgotten a minute too early: %s", plans(item))
	}
	item, _ = item.Deploy("later", every("* * * * *"), minutes(90), minutes(90), minutes(90))
	if f := item.Former; len(f) != job.MaxFormer || f[0].Definition != "11" {
		t.Errorf("what has no slot to judge any more is kept in place of a younger one: %s", plans(item))
	}
}

// TestNothingWasCheckedYet: where no slot was ever checked, the check goes back to the change
// and no further.
func TestNothingWasCheckedYet(t *testing.T) {
	t.Parallel()
	item, _ := job.Item{}.Deploy("a", every("0 * * * *"), time.Time{}, time.Time{}, noon)
	if !item.Recheck.Equal(noon) {
		t.Errorf("it goes back to %s", item.Recheck)
	}
}

// TestFoundOutAt: what was last found out about a job: its plan, or that it left.
func TestFoundOutAt(t *testing.T) {
	t.Parallel()
	had := deployed("a", every("0 * * * *"))
	gone, later := had.Leave(minutes(50), minutes(60)), had.Leave(minutes(50), minutes(60))
	later.KnownAt = minutes(70)
	for name, c := range map[string]struct {
		item job.Item
		want int
	}{"its plan": {had, 0}, "that it left": {gone, 60}, "its plan, after it left": {later, 70}} {
		if got := c.item.FoundOutAt(); !got.Equal(minutes(c.want)) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestHeld(t *testing.T) {
	t.Parallel()
	item := deployed("a", every("0 * * * *"))
	item, _ = item.Deploy("b", item.Plan, minutes(30), noon, minutes(31))
	gone := item.Leave(minutes(50), minutes(60))
	for name, c := range map[string]struct {
		item job.Item
		hash string
		slot int
		want bool
	}{
		"the newest":                           {item, "b", 40, true},
		"the newest, for a slot before it":     {item, "b", 10, true},
		"replaced after the slot":              {item, "a", 30, true},
		"replaced before the slot":             {item, "a", 31, false},
		"never deployed":                       {item, "c", 10, false},
		"left after the slot":                  {gone, "b", 60, true},
		"left before the slot":                 {gone, "b", 61, false},
		"replaced after the slot, before gone": {gone, "a", 20, true},
	} {
		if got := c.item.Held(c.hash, minutes(c.slot)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
