package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/cli"
)

// TestErrorsSteerNothing: arguments and file names that errors, hints and notes repeat cannot
// control a terminal or reverse a text. Their lines stay lines.
func TestErrorsSteerNothing(t *testing.T) {
	t.Parallel()
	const steers = "\x1b]0;taken\x07\x1b[2J\u009b31m\u202eevil\rover"
	file := filepath.Join(t.TempDir(), "tab-"+steers)
	if err := os.WriteFile(file, []byte("# nothing\n0 3 * * * root /bin/true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a flag":              {"--" + steers},
		"a command":           {steers},
		"a state":             {"jobs", "--db", "/nowhere/" + steers},
		"a file":              {"validate", "-f", steers},
		"a profile":           {"jobs", "--stack", "prod", "--profile", steers, "--region", "eu-central-1"},
		"what was read":       {"import", "crontab", file, "--zone", "UTC"},
		"where it is written": {"import", "crontab", file, "--zone", "UTC", "-o", filepath.Join(t.TempDir(), "jobs-"+steers+".yaml")},
		"an address":          {"ui", "--listen", steers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := batchplane(t, args...)
			for what, text := range map[string]string{"errors": got.err, "output": got.out} {
				if strings.ContainsAny(text, "\x1b\x07\r\u009b\u202e") {
					t.Errorf("%s: %q", what, text)
				}
			}
			if got.code != 0 && !strings.HasPrefix(got.err, "batchplane: ") {
				t.Errorf("exit code %d, said %q", got.code, got.err)
			}
		})
	}
}

// TestARestoredCrontabSteersNothing: on a terminal; in a file it is what it was.
func TestARestoredCrontabSteersNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "crontab")
	const text = "0 3 * * * /bin/echo 'a\x1b[2J\u009b31m\u202e'\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := batchplane(t, "import", "crontab", file, "--users", "no", "--zone", "UTC", "-o", filepath.Join(dir, "jobs.yaml")); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	undo := []string{"import", "crontab", file + ".imported", "--undo"}
	if got := batchplane(t, undo...); got.out != text {
		t.Errorf("%+v", got)
	}
	if got := withEnv(t, cli.Env{Screen: cli.Screen{Width: 80}}, undo...); got.code != 0 || strings.ContainsAny(got.out, "\x1b\u009b\u202e") || !strings.HasPrefix(got.out, "0 3 * * * /bin/echo") {
		t.Errorf("%+v", got)
	}
}
