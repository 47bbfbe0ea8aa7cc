package importer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

// Steps are the commands that switch the old side off and on again. They are
// printed and never run. They stand in an order in which both sides never fire:
// the new jobs are deployed switched off, the old ones are disabled, and only
// then are the new ones switched on.
type Steps struct {
	// Disable and Enable hold a command or a sentence that begins with # for each
	// item of the old side that became a job.
	Disable, Enable []string
	// Off lists items that are off on the old side already.
	Off []string
}

// Switch adds the commands for one item.
func (s *Steps) Switch(disable, enable string) {
	if !slices.Contains(s.Disable, disable) {
		s.Disable = append(s.Disable, disable)
	}
	if !slices.Contains(s.Enable, enable) {
		s.Enable = append(s.Enable, enable)
	}
}

// deploy is how a jobs file gets to AWS.
func deploy(files string) string {
	return "batchplane render " + files + " -o jobs-template.yaml && sam deploy --template-file jobs-template.yaml --stack-name my-jobs --capabilities CAPABILITY_IAM --resolve-s3"
}

// Text says the steps for a jobs file of that name, "" where the old side has
// nothing to switch.
func (s Steps) Text(file string) string {
	if len(s.Disable) == 0 {
		return ""
	}
	file = Word(cmp.Or(file, "jobs.yaml"))
	var b strings.Builder
	line := func(text string) { b.WriteString(text + "\n") }
	block := func(all []string) {
		for _, c := range all {
			line(c)
		}
	}
	line("# To switch over; none of this was run. Both sides never fire at once: each step ends before the next begins.")
	line("# 1. Deploy the new jobs switched off; a person may try them by hand.")
	line(`printf 'defaults: {enabled: false}\n' > off.yaml`)
	line(deploy("-f " + file + " -f off.yaml"))
	line("# 2. Disable the old ones, and wait two minutes: a start that is on its way still comes.")
	block(s.Disable)
	line("# 3. Switch the new ones on. Slots between 2 and 3 run on neither side.")
	line(deploy("-f " + file))
	line("# Back: the same in the other order.")
	line(deploy("-f " + file + " -f off.yaml"))
	block(s.Enable)
	return b.String()
}

// Word is a text as a word of a shell.
func Word(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return shell.Quote(s)
}

// ShellWords is a command as a person would type it.
func ShellWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = Word(w)
	}
	return strings.Join(out, " ")
}
