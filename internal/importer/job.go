package importer

import (
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/job"
)

// startTime is about how long a task takes to start: runs closer together than
// a few of it are not what Fargate is for.
const startTime = 5 * time.Minute

func (in *importing) job(e *Entry, l crontab.Line) {
	e.reading(l)
	if l.Spec.NeverFires() {
		e.NeverFires = true
		e.refuse("it never fires, since no such day exists: it has never run")
		return
	}
	zone, err := cron.LoadZone(in.env.zoneName())
	if err != nil {
		e.refuse("CRON_TZ: %v", err)
		return
	}
	schedule := l.Spec.In(zone, in.dst(l.Schedule))
	if !in.translate(e, l.Spec, schedule) {
		return
	}
	j := job.Job{Schedule: l.Schedule, Timezone: in.env.zoneName(), Description: in.comment}
	r := &rewriting{line: strings.TrimRight(l.Command, "\r"), job: &j, e: e, sh: in.env.shell, env: &in.env, period: in.period(schedule)}
	if r.line != l.Command {
		e.change("the line ends with a carriage return, which cron hands to the command: it is dropped")
	}
	in.env.apply(r)
	in.whoever(e, l, r)
	r.readable(l)
	in.env.broken(e, r.line)
	r.takeSecrets()
	r.rewrite()
	r.settleQueue()
	if strings.TrimSpace(r.line) == "" {
		e.refuse("nothing is left of the command once what belongs to the host is taken off")
		return
	}
	j.Name = in.names.of(replaceAll(r.line, findSecrets(r.line), "-"))
	in.input(e, l, r)
	r.replaceSecrets()
	in.lock(e, r)
	in.settle(e, r)
	j.Command = []string{r.shell(), "-c", r.line}
	for _, p := range j.Validate() {
		e.decide("%s", p)
	}
	e.Job = &j.Name
	in.dot[l.Number] = j.Name
	in.Jobs = append(in.Jobs, j)
	in.Notes[j.Name] = e.Notes
}

// translate fills in what EventBridge calls the schedule; ok is false where it
// cannot be said.
func (in *importing) translate(e *Entry, spec *cron.Spec, s cron.Schedule) (ok bool) {
	if in.Zone == "" && in.env.cronZone == "" && !in.env.zoneTold {
		in.env.zoneTold = true
		e.decide("nobody said which zone the host is in: UTC is assumed for the whole file; say it with --zone")
	}
	t, err := s.Translate(in.From)
	if err != nil {
		e.refuse("%v", err)
		return false
	}
	e.AWS = t.AWS
	if t.Guard != "" {
		e.Guard = &t.Guard
	}
	for _, w := range spec.Warnings() {
		e.decide("%s", w)
	}
	for _, n := range t.Notes {
		e.note("%s", n)
	}
	if gap := in.period(s); gap > 0 && gap < startTime {
		e.decide("its runs come %s apart: a task takes 20 to 60 seconds and more to start and is billed for a minute at least; let it run longer and less often", job.Duration(gap))
	}
	return true
}

// period is the shortest time between two of the next runs, 0 for fewer.
func (in *importing) period(s cron.Schedule) (shortest time.Duration) {
	last, ok := s.Next(in.From)
	for range 100 {
		next, more := s.Next(last)
		if !ok || !more {
			break
		}
		if gap := next.Sub(last); shortest == 0 || gap < shortest {
			shortest = gap
		}
		last = next
	}
	return shortest
}

// whoever is about who ran it, and who was told.
func (in *importing) whoever(e *Entry, l crontab.Line, r *rewriting) {
	if l.Doubt != "" {
		r.off("%s", l.Doubt)
	}
	if l.User != "" {
		e.note("it ran as %s: in a container that is user of the task definition, and its rights are the task role's", l.User)
	}
	if l.MailOnError {
		e.change("-n is dropped: failures are told anyway")
	}
	if l.NoNewline {
		r.off("the file's last line has no line feed, so cron ignores it and it has not run since the file was last written")
	}
	in.env.mailOf(e)
}

// readable switches off what cannot be written as it is, or is no line of cron's.
func (r *rewriting) readable(l crontab.Line) {
	if !utf8.ValidString(l.Text) {
		r.line = strings.ToValidUTF8(r.line, replacement)
		r.off("the line is not UTF-8, and a task's command has to be: what is not is replaced by %s", replacement)
	}
	if anacron.MatchString(strings.TrimLeft(l.Text, " \t")) {
		r.off("this looks like a line of %s", dialect(l.Text))
	}
}

