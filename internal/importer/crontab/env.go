package crontab

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// replacement replaces bytes that are not UTF-8.
const replacement = "\ufffd"

// environment holds what the lines above set for those below.
type environment struct {
	zone, cronZone string
	zoneTold       bool
	shell          string
	vars           map[string]string
	hidden         []string // variables of secrets that are in force
	secrets        *importer.Secrets
	mail           *string
	mailLine       int
	mailTold       bool
	timezone       bool // a TZ line is in force
	delay          job.Duration
	odd            []string // variables in force that are not UTF-8
	local          bool
}

// heard names those who hear of failures if a job names no others.
func (v *environment) heard() string {
	if v.local {
		return "the terminal and the targets of `batchplane local --targets`"
	}
	return "the stack's own targets"
}

func (v *environment) zoneName() string {
	return cmp.Or(v.cronZone, v.zone, "UTC")
}

// taskVariable matches what ECS, and so a jobs file, takes as the name of a variable.
var taskVariable = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// set reads an environment line.
func (v *environment) set(e *importer.Entry, name, value string) {
	if !taskVariable().MatchString(name) {
		hidden, _ := importer.HideRest(e.Text)
		e.Text = hidden
		e.Refuse("%q cannot name a variable of a task: it is left out", name)
		return
	}
	if importer.HoldsSecret(name, value) {
		e.Text = name + "=" + importer.Hidden
		if v.conceal(name, value) {
			e.Decide("it has another value elsewhere in the file, but the task definition has one for all: rename one of them")
		}
		e.Change("its value looks like a secret and is not written: the task definition has a placeholder, as {\"name\": %q, \"valueFrom\": %q}", name, v.secrets.Place(name))
		return
	}
	if v.ofCron(e, name, value) {
		return
	}
	if strings.Contains(value, "$") {
		e.Decide("cron expands nothing here, so the value has a $ in it as it stands")
	}
	importer.Set(&v.vars, name, strings.ToValidUTF8(value, replacement))
	v.odd = slices.DeleteFunc(v.odd, func(o string) bool { return o == name })
	if !utf8.ValidString(value) {
		v.odd = append(v.odd, name)
		e.Decide("its value is not UTF-8, which a task's environment has to be: jobs below are imported switched off")
	}
	v.hidden = slices.DeleteFunc(v.hidden, func(h string) bool { return h == name })
}

// caged are restricted shells of hosting providers, which are bash with fewer rights.
var caged = []string{"jailshell", "rbash", "lshell"}

// ofCron handles a variable that means something to cron. It returns true if the jobs do not need
// the variable.
func (v *environment) ofCron(e *importer.Entry, name, value string) bool {
	switch name {
	case "MAILTO":
		v.mail = &value
		v.mailLine = e.Line
		v.tellMail(e)
		return true
	case "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING", "LOGNAME", "USER":
		e.Change("%s is cron's own and is dropped", name)
		return true
	case "RANDOM_DELAY":
		v.delays(e, value)
		return true
	case "CRON_TZ":
		v.cronZone = value
		e.Change("it becomes the timezone of the jobs below, as cronie reads it; Debian's cron ignores it, so look which one ran them")
		return true
	case "TZ":
		v.timezone = true
		whose := "the host's"
		if v.cronZone != "" {
			whose = "CRON_TZ's"
		}
		e.Note("it changes what the commands see and not when they run; the schedule is in %s zone", whose)
	default:
		return v.ofHost(e, name, value)
	}
	return false
}

// ofHost is ofCron for what names something of the host.
func (v *environment) ofHost(e *importer.Entry, name, value string) bool {
	switch {
	case name == "SHELL":
		v.setShell(e, value)
		return true
	case name == "HOME" && v.local:
		e.Decide("cron starts the jobs below in that folder, and local mode all jobs in the one where it is started: begin their commands with cd if they need it")
	case v.local:
	case name == "PATH":
		e.Note("it names folders of the host: the image must have them")
	case name == "HOME":
		e.Note("cron starts the jobs below in that folder of the host, and a task in the folder that its image says: begin their commands with cd if they need it, and put it into the image")
	case name == "BASH_ENV", name == "ENV":
		e.Note("a shell reads that file before each command: the image must have it, or put what it says into environment and secrets")
	}
	return false
}

