// Package cron reads crontab lines and EventBridge schedule expressions, finds
// their times in any zone, says them in English, and translates the first into
// the second with a proof.
//
// An expression is a Spec: bit sets of minutes, hours and months and one day
// mask for each kind of month. A Spec in a Zone is a Schedule, which has Next,
// Prev and All. Translate turns a crontab expression into expressions for
// EventBridge Scheduler; Prove compares any two exactly, without sampling.
//
// The package is pure: no clock, no files, the zone database is embedded.
package cron

import (
	"errors"
	"strings"
)

// Parse reads an expression of either dialect, told apart by its shape: a name
// and parentheses is EventBridge's, the rest a crontab's. An expression in a
// dialect of other schedulers is refused by name. Limits and errors are those
// of ParseCrontab and ParseAWS.
func Parse(text string) (*Spec, error) {
	if len(text) > 0 && text[len(text)-1] == ')' || strings.HasPrefix(text, "cron(") ||
		strings.HasPrefix(text, "rate(") || strings.HasPrefix(text, "at(") {
		return ParseAWS(text)
	}
	return ParseCrontab(text)
}

// foreign replaces the error about a text that belongs to another scheduler.
func foreign(text string, err error) error {
	if errors.Is(err, ErrReboot) || len(text) > maxCrontab {
		return err
	}
	var bad *SyntaxError
	if i := strings.IndexAny(text, "\x00\r\n"); i >= 0 && errors.As(err, &bad) && (bad.Offset == i || text[0] == '@') {
		return wrong(text[i:i+1], i, "a line end or NUL inside", "Windows line ends? give one line without its end")
	}
	name, hint := recognise(text, strings.Fields(text))
	if name == "" {
		return err
	}
	return &SyntaxError{Value: clip(text), Problem: "this is " + name, Foreign: name, Hint: hint}
}

const writeFields = "write five fields: minute hour day-of-month month day-of-week"

// recognise names the scheduler that reads such a text, and says what to write.
func recognise(text string, f []string) (name, hint string) {
	if len(f) == 0 {
		return "", ""
	}
	switch first := f[0]; {
	case first == "@every":
		return "robfig/cron's @every", "write rate(5 minutes), or */5 * * * *"
	case strings.HasPrefix(first, "TZ=") || strings.HasPrefix(first, "CRON_TZ="):
		return "robfig/cron's zone prefix", "give the zone beside the schedule"
	case first == "every":
		return "a schedule in English", writeFields
	case isOnCalendar(text, f):
		return "systemd's OnCalendar", writeFields
	case len(f) == 6 && (f[2] == "?") != (f[4] == "?"):
		return "EventBridge's fields without cron(...)", "write cron(" + strings.Join(f, " ") + ")"
	case isQuartz(f):
		return "a Quartz expression (or robfig/cron's with seconds), seconds first", quartzHint(f)
	}
	return "", ""
}

// isQuartz reports six or seven fields, the last of which can only be of time: a
// sixth word may also be a user or a command.
func isQuartz(f []string) bool {
	return len(f) == 6 && timeLike(f[5]) || len(f) == 7 && timeLike(f[5]) && timeLike(f[6])
}

// quartzHint drops the seconds, which leaves what EventBridge reads: both count
// the week from Sunday = 1.
func quartzHint(f []string) string {
	if f[0] != "0" {
		return "drop the seconds: the unit here is the minute"
	}
	rest := strings.Join(f[1:], " ")
	if strings.Contains(rest, "?") {
		if len(f) == 6 {
			rest += " *"
		}
		return "write cron(" + rest + ")"
	}
	return "drop the leading 0"
}

// timeLike reports a text that can only be a time field.
func timeLike(s string) bool {
	return strings.Trim(s, "0123456789*?,-/#LW") == "" || s == "MON-FRI" || len(s) == 3 && indexName(dayNames, s) >= 0
}

var calendarWords = [...]string{
	"minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "annually",
}

// isOnCalendar reports systemd's forms: a bare word, *-*-01, 03:00, Mon..Fri.
func isOnCalendar(text string, f []string) bool {
	for _, w := range calendarWords {
		if len(f) == 1 && strings.EqualFold(text, w) {
			return true
		}
	}
	if len(f) > 4 {
		return false
	}
	for _, s := range f {
		if strings.Contains(s, "..") || strings.Count(s, "-") == 2 && strings.Trim(s, "0123456789*-/,~") == "" ||
			strings.Contains(s, ":") && strings.Trim(s, "0123456789*:/,.") == "" {
			return true
		}
	}
	return false
}
