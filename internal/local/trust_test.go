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

// TestTrustedChain: every link of a chain counts, and every folder on its way.
func TestTrustedChain(t *testing.T) {
	t.Parallel()
	for open, says := range map[string]string{
		"":                 "",
		"first":            "who may write to ",
		"second":           "who may write to ",
		"above":            "who may write to ", // the folder of the link that is a folder
		"above/third":      "who may write to ",
		"deep":             "who may write to ",
		"beside":           "",
		"above/third/then": "who may write to ",
	} {
		dir := folderWith(t, "deep/jobs.yaml", "first/x", "second/x", "above/third/then/x", "beside/x")
		for link, to := range map[string]string{
			"first/jobs.yaml":       "../second/link/../jobs.yaml", // which is not second/jobs.yaml
			"second/link":           filepath.Join(dir, "above", "third", "then"),
			"above/third/jobs.yaml": "../../deep/jobs.yaml",
		} {
			if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		if open != "" {
			if err := os.Chmod(filepath.Join(dir, open), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		err := local.Trusted(filepath.Join(dir, "first", "jobs.yaml"))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("all may write to %q: %v", open, err)
		}
	}
}

// TestTrustedLink: whoever owns a link can make it lead elsewhere, also in a folder such as /tmp.
func TestTrustedLink(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := folderWith(t, "jobs.yaml")
	link := filepath.Join(dir, "link")
	if err := os.Symlink("jobs.yaml", link); err != nil {
		t.Fatal(err)
	}
	if err := local.Trusted(link); err != nil {
		t.Error(err)
	}
	if err := os.Lchown(link, 12345, 0); err != nil {
		t.Fatal(err)
	}
	if err := local.Trusted(link); err == nil || !strings.Contains(err.Error(), "user 12345, whose link") {
		t.Errorf("%v", err)
	}
}

// TestTrustedRound: links that lead round in a circle lead nowhere.
func TestTrustedRound(t *testing.T) {
	t.Parallel()
	dir := folderWith(t, "x")
	for link, to := range map[string]string{"a": "b", "b": "a"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := local.Trusted(filepath.Join(dir, "a")); err == nil {
		t.Error("it is trusted")
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
