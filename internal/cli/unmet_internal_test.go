package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestBehindLink: a state beside the jobs file of a release is behind the link to that release; one
// of another release, whose name only begins like it, is not.
func TestBehindLink(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1", "10"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "current")
	if err := os.Symlink(filepath.Join(dir, "1"), link); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, db string
		want     bool
	}{
		"in the release the link leads to": {filepath.Join(link, "jobs.yaml"), filepath.Join(dir, "1", "jobs.db"), true},
		"in a release of a longer name":    {filepath.Join(link, "jobs.yaml"), filepath.Join(dir, "10", "jobs.db"), false},
		"no link":                          {filepath.Join(dir, "1", "jobs.yaml"), filepath.Join(dir, "1", "jobs.db"), false},
	} {
		if got := behindLink(c.file, c.db); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestMore: a list says how many it leaves out, if any.
func TestMore(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{-1: "", 0: "", 1: " and 1 more"} {
		if got := more(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
