package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/batchplane/batchplane/internal/local"
)

// TestTrusted: the error names who could change a file's content, whichever folder on the way to the
// file or behind a link they may write to.
func TestTrusted(t *testing.T) {
	t.Parallel()
	chmod := func(dir string) func(name string, mode os.FileMode) {
		return func(name string, mode os.FileMode) {
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(chmod func(string, os.FileMode))
		says   string // "" if it is trusted
	}{
		"nobody":                     {func(func(string, os.FileMode)) {}, ""},
		"all, the file":              {func(f func(string, os.FileMode)) { f("deep/er/jobs.yaml", 0o666) }, "can be changed by everybody"},
		"all, its folder":            {func(f func(string, os.FileMode)) { f("deep/er", 0o777) }, "can be replaced by everybody, who may write to "},
		"all, the folder above":      {func(f func(string, os.FileMode)) { f("deep", 0o777) }, "can be replaced by everybody, who may write to "},
		"all, a folder as /tmp":      {func(f func(string, os.FileMode)) { f("deep", 0o777|os.ModeSticky) }, ""},
		"all, the folder of a link":  {func(f func(string, os.FileMode)) { f("links", 0o777) }, "can be replaced by everybody, who may write to "},
		"all, a folder it is not in": {func(f func(string, os.FileMode)) { f("other", 0o777) }, ""},
	} {
		dir := folderWith(t, "deep/er/jobs.yaml", "links/x", "other/x")
		if err := os.Symlink(filepath.Join("..", "deep", "er", "jobs.yaml"), filepath.Join(dir, "links", "jobs.yaml")); err != nil {
			t.Fatal(err)
		}
		c.change(chmod(dir))
		err := local.Trusted(filepath.Join(dir, "links", "jobs.yaml"))
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAPipeIsNoFile: reading a pipe that nobody writes to would never end.
func TestAPipeIsNoFile(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "jobs.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func(string) error{
		"a jobs file": local.Trusted,
		"secrets":     func(path string) error { _, err := local.ReadSecrets(path); return err },
	} {
		if err := read(pipe); err == nil || !strings.Contains(err.Error(), "is no file but a pipe or a device") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
