package console

import (
	"fmt"
	"html/template"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Look is how a state looks everywhere: an icon, a word and a class, which has colour and shape.
type Look struct{ Icon, Word, Class string }

// icons maps what a mark means to its icon.
var icons = map[view.Class]string{
	view.ClassFailed: "failed", view.ClassMissed: "missed", view.ClassHeld: "held", view.ClassRunning: "running",
	view.ClassOK: "ok", view.ClassSkipped: "skipped", view.ClassPlanned: "planned",
}

// Shape says how an icon is drawn, in a box of 16 by 16.
type Shape struct {
	Name string
	Path template.HTML
}

var shapes = []Shape{
	{"ok", `<path d="M2.8 8.6l3.4 3.4 7-8"/>`},
	{"failed", `<path d="M3.5 3.5l9 9M12.5 3.5l-9 9"/>`},
	{"running", `<path class="fill" d="M4.5 3v10l8.5-5z"/>`},
	{"missed", `<path d="M8 2.5v7"/><path d="M8 13h.01"/>`},
	{"held", `<path d="M5.5 3.5v9M10.5 3.5v9"/>`},
	{"skipped", `<path d="M3.5 8h9"/>`},
	{"stopped", `<path class="fill" d="M4 4h8v8H4z"/>`},
	{"planned", `<circle cx="8" cy="8" r="4.2"/>`},
}

func shapeOf(name string) template.HTML {
	for _, s := range shapes {
		if s.Name == name {
			return s.Path
		}
	}
	return ""
}

// LookOf returns how a state looks.
func LookOf(s view.State) Look {
	c := view.ClassOf(s)
	icon := icons[c]
	if s == view.State(run.Stopped) {
		icon = "stopped"
	}
	return Look{Icon: icon, Word: string(s), Class: c.String()}
}

// LookOfClass returns the look of states that are counted together.
func LookOfClass(c view.Class) Look {
	word := c.String()
	switch c {
	case view.ClassOK:
		word = string(run.Succeeded)
	case view.ClassSkipped:
		word = "skipped or stopped"
	}
	return Look{Icon: icons[c], Word: word, Class: c.String()}
}

// needLook returns the class, which is also the icon, of something that needs attention.
func needLook(k view.AttentionKind) string {
	switch k {
	case view.NeedsFailing:
		return "failed"
	case view.NeedsMissed:
		return "missed"
	}
	return "held"
}

// Stamp is a time in the forms in which a page shows it.
type Stamp struct {
	// ISO is for machines and Text for people. Exact adds seconds, Full adds the day and the
	// zone, and Ago counts from when the page was made.
	ISO, Text, Exact, Full, Ago string
}

// At formats a time. about is the job, or the run, that it is about.
func (f *Frame) At(t any, about ...any) Stamp {
	var at time.Time
	switch t := t.(type) {
	case time.Time:
		at = t
	case *time.Time:
		if t != nil {
			at = *t
		}
	}
	if at.IsZero() {
		return Stamp{}
	}
	var job []string
	for _, a := range about {
		job = append(job, fmt.Sprint(a))
	}
	local := at.In(f.zoneOf(job))
	day, zone := "Mon 2 Jan", ""
	if local.Year() != f.Now.In(local.Location()).Year() {
		day = "2 Jan 2006"
	}
	switch {
	case doubled(local):
		zone = " MST (-07:00)"
	case f.Query.Zone == ZoneJob:
		zone = " MST"
	}
	return Stamp{ISO: at.UTC().Format(time.RFC3339), Text: local.Format(day + " 15:04" + zone), Exact: local.Format(day + " 15:04:05" + zone), Full: local.Format("Mon 2 Jan 2006 15:04:05 MST (-07:00)"), Ago: ago(f.Now.Sub(at))}
}

// doubled reports whether the same time of day comes twice on that day because the clocks go
// back.
func doubled(t time.Time) bool {
	_, own := t.Zone()
	for _, d := range []time.Duration{-12 * time.Hour, 12 * time.Hour} {
		_, offset := t.Add(d).Zone()
		other := t.Add(time.Duration(own-offset) * time.Second) // the same time of day by that offset
		if _, o := other.Zone(); offset != own && o == offset {
			return true
		}
	}
	return false
}

// ago says how long ago something was, or how long until it is.
func ago(d time.Duration) string {
	words := coarse(d.Abs())
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d < 0:
		return "in " + words
	}
	return words + " ago"
}

// coarse formats a duration with the precision that matters after so long.
func coarse(d time.Duration) string {
	switch {
	case d < time.Minute:
		return Took(d, false)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d d", int(d/(24*time.Hour)))
}

// Took formats a duration for people. fine keeps fractions of a second.
func Took(d time.Duration, fine bool) string {
	switch {
	case d < time.Second && fine:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second && fine:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < 48*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, big time.Duration, bigWord string, small time.Duration, smallWord string) string {
	a, b := int(d/big), int(d%big/small)
	if b == 0 {
		return fmt.Sprintf("%d %s", a, bigWord)
	}
	return fmt.Sprintf("%d %s %d %s", a, bigWord, b, smallWord)
}

// tookOf formats a duration or a number of milliseconds. It returns "" if it is not known.
func tookOf(v any) string {
	switch v := v.(type) {
	case *int64:
		if v != nil {
			return Took(time.Duration(*v)*time.Millisecond, true)
		}
	case time.Duration:
		return Took(v, true)
	}
	return ""
}

// middle cuts a long name in its middle, because names often differ only at their end.
func middle(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	head := n * 2 / 3
	return string(r[:head]) + "…" + string(r[len(r)-(n-head-1):])
}

// cut returns a name that middle would cut, for its title, and "" for others.
func cut(s string, n int) string {
	if middle(s, n) == s {
		return ""
	}
	return s
}
