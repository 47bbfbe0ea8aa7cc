package importer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// rewriting is a command on its way from a host into a container.
type rewriting struct {
	line string
	job  *job.Job
	e    *Entry
	// lock is the file of a flock that was taken off.
	lock string
	// lastDay is whether a guard for the last day of the month was taken off.
	lastDay bool
	sh      string // SHELL; /bin/sh when empty
	env     *environment
	period  time.Duration
}

// rewrite takes off a command what a container does not need or must not have.
// Each pass takes one thing off and reads the line anew, so that no pass works
// with places of another's line.
func (r *rewriting) rewrite() {
	for range 32 {
		tokens, ok := lex(r.line)
		if !ok {
			r.e.ask("its quotes or parentheses do not close, so a shell refuses it: this has never worked; it is imported switched off")
			r.job.Disabled = true
			return
		}
		s := segments(tokens)
		if len(s) == 0 {
			r.e.decide("no command is left: it does nothing")
			return
		}
		if !r.background(s) && !r.redirects(s) && !r.pipes(s) && !r.setup(s) && !r.wrapper(s) {
			r.remarks(s)
			return
		}
	}
}

// off tells why the job is switched off.
func (r *rewriting) off(format string, args ...any) {
	r.job.Disabled = true
	r.e.decide(format+"; it is imported switched off", args...)
}

// shell is the job's shell.
func (r *rewriting) shell() string { return cmp.Or(r.sh, "/bin/sh") }

// cut takes a span out of the line.
func (r *rewriting) cut(start, end int) {
	before, after := strings.TrimRight(r.line[:start], " \t"), strings.TrimLeft(r.line[end:], " \t")
	if !strings.HasPrefix(after, ";") {
		before += " "
	}
	r.line = strings.TrimSpace(before + after)
}

// background drops a & at the end: the container would end with its shell.
func (r *rewriting) background(s []segment) bool {
	last := s[len(s)-1]
	if last.after != "&" {
		return false
	}
	r.e.change("the & at the end is dropped: a container ends with its shell, and would kill the work behind it")
	r.cut(last.afterEnd-1, last.afterEnd)
	return true
}

var logLike = regexp.MustCompile(`(?i)(^/dev/(null|stdout|stderr)$|\.(log|err|out)$|[._-]log\b|/logs?/)`)

// redirects drops redirections of output to where nobody looks. What may be data
// stays, and is told.
func (r *rewriting) redirects(s []segment) bool {
	for _, seg := range s {
		for _, t := range seg.redirects {
			if r.drops(seg, t) {
				r.cut(t.start, t.end)
				return true
			}
		}
	}
	return false
}