func (v *environment) setShell(e *importer.Entry, value string) {
	v.shell = value
	switch {
	case v.local:
	case slices.Contains(caged, path.Base(value)):
		v.shell = "/bin/bash"
		e.Change("%s is bash within the bounds of its host: the jobs below get /bin/bash, which the image must have", value)
	default:
		e.Note("for the jobs below; the image must have %s", value)
	}
}

// delays reads by how many minutes at most cronie starts jobs late (crontab(5) of cronie,
// RANDOM_DELAY). A window does the same.
func (v *environment) delays(e *importer.Entry, value string) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 24*60 {
		e.Decide("cron's delay of %s minutes could not be read, and is dropped: `window` says by how much the start of a job may be late", importer.Clip(value))
		return
	}
	late := job.Duration(time.Duration(n) * time.Minute)
	if v.local {
		e.Change("cron started the jobs below up to %s late; local mode starts them on time", late)
		return
	}
	v.delay = late
	e.Change("cron started the jobs below up to %s late, and so does `window`, which draws anew each time", v.delay)
}

func (v *environment) conceal(name, value string) (other bool) {
	if !slices.Contains(v.hidden, name) {
		v.hidden = append(v.hidden, name)
	}
	delete(v.vars, name)
	return v.secrets.Remember(name, value)
}

// apply gives a job the variables of the lines above it.
func (v *environment) apply(r *importer.Command) {
	e, j := r.E, r.Job
	j.Environment = maps.Clone(v.vars)
	for _, name := range v.odd {
		r.Off("its %s is not UTF-8", name)
	}
	for _, name := range v.hidden {
		e.Note("its %s comes from the task definition's secrets", name)
	}
	if zone := v.zone; !v.local && !v.timezone && zone != "" && zone != "UTC" { // CRON_TZ is not that of the commands
		importer.Set(&j.Environment, "TZ", zone)
		e.Note("TZ is set to %s: a container's clock is UTC, and `date` would say otherwise", zone)
	}
}

// tellMail says what becomes of cron's mail. The two differ: cron mails output, and a notice is
// about a failure.
func (v *environment) tellMail(e *importer.Entry) {
	if *v.mail == "" {
		e.Decide(`nobody was notified; failures of the jobs below are reported to %s, which is proposed`, v.heard())
		return
	}
	e.Decide("cron mailed any output to %s; failures of the jobs below are reported to %s instead: name one in `notify` if others should hear, and use `also: [succeeded]` to hear of every run", *v.mail, v.heard())
}

// mailOf is tellMail for a job.
func (v *environment) mailOf(e *importer.Entry) {
	switch {
	case v.mail != nil:
		e.Note("its mail becomes notices of failures, see line %d", v.mailLine)
	case !v.mailTold:
		v.mailTold = true
		e.Note("cron mailed its output, as that of all others without MAILTO, to its user; here failures are reported to %s", v.heard())
	}
}

// broken reports variables in a command whose value has a $ that nobody expands.
func (v *environment) broken(e *importer.Entry, line string) {
	for _, name := range slices.Sorted(maps.Keys(v.vars)) {
		if value := v.vars[name]; strings.Contains(value, "$") && usesVariable(line, name) {
			e.Decide("it uses $%s, which is %s as it stands, since cron expands nothing: it has most likely failed each time", name, value)
		}
	}
}

// owner handles the variables that cron sets to the name of a job's user, whatever the file says
// (load_entry in cronie's src/entry.c). user is "" if the file does not name the user.
func owner(r *importer.Command, user string) {
	for _, name := range []string{"LOGNAME", "USER"} {
		switch {
		case !usesVariable(r.Line, name) || setsVariable(r.Line, name):
		case user == "":
			r.Off("cron set %s to the owner of its crontab, which a task does not have: write it into environment", name)
		default:
			importer.Set(&r.Job.Environment, name, user)
			r.E.Change("cron set %s to %s, and so does environment", name, user)
		}
	}
}

func usesVariable(line, name string) bool {
	return regexp.MustCompile(`\$(` + name + `\b|\{` + name + `\b)`).MatchString(line)
}

// setsVariable does not take DB_USER=app for one that sets USER.
func setsVariable(line, name string) bool {
	return regexp.MustCompile(`(?:^|[^\w$-])` + name + `=`).MatchString(line)
}
