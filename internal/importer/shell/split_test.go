package shell_test

import (
	"slices"
	"testing"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

// TestSplit: the words are those of google/shlex (shlex.go, its rules for quotes, escapes and
// comments).
func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                nil,
		"a  b\tc\n":                       {"a", "b", "c"},
		"echo 'hi there' && ./run":        {"echo", "hi there", "&&", "./run"},
		`sh -c "a \"b\" | c"; d`:          {"sh", "-c", `a "b" | c;`, "d"},
		`a\ b 'c\' ""`:                    {"a b", `c\`, ""},
		"a #b c\nd e#f":                   {"a", "d", "e#f"},
		`--name="x y"z $HOME *.txt {a,b}`: {"--name=x yz", "$HOME", "*.txt", "{a,b}"},
	} {
		if got, err := shell.Split(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{`a "b`, "it's", `a\`, `'`} {
		if got, err := shell.Split(text); err == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}
