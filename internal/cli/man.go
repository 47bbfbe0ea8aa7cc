package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type manCmd struct{}

// Run prints the manual page: batchplane man | man -l -
func (c *manCmd) Run(k *kong.Context, a *app) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(".TH BATCHPLANE 1\n.SH NAME\nbatchplane \\- runs a team's batch jobs\n.SH SYNOPSIS\n.B batchplane\n.I command\n[flags]\n.SH DESCRIPTION")
	line("%s", prose(description))
	line(".SH FLAGS OF ALL COMMANDS")
	manFlags(&b, k.Model.Flags)
	line(".SH COMMANDS")
	manCommands(&b, k.Model.Node, "")
	line(".SH ENVIRONMENT\nBATCHPLANE_DB, BATCHPLANE_STACK: as \\-\\-db and \\-\\-stack. The AWS SDK's own, such as AWS_PROFILE and AWS_REGION. NO_COLOR turns colours off.")
	return a.write([]byte(b.String()))
}

func manCommands(b *strings.Builder, node *kong.Node, before string) {
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		if len(child.Children) > 0 {
			manCommands(b, child, before+child.Name+" ")
			continue
		}
		fmt.Fprintf(b, ".SS %s\n%s\n", roff(before+child.Summary()), prose(strings.TrimSuffix(child.Help+"\n\n"+child.Detail, "\n\n")))
		manFlags(b, child.Flags)
	}
}

func manFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, f := range flags {
		if !f.Hidden {
			fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(f.String()), roff(f.Help))
		}
	}
}

// prose escapes paragraphs. Indented lines, as examples and tables are, stay lines.
func prose(s string) string {
	var b strings.Builder
	kept := false
	for l := range strings.Lines(roff(s) + "\n") {
		if blank := l == "\n"; !blank && strings.HasPrefix(l, " ") != kept {
			if kept = !kept; kept {
				b.WriteString(".nf\n")
			} else {
				b.WriteString(".fi\n")
			}
		}
		b.WriteString(l)
	}
	if kept {
		b.WriteString(".fi\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// roff escapes a text so that troff prints it as it is.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
