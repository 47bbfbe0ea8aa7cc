package cron

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// foreign replaces the error for a text that belongs to another scheduler.
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

// recognise names the scheduler that reads such a text, and says what to write instead.
func recognise(text string, f []string) (name, hint string) {
	if len(f) == 0 {
		return "", ""
	}
	switch first := f[0]; {
	case first == "@every":
		return "robfig/cron's @every", everyHint(strings.Join(f[1:], " "))
	case strings.HasPrefix(first, "TZ=") || strings.HasPrefix(first, "CRON_TZ="):
		return "robfig/cron's zone prefix", "give the zone beside the schedule"
	case first == "every":
		return "a schedule in English", writeFields
	case isOnCalendar(text, f):
		return "systemd's OnCalendar", writeFields
	case len(f) == 6 && (f[2] == "?") != (f[4] == "?"):
		return "EventBridge's fields without cron(...)", proposal("cron(" + strings.Join(f, " ") + ")")
	case isQuartz(f):
		return quartz(f)
	}
	return fieldDialect(f)
}

// isQuartz reports whether there are six or seven fields, and the first and the extra ones can only
// be time fields. Otherwise a sixth word may be a user or a command.
func isQuartz(f []string) bool {
	return (len(f) == 6 || len(f) == 7 && timeLike(f[6])) && timeLike(f[0]) && timeLike(f[5])
}

// quartz names what six or seven time fields are.
func quartz(f []string) (name, hint string) {
	if len(f) == 6 && isYear(f[5]) {
		return "a crontab with a year behind it", "write " + strings.Join(f[:5], " ") + ": of all forms, only cron(...) has a year"
	}
	return "a Quartz expression (or Spring's, or robfig/cron's with seconds), seconds first", quartzHint(f) + lastHint(f)
}

// isYear reports whether a field begins with a year, which no other field allows.
func isYear(field string) bool {
	end := strings.IndexFunc(field, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(field)
	}
	return end == 4 && field[0] != '0'
}

// lastHint is for six fields of which the last may be the one too many: Nomad has a year there
// (https://github.com/hashicorp/cronexpr), and croniter, which Airflow uses, has the seconds
// (https://github.com/pallets-eco/croniter).
func lastHint(f []string) string {
	crontab := strings.Join(f[:5], " ")
	if _, err := ParseCrontab(crontab); err != nil || len(f) != 6 || f[5] != "*" && f[5] != "0" {
		return ""
	}
	return "; if it is Nomad's or Airflow's, whose year or seconds come last, write " + crontab
}

// quartzHint drops the seconds, which leaves an EventBridge expression: Quartz also counts
// the week from Sunday = 1. Spring counts from Monday = 1.
func quartzHint(f []string) string {
	if f[0] != "0" {
		return "drop the seconds: the unit here is the minute"
	}
	rest := f[1:]
	if !strings.Contains(strings.Join(rest, " "), "?") {
		return "drop the leading 0"
	}
	if len(rest) == 5 {
		rest = append(rest, "*")
	}
	as := func(weekday string) string {
		return "cron(" + strings.Join([]string{rest[0], rest[1], rest[2], rest[3], weekday, rest[5]}, " ") + ")"
	}
	if spring, differs := springWeekday(rest[4]); differs {
		return "write " + as(rest[4]) + " if it is Quartz's, where 1 is Sunday as in EventBridge, and " + as(spring) + " if it is Spring's, where 1 is Monday"
	}
	return proposal(as(rest[4]))
}

// proposal proposes an expression of EventBridge, or says why it is none.
func proposal(text string) string {
	var bad *SyntaxError
	if _, err := ParseAWS(text); errors.As(err, &bad) {
		return text + " is refused too: " + bad.Problem
	}
	return "write " + text
}

// springWeekday translates Spring's day of week, which counts as a crontab does, to
// EventBridge's numbers. differs reports whether the field holds numbers at all.
func springWeekday(text string) (spring string, differs bool) {
	if strings.Trim(text, "01234567,-/") != "" {
		return "", false
	}
	spec, err := ParseCrontab("0 0 * * " + text)
	if err != nil {
		return "", false
	}
	return list(uint64(spec.day.dow), 1, 7), true
}

// timeLike reports whether s can only be a time field.
func timeLike(s string) bool {
	return strings.Trim(s, "0123456789*?,-/#LW") == "" || s == "MON-FRI" || len(s) == 3 && indexName(dayNames, s) >= 0
}

var calendarWords = [...]string{
	"minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "annually",
}

