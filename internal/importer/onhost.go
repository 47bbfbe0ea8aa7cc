package importer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
)

// readers says who can read what a command holds.
func (r *Command) readers() string {
	if r.Local {
		return "anyone who may read the jobs file or its runs"
	}
	return "anyone who may read ECS events"
}

// onHost reports what a command that stays on its host does differently in local mode.
func (r *Command) onHost(s shell.List) {
	if ends := skips(s, r); ends != "" {
		r.Job.Overlap = job.Forbid
		r.E.Change("`overlap: forbid` is added, and flock stays: a run that comes while another of the job is open is skipped, where flock alone would %s", ends)
	}
	r.silent(s)
	if slices.ContainsFunc(s, func(c shell.Command) bool { return slices.ContainsFunc(c.Redirects, takesOutput) }) {
		r.E.Note("its output goes where its redirection sends it, as before: the log of a run and its notices have none of that")
	}
}

// silent reports a test that, when it fails, ends the command with an exit code that is a failure here
// and of which cron said nothing.
func (r *Command) silent(s shell.List) {
	for i, c := range s[:len(s)-1] {
		if isCondition(c) && c.After == "&&" && guarded(s[i+1:]) {
			r.E.Decide("if its test fails, so does its run, and a notice says so, where cron said nothing: `if TEST; then COMMAND; fi` succeeds")
			return
		}
	}
}

// How a run ends that flock gives up.
const (
	asFailure = "make it fail"
	asSuccess = "make it a success that did nothing"
)

// skips tells how a run ends if flock gives it up because the lock is taken; "" if flock does not do that
// to the whole line.
func skips(s shell.List, r *Command) string {
	c, ok := r.core(s)
	if !ok || len(c.Inner) == 1 {
		if ok {
			s = c.Inner[0]
		}
		return leaves(s)
	}
	i := slices.IndexFunc(c.Words, func(w shell.Word) bool { return shell.Base(shell.Unquote(w.Text)) == "flock" })
	if i < 0 || !slices.ContainsFunc(ownCalls(c), func(one call) bool { return one.is("flock") }) {
		return ""
	}
	return givesUp(c.Words[i:])
}

// leaves is skips for commands of which an early one locks a descriptor that is open:
// `flock -n 9 || exit 1` and `flock -n 9 && x`, after an `exec 9>lock` or in a block with that.
func leaves(s shell.List) string {
	i := slices.IndexFunc(s, func(c shell.Command) bool { return !isSetup(c) && c.Name() != "exec" })
	if i < 0 || i+1 >= len(s) || s[i].Name() != "flock" || !isCondition(s[i]) {
		return ""
	}
	ends, rest := givesUp(s[i].Words), s[i+1:]
	switch {
	case ends == "", s[i].After == "&&" && guarded(rest[:len(rest)-1]) && rest[len(rest)-1].After != "&": // in braces, a ; ends the last
		return ends
	case s[i].After == "||":
		return exits(rest[0], ends)
	}
	return ""
}

// exits tells how a run ends that leaves by this command; "" if it does not leave by it. A bare exit keeps
// the exit code of what was before it.
func exits(c shell.Command, before string) string {
	if len(c.Inner) == 1 {
		c = c.Inner[0][len(c.Inner[0])-1] // { echo locked; exit 1; }
	}
	switch text := textOf(c); {
	case c.Name() != "exit":
		return ""
	case text == "exit":
		return before
	case text == "exit 0":
		return asSuccess
	}
	return asFailure
}

// givesUp is skips for the words of a flock.
func givesUp(words []shell.Word) string {
	n, ok := options(words, flockAlone, flockValued)
	switch {
	case !ok || !gives(words[1:n]):
		return ""
	case conflict().MatchString(strings.Join(wordTexts(words[1:n]), " ")):
		return asSuccess
	}
	return asFailure
}

// takesOutput reports whether a redirection takes the output away, and not only the errors or a lock.
func takesOutput(t shell.Redirect) bool {
	descriptor := strings.TrimRight(t.Sign, "<>&|")
	return (descriptor == "" || descriptor == "1") && !strings.Contains(t.Sign, "<") && !strings.HasSuffix(t.Sign, ">&")
}

// plan gives the switch-over to local mode.
func (l *Local) plan(t Target, disable, enable []string) *Switching {
	file := Word(cmp.Or(t.File, "jobs.yaml"))
	start, sentences := "batchplane local -f "+file, []string{}
	if l.User != "" {
		sentences = append(sentences, "# as "+oneLine(l.User)+", to whom "+file+" belongs")
	}
	if len(l.Secrets) > 0 {
		start += " --secrets secrets"
		sentences = append(sentences, "# the file secrets in that folder, which that user alone may read, has a line NAME=VALUE for each of "+strings.Join(l.Secrets, ", "))
	}
	return &Switching{
		Over: []Step{
			{"Look at what the new jobs will do. Those that are switched off stay off until you have decided on them.", []string{"batchplane validate -f " + file + " --for local", "batchplane preview -f " + file}},
			{"Disable the old ones, and wait two minutes: a start that is on its way still comes.", disable},
			{"Start local mode, in the folder in which cron starts commands: the home folder of its user. Slots between 2 and 3 run on neither side.", append(sentences, "(cd && "+start+")", "# as a service: batchplane local install prints its unit, which starts commands in the folder of the jobs file, with UMask=0077: nobody else may read the files that they make; under cron it is mostly 0022")},
		},
		Back: []Step{
			{"End local mode once no run is open, and wait two minutes.", []string{"# Ctrl-C where it runs, or systemctl stop batchplane"}},
			{"Enable the old ones. Slots between 1 and 2 run on neither side.", enable},
		},
	}
}
