package cli

import (
	"strings"
	"testing"
)

// TestPlainYAML: the parser, which takes gigabytes for some kilobytes of brackets or aliases, gets only
// what the AWS CLI may print.
func TestPlainYAML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"an answer":         {"tasks:\n- lastStatus: STOPPED\n  containers:\n  - exitCode: 1\n    networkBindings: []\n", true},
		"brackets":          {"a: " + strings.Repeat("[", 101) + strings.Repeat("]", 101), false},
		"entries in a line": {strings.Repeat("- ", 101) + "a: b", false},
		"tags":              {"a: " + strings.Repeat("!!x ", 101) + "b", false},
		"aliases":           {"a: &a [x, x]\nb: [*a, *a]\n", false},
		"colons":            {strings.Repeat("a: ", 101), false},
		"keys":              {strings.Repeat("a: 1\n", maxKeys+1), false},
		"a log":             {strings.Repeat("2026-11-22T09:00:00Z INFO job: done\n", maxKeys+1), false},
		"too large":         {"a: " + strings.Repeat("x", maxYAML), false},
	} {
		if got := plainYAML([]byte(c.text)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
