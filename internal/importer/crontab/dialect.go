package crontab

import (
	"fmt"
	"regexp"
	"strings"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/foreign"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// byteOrderMark is what Windows editors put before the first line.
const byteOrderMark = "\ufeff"

var anacron = lazyregexp.New(`^([0-9]+|@[a-z]+)\s+[0-9]+\s+[A-Za-z][\w.-]+\s+[^\s*?0-9]`)

// quartz names schedulers whose first field counts seconds.
const quartz = "Quartz or another scheduler that counts seconds"

// sixthField matches a command that begins with what can only be a time field. A number or days
// are one too if nothing follows.
var sixthField = lazyregexp.New(`(?i)^(?:(?:[?*]|[0-9]+(?:[-,/][0-9]+)+)\s+\S|(?:[?*](?:/[0-9]+)?|[0-9]+(?:[-,/#][0-9]+)*|(?:sun|mon|tue|wed|thu|fri|sat)(?:[-,](?:sun|mon|tue|wed|thu|fri|sat))*)\s*$)`)

// steps begins the name of a dialect whose form may also be a mistake in a line for cron.
const steps = "a scheduler that takes"

// dialects are the lines of other programs, by their form.
var dialects = []struct {
	form func() *regexp.Regexp
	name string
}{
	{lazyregexp.New(`^@(every_minute|every_second|[0-9]+)(\s|$)`), "FreeBSD's cron"},
	{lazyregexp.New(`^@every\s`), "supercronic or robfig/cron"},
	{lazyregexp.New(`^[&%!]|^@(?:[a-z0-9,]*\(|\s|[a-z]*\s+[0-9]+[smhdw])`), "fcron"},
	{lazyregexp.New(`^(?:\S+\s+){5}-n?[qs][nqs]*\s`), "OpenBSD's or FreeBSD's cron"},
	{lazyregexp.New(`^(?:\S+\s+){0,4}[0-9]*~[0-9]*/[0-9]+\s`), "OpenBSD's cron, which draws where such a step begins"},
	{anacron, "an anacrontab (days, delay, name, command)"},
	{lazyregexp.New(`^\[(Unit|Timer|Service|Install)\]`), "a systemd unit"},
	{lazyregexp.New(`^(On(Calendar|BootSec|StartupSec|ActiveSec|UnitActiveSec|UnitInactiveSec)|Persistent|AccuracySec|RandomizedDelaySec|ExecStart|WantedBy)\s*=`), "a systemd unit"},
	{lazyregexp.New(`^(cron|rate|at)\(`), "EventBridge"},
	{lazyregexp.New(`^(H\b|(\S+\s+){1,4}H\b)`), "Jenkins"},
	{lazyregexp.New(`^([0-9*,/-]+\s+){3,4}\?(\s|$)|^([0-9*,/?LW-]+\s+){5}[*?](\s|$)`), quartz},
	{lazyregexp.New(`^(\S+\s+){0,4}[0-9]+/[0-9]+\s`), steps + " 5/15 for 5-59/15 (the first Vixie cron took it for 5)"},
}

// dialect names the program whose line this looks like; "" means cron.
func dialect(text string) string {
	text = strings.TrimLeft(text, " \t")
	for _, d := range dialects {
		if d.form().MatchString(text) {
			return d.name
		}
	}
	return ""
}

// assigned matches a line that was meant to set a variable, as a shell would read it.
var assigned = lazyregexp.New(`^\s*(?:(?:export|declare -x|setenv|set)\s+[A-Za-z_]\w*[\s=]|[A-Za-z_]\w*\s*=\s*(?:"[^"]*"|'[^']*')\s*\S)`)

// broken reports, once, what an invalid line does to the other jobs of its file. Debian's cron
// logs `ERROR (Syntax error, this crontab file will be ignored)`, as many public logs show, and
// cronie goes on with the next line (load_user in its src/user.c). Neither has read a file of
// another program.
func (in *importing) broken(e *importer.Entry, l lines.Line) {
	if name := dialect(l.Text); in.broke || !in.others(l) || (name != "" && name != quartz && !strings.HasPrefix(name, steps)) {
		return
	}
	in.broke = true
	e.Decide("Debian's and Ubuntu's cron ignores the whole file for such a line, so under it no job of this file has run since: look for \"this crontab file will be ignored\" in its log before they run here")
}

// others reports whether the file has another job.
func (in *importing) others(l lines.Line) bool {
	for number := range in.lines {
		if number != l.Number && in.lines[number].Kind == lines.Job {
			return true
		}
	}
	return false
}

// reject says why a line is not one of cron's.
func reject(e *importer.Entry, l lines.Line) {
	hidden, secret := importer.HideRest(e.Text)
	e.Text = hidden
	name := dialect(l.Text)
	switch {
	case strings.HasPrefix(l.Text, byteOrderMark):
		e.Refuse("the file begins with a byte order mark, which cron takes for a part of this line: save the file without it")
	case secret:
		e.Refuse("cron rejects this line; it looks as if it holds a secret, so why is not said here: NAME=value must stand alone, with nothing after a quoted value")
	case assigned().MatchString(l.Text):
		e.Refuse("cronie does not take this for a variable, so the jobs below never had it: write NAME=value alone, without export before it or anything after a quoted value, even a comment")
	case l.Kind == lines.Env:
		e.Refuse("this looks like a line of %s, which to cron is a variable of the commands below: it is left out", name)
	case name != "":
		e.Refuse("this looks like a line of %s, which cronie rejects: %v", name, l.Err)
	default:
		e.Refuse("cronie rejects this line, so under cronie it has never run: %v", l.Err)
	}
}

// lineDialect is dialect for a line that cron has read: cron may take another program's line for
// a job.
func lineDialect(l lines.Line) string {
	switch l.Kind {
	case lines.Job:
		if sixthField().MatchString(l.Command) {
			return quartz
		}
		if !anacron().MatchString(strings.TrimLeft(l.Text, " \t")) {
			return ""
		}
	case lines.Reboot:
		return ""
	}
	return dialect(l.Text)
}

// notCron gives the error for a file in which cron could read nothing at all: no line is a job or
// a variable.
func notCron(f *importer.File, all []lines.Line) error {
	for i := range all {
		if all[i].Kind != lines.Invalid {
			return nil
		}
	}
	if len(all) < 3 {
		return nil
	}
	return &importer.ForeignError{Sentence: fmt.Sprintf("%s is no crontab: none of its %d lines is one of cron's, and it is none of the other files that are recognised", f.Name, len(all))}
}

// Foreign gives the sentence for a file whose lines are all those of one other scheduler's kind
// of crontab. It is nil if cron reads one of them, or if no scheduler is known that reads all.
func Foreign(f *importer.File) *importer.ForeignError {
	all, err := lines.Parse(f.Data[:prefix(f.Data)], lines.ExpectUsers(f.Name))
	if name := wholeDialect(all); err == nil && name != "" {
		return foreign.Dialect(f.Name, name)
	}
	return nil
}

// wholeDialect names the program that all jobs of a file are written for. It is "" if cron reads
// one of them, or if no program is known that reads all.
func wholeDialect(all []lines.Line) string {
	found := ""
	for i := range all {
		name := lineDialect(all[i])
		if all[i].Kind == lines.Env && name == "" {
			continue
		}
		if name == "" || strings.HasPrefix(name, steps) || found != "" && found != name {
			return ""
		}
		found = name
	}
	return found
}
