package importer

import (
	"regexp"
	"strings"

	"github.com/batchplane/batchplane/internal/cron/crontab"
)

// byteOrderMark is what editors of Windows put before the first line.
const byteOrderMark = "\ufeff"

var anacron = regexp.MustCompile(`^([0-9]+|@[a-z]+)\s+[0-9]+\s+[A-Za-z][\w.-]+\s+[^\s*?0-9]`)

// dialects are lines of other programs, by their shape.
var dialects = []struct {
	form *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`^@(every_minute|every_second|[0-9]+)(\s|$)`), "FreeBSD's cron"},
	{regexp.MustCompile(`^@every\s`), "supercronic or robfig/cron"},
	{regexp.MustCompile(`^[&%!]`), "fcron"},
	{anacron, "an anacrontab (days, delay, name, command)"},
	{regexp.MustCompile(`^\[(Unit|Timer|Service|Install)\]`), "a systemd unit"},
	{regexp.MustCompile(`^(On(Calendar|BootSec|StartupSec|ActiveSec|UnitActiveSec|UnitInactiveSec)|Persistent|AccuracySec|RandomizedDelaySec|ExecStart|WantedBy)\s*=`), "a systemd unit"},
	{regexp.MustCompile(`^(cron|rate|at)\(`), "EventBridge"},
	{regexp.MustCompile(`^(H\b|(\S+\s+){1,4}H\b)`), "Jenkins"},
	{regexp.MustCompile(`^([0-9*,/-]+\s+){3,4}\?(\s|$)|^([0-9*,/?-]+\s+){5}\*(\s|$)`), "Quartz or another scheduler that counts seconds"},
	{regexp.MustCompile(`^(\S+\s+){0,4}[0-9]+/[0-9]+\s`), "a scheduler that takes 5/15 for 5-59/15 (the first Vixie cron took it for 5)"},
}

// dialect names the program whose line this looks like, "" for cron.
func dialect(text string) string {
	text = strings.TrimLeft(text, " \t")
	for _, d := range dialects {
		if d.form.MatchString(text) {
			return d.name
		}
	}
	return ""
}

// reject tells why a line is none of cron's.
func (e *Entry) reject(l crontab.Line) {
	hidden, secret := hideRest(e.Text)
	e.Text = hidden
	name := dialect(l.Text)
	switch {
	case strings.HasPrefix(l.Text, byteOrderMark):
		e.refuse("the file begins with a byte order mark, which cron takes for a part of this line: save the file without it")
	case secret:
		e.refuse("cron rejects this line; it looks as if it holds a secret, so why is not said here: NAME=value must stand alone, with nothing after a quoted value")
	case l.Kind == crontab.Env:
		e.refuse("this looks like a line of %s, which to cron is a variable of the commands below: it is left out", name)
	case name != "":
		e.refuse("this looks like a line of %s, which cronie rejects: %v", name, l.Err)
	default:
		e.refuse("cronie rejects this line, so under cronie it has never run: %v", l.Err)
	}
}
