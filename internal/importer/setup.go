package importer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
)

// Parts of guards. Only forms whose meaning is certain are known.
const (
	host     = `(?:\$\((?:hostname(?: -[sf])?|uname -n)\)|\x60(?:hostname(?: -[sf])?|uname -n)\x60|\$HOSTNAME|\$\{HOSTNAME\})`
	tomorrow = `(?:-d\s*|--date[= ])(?:tomorrow|\+?1day|"(?:tomorrow|\+?1 ?day)"|'(?:tomorrow|\+?1 ?day)')`
	dayForm  = `(?:["']?\+%d["']?|\+["']%d["'])`
)

var (
	randomBelow = regexp.MustCompile(`^sleep\s+"?\$(?:\(\(|\[)\s*\$?\{?RANDOM\}?\s*\\?%\s*([0-9]+)\s*(?:\)\)|\])"?([smh]?)$`)
	hostGuard   = regexp.MustCompile(`^(?:\[|test)\s+(?:"?` + host + `"?\s+==?\s+["']?[\w.-]+["']?|["']?[\w.-]+["']?\s+==?\s+"?` + host + `"?)(?:\s+\])?$`)
	askHost     = regexp.MustCompile(`\bhostname\b|\bHOSTNAME\b|\buname -n\b`)
	lastDay     = regexp.MustCompile(`^(?:\[|test)\s+"?(?:\$\(|\x60)\s*date\s+(?:` + tomorrow + `\s+` + dayForm + `|` + dayForm + `\s+` + tomorrow + `)\s*(?:\)|\x60)"?\s+` +
		`(?:==?\s+["']?01["']?|-eq\s+["']?0?1["']?)(?:\s+\])?$`)
	dayGuard = regexp.MustCompile(`^(?:\[|test)\s.*date\b`)
)

// setup takes off what stands before the command and has a better place.
func (r *Command) setup(s shell.List) bool {
	if len(s) < 2 || !slices.Contains([]string{"&&", ";"}, s[0].After) {
		return false
	}
	// Behind a cd or the like may come another.
	for i := 0; i < len(s)-1 && isSetup(s[i]); i++ {
		if !slices.Contains([]string{"&&", ";"}, s[i].After) {
			return false
		}
		if r.takesOff(s[i], s[i+1:]) {
			r.cut(s[i].Start, s[i].AfterEnd)
			return true
		}
	}
	return false
}

func (r *Command) takesOff(first shell.Command, rest shell.List) bool {
	text := first.Text(r.Line)
	switch {
	case randomBelow.MatchString(text):
		return r.window(text)
	case first.After != "&&" || !guarded(rest):
		return false
	case hostGuard.MatchString(text):
		r.E.Change("the guard for one host is taken off: a schedule has no host. Where the same crontab is on several hosts, import one of them")
		return true
	case lastDay.MatchString(text) && dayField(r.E) == "28-31":
		r.LastDay = true
		r.E.Change("the guard for the last day of the month is taken off: the schedule says L, so that it starts once a month and not four times")
		return true
	}
	return false
}

// guarded is whether a guard before these commands is one for all of them.
func guarded(rest shell.List) bool {
	return !slices.ContainsFunc(rest, func(s shell.Command) bool {
		return s.After == ";" || s.After == "||" || s.After == "&" || s.After == "\n"
	})
}

func dayField(e *Entry) string {
	if e.Schedule == nil {
		return ""
	}
	fields := strings.Fields(*e.Schedule)
	if len(fields) != 5 || fields[4] != "*" {
		return ""
	}
	return fields[2]
}

// window makes a random sleep the schedule's flexible window.
func (r *Command) window(text string) bool {
	m := randomBelow.FindStringSubmatch(text)
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 || n > 86400 {
		return false
	}
	unit := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour}[m[2]]
	w := (time.Duration(min(n, 32768))*unit + time.Minute - 1).Truncate(time.Minute)
	if w > job.MaxWindow || r.Period > 0 && w >= r.Period {
		return false
	}
	r.Job.Window = job.Duration(w)
	r.E.Change("the random sleep is taken off: `window: %s` has Scheduler spread the starts, and nobody pays for the sleep", r.Job.Window)
	return true
}

// remark is something about a command that a person should know.
type remark struct {
	form *regexp.Regexp
	as   weight
	text string
}

// weight is how much a remark weighs.
type weight uint8

