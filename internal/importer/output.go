package importer

import (
	"regexp"
	"slices"
	"strings"
)

// logLike are files that are logs by their names. A folder alone says nothing:
// data may be kept in one called logs too.
var logLike = regexp.MustCompile(`(?i)^/dev/(null|stdout|stderr)$|\.(log|err|out)$`)

// redirects drops redirections of output to where nobody looks. What may be data
// stays, and is told.
func (r *rewriting) redirects(s []segment) bool {
	for _, seg := range s {
		for _, t := range seg.redirects {
			if r.drops(s, seg, t) {
				r.cut(t.start, t.end)
				return true
			}
		}
	}
	return false
}

// drops is whether a redirection is dropped, which it tells.
func (r *rewriting) drops(s []segment, seg segment, t token) bool {
	switch {
	case strings.Contains(t.text, "<"):
		return false
	case strings.HasSuffix(t.text, ">&") && t.target != "-" && !strings.Contains(t.target, "/"):
		// 2>&1 alone: both go to the log anyway.
		return onlyDuplicates(seg.redirects) && seg.after != "|"
	case len(seg.words) > 0 && r.isLog(s, t.target) && !feeds(seg, t):
		r.tellRedirect(t)
		return true
	case t.target != "/dev/null":
		r.tellFile(t.target)
	}
	return false
}

// tellFile tells once of a file that is written.
func (r *rewriting) tellFile(name string) {
	if slices.Contains(r.e.told, name) {
		return
	}
	r.e.told = append(r.e.told, name)
	r.e.decide("it writes to %s, which dies with the container: if that is data, write it to S3; if it is a log, drop the redirection", name)
}

// feeds is whether the output would flow into a pipe, were it not redirected.
func feeds(seg segment, t token) bool {
	return seg.after == "|&" || seg.after == "|" && !strings.HasPrefix(t.text, "2")
}

// isLog is whether a file is a log that the line only writes to.
func (r *rewriting) isLog(s []segment, target string) bool {
	name := r.env.expand(target)
	if !logLike.MatchString(name) {
		return false
	}
	written := 0
	for _, seg := range s {
		for _, t := range seg.redirects {
			if base(t.target) == base(target) && !strings.Contains(t.text, "<") {
				written++
			}
		}
	}
	return strings.HasPrefix(name, "/dev/") || strings.Count(r.line, base(target)) <= max(written, 1)
}

func onlyDuplicates(redirects []token) bool {
	return !slices.ContainsFunc(redirects, func(t token) bool { return !strings.HasSuffix(t.text, ">&") })
}

func (r *rewriting) tellRedirect(t token) {
	if t.target == "/dev/null" {
		r.e.change("the redirection to /dev/null is dropped: what was thrown away will be in the task's log, so watch its size")
		return
	}
	r.e.change("the redirection to %s is dropped: output goes to the task's log, and a file would die with the container", t.target)
}

// pipes drops the end of a pipe that leads to a mail, the syslog or a log. Not
// where the pipe is what runs when something fails: without its end the failure
// would be a success.
func (r *rewriting) pipes(s []segment) bool {
	if len(s) < 2 || s[len(s)-2].after != "|" && s[len(s)-2].after != "|&" || afterFailure(s) {
		return false
	}
	last, before := s[len(s)-1], s[len(s)-2]
	switch last.command() {
	case "mail", "mailx", "mutt", "sendmail", "ssmtp", "msmtp":
		r.e.decide("its output was mailed by `%s`, which is dropped: failures are told to `notify`, output goes to the task's log", clip(last.text(r.line)))
	case "logger", "systemd-cat":
		r.e.change("the pipe into %s is dropped: output goes to the task's log, and the exit code is that of what stands before it", last.command())
	case "tee":
		if !r.teeIsLog(s, last) {
			return false
		}
		r.e.change("the pipe into tee is dropped: it hid the exit code, and its file would die with the container")
	default:
		return false
	}
	if len(s) > 2 && strings.HasPrefix(s[len(s)-3].after, "|") {
		r.e.decide("its exit code is now that of `%s`, which may fail where the pipe did not", clip(before.text(r.line)))
	}
	r.cut(before.afterEnd-len(before.after), last.afterEnd)
	return true
}

// teeIsLog is whether tee writes to logs alone; other files are told.
func (r *rewriting) teeIsLog(s []segment, tee segment) bool {
	for _, w := range tee.words[1:] {
		if name := unquote(w.text); !strings.HasPrefix(name, "-") && !r.isLog(s, name) {
			r.tellFile(name)
			return false
		}
	}
	return len(tee.redirects) == 0
}

// afterFailure is whether the last pipe of the line runs only when what stands
// before it fails, or may.
func afterFailure(s []segment) bool {
	return slices.ContainsFunc(s[:len(s)-1], func(seg segment) bool { return seg.after == "||" })
}
