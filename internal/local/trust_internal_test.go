package local

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// made is a file that another user made, which a test without root's rights cannot.
type made struct {
	mode  fs.FileMode
	owner uint32
	group uint32
}

func (m made) Name() string       { return "secrets" }
func (m made) Size() int64        { return 1 }
func (m made) Mode() fs.FileMode  { return m.mode }
func (m made) ModTime() time.Time { return time.Time{} }
func (m made) IsDir() bool        { return false }
func (m made) Sys() any           { return &syscall.Stat_t{Uid: m.owner, Gid: m.group} }

// TestPrivate: a secret that root hands to one user is read; no file that a user left open is.
func TestPrivate(t *testing.T) {
	t.Parallel()
	const self = 1000
	for name, c := range map[string]struct {
		mode       fs.FileMode
		owner, uid uint32
		want       bool
	}{
		"the user's own":                       {0o600, self, self, true},
		"the user's own, read by a group":      {0o640, self, self, false},
		"the user's own, written by a group":   {0o620, self, self, false},
		"the user's own, run by a group":       {0o710, self, self, false},
		"the user's own, read by all":          {0o604, self, self, false},
		"a Secret of Kubernetes with fsGroup":  {0o440, 0, self, true},
		"a credential of systemd":              {0o440, 0, self, true},
		"root's, read by all":                  {0o444, 0, self, false},
		"root's, written by a group":           {0o460, 0, self, false},
		"root's, run by a group":               {0o450, 0, self, false},
		"root's own, read by a group":          {0o440, 0, 0, false},
		"another user's, read by a group":      {0o440, self + 1, self, false},
		"root's own, readable by nobody other": {0o400, 0, 0, true},
	} {
		if got := private(made{mode: c.mode, owner: c.owner}, int(c.uid)); got != c.want {
			t.Errorf("%s: private is %v, want %v", name, got, c.want)
		}
	}
}

// TestWriters: who owns a file can change it, and so can a group or everybody if its mode says so.
func TestWriters(t *testing.T) {
	t.Parallel()
	self := uint32(os.Geteuid()) //nolint:gosec // an id
	const other = 12345
	for name, c := range map[string]struct {
		file made
		want string
	}{
		"the user's own":                        {made{0o755, self, other}, ""},
		"the user's own, written by a group":    {made{0o775, self, other}, "group 12345"},
		"the user's own, written by root's":     {made{0o775, self, 0}, ""},
		"the user's own, written by all":        {made{0o757, self, 0}, "everybody"},
		"root's":                                {made{0o755, 0, other}, ""},
		"another user's, who alone may read it": {made{0o400, other, 0}, "user 12345"},
	} {
		if got := writers(c.file, c.file.mode); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestOutside: in a rootless container, the machine's root appears as a user that nobody can be. Elsewhere
// that number belongs to a user, whose files are not ours.
func TestOutside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		uidMap string
		uid    uint32
		want   bool
	}{
		"the machine's root, in a container":    {"         0       1000          1\n         1     100000      65536\n", 65534, true},
		"another user, in a container":          {"         0       1000          1\n", 1, false},
		"the user nobody, without a namespace":  {"         0          0 4294967295\n", 65534, false},
		"a system that has no such file to ask": {"", 65534, false},
	} {
		path := filepath.Join(t.TempDir(), "uid_map")
		if c.uidMap != "" {
			if err := os.WriteFile(path, []byte(c.uidMap), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := outside(c.uid, path); got != c.want {
			t.Errorf("%s: outside is %v, want %v", name, got, c.want)
		}
	}
}
