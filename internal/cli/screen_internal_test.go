package cli

import (
	"os/user"
	"testing"
)

// TestUserName: the user is known in a container, too.
func TestUserName(t *testing.T) {
	t.Parallel()
	known := ""
	if u, err := user.Current(); err == nil {
		known = u.Username
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a login":                  {map[string]string{"USER": "ana", "LOGNAME": "bob"}, "ana"},
		"LOGNAME alone":            {map[string]string{"LOGNAME": "bob"}, "bob"},
		"neither, as in a service": {nil, known},
	} {
		if got := userName(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
