package job_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

func TestWithArgs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ command, args, want string }{
		"a program":                 {"report --all", "a b", "report --all a b"},
		"a shell's script":          {"/bin/sh -c script", "a b", "/bin/sh -c script /bin/sh a b"},
		"no argument":               {"/bin/sh -c script", "", "/bin/sh -c script"},
		"bash with options":         {"bash -e -uc script", "a", "bash -e -uc script bash a"},
		"an option with a value":    {"bash -euo pipefail -c script", "a", "bash -euo pipefail -c script bash a"},
		"c before another":          {"sh -ce script", "a", "sh -ce script sh a"},
		"an option after c":         {"sh -c -e script", "a", "sh -c -e script sh a"},
		"a plus":                    {"bash +x -c script", "a", "bash +x -c script bash a"},
		"values after c":            {"bash -oc errexit script", "a", "bash -oc errexit script bash a"},
		"zsh's values":              {"zsh -oerrexit -c script", "a", "zsh -oerrexit -c script zsh a"},
		"zsh's value with a c":      {"zsh -onorcs script", "a", "zsh -onorcs script a"},
		"a long option with value":  {"bash --rcfile x -c script", "a", "bash --rcfile x -c script bash a"},
		"bash's other long options": {"bash -noprofile -c script", "a", "bash -noprofile -c script bash a"},
		"the end of options":        {"sh -c -- script", "a", "sh -c -- script sh a"},
		"$0 is there already":       {"sh -c script zero", "a", "sh -c script zero a"},
		"a shell's file":            {"sh script.sh", "a", "sh script.sh a"},
		"a shell's file and option": {"sh script.sh -c x", "a", "sh script.sh -c x a"},
		"a file after the options":  {"bash -- -c x", "a", "bash -- -c x a"},
		"another program's -c":      {"psql -c query", "a", "psql -c query a"},
		"a long option":             {"bash --rc x", "a", "bash --rc x a"},
		"after other programs":      {"tini -- env A=b timeout 5 /bin/bash -ec script", "a", "tini -- env A=b timeout 5 /bin/bash -ec script /bin/bash a"},
		"after another shell":       {"bash -c outer bash sh -c inner", "a", "bash -c outer bash sh -c inner sh a"},
		"another shell's $0":        {"bash -c outer sh -c x", "a", "bash -c outer sh -c x a"},
		"BusyBox":                   {"busybox sh -c script", "a", "busybox sh -c script sh a"},
		"no script":                 {"sh -c", "a", "sh -c a"},
		"no command":                {"", "a", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := job.WithArgs(strings.Fields(c.command), strings.Fields(c.args))
			if !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestArgsReachTheScript asks the shells of this machine.
func TestArgsReachTheScript(t *testing.T) {
	t.Parallel()
	script := `for a in "$@"; do echo "<$a>"; done`
	for _, words := range []string{
		"sh -c", "sh -ec", "sh -ce", "sh -c -e", "sh -e +x -c", "sh -o errexit -c", "sh -oc errexit", "sh -co errexit", "sh -euoo noglob errexit -c", "sh -c --", "sh -c -",
		"bash -euo pipefail -c", "bash -O extglob -c", "bash -Oc extglob", "bash +O extglob -c", "bash --norc --rcfile /dev/null -c", "bash -noprofile -norc -c", "bash -rcfile /dev/null -ec",
		"zsh -euo pipefail -c", "zsh -opipefail -c", "ksh -opipefail -c", "dash -eu -c", "busybox sh -euo pipefail -c",
		"env A=b timeout 9 bash -c", "bash -c exec_\"$@\" bash sh -ec",
	} {
		command := strings.Fields(words)
		for i := range command {
			command[i] = strings.ReplaceAll(command[i], "exec_", "exec ")
		}
		command = append(command, script)
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skipf("%s is not here", command[0])
			}
			whole := job.WithArgs(command, []string{"one", "-c", ""})
			out, err := exec.CommandContext(t.Context(), whole[0], whole[1:]...).CombinedOutput() //nolint:gosec // the commands above
			if err != nil || string(out) != "<one>\n<-c>\n<>\n" {
				t.Errorf("%q printed %q, %v", whole, out, err)
			}
		})
	}
}