// isOnCalendar reports whether text is one of systemd's forms: a bare word, *-*-01, 03:00 or
// Mon..Fri.
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

// everyHint writes a duration of robfig/cron as a rate.
func everyHint(text string) string {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	switch {
	case err != nil:
		return "write rate(5 minutes), with the number that is meant"
	case d < time.Minute:
		return "the shortest time of a schedule is a minute: write rate(1 minute), or let one run do the work of several"
	}
	minutes := int(d / time.Minute)
	rate := fmt.Sprintf("rate(%d minutes)", minutes)
	if minutes == 1 {
		rate = "rate(1 minute)"
	}
	if d%time.Minute != 0 {
		return "a schedule has whole minutes: write " + rate
	}
	return "write " + rate
}

// fieldDialect recognises the scheduler by one of the five fields.
func fieldDialect(f []string) (name, hint string) {
	if len(f) < 5 {
		return "", ""
	}
	if slices.ContainsFunc(f[:5], isJenkins) {
		return "Jenkins' H, a value that Jenkins draws from the job's name", "write " + jenkins(f[:5]) + ", or a value of your own for each H"
	}
	if len(f) != 5 {
		return "", ""
	}
	switch day, weekday := f[2], strings.ToUpper(f[4]); {
	case day == "$":
		return "pg_cron's $, the last day of the month", proposal(eventBridge(f, "L", "?"))
	case strings.HasPrefix(day, "L") || strings.HasSuffix(day, "W"):
		return "a crontab with EventBridge's or Quartz's L and W", proposal(eventBridge(f, day, "?"))
	case isNth(weekday):
		return "a crontab with EventBridge's or Quartz's L and #", proposal(eventBridge(f, "?", nthWeekday(weekday)))
	case isNths(weekday):
		return "a crontab with more than one # or L", "EventBridge takes one in each expression: write a job for each, such as " + eventBridge(f, "?", nthWeekday(weekday[:strings.Index(weekday, ",")]))
	case day == "?" || f[4] == "?":
		return "a crontab with ?, which robfig/cron and Kubernetes read as *", "write " + strings.ReplaceAll(strings.Join(f, " "), "?", "*")
	}
	return "", ""
}

func isJenkins(field string) bool {
	return field == "H" || strings.HasPrefix(field, "H/") || strings.HasPrefix(field, "H(")
}

// isNth reports whether weekday is like 5L or MON#2.
func isNth(weekday string) bool {
	day, nth, found := strings.Cut(weekday, "#")
	if !found {
		day, found = strings.CutSuffix(weekday, "L")
		nth = "1"
	}
	isDay := day == "" || len(day) == 1 && day[0] >= '0' && day[0] <= '7' || len(day) == 3 && indexName(dayNames, day) >= 0
	return found && isDay && len(nth) == 1 && nth[0] >= '1' && nth[0] <= '5'
}

// isNths reports whether weekday is a list like MON#1,MON#3.
func isNths(weekday string) bool {
	return !slices.ContainsFunc(strings.Split(weekday, ","), func(day string) bool { return !isNth(day) })
}

// eventBridge gives the five fields as cron(...), with other day fields.
func eventBridge(f []string, day, weekday string) string {
	return "cron(" + strings.Join([]string{f[0], f[1], day, f[3], weekday, "*"}, " ") + ")"
}

// nthWeekday gives a crontab's 5#2 or 5L in EventBridge's numbers, where Sunday is 1.
func nthWeekday(text string) string {
	if c := text[0]; c >= '0' && c <= '7' {
		return string(rune('1'+(c-'0')%7)) + text[1:]
	}
	if n := indexName(dayNames, text[:min(3, len(text))]); n >= 0 {
		return string(rune('1'+n)) + text[3:]
	}
	return text
}

// jenkins writes H as cron's ~, which also picks a value.
func jenkins(f []string) string {
	ranges := [5]string{"0~59", "0~23", "1~28", "1~12", "0~6"}
	out := make([]string, 5)
	for i, text := range f {
		low, high, _ := strings.Cut(ranges[i], "~")
		switch {
		case text == "H":
			out[i] = ranges[i]
		case strings.HasPrefix(text, "H/"):
			out[i] = low + "-" + high + text[1:]
		case strings.HasPrefix(text, "H("):
			inside, step, _ := strings.Cut(text[2:], ")")
			if out[i] = inside + step; step == "" {
				out[i] = strings.Replace(inside, "-", "~", 1)
			}
		default:
			out[i] = text
		}
	}
	return strings.Join(out, " ")
}
