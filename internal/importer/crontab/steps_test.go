package crontab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
)

// TestStepsKeepACrontabPrivate: a crontab that only its owner may read, as one with passwords, is
// nowhere readable by others after the way over and the way back.
func TestStepsKeepACrontabPrivate(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a system's": at("root TOKEN=hunter2 /x"), "a user's": at("TOKEN=hunter2 /x")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put := func(name, text string, mode os.FileMode) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
					t.Fatal(err)
				}
			}
			put("sudo", "#!/bin/sh\nexec \"$@\"\n", 0o700) //nolint:gosec // a program
			put("crontab", "#!/bin/sh\ncase $1 in -l) exec cat \"${0%/*}/PLACE\";; esac\nexec cp \"$1\" \"${0%/*}/PLACE\"\n", 0o700)
			put("PLACE", text, 0o600)
			put("crontab.imported", "# imported\n", 0o600)
			plan := imported(t, text).Steps.Plan(importer.Target{})
			for n, step := range []importer.Step{plan.Over[1], plan.Back[1]} {
				cmd := exec.CommandContext(t.Context(), "/bin/sh", "-ec", "umask 022\n"+strings.Join(step.Commands, "\n")) //nolint:gosec // the steps are what is tested
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%q: %v, %s", step.Commands, err, out)
				}
				want := []string{"# imported\n", text}[n]
				if is, err := os.ReadFile(filepath.Join(dir, "PLACE")); err != nil || string(is) != want { //nolint:gosec // a test's own file
					t.Errorf("%q left %q, %v", step.Commands, is, err)
				}
				for _, name := range []string{"PLACE", "crontab.old"} {
					if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
						t.Errorf("%q left %s with %v, %v", step.Commands, name, info.Mode(), err)
					}
				}
			}
		})
	}
}
