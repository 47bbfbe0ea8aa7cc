package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

// Steps are the commands that switch the old side off and on again. They are printed and never
// run. Their order keeps both sides from ever firing at once: the new jobs are deployed disabled,
// the old ones are disabled, and only then are the new ones enabled.
type Steps struct {
	// Local is how local mode is started, if the new side is to run there.
	Local *Local

	switches []itsSwitch
}

// Local says what local mode needs for imported jobs.
type Local struct {
	// User is who starts it; "" for the user of the old side.
	User string
	// Secrets are the variables whose values it has to be given.
	Secrets []string
}

// itsSwitch says how to switch an item of the old side. open names the jobs made of it that stay
// disabled until a person has decided. While there is one, nothing would run in the item's place.
type itsSwitch struct {
	disable, enable string
	open            []string
}

// Switch adds the commands, or sentences that begin with #, for an item that became jobs. open
// names those of its jobs that came over disabled although the old item runs.
func (s *Steps) Switch(disable, enable string, open ...string) {
	for i := range s.switches {
		if one := &s.switches[i]; one.disable == disable && one.enable == enable {
			one.open = append(one.open, open...)
			return
		}
	}
	s.switches = append(s.switches, itsSwitch{disable, enable, open})
}

// Switch is Steps.Switch for the job that was taken last, which runs on the old side.
func (in *Import) Switch(disable, enable string) {
	if j := in.Jobs[len(in.Jobs)-1]; j.Disabled {
		in.Steps.Switch(disable, enable, j.Name)
		return
	}
	in.Steps.Switch(disable, enable)
}

// commands gives those of all items in one direction. For an item with open jobs it gives a
// sentence, which open begins.
func (s Steps) commands(of func(itsSwitch) string, open string) (all []string) {
	for _, one := range s.switches {
		command := of(one)
		if len(one.open) > 0 {
			command = "# " + fmt.Sprintf(open, strings.Join(one.open, " and ")) + ": " + command
		}
		command = oneLine(command)
		if !slices.Contains(all, command) {
			all = append(all, command)
		}
	}
	return all
}

// Target says where the new side is, for the printed commands.
type Target struct {
	// File is the jobs file; empty means jobs.yaml.
	File string
	// Stack is that of the control plane; empty means batchplane.
	Stack string
	// Flags are those of `apply` for the account and Region, each with a blank before it.
	Flags string
}

// Step is a part of a switch-over. It ends before the next one begins.
type Step struct {
	// Text says what it does and what to mind.
	Text string `json:"text"`
	// Commands are for a shell, each of one line. One that begins with # is a sentence.
	Commands []string `json:"commands"`
}

// oneLine gives a command or sentence without line breaks. The names in it come from the file: what
// follows a break would no longer be part of a sentence, and a shell would run it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

// Switching is the way to the new side, and back.
type Switching struct {
	Over []Step `json:"over"`
	Back []Step `json:"back"`
}

// Plan gives the whole switch-over, or nil if the old side has nothing to switch.
func (s Steps) Plan(t Target) *Switching {
	if len(s.switches) == 0 {
		return nil
	}
	disable := s.commands(func(one itsSwitch) string { return one.disable }, "not before %s is decided on and switched on in the jobs file")
	enable := s.commands(func(one itsSwitch) string { return one.enable }, "if you disabled it, for %s")
	if s.Local != nil {
		return s.Local.plan(t, disable, enable)
	}
	apply := "batchplane apply -f " + Word(cmp.Or(t.File, "jobs.yaml"))
	to := " --stack " + Word(cmp.Or(t.Stack, "batchplane")) + t.Flags
	off := []string{`printf 'defaults: {enabled: false}\n' > off.yaml`, apply + " -f off.yaml" + to}
	return &Switching{
		Over: []Step{
			{"Write `project: NAME` at the top of the jobs file, a name for what is deployed together, and deploy the new jobs switched off; a person may try them by hand.", off},
			{"Disable the old ones, and wait two minutes: a start that is on its way still comes.", disable},
			{"Switch the new ones on. Slots between 2 and 3 run on neither side.", []string{apply + to}},
		},
		Back: []Step{
			{"Switch the new ones off, and wait two minutes.", off},
			{"Enable the old ones. Slots between 1 and 2 run on neither side.", enable},
		},
	}
}

// Text writes the steps, or "" if the old side has nothing to switch.
func (s Steps) Text(t Target) string {
	plan := s.Plan(t)
	if plan == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("# To switch over; none of this was run. Both sides never fire at once: each step ends before the next begins.\n")
	block(&b, plan.Over)
	b.WriteString("# Back: the same in the other order.\n")
	block(&b, plan.Back)
	return b.String()
}

func block(b *strings.Builder, steps []Step) {
	for i, s := range steps {
		fmt.Fprintf(b, "# %d. %s\n", i+1, s.Text)
		for _, c := range s.Commands {
			b.WriteString(c + "\n")
		}
	}
}

// Word gives a text as one word for a shell.
func Word(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return shell.Quote(s)
}

// ShellWords gives a command as a person would type it.
func ShellWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = Word(w)
	}
	return strings.Join(out, " ")
}
