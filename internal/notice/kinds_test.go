package notice_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestKindsAreDescribed: docs/json.md lists the kinds of notices, all of them and no others.
func TestKindsAreDescribed(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("notice.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "\n## Kinds of notices\n")
	list, _, _ = strings.Cut(list, "\n## ")
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ +Kind = "([a-z-]+)"$`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, m[1])
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(list, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			got = append(got, m[1])
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(want) < 15 {
		t.Errorf("docs/json.md lists %q, and there are %q", got, want)
	}
}
