package local

import (
	"io/fs"
	"syscall"
	"testing"
	"time"
)

// made is a file that another user made, which a test without root's rights cannot.
type made struct {
	mode  fs.FileMode
	owner uint32
}

func (m made) Name() string       { return "secrets" }
func (m made) Size() int64        { return 1 }
func (m made) Mode() fs.FileMode  { return m.mode }
func (m made) ModTime() time.Time { return time.Time{} }
func (m made) IsDir() bool        { return false }
func (m made) Sys() any           { return &syscall.Stat_t{Uid: m.owner} }

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
		if got := private(made{c.mode, c.owner}, int(c.uid)); got != c.want {
			t.Errorf("%s: private is %v, want %v", name, got, c.want)
		}
	}
}
