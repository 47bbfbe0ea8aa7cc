package job_test

import (
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
		"$0 is there already":       {"sh -c script zero", "a", "sh -c script zero a"},
		"a shell's file":            {"sh script.sh", "a", "sh script.sh a"},
		"a shell's file and option": {"sh script.sh -c x", "a", "sh script.sh -c x a"},
		"another program's -c":      {"psql -c query", "a", "psql -c query a"},
		"a long option":             {"bash --rc x", "a", "bash --rc x a"},
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
