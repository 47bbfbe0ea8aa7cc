package importer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// maxCommand bounds a command that is rewritten, in bytes. ECS takes half of it.
const maxCommand = 2 * job.MaxOverrides

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
	if len(r.line) > maxCommand {
		r.off("the command has %d bytes, and one of more than %d is not looked at", len(r.line), maxCommand)
		return
	}
	for range 32 {
		tokens, ok := lex(r.line)
		if !ok {
			r.off("its quotes or parentheses could not be read here: look at it, it is left as it is")
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

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