const (
	known   weight = iota // that is how it is
	decided               // a person should choose
	stops                 // a person has to
)

var flockForm = regexp.MustCompile(`(^|[\s;&|(])flock\s`)

var remarks = []remark{
	{regexp.MustCompile(`^[?*0-9][0-9*/,?-]*\s`), stops, "the command begins with what looks like a sixth time field, as schedulers that count seconds or years have one"},
	{regexp.MustCompile(`(^|[\s;&|(])(systemctl|service|shutdown|reboot|logrotate|anacron|apt-get|apt|yum|dnf|certbot|fstrim|mdadm|checkarray|atrun|newsyslog|periodic)(\s|$)|/etc/init\.d/`), decided, "it acts on its host, which a container does not: leave it there or find what replaces it"},
	{regexp.MustCompile(`(^|[\s;&|(])run-parts\s`), decided, "run-parts runs every script of a folder in order: better one job a script; the folder must be in the image"},
	{regexp.MustCompile(`(^|[\s;&|(])(docker|docker-compose|podman|kubectl)\s`), decided, "it drives containers from its host: let the job be that container"},
	{regexp.MustCompile(`(^|[\s;&|(])(sudo|su)\s`), decided, "it changes its user: set user in the task definition instead"},
	{flockForm, stops, "a flock is left in it, and locks nothing: each task has its own files. Use `overlap`"},
	{regexp.MustCompile(`(^|[\s;&|(])(mail|mailx|mutt|sendmail)(\s|$)`), decided, "it sends mail, and a container has no mail system: failures are told to `notify`"},
	{regexp.MustCompile(`hc-ping\.com|healthchecks\.io|cronitor|deadmanssnitch|uptimerobot`), known, "it reports to a watcher of its own: keep that, or drop it, since missed runs are told here"},
	{regexp.MustCompile(`(^|[\s="':])(~/|/home/|/root/|/Users/)|virtualenv|\.nvm|\.rvm|\.rbenv|\.pyenv`), known, "it uses a user's folder of its host: the image must have what is there"},
	{regexp.MustCompile(`(^|[\s;&|(])cd\s`), known, "it changes into a folder that the image must have"},
	{regexp.MustCompile(`(^|[\s;&|(])(source|\.)\s`), known, "it reads a file of settings: the image must have it, or put them into environment and secrets"},
	{regexp.MustCompile(`\bsleep\b.*\bRANDOM\b`), known, "it waits at random: `window` does that without paying for the wait, where it is shorter than the time between two runs"},
	{regexp.MustCompile(`\s-p[A-Za-z]{6,}(\s|$)|\s(-u|-a|--user|--auth)[= ]["']?[A-Za-z][\w.-]*:[^\s"'$]*[A-Za-z]`), decided, "it may hold a password, which anyone who may read ECS events could read: if so, put it into the task definition's secrets"},
	{regexp.MustCompile(`(^|[\s;&|(])(ssh|rsync|scp)\s`), known, "it logs in elsewhere: its keys are secrets of the task definition"},
}

// remarks tells what stays in the command and a person should know.
func (r *Command) remarks(s shell.List) {
	for _, m := range remarks {
		switch {
		case !m.form.MatchString(r.Line):
		case m.as == stops:
			r.Off("%s", m.text)
		case m.as == decided:
			r.E.Decide("%s", m.text)
		default:
			r.E.Note("%s", m.text)
		}
	}
	r.failures(s)
	r.guards(s)
	if bashForm.MatchString(r.Line) && r.interpreter() == "/bin/sh" {
		r.E.Decide("it uses words of bash, and its SHELL is /bin/sh: that works only where /bin/sh is bash")
	}
}

// guards tells of conditions that are others in a container.
func (r *Command) guards(s shell.List) {
	for _, seg := range s {
		if c := seg.Name(); (c == "[" || c == "[[" || c == "test") && askHost.MatchString(seg.Text(r.Line)) {
			r.Off("it asks for its host's name, which is another for each task: take the guard out, or leave the line where it is")
		}
	}
	if len(s) > 1 && dayGuard.MatchString(s[0].Text(r.Line)) {
		r.E.Decide("it asks date whether this is its day, and the container's clock may be of another zone: let the schedule say it")
	}
}

var bashForm = regexp.MustCompile(`\[\[|&>|RANDOM|(^|[;&|]\s*)source\s`)