// drops is whether a redirection is dropped, which it tells.
func (r *rewriting) drops(seg segment, t token) bool {
	switch {
	case strings.Contains(t.text, "<"):
		return false
	case strings.HasSuffix(t.text, ">&") && t.target != "-" && !strings.Contains(t.target, "/"):
		// 2>&1 alone: both go to the log anyway.
		return onlyDuplicates(seg.redirects) && seg.after != "|"
	case logLike.MatchString(r.env.expand(t.target)):
		r.tellRedirect(t)
		return true
	case !slices.Contains(r.e.told, t.target):
		r.e.told = append(r.e.told, t.target)
		r.e.ask("it writes to %s, which dies with the container: if that is data, write it to S3; if it is a log, drop the redirection", t.target)
	}
	return false
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

// pipes drops the end of a pipe that leads to a mail, the syslog or a file.
func (r *rewriting) pipes(s []segment) bool {
	if len(s) < 2 || s[len(s)-2].after != "|" && s[len(s)-2].after != "|&" {
		return false
	}
	last, before := s[len(s)-1], s[len(s)-2]
	switch last.command() {
	case "mail", "mailx", "mutt", "sendmail", "ssmtp", "msmtp":
		r.e.decide("its output was mailed by `%s`, which is dropped: failures are told to `notify`, output goes to the task's log", clip(last.text(r.line)))
	case "logger", "systemd-cat":
		r.e.change("the pipe into %s is dropped: output goes to the task's log", last.command())
	case "tee":
		r.e.change("the pipe into tee is dropped: it hid the exit code, and its file would die with the container")
	default:
		return false
	}
	r.cut(before.afterEnd-len(before.after), last.afterEnd)
	return true
}

// core is the one command of a line that is more than preparation; ok is false
// when there are several.
func (r *rewriting) core(s []segment) (segment, bool) {
	for i, seg := range s[:len(s)-1] {
		if !slices.Contains([]string{"&&", ";"}, seg.after) || !isSetup(seg) {
			return s[i], false
		}
	}
	return s[len(s)-1], true
}

func isSetup(s segment) bool {
	return slices.Contains([]string{"cd", ".", "source", "export", "umask", "sleep", "[", "test", "set", "ulimit"}, s.command())
}

var duration = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([smhd]?)$`)

// seconds reads a duration of timeout(1) and sleep(1).
func seconds(s string) (time.Duration, bool) {
	m := duration.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	unit := map[string]string{"": "s", "s": "s", "m": "m", "h": "h", "d": "h"}[m[2]]
	d, err := time.ParseDuration(m[1] + unit)
	if m[2] == "d" {
		d *= 24
	}
	return d, err == nil && d > 0 && d <= job.MaxTimeout
}

// wrapper takes the outermost wrapper off the command.
func (r *rewriting) wrapper(s []segment) bool {
	seg, ok := r.core(s)
	if !ok {
		return false
	}
	words := seg.words
	for len(words) > 0 && isAssignment(words[0].text) {
		words = words[1:]
	}
	if len(words) < 2 {
		return false
	}
	n := r.simple(words)
	switch base(unquote(words[0].text)) {
	case "flock":
		return r.flock(words)
	case "timeout":
		n = r.timeout(words)
	}
	if n == 0 || n >= len(words) {
		return false
	}
	r.cut(words[0].start, words[n].start)
	return true
}

// simple counts the words of a wrapper that has no counterpart, 0 for others.
func (r *rewriting) simple(words []token) int {
	switch name := base(unquote(words[0].text)); name {
	case "chronic", "cronic":
		r.e.change("%s is taken off: notices come for failures, and output goes to the task's log", name)
		return 1
	case "nice", "ionice", "chrt":
		r.e.change("%s is taken off: a task has its own cpu; choose its size with cpu and memory", name)
		return options(words, "-n", "-c", "-p", "--adjustment", "--class", "--classdata")
	case "nohup", "setsid":
		r.e.change("%s is taken off: no terminal is there that could hang up", name)
		return 1
	}
	return 0
}

// options counts the words of a wrapper and its options; those named take a
// value of their own.
func options(words []token, valued ...string) int {
	n := 1
	for n < len(words) && strings.HasPrefix(words[n].text, "-") {
		if slices.Contains(valued, words[n].text) {
			n++
		}
		n++
	}
	return n
}

func (r *rewriting) timeout(words []token) int {
	n := options(words, "-s", "--signal", "-k", "--kill-after")
	if n+1 >= len(words) {
		return 0
	}
	d, ok := seconds(words[n].text)
	if !ok {
		return 0
	}
	d = max(d, time.Second)
	r.job.Timeout = job.Duration(d)
	r.e.change("timeout is taken off: the job has `timeout: %s`, after which its task is stopped and the run has failed as timed out", r.job.Timeout)
	return n + 1
}

var nonblock = regexp.MustCompile(`^(-[a-zA-Z]*n[a-zA-Z]*|--nonblock|--nb)$`)

// flock becomes the job's overlap.
func (r *rewriting) flock(words []token) bool {
	n := options(words, "-w", "--wait", "--timeout", "-E", "--conflict-exit-code")
	if n+1 >= len(words) {
		return false
	}
	waits := !slices.ContainsFunc(words[1:n], func(w token) bool { return nonblock.MatchString(w.text) })
	r.lock = unquote(words[n].text)
	n++
	end := words[n].start
	if words[n].text == "-c" || words[n].text == "--command" {
		if n+2 != len(words) {
			return false
		}
		text := words[n+1]
		r.line = r.line[:words[0].start] + unquote(text.text) + r.line[text.end:]
	} else {
		r.cut(words[0].start, end)
	}
	if !waits {
		r.job.Overlap = job.Forbid
		r.e.change("flock is taken off, since each task has its own files and it would lock nothing: `overlap: forbid` skips a run while another of the job is open")
		return true
	}
	r.job.Overlap = job.Queue
	r.e.change("flock is taken off, since each task has its own files and it would lock nothing: `overlap: queue` has one run wait for the other's end")
	return true
}

// settleQueue gives a job that waits the timeout that it needs.
func (r *rewriting) settleQueue() {
	if r.job.Overlap == job.Queue && r.job.Timeout == 0 {
		r.job.Timeout = job.Duration(24 * time.Hour)
		r.e.decide("a run that waits needs an end of the one before it: `timeout: %s` is proposed", r.job.Timeout)
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
