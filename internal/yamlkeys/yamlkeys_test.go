package yamlkeys_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/lexer"

	"github.com/batchplane/batchplane/internal/yamlkeys"
)

// TestCount: each colon of a block is its mapping's next key, whatever lies between.
func TestCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb: 2\nc: 3":                       "1 2 3",
		"a:\n  x: 1\n  y: 2\nb:\n  x: 1":         "1 1 2 2 1",
		"- a: 1\n  b: 2\n- a: 1\n  b: 2\n  c: 3": "1 2 1 2 3",
		"l:\n- a: 1\n- a: 1\nm: 1":               "1 1 1 2",
		"a:\n  - x:\n      y: 1\n    z: 2\nb: 3": "1 1 1 2 2",
		"? a\n: 1\n? b\n: 2":                     "1 2",
		"- one\n- two":                           "",
	} {
		var open yamlkeys.Open
		var got []string
		for _, token := range lexer.Tokenize(text) {
			if n := open.Count(token); n > 0 {
				got = append(got, fmt.Sprint(n))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
