package importer

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/job"
)

// replacement stands for bytes that are not UTF-8.
const replacement = "\ufffd"

// environment is what the lines above say to those below.
type environment struct {
	zone, cronZone string
	zoneTold       bool
	shell          string
	vars           map[string]string
	hidden         []string          // variables of secrets that are in force
	secrets        map[string]string // all of them, with their placeholders
	values         map[string]string // theirs, only to compare
	mail           *string
	mailLine       int
	mailTold       bool
	timezone       bool     // a TZ line is in force
	odd            []string // variables in force that are not UTF-8
}

func (v *environment) zoneName() string {
	if v.cronZone != "" {
		return v.cronZone
	}
	if v.zone != "" {
		return v.zone
	}
	return "UTC"
}

// set takes an environment line.
func (v *environment) set(e *Entry, name, value string) {
	if job.LooksSecret(name, value) || len(findSecrets(value)) > 0 {
		e.Text = name + "=" + Hidden
		if v.hide(name, value) {
			e.decide("it has another value elsewhere in the file, and the task definition has one for all: give one of them another name")
		}
		e.change("its value looks like a secret and is not written: the task definition has a placeholder, as {\"name\": %q, \"valueFrom\": %q}", name, v.secrets[name])
		return
	}
	if v.ofCron(e, name, value) {
		return
	}
	if strings.Contains(value, "$") {
		e.decide("cron expands nothing here, so the value has a $ in it as it stands")
	}
	if v.vars == nil {
		v.vars = map[string]string{}
	}
	v.vars[name] = strings.ToValidUTF8(value, replacement)
	v.odd = slices.DeleteFunc(v.odd, func(o string) bool { return o == name })
	if !utf8.ValidString(value) {
		v.odd = append(v.odd, name)
		e.decide("its value is not UTF-8, which a task's environment has to be: jobs below are imported switched off")
	}
	v.hidden = slices.DeleteFunc(v.hidden, func(h string) bool { return h == name })
}

// ofCron takes a variable that means something to cron; it is true when the jobs
// have no need of it.
func (v *environment) ofCron(e *Entry, name, value string) bool {
	switch name {
	case "MAILTO":
		v.mail = &value
		v.mailLine = e.Line
		v.tellMail(e)
		return true
	case "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING", "LOGNAME", "USER", "RANDOM_DELAY":
		e.change("%s is cron's own and is dropped", name)
		return true
	case "SHELL":
		v.shell = value
		e.note("for the jobs below; the image must have %s", value)
		return true
	case "CRON_TZ":
		v.cronZone = value
		e.change("it becomes the timezone of the jobs below, as cronie reads it; Debian's cron ignores it, so look which one ran them")
		return true
	case "TZ":
		v.timezone = true
		e.note("it changes what the commands see and not when they run; the schedule is the host's zone")
	case "PATH", "HOME":
		e.note("it names folders of the host: the image must have them")
	}
	return false
}

func (v *environment) hide(name, value string) (other bool) {
	if !slices.Contains(v.hidden, name) {
		v.hidden = append(v.hidden, name)
	}
	delete(v.vars, name)
	return v.remember(name, value)
}

// apply gives a job the variables of the lines above it.
func (v *environment) apply(r *rewriting) {
	e, j := r.e, r.job
	j.Environment = maps.Clone(v.vars)
	for _, name := range v.odd {
		r.off("its %s is not UTF-8", name)
	}
	for _, name := range v.hidden {
		e.note("its %s comes from the task definition's secrets", name)
	}
	if zone := v.zoneName(); !v.timezone && v.cronZone == "" && zone != "UTC" {
		if j.Environment == nil {
			j.Environment = map[string]string{}
		}
		j.Environment["TZ"] = zone
		e.note("TZ is set to %s: a container's clock is UTC, and `date` would say otherwise", zone)
	}
}

// tellMail says what becomes of cron's mail. Cron mails output and a notice is
// about failure, which is not the same.
func (v *environment) tellMail(e *Entry) {
	if *v.mail == "" {
		e.decide(`nobody was told anything; of the jobs below failures are told to the stack's own targets, and that is proposed`)
		return
	}
	e.decide("cron mailed any output to %s; of the jobs below failures are told to the stack's own targets instead: name one in `notify` if others should hear, and use `also: [succeeded]` to hear of every run", *v.mail)
}

// mailOf is tellMail for a job.
func (v *environment) mailOf(e *Entry) {
	switch {
	case v.mail != nil:
		e.note("its mail becomes notices of failures, see line %d", v.mailLine)
	case !v.mailTold:
		v.mailTold = true
		e.note("cron mailed its output, as that of all others without MAILTO, to its user; here failures are told to the stack's own targets")
	}
}

// broken tells of variables in a command that hold a $ which nobody expands.
func (v *environment) broken(e *Entry, line string) {
	for _, name := range slices.Sorted(maps.Keys(v.vars)) {
		if value := v.vars[name]; strings.Contains(value, "$") && usesVariable(line, name) {
			e.decide("it uses $%s, which is %s as it stands, since cron expands nothing: it has most likely failed each time", name, value)
		}
	}
}

func usesVariable(line, name string) bool {
	return regexp.MustCompile(`\$(` + name + `\b|\{` + name + `\b)`).MatchString(line)
}

// expand puts values into a text that begins with a variable.
func (v *environment) expand(text string) string {
	name, ok := strings.CutPrefix(text, "$")
	if !ok {
		return text
	}
	rest := ""
	if i := strings.IndexByte(name, '}'); strings.HasPrefix(name, "{") && i > 0 {
		name, rest = name[1:i], name[i+1:]
	}
	if value, known := v.vars[name]; known {
		return value + rest
	}
	return text
}

// remember keeps a secret's name for the task definition; it is true when the
// name has had another value.
func (v *environment) remember(name, value string) (other bool) {
	if v.secrets == nil {
		v.secrets, v.values = map[string]string{}, map[string]string{}
	}
	v.secrets[name] = "/batchplane/" + name
	before, known := v.values[name]
	v.values[name] = value
	return known && before != value
}
