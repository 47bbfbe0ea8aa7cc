package notice

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/batchplane/batchplane/internal/run"
)

// Text puts the notice into words for a terminal or a mail: a headline, then one fact a line.
// It makes control characters in texts from outside visible.
func (n Notice) Text() string {
	when := n.LocalTime
	if utc := n.ScheduledFor.UTC().Format("15:04 UTC"); !n.ScheduledFor.IsZero() && !strings.HasSuffix(when, utc) {
		when += " (" + utc + ")"
	}
	return n.text(when)
}

// TextIn is Text for a view whose times are all in one zone, which the view itself names.
func (n Notice) TextIn(zone *time.Location) string {
	if n.ScheduledFor.IsZero() {
		return n.text(n.LocalTime)
	}
	return n.text(n.ScheduledFor.In(zone).Format("2006-01-02 15:04"))
}

func (n Notice) text(when string) string {
	var b strings.Builder
	b.WriteString(n.Headline() + "\n")
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	if n.Run != "" {
		line("run", "%s, scheduled for %s", n.Run, when)
	}
	if n.Owner != "" {
		line("owner", "%s", Printable(n.Owner))
	}
	if took := n.took(); took != "" {
		line("attempts", "%s", took)
	}
	for _, a := range n.Attempts {
		if said := a.Said(); said != "" {
			line(fmt.Sprintf("attempt %d", a.N), "%s [%s]", Printable(said), a.Rule)
		}
	}
	if n.LogsUnread {
		line("last lines", "%s", Unread)
	}
	for i, l := range n.Logs {
		name := ""
		if i == 0 {
			name = "last lines"
		}
		line(name, "| %s", Printable(l))
	}
	for _, l := range [][2]string{{"logs", Printable(n.LogsAt)}, {"task", Printable(n.TaskAt)}, {"safe?", n.safe()}, {"retry", n.RetryWith}, {"stop", n.StopWith}, {"show", n.ShowWith}} {
		if l[1] != "" {
			line(l[0], "%s", l[1])
		}
	}
	return b.String()
}

// Unread is said in place of the last lines if these could not be read.
const Unread = "what the task wrote could not be read"

// safe says whether the retry that the notice offers is safe.
func (n Notice) safe() string {
	if n.Retry == nil {
		return ""
	}
	return Printable(n.Retry.Words())
}

// Headline returns the first line of Text.
func (n Notice) Headline() string {
	return fmt.Sprintf("%s %s: %s", strings.ToUpper(n.headline()), n.Job, Printable(n.Cause))
}

func (n Notice) headline() string {
	return strings.ReplaceAll(string(n.Kind), "-", " ")
}

func (n Notice) took() string {
	if len(n.Attempts) == 0 {
		return ""
	}
	s := strconv.Itoa(len(n.Attempts))
	if n.DurationMs > 0 {
		s += ", ran " + (time.Duration(n.DurationMs) * time.Millisecond).String()
	}
	return s
}

// Printable replaces everything that could steer a terminal: line breaks and tabs become
// spaces, other control and formatting characters U+FFFD. The two joiners stay: they steer nothing, and
// without them emoji fall apart, and words of Persian or Hindi read wrongly.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		return printable(r)
	}, s)
}

// PrintableText is Printable for a text whose line breaks and tabs stay.
func PrintableText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, s)
}

func printable(r rune) rune {
	const nonJoiner, joiner = '\u200c', '\u200d'
	switch {
	case r == nonJoiner, r == joiner:
		return r
	case r == '\u2028', r == '\u2029', unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return '\ufffd'
	}
	return r
}

// ToStop returns the run that a person may want to stop because of the notice, or "", and the reason
// that StopWith gives for it; whoever types it may give another.
func (n Notice) ToStop() (id run.ID, why string) {
	if n.Kind == StillRuns {
		return n.Run, "it hangs"
	}
	return n.HeldBy, "it holds others back"
}
