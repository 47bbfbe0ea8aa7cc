package shell

import (
	"fmt"
	"strings"
	"testing"
)

// TestParse checks commands, what joins them, and what blocks hold.
func TestParse(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"cd /x && A=b ./y >> l 2>&1 | tee z; w &": "[cd /x]&& [A=b ./y >>l 2>&1]| [tee z]; [w]&",
		"test -x a || { b; c; }":                  "[test -x a]|| [{ b; c; }]{[b]; [c];}",
		"(a && b) > f":                            "[(a && b) >f]{[a]&& [b]}",
		"if a; then b; else c; fi":                "[if a; then b; else c; fi]{[b];}{[c];}{[a];}",
		"case a in b) c;; esac":                   "[case a in b) c;; esac]{[c]}",
		"! a":                                     "[! a]",
		"time a b":                                "[time a b]",
		"export A=b; c # d":                       "[export A=b]; [c]",
		"a\nb":                                    "[a]\n [b]",
	} {
		list, err := Parse(line)
		if got := shown(list); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", line, got, err, want)
		}
	}
	for line, says := range map[string]string{"a ||": "must be followed", `"a`: "closing quote", strings.Repeat("(", 100) + "a": "nests more than", strings.Repeat("a", MaxLine+1): "at most", "a\x00": "NUL"} {
		if _, err := Parse(line); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v", line, err)
		}
	}
}

func shown(list List) string {
	var parts []string
	for _, c := range list {
		var words []string
		for _, w := range c.Words {
			words = append(words, w.Text)
		}
		for _, r := range c.Redirects {
			words = append(words, r.Sign+r.Target)
		}
		one := fmt.Sprintf("[%s]%s", strings.Join(words, " "), c.After)
		for _, inner := range c.Inner {
			one += "{" + shown(inner) + "}"
		}
		parts = append(parts, one)
	}
	return strings.Join(parts, " ")
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{`'a b'`: "a b", `"a \"b\""`: `a "b"`, `'echo '\''x'\'''`: "echo 'x'", `a\ b`: "a b", `"$a"`: "", "$a": "", "a*": "", "`a`": ""} {
		if got, ok := Literal(word); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v", word, got, ok)
		}
	}
}
