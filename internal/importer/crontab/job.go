package crontab

import (
	"strings"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/cron"
	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

func (in *importing) job(e *importer.Entry, l lines.Line) {
	reading(e, l)
	if l.Spec.NeverFires() {
		e.NeverFires = true
		e.Refuse("it never fires, since no such day exists: it has never run")
		return
	}
	if strings.TrimSpace(l.Command) == "" {
		e.Refuse("a bare %% ends a command, and nothing is before it: cron runs nothing here; if the line is a template's, import what it became")
		return
	}
	zone, err := cron.LoadZone(in.env.zoneName())
	if err != nil {
		e.Refuse("CRON_TZ: %v", err)
		return
	}
	schedule := l.Spec.In(zone, in.dst(l.Schedule))
	if !in.reads(e, l, schedule) {
		return
	}
	j := job.Job{Schedule: l.Schedule, Timezone: in.env.zoneName(), Description: importer.Description(in.comment, l.Command+" "+in.names[l.Number], !in.follows)}
	r := &importer.Command{
		Line: strings.TrimRight(l.Command, "\r"), Job: &j, E: e, Shell: in.env.shell, Variables: in.env.vars, Secrets: &in.Secrets, Period: in.Period(schedule), Local: in.Local,
	}
	if r.Line != l.Command {
		e.Change("the line ends with a carriage return, which cron hands to the command: it is dropped")
	}
	if in.Local {
		r.Zone = in.env.zone
	}
	in.env.apply(r)
	in.whoever(e, l, r)
	if in.slurm {
		e.Decide("Slurm's scrontab ran it with the options of the #SCRON lines above, which are left out: `timeout`, `cpu` and `memory` say its time and its size")
	}
	owner(r, l.User)
	readable(r, l)
	in.env.unfilled(r, l)
	in.env.broken(e, r.Line)
	r.TakeSecrets()
	r.Rewrite()
	r.SettleQueue()
	if strings.TrimSpace(r.Line) == "" {
		e.Refuse("nothing is left of the command once what belongs to the host is removed")
		return
	}
	j.Name = in.names[l.Number]
	in.input(e, l, r)
	r.ReplaceSecrets()
	in.lock(e, r)
	in.settle(e, r)
	j.Command, j.Window = r.Words(), max(j.Window, in.env.delay)
	if in.Place(e, j); e.Job != nil {
		in.dot[l.Number] = j.Name
	}
}

// reads says how the schedule is read on the new side. ok is false if there is no such schedule.
func (in *importing) reads(e *importer.Entry, l lines.Line, s cron.Schedule) (ok bool) {
	if in.Zone == "" && in.env.cronZone == "" && !in.env.zoneTold {
		in.env.zoneTold = true
		e.Decide("the host's zone is not known: UTC is assumed for the whole file; set it with --zone")
	}
	if in.Local {
		in.asWritten(e, l)
		return true
	}
	t, err := s.Translate(in.From)
	if err != nil {
		e.Refuse("%v", err)
		return false
	}
	warn(e, l)
	e.Translated(t)
	in.Crowded(e, s)
	return true
}

func warn(e *importer.Entry, l lines.Line) {
	for _, w := range l.Spec.Warnings() {
		e.Decide("%s", w)
	}
	if strings.HasPrefix(l.Schedule, "@") && dcronName().MatchString(l.Command) {
		e.Decide("dcron, which calls a job by an ID= before its command, runs it under %s once as much time has passed since its last run, whatever the time of day; other crons run it as written here, and take ID for a variable: if dcron ran it, say when by five fields", l.Schedule)
	}
}

// dcronName matches the name that dcron asks for if a schedule begins with @ (https://github.com/dubiousjim/dcron,
// crontab.markdown).
var dcronName = lazyregexp.New(`^ID=\S+\s`)

// whoever reports who ran the job, and who was told.
func (in *importing) whoever(e *importer.Entry, l lines.Line, r *importer.Command) {
	if l.NoLog {
		e.Note("the - before it keeps cronie from writing its runs to the syslog, which root's and the system's crontabs may; here every run is in the history")
	}
	if l.Doubt != "" {
		r.Off("%s", l.Doubt)
	}
	if in.system && l.User == "" && l.Doubt == "" {
		r.Off("cron reads a user before each command of this file, and takes %s for one, so it has never run: name the user, or use --users no if the file was a user's", firstWord(l.Command))
	}
	in.ranAs(r, l.User)
	if l.MailOnError {
		e.Change("-n is dropped: failures are reported anyway")
	}
	if in.unread {
		in.unread = false
		e.Decide("Debian's and Ubuntu's cron passes over a file of /etc/cron.d with such a name, which may have letters, digits, _ and - alone: under it no job of this file has run")
	}
	if l.NoNewline {
		r.Off("the file's last line has no line feed: cronie and Debian's cron ignore it, so under them it has not run since the file was last written; busybox and supercronic run it")
		in.broken(e, l)
	}
	in.env.mailOf(e)
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return importer.Clip(word)
}

// readable disables a job that cannot be written as it is, or whose line is not cron's.
func readable(r *importer.Command, l lines.Line) {
	if !utf8.ValidString(l.Text) {
		r.Line = strings.ToValidUTF8(r.Line, replacement)
		r.Off("the line is not UTF-8, and a task's command has to be: what is not is replaced by %s", replacement)
	}
	if anacron().MatchString(strings.TrimLeft(l.Text, " \t")) {
		r.Off("this looks like a line of %s", dialect(l.Text))
	}
}

// withinWord matches a command that a % cut off within a word, such as a URL, a file's name or a
// variable's value. Who means standard input ends the command before it.
var withinWord = lazyregexp.New(`(?:[=/:+_.,&?"'([{-]|://\S*)$`)

// dateCut matches a command that a % cut off within a format of date.
var dateCut = lazyregexp.New("\\bdate\\s[^;|&)`]*\\+[^;|&)`]*$")

// input puts cron's standard input into the command, since a task gets none.
func (in *importing) input(e *importer.Entry, l lines.Line, r *importer.Command) {
	if l.Stdin == "" {
		if strings.Contains(l.Text, `\%`) {
			e.Note(`\%% is %% here: only a crontab needs the backslash`)
		}
		if in.percentCut(l) {
			e.Decide("cron ends the command at a bare %%, and nothing follows it: was \\%% meant?")
		}
		return
	}
	if dateCut().MatchString(l.Command) {
		e.Decide("cron ends the command at the first bare %%, so a format of date is cut off and this has not done what it says: if \\%% was meant, write the whole command")
	}
	if r.Unread {
		e.Decide("what follows the first bare %% was its standard input, which a task does not have: it is left out")
		return
	}
	if withinWord().MatchString(l.Command) {
		r.Off("cron ends the command at the first bare %%, here within a word, and hands it the rest as standard input; busybox and supercronic take a %% as it stands: write the whole command if one of them ran it, or if \\%% was meant")
	} else {
		e.Change("what follows the first %% is standard input, which a task does not have: printf writes it")
	}
	end := " )"
	if strings.Contains(r.Line, "#") {
		end = "\n)" // a comment would take the parenthesis
	}
	r.Line = "printf '%s' " + shell.Quote(strings.ToValidUTF8(l.Stdin, replacement)) + " | ( " + r.Line + end
}

func (in *importing) percentCut(l lines.Line) bool {
	return strings.Count(l.Text, "%") > strings.Count(l.Text, `\%`) && strings.HasSuffix(strings.TrimRight(l.Text, "\r"), "%")
}

// lock reports a lock that two jobs share.
func (in *importing) lock(e *importer.Entry, r *importer.Command) {
	if r.Lock == "" {
		return
	}
	if other := in.locks[r.Lock]; other != "" {
		e.Decide("it shares the lock %s with %s: overlap keeps a job from running beside itself, not beside another", r.Lock, other)
		return
	}
	in.locks[r.Lock] = r.Job.Name
}

// settle rewrites the schedule if part of it was in the command, and sets what CRON_TZ does when
// the clocks change.
func (in *importing) settle(e *importer.Entry, r *importer.Command) {
	if r.LastDay {
		f := strings.Fields(r.Job.Schedule)
		text := "cron(" + strings.Join([]string{f[0], f[1], "L", f[3], "?", "*"}, " ") + ")"
		if len(e.AWS) == 1 {
			text = strings.Replace(e.AWS[0], " 28-31 ", " L ", 1)
		}
		// An EventBridge expression has another default rule, so cron's is written out.
		r.Job.DST = byCron
		if in.env.cronZone != "" || followsClock(r.Job.Schedule) {
			r.Job.DST = byClock
		}
		if in.Local {
			e.Proof = ""
		}
		r.Job.Schedule, e.AWS, e.Guard = text, []string{text}, nil
		return
	}
	if in.dst(r.Job.Schedule) != (cron.DST{}) {
		r.Job.DST = byClock
		e.Note("with CRON_TZ cronie loses a time in the spring gap and runs one in the repeated hour twice, and so does this job: dst changes that")
	}
}

// dst gives the rule for changes of the clock, if it is not the schedule's own: cronie follows
// the clock of CRON_TZ even for a schedule with a fixed time.
func (in *importing) dst(schedule string) cron.DST {
	if in.env.cronZone == "" || followsClock(schedule) {
		return cron.DST{}
	}
	return cron.DST{Gap: cron.GapSkip, Overlap: cron.OverlapTwice}
}

// What cron does when the clocks change, for jobs that follow the clock and for those with a
// fixed time.
var (
	byClock = job.DST{Gap: cron.GapSkip.String(), Overlap: cron.OverlapTwice.String()}
	byCron  = job.DST{Gap: cron.GapRunLate.String(), Overlap: cron.OverlapOnce.String()}
)

// followsClock reports whether cron runs a schedule by the clock when that changes: if its minute
// or hour begins with * (load_entry in cronie's src/entry.c).
func followsClock(schedule string) bool {
	f := strings.Fields(schedule)
	return schedule == "@hourly" || len(f) == 5 && (f[0][0] == '*' || f[1][0] == '*')
}
