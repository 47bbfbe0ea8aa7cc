package importer

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// logLike matches files that are logs by their names. A folder alone says nothing: one called
// logs may hold data too. streams matches the container's own output; crontabs of images write
// to that of process 1 or of cron.
var (
	logLike = lazyregexp.New(`(?i)\.(log|err|out)$`)
	streams = lazyregexp.New(`^/dev/(?:stdout|stderr|fd/[12])$|^/proc/(?:1|self|\$\(cat [\w./-]*cron[\w./-]*\))/fd/[12]$`)
)

// passing matches files that nobody misses: logs by another name, and what lies in folders for logs
// and for a while.
var passing = lazyregexp.New(`^(?:/tmp|/var/tmp|/var/log|/dev|/proc|/run|/var/run)/|(?i)(?:^|[^a-z])logs?(?:[^a-z]|$)`)

const nowhere = "/dev/null"

// redirects drops redirections of output to where nobody looks. What may be data stays, and disk reports
// it; so does what a condition prints, which only asks.
func (r *Command) redirects(s shell.List) bool {
	for _, seg := range s {
		if isCondition(seg) {
			continue
		}
		for _, t := range seg.Redirects {
			if r.drops(s, seg, t) {
				r.cut(t.Start, t.End)
				return true
			}
		}
	}
	return false
}

// drops reports whether to drop a redirection, and adds that to the entry.
func (r *Command) drops(s shell.List, seg shell.Command, t shell.Redirect) bool {
	switch {
	case strings.Contains(t.Sign, "<"):
		return false
	case strings.HasSuffix(t.Sign, ">&") && t.Target != "-" && !strings.Contains(t.Target, "/"):
		// 2>&1 alone: both streams go to the log anyway.
		return onlyDuplicates(seg.Redirects) && seg.After != "|"
	case len(seg.Words) > 0 && r.isLog(s, t.Target) && !feeds(seg, t):
		r.tellRedirect(t)
		return true
	}
	return false
}

// feeds reports whether the output would flow into a pipe without the redirection.
func feeds(seg shell.Command, t shell.Redirect) bool {
	return seg.After == "|&" || seg.After == "|" && !strings.HasPrefix(t.Sign, "2")
}

// isLog reports whether a file is a log that the line only writes to.
func (r *Command) isLog(s shell.List, target string) bool {
	name := expand(target, r.Variables)
	switch {
	case name == nowhere || streams().MatchString(name):
		return true
	case !logLike().MatchString(name):
		return false
	}
	written := 0
	for _, seg := range s {
		for _, t := range seg.Redirects {
			if shell.Base(t.Target) == shell.Base(target) && !strings.Contains(t.Sign, "<") {
				written++
			}
		}
	}
	return strings.Count(r.Line, shell.Base(target)) <= max(written, 1)
}

func onlyDuplicates(redirects []shell.Redirect) bool {
	return !slices.ContainsFunc(redirects, func(t shell.Redirect) bool { return !strings.HasSuffix(t.Sign, ">&") })
}

func (r *Command) tellRedirect(t shell.Redirect) {
	switch {
	case t.Target == nowhere:
		r.E.Change("the redirection to /dev/null is dropped: that output will be in the task's log, so watch its size")
		return
	case streams().MatchString(expand(t.Target, r.Variables)):
		r.E.Change("the redirection to %s is dropped: it is the container's own output, which the task's log has anyway", t.Target)
		return
	}
	r.E.Change("the redirection to %s is dropped: output goes to the task's log, and a file would be lost with the container", t.Target)
}

var mailers = []string{"mail", "mailx", "mutt", "sendmail", "ssmtp", "msmtp"}

// pipes drops the end of a pipe that leads to mail, the syslog or a log. It does not if the pipe
// runs when something fails: without its end the failure would be a success.
func (r *Command) pipes(s shell.List) bool {
	if len(s) < 2 || s[len(s)-2].After != "|" && s[len(s)-2].After != "|&" || afterFailure(s) {
		return false
	}
	last, before := s[len(s)-1], s[len(s)-2]
	switch name := last.Name(); {
	case slices.Contains(mailers, name):
		r.E.Decide("`%s` mailed its output and is dropped: `notify` reports failures, output goes to the task's log", Clip(last.Text(r.Line)))
	case name == "logger", name == "systemd-cat":
		r.E.Change("the pipe into %s is dropped: output goes to the task's log, and the exit code is that of the command before it", name)
	case name == "tee":
		if !r.teeIsLog(s, last) {
			return false
		}
		r.E.Change("the pipe into tee is dropped: it hid the exit code, and its file would be lost with the container")
	default:
		return false
	}
	if len(s) > 2 && strings.HasPrefix(s[len(s)-3].After, "|") {
		r.E.Decide("its exit code is now that of `%s`, which may fail where the pipe did not", Clip(before.Text(r.Line)))
	}
	r.cut(before.AfterEnd-len(before.After), last.AfterEnd)
	return true
}

// teeIsLog reports whether tee writes only to logs.
func (r *Command) teeIsLog(s shell.List, tee shell.Command) bool {
	return len(tee.Redirects) == 0 && !slices.ContainsFunc(tee.Words[1:], func(w shell.Word) bool {
		name := shell.Unquote(w.Text)
		return !strings.HasPrefix(name, "-") && !r.isLog(s, name)
	})
}

// afterFailure reports whether the last pipe of the line runs, or may run, only if what comes
// before it fails.
func afterFailure(s shell.List) bool {
	return slices.ContainsFunc(s[:len(s)-1], func(seg shell.Command) bool { return seg.After == "||" })
}
