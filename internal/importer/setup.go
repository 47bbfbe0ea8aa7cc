package importer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Parts of guards. Only forms whose meaning is certain are recognised.
const (
	host     = `(?:\$\((?:hostname(?: -[sf])?|uname -n)\)|\x60(?:hostname(?: -[sf])?|uname -n)\x60|\$HOSTNAME|\$\{HOSTNAME\})`
	tomorrow = `(?:-d\s*|--date[= ])(?:tomorrow|\+?1day|"(?:tomorrow|\+?1 ?day)"|'(?:tomorrow|\+?1 ?day)')`
	dayForm  = `(?:["']?\+%d["']?|\+["']%d["'])`
)

var (
	randomBelow = lazyregexp.New(`^sleep\s+"?\$(?:\(\(|\[)\s*\$?\{?RANDOM\}?\s*\\?%\s*([0-9]+)\s*(?:\)\)|\])"?([smh]?)$`)
	hostGuard   = lazyregexp.New(`^(?:\[|test)\s+(?:"?` + host + `"?\s+==?\s+["']?[\w.-]+["']?|["']?[\w.-]+["']?\s+==?\s+"?` + host + `"?)(?:\s+\])?$`)
	askHost     = lazyregexp.New(`\bhostname\b|\bHOSTNAME\b|\buname -n\b`)
	lastDay     = lazyregexp.New(`^(?:\[|test)\s+"?(?:\$\(|\x60)\s*date\s+(?:` + tomorrow + `\s+` + dayForm + `|` + dayForm + `\s+` + tomorrow + `)\s*(?:\)|\x60)"?\s+` +
		`(?:==?\s+["']?01["']?|-eq\s+["']?0?1["']?)(?:\s+\])?$`)
	dayGuard = lazyregexp.New(`^(?:\[{1,2}|test)\s.*(?:\$\(|\x60)(?:[^)\x60]*[\s/])?date[\s|]`)
)

// setup removes what comes before the command and has a better place.
func (r *Command) setup(s shell.List) bool {
	if len(s) < 2 || !slices.Contains([]string{"&&", ";"}, s[0].After) {
		return false
	}
	// After a cd or the like there may be another one.
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
	case !r.Local && randomBelow().MatchString(text): // local mode has no window
		return r.window(text)
	case first.After != "&&" || !guarded(rest):
		return false
	case !r.Local && hostGuard().MatchString(text):
		r.E.Change("the guard for one host is removed: a schedule has no host. If several hosts have the same crontab, import only one")
		return true
	case lastDay().MatchString(text) && dayField(r.E) == "28-31" && r.sameDay():
		r.LastDay = true
		r.E.Change("the guard for the last day of the month is removed: the schedule says L, so it starts once a month, not four times")
		return true
	}
	return false
}

// guarded reports whether a guard before these commands guards all of them.
func guarded(rest shell.List) bool {
	return !slices.ContainsFunc(rest, func(s shell.Command) bool {
		return s.After == ";" || s.After == "||" || s.After == "&" || s.After == "\n"
	})
}

// sameDay reports whether the command's date is that of the job's schedule: a TZ line may give
// the command another zone.
func (r *Command) sameDay() bool {
	return cmp.Or(r.Job.Environment["TZ"], r.Zone, "UTC") == r.Job.Zone()
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

// window turns a random sleep into the schedule's flexible window.
func (r *Command) window(text string) bool {
	m := randomBelow().FindStringSubmatch(text)
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 || n > 86400 {
		return false
	}
	unit := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour}[m[2]]
	w := (time.Duration(min(n, 32768))*unit + time.Duration(r.Job.Window) + time.Minute - 1).Truncate(time.Minute) // a second sleep adds to the first
	if w > job.MaxWindow || r.Period > 0 && w >= r.Period {
		return false
	}
	r.Job.Window = job.Duration(w)
	r.E.Change("the random sleep is removed: `window: %s` makes Scheduler spread the starts, and nobody pays for the sleep", r.Job.Window)
	return true
}

// guards reports conditions that mean something else in a container.
func (r *Command) guards(s shell.List) {
	for _, seg := range s {
		if c := seg.Name(); (c == "[" || c == "[[" || c == "test") && askHost().MatchString(seg.Text(r.Line)) {
			r.Off("it asks for its host's name, which differs for each task: remove the guard, or leave the line where it is")
		}
	}
	if len(s) > 1 && dayGuard().MatchString(s[0].Text(r.Line)) {
		r.E.Decide("it asks date whether this is its day, and the container's clock may be in another zone: put the day into the schedule")
	}
}

var bashForm = lazyregexp.New(`\[\[|&>|RANDOM|(^|[;&|]\s*)source\s`)
