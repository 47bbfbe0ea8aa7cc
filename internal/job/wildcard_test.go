package job

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWildcard(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, pattern, text string
		want                bool
	}{
		{"the same text", "abc", "abc", true},
		{"another text", "abc", "abd", false},
		{"a part is not enough", "abc", "abcd", false},
		{"a star is any text", "a*c", "abbbc", true},
		{"a star is no text", "a*c", "ac", true},
		{"a star alone", "*", "", true},
		{"stars alone", "***", "x", true},
		{"a star at the end", "Timeout waiting*", "Timeout waiting for network interface", true},
		{"stars around", "*network*", "a network b", true},
		{"the last of several", "*ab", "abab", true},
		{"the last of two equal letters", "*a", "aa", true},
		{"an escaped star", `a\*c`, "a*c", true},
		{"an escaped star is no star", `a\*c`, "abc", false},
		{"an escaped backslash", `a\\c`, `a\c`, true},
		{"an escaped letter", `\a`, "a", true},
		{"a backslash at the end", `a\`, `a\`, true},
		{"a star after an escaped backslash", `a\\*`, `a\bc`, true},
		{"an escaped star after a star", `*\*b`, "aa*b", true},
		{"the empty pattern", "", "", true},
		{"the empty pattern and a text", "", "a", false},
		{"case matters", "spot*", "Spot", false},
		{"a space is a line break", "a b c d", "a\nb\tc\rd", true},
		{"a space is no other character", "a b", "a_b", false},
		{"only a space is a line break", "ab", "a\n", false},
		{"a NUL after the end", "a", "a\x00", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Match(c.pattern, c.text); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// slow is a matcher that is obviously right.
func slow(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return slow(pattern[1:], text) || text != "" && slow(pattern, text[1:])
	case pattern[0] == '\\' && len(pattern) > 1:
		return text != "" && text[0] == pattern[1] && slow(pattern[2:], text[1:])
	}
	return text != "" && text[0] == pattern[0] && slow(pattern[1:], text[1:])
}

func TestWildcardIsRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune(`ab*\`)), 0, 8, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab*\`)), 0, 8, -1).Draw(t, "text")
		if got, want := Match(pattern, text), slow(pattern, text); got != want {
			t.Fatalf("Match(%q, %q) = %v", pattern, text, got)
		}
	})
}

// TestWildcardEnds: a matcher that goes back to every star would try 2^1000 ways and never end.
func TestWildcardEnds(t *testing.T) {
	t.Parallel()
	if Match(strings.Repeat("*a", 1000)+"*b", strings.Repeat("a", 10_000)) {
		t.Error("it matched")
	}
}

func TestRuleMatches(t *testing.T) {
	t.Parallel()
	code := func(n int64) *int64 { return &n }
	facts := Facts{
		StopCode: "TaskFailedToStart", StoppedReason: "Timeout waiting for network interface",
		ContainerReasons: []string{"one", "CannotPullContainerError: x"}, ExitCode: code(3),
	}
	cases := []struct {
		name string
		rule Rule
		want bool
	}{
		{"nothing asked", Rule{}, true},
		{"the stop code", Rule{StopCode: "TaskFailed*"}, true},
		{"another stop code", Rule{StopCode: "Spot*"}, false},
		{"the reason", Rule{StoppedReason: "*network*"}, true},
		{"another reason", Rule{StoppedReason: "network"}, false},
		{"any container's reason", Rule{ContainerReason: "CannotPull*"}, true},
		{"no container's reason", Rule{ContainerReason: "two"}, false},
		{"the exit code", Rule{ExitCode: code(3)}, true},
		{"another exit code", Rule{ExitCode: code(0)}, false},
		{"all of them", Rule{StopCode: "*", StoppedReason: "*", ContainerReason: "one", ExitCode: code(3)}, true},
		{"all but one", Rule{StopCode: "*", StoppedReason: "*", ContainerReason: "one", ExitCode: code(4)}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.rule.Matches(facts); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if (Rule{ExitCode: code(0)}).Matches(Facts{}) {
		t.Error("no exit code is not exit code 0")
	}
	if (Rule{ContainerReason: "*"}).Matches(Facts{}) {
		t.Error("a container's reason was asked for and none was given")
	}
}