// input puts what cron gave on standard input into the command: ECS gives none.
func (in *importing) input(e *Entry, l crontab.Line, r *rewriting) {
	if l.Stdin == "" {
		if strings.Contains(l.Text, `\%`) {
			e.note(`\%% is %% here: only a crontab needs the backslash`)
		}
		if in.percentCut(l) {
			e.decide("cron ends the command at a bare %%, and nothing follows it: was \\%% meant?")
		}
		return
	}
	if strings.Contains(l.Command, "date +") {
		e.decide("cron ends the command at the first bare %%, so a format of date is cut off and this has not done what it says: if \\%% was meant, write the whole command")
	}
	e.change("what follows the first %% is standard input, which ECS does not have: printf writes it")
	end := " )"
	if strings.Contains(r.line, "#") {
		end = "\n)" // a comment would take the parenthesis
	}
	r.line = "printf '%s' " + quote(strings.ToValidUTF8(l.Stdin, replacement)) + " | ( " + r.line + end
}

func (in *importing) percentCut(l crontab.Line) bool {
	return strings.Count(l.Text, "%") > strings.Count(l.Text, `\%`) && strings.HasSuffix(strings.TrimRight(l.Text, "\r"), "%")
}

// lock tells of a lock that two jobs share.
func (in *importing) lock(e *Entry, r *rewriting) {
	if r.lock == "" {
		return
	}
	if other := in.locks[r.lock]; other != "" {
		e.decide("it shares the lock %s with %s: overlap keeps a job from running beside itself, not beside another", r.lock, other)
		return
	}
	in.locks[r.lock] = r.job.Name
}

// settle says the schedule anew where that was taken from the command, and what
// CRON_TZ does to changes of the clock.
func (in *importing) settle(e *Entry, r *rewriting) {
	if r.lastDay {
		f := strings.Fields(r.job.Schedule)
		text := "cron(" + strings.Join([]string{f[0], f[1], "L", f[3], "?", "*"}, " ") + ")"
		if aws := strings.Replace(e.AWS[0], " 28-31 ", " L ", 1); aws != e.AWS[0] && len(e.AWS) == 1 {
			text = aws
		}
		// EventBridge has a rule of its own, so cron's is written out.
		r.job.DST = byCron
		if in.env.cronZone != "" || followsClock(r.job.Schedule) {
			r.job.DST = byClock
		}
		r.job.Schedule, e.AWS, e.Guard = text, []string{text}, nil
		return
	}
	if in.dst(r.job.Schedule) != (cron.DST{}) {
		r.job.DST = byClock
		e.note("with CRON_TZ cronie loses a time in the spring gap and runs one in the repeated hour twice, and so does this job: dst says otherwise")
	}
}

// dst is the rule for changes of the clock that a schedule has besides its own:
// cronie reads CRON_TZ by the clock alone, also where the schedule names a time.
func (in *importing) dst(schedule string) cron.DST {
	if in.env.cronZone == "" || followsClock(schedule) {
		return cron.DST{}
	}
	return cron.DST{Gap: cron.GapSkip, Overlap: cron.OverlapTwice}
}

// What cron does when the clocks change: jobs that follow the clock, and those
// with a fixed time.
var (
	byClock = job.DST{Gap: cron.GapSkip.String(), Overlap: cron.OverlapTwice.String()}
	byCron  = job.DST{Gap: cron.GapRunLate.String(), Overlap: cron.OverlapOnce.String()}
)

// followsClock is whether cron runs a schedule by the clock when that changes:
// its minute or hour begins with a * (load_entry in cronie's src/entry.c).
func followsClock(schedule string) bool {
	f := strings.Fields(schedule)
	return schedule == "@hourly" || len(f) == 5 && (f[0][0] == '*' || f[1][0] == '*')
}

// definition writes the base definition with the secrets' placeholders.
func (in *importing) definition() {
	if len(in.env.secrets) == 0 {
		return
	}
	in.Definitions = []job.TaskDefinition{{
		Family: "imported", Image: "REPLACE-ME", ExecutionRole: "REPLACE-ME", Secrets: maps.Clone(in.env.secrets),
	}}
	for i := range in.Jobs {
		in.Jobs[i].TaskDefinition = "imported"
	}
}
