package importer

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// call is a program that a line starts, with its words without simple quotes. A call without a name only
// sets variables, which are its words, or redirects. What its command redirects is at the last of its calls.
type call struct {
	name      string
	args      []string
	redirects []shell.Redirect
}

// wrapping are programs that start the command after their options.
var wrapping = []string{
	"sudo", "doas", "env", "nice", "ionice", "chrt", "timeout", "flock", "lockrun", "setlock", "chronic", "cronic", "croncape", "nohup", "setsid", "time", "exec", "command", "xargs", "runuser",
	"stdbuf", "systemd-cat", "xvfb-run", "cronitor", "eval", "!", "run-one", "cpulimit",
}

// callsOf gives all programs that a list starts, in order: also within its blocks and substitutions, in
// its shells and after its wrappers.
func callsOf(s shell.List, depth int) (all []call) {
	for _, c := range s {
		for _, inner := range c.Substituted {
			all = append(all, callsOf(inner, depth+1)...)
		}
		own, first := ownCalls(c), len(all)
		for _, inner := range within(c, depth) {
			all = append(all, callsOf(inner, depth+1)...)
		}
		if len(c.Inner) > 0 {
			first = len(all) // what a block redirects comes after what is in it
		}
		all = slices.Insert(all, first, own...)
	}
	return all
}

// ownCalls gives the programs that the words of one command start. What the last of them reads from a
// file is one of its words too.
func ownCalls(c shell.Command) (all []call) {
	w := wording{}
	for i, word := range c.Words {
		if text := shell.Unquote(word.Text); shell.IsAssignment(text) && len(w.words) == 0 {
			all = append(all, call{args: []string{text}})
		} else if i > 0 || len(c.Inner) == 0 { // a block is one word
			w.words = append(w.words, text)
		}
	}
	all = append(all, w.wrapped()...)
	if len(c.Redirects) > 0 && len(all) == 0 {
		all = append(all, call{})
	}
	for _, t := range c.Redirects {
		last := &all[len(all)-1]
		last.redirects = c.Redirects
		if t.Sign == "<" {
			last.args = append(slices.Clip(last.args), t.Target)
		}
	}
	return all
}

// wrapped gives a program, and what it starts if it is a wrapper.
func (w *wording) wrapped() (all []call) {
	for w.options(nil); len(w.words) > 0; {
		one := call{name: programName(w.words[0]), args: w.words[1:]}
		all, w.words = append(all, one), one.args
		if !slices.Contains(wrapping, one.name) {
			break
		}
		l := launchers[one.name]
		for range l.words {
			w.options(l.valued)
			w.words = w.words[min(1, len(w.words)):]
		}
		w.options(l.valued)
	}
	return all
}

// hostFolder matches the folders of programs that a system installs.
var hostFolder = lazyregexp.New(`^(?:[^/]*|.*/s?bin/[^/]*)$`)

// programName gives a program without its folder. A script of one's own with the name of a program of
// the host, such as /opt/shop/service, keeps it.
func programName(word string) string {
	name := shell.Base(word)
	if slices.Contains(hostPrograms, name) && !hostFolder().MatchString(word) {
		return word
	}
	return name
}

// programs gives the names of all programs that a list starts.
func programs(s shell.List) (names []string) {
	for _, c := range callsOf(s, 0) {
		names = append(names, c.name)
	}
	return names
}

// Starts reports whether a command, given as words or as the text of a shell, starts a program.
func Starts(words []string, program string) bool {
	if len(words) == 0 {
		return false
	}
	if s, ok := job.ScriptOf(words); ok && s.At < len(words) && len(words[s.At]) <= maxCommand {
		list, err := shell.Parse(words[s.At])
		return err == nil && slices.Contains(programs(list), program)
	}
	return shell.Base(words[0]) == program
}

// is reports whether the call's program is one of these.
func (c call) is(names ...string) bool { return slices.Contains(names, c.name) }

// operands gives the words that are no options.
func (c call) operands() []string {
	return slices.DeleteFunc(slices.Clone(c.args), func(w string) bool { return strings.HasPrefix(w, "-") && w != "-" })
}
