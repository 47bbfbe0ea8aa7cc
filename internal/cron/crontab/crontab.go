// Package crontab reads crontab files line by line as cronie does (load_env in src/env.c,
// load_entry in src/entry.c, child_process in src/do_command.c). It judges nothing: the
// importer decides what a line becomes.
package crontab

import (
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
)

// maxFile bounds a crontab file, in bytes.
const maxFile = 10 << 20

// Kind says what a line is.
type Kind string

// The kinds of line that are neither blank nor a comment.
const (
	Env     Kind = "env"     // NAME=value, for the lines below it
	Job     Kind = "job"     // a schedule and a command
	Reboot  Kind = "reboot"  // @reboot and a command: no times
	Invalid Kind = "invalid" // cron rejects it or never runs it: see Err
)

// Line is one line of a crontab that is neither blank nor a comment.
type Line struct {
	Number int    // from 1
	Text   string // without its line feed; a carriage return stays
	Kind   Kind

	// Name and Value are those of an Env line. Quotes are removed, a value without quotes is
	// trimmed, and nothing is expanded.
	Name, Value string

	// Schedule is the five fields joined by single blanks, or the @word.
	Schedule string
	// Spec is the schedule of a Job.
	Spec *cron.Spec
	// User is the sixth column, if the file has a user column.
	User string
	// Doubt says why it is not certain whether the line has a user.
	Doubt string
	// Command is what the shell gets. An unescaped % ends it, and the rest is Stdin. There,
	// further unescaped % become line feeds, and the last line always ends in one.
	Command, Stdin string
	// NoLog is cronie's - before the schedule: its runs are not written to syslog. Only the
	// crontabs of root and of the system may have it.
	NoLog bool
	// MailOnError is cronie's -n before a command: send mail only if it fails.
	MailOnError bool

	// NoNewline marks a last line without a line feed, which cronie ignores.
	NoNewline bool
	// Err says why the line is Invalid.
	Err error
}

// These errors make a line Invalid, as do those of the schedule. errTooLarge is about the
// file.
var (
	errTooLarge  = fmt.Errorf("a crontab of more than %d bytes", maxFile)
	errNoCommand = errors.New("bad command: nothing after the schedule")
	errNoUser    = errors.New("bad command: nothing after the user name")
	errSixth     = errors.New("bad command: it begins with *: are there six or seven time fields?")
	errOption    = errors.New("bad option: only -n may stand before the command")
	errNUL       = errors.New("a NUL byte in the line")
	errNoValue   = errors.New(`no value: write NAME="" for an empty one`)
)

// Parse reads a crontab. It returns an error only for a file that is larger than maxFile.
// The error of a line is in the line.
func Parse(data []byte, users UserColumn) ([]Line, error) {
	if len(data) > maxFile {
		return nil, errTooLarge
	}
	var lines []Line
	text, number := string(data), 0
	for text != "" {
		one, rest, ended := strings.Cut(text, "\n")
		number++
		text = rest
		if trimmed := strings.TrimLeft(one, " \t\r"); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		lines = append(lines, Line{Number: number, Text: one, NoNewline: !ended})
	}
	judged := judge(lines, users, headings(string(data)))
	for i := range lines {
		user, doubt := judged(lines[i].sixth())
		if lines[i].read(user); lines[i].Kind == Job {
			lines[i].Doubt = doubt
		}
	}
	return lines, nil
}

func (l *Line) read(users bool) {
	text := strings.TrimLeft(l.Text, " \t")
	if strings.IndexByte(text, 0) >= 0 {
		l.refuse(errNUL)
		return
	}
	if name, value, ok := envLine(text); ok {
		l.Kind, l.Name, l.Value = Env, name, value
		return
	}
	text, noLog := cutNoLog(text)
	schedule, rest := cutSchedule(text)
	spec, err := cron.ParseCrontab(schedule)
	switch {
	case err == nil:
		l.Kind, l.Spec = Job, spec
	case errors.Is(err, cron.ErrReboot):
		l.Kind = Reboot
	case strings.HasSuffix(strings.TrimRight(text, " \t\r"), "="):
		l.refuse(errNoValue)
		return
	default:
		l.refuse(err)
		return
	}
	l.Schedule, l.NoLog = schedule, noLog
	if err := l.readCommand(rest, users); err != nil {
		l.refuse(err)
	}
}

func (l *Line) refuse(err error) {
	*l = Line{Number: l.Number, Text: l.Text, NoNewline: l.NoNewline, Kind: Invalid, Err: err}
}

// readCommand reads what follows the schedule.
func (l *Line) readCommand(rest string, users bool) error {
	if rest == "" {
		return errNoCommand
	}
	if rest[0] == '*' {
		return errSixth
	}
	if users {
		l.User, rest = cutWord(rest)
		if rest == "" {
			return errNoUser
		}
	}
	for strings.HasPrefix(rest, "-") {
		word, after := cutWord(rest)
		if word != "-n" || l.MailOnError {
			return errOption
		}
		if after == "" {
			return errNoCommand
		}
		l.MailOnError, rest = true, after
	}
	l.Command, l.Stdin = splitPercent(rest)
	return nil
}

// cutNoLog cuts off cronie's - before a schedule (load_entry).
func cutNoLog(text string) (rest string, found bool) {
	if after, ok := strings.CutPrefix(text, "-"); ok && after != "" && strings.IndexByte("*0123456789@~", after[0]) >= 0 {
		return after, true
	}
	return text, false
}

// cutSchedule gives the @word, or the five fields joined by single blanks, and what follows.
func cutSchedule(text string) (schedule, rest string) {
	if text[0] == '@' {
		return cutWord(text)
	}
	fields := make([]string, 0, 5)
	for rest = text; rest != "" && len(fields) < 5; {
		var field string
		field, rest = cutWord(rest)
		fields = append(fields, field)
	}
	return strings.Join(fields, " "), rest
}

// cutWord cuts at the first run of blanks.
func cutWord(text string) (word, rest string) {
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimLeft(text[i:], " \t")
}

// splitPercent applies cron's rule for %.
func splitPercent(text string) (command, stdin string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '%':
			return b.String(), standardInput(text[i+1:])
		case c == '\\' && i+1 < len(text):
			// A backslash takes away the next byte's meaning; only \% loses its backslash.
			i++
			if text[i] != '%' {
				b.WriteByte('\\')
			}
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// standardInput turns the text after the first % into lines.
func standardInput(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	escaped := false
	for i := range len(text) {
		c := text[i]
		if escaped && c != '%' {
			b.WriteByte('\\')
		} else if !escaped && c == '%' {
			c = '\n'
		}
		if escaped = c == '\\'; !escaped {
			b.WriteByte(c)
		}
	}
	if escaped {
		b.WriteByte('\\')
	}
	if out := b.String(); strings.HasSuffix(out, "\n") {
		return out
	}
	return b.String() + "\n"
}
