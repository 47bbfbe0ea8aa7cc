package importer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
)

// maxCommand is the longest command that is rewritten, in bytes. ECS takes half as much.
const maxCommand = 2 * job.MaxOverrides

// Command is a shell command that moves from a host's scheduler into a job.
type Command struct {
	Line string
	Job  *job.Job
	E    *Entry
	// Shell is the shell of the old side; empty means /bin/sh. Login says that it is a login shell.
	Shell string
	Login bool
	// Variables are those that the command gets.
	Variables map[string]string
	Secrets   *Secrets
	// Period is the shortest time between two runs; 0 means unknown.
	Period time.Duration
	// Local says that it stays on its host, whose zone is Zone; see Options.Local. A container's clock is
	// UTC.
	Local bool
	Zone  string

	// Lock is the file of a flock that Rewrite has removed. LastDay says whether Rewrite has
	// removed a guard for the last day of the month. Unread says that no shell could read the
	// line.
	Lock    string
	LastDay bool
	Unread  bool

	settled bool // it runs in a container already: nothing disables it
}

// Rewrite removes from a command what a task does not need or must not have, and reports what stays
// and a person should know. Each pass removes one thing and parses the line anew, so that no pass
// uses positions in another version of the line.
func (r *Command) Rewrite() {
	if len(r.Line) > maxCommand {
		r.Off("the command has %d bytes; commands of more than %d are not examined", len(r.Line), maxCommand)
		return
	}
	if h := Hole(r.Line); h != "" {
		r.Off("it holds %s, %s", h, FilledIn)
	}
	for range 32 {
		if !r.pass() {
			return
		}
	}
}

// pass removes one thing from the command. It reports false once there is nothing more to remove.
func (r *Command) pass() bool {
	list, err := shell.Parse(r.Line)
	if err != nil {
		r.Unread = true
		r.Off("a shell cannot read this command (%s), so it is left as it is", err.Error())
		return false
	}
	if len(list) == 0 {
		r.E.Decide("no command is left: it does nothing")
		return false
	}
	if r.inner(list) || r.background(list) || !r.Local && (r.redirects(list) || r.pipes(list)) || r.setup(list) || !r.Local && r.wrapper(list) {
		return true
	}
	r.remarks(list)
	return false
}

// Off disables the job and says why.
func (r *Command) Off(format string, args ...any) {
	if r.settled {
		r.E.Decide(format, args...)
		return
	}
	r.E.Off(r.Job, format, args...)
}

// interpreter gives the job's shell.
func (r *Command) interpreter() string { return cmp.Or(r.Shell, "/bin/sh") }

// Words gives the command as a container takes it.
func (r *Command) Words() []string {
	if r.Login {
		return []string{r.interpreter(), "-l", "-c", r.Line}
	}
	return []string{r.interpreter(), "-c", r.Line}
}

var shells = []string{"sh", "bash", "dash", "zsh", "ksh"}

// inner replaces the line by the text that it hands to a shell of its own, if it does nothing
// else.
func (r *Command) inner(s shell.List) bool {
	c := s[0]
	n := len(c.Words) - 1
	if len(s) > 1 || n < 2 || len(c.Redirects) > 0 || c.After != "" || !slices.Contains(shells, shell.Base(c.Words[0].Text)) || shell.IsAssignment(c.Words[0].Text) {
		return false
	}
	options := ShellWords(wordTexts(c.Words[1:n]))
	text, certain := shell.Literal(c.Words[n].Text)
	if !certain || strings.TrimSpace(text) == "" || !slices.Contains([]string{"-c", "-l -c", "-lc", "-cl", "--login -c"}, options) {
		return false
	}
	r.Line, r.Shell, r.Login = text, c.Words[0].Text, r.Login || options != "-c"
	return true
}

func wordTexts(words []shell.Word) (out []string) {
	for _, w := range words {
		out = append(out, w.Text)
	}
	return out
}

// cut removes a span from the line.
func (r *Command) cut(start, end int) {
	before, after := strings.TrimRight(r.Line[:start], " \t"), strings.TrimLeft(r.Line[end:], " \t")
	if !strings.HasPrefix(after, ";") {
		before += " "
	}
	r.Line = strings.TrimSpace(before + after)
}

// background drops a & at the end: the task would end when its shell does.
func (r *Command) background(s shell.List) bool {
	last := s[len(s)-1]
	if last.After != "&" {
		return false
	}
	r.E.Change("the & at the end is dropped: a task ends with its shell, which would kill the work in the background")
	r.cut(last.AfterEnd-1, last.AfterEnd)
	return true
}

// core gives the only command of a line that is not preparation. ok is false if there are
// several.
func (r *Command) core(s shell.List) (shell.Command, bool) {
	for i, c := range s[:len(s)-1] {
		if !slices.Contains([]string{"&&", ";"}, c.After) || !isSetup(c) {
			return s[i], false
		}
	}
	return s[len(s)-1], true
}

var preparing = []string{"cd", "pushd", ".", "source", "export", "umask", "sleep", "[", "[[", "test", "set", "ulimit", "shopt"}

func isSetup(c shell.Command) bool { return slices.Contains(preparing, c.Name()) }

// expand replaces a variable at the start of a text with its value, if it is one of these.
func expand(text string, variables map[string]string) string {
	name, ok := strings.CutPrefix(text, "$")
	if !ok {
		return text
	}
	rest := ""
	if i := strings.IndexByte(name, '}'); strings.HasPrefix(name, "{") && i > 0 {
		name, rest = name[1:i], name[i+1:]
	} else if i := strings.IndexByte(name, '/'); i > 0 {
		name, rest = name[:i], name[i:]
	}
	if value, known := variables[name]; known {
		return value + rest
	}
	return text
}

// Clip shortens a text so that it fits into a sentence.
func Clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// Remark reports what a person should know about a command that already runs in a container. It
// removes nothing.
func Remark(e *Entry, j *job.Job, line string) {
	r := &Command{Line: line, Job: j, E: e, settled: true}
	list, err := shell.Parse(line)
	if err != nil || len(list) == 0 || len(line) > maxCommand {
		return
	}
	if slices.Contains(programs(list), "flock") {
		e.Decide("flock in its command locks nothing, since each task has its own files: use `overlap`")
	}
	r.failures(list)
}
