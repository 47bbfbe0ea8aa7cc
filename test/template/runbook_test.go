package template_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRunbooksQuoteTheLogs: what a page tells people to look for in the logs is what the code
// writes.
func TestRunbooksQuoteTheLogs(t *testing.T) {
	t.Parallel()
	said := code(t)
	words := regexp.MustCompile("`([a-z][a-z']*(?: [a-z']+)+)`")
	pages, err := filepath.Glob(root + "docs/runbook/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range words.FindAllStringSubmatch(string(text), -1) {
			found++
			if m[1] != "deadline exceeded" && !strings.Contains(said, m[1]) { // which is Go's own
				t.Errorf("%s tells to look for %q, which nothing says", filepath.Base(page), m[1])
			}
		}
	}
	if found < 8 {
		t.Errorf("found %d quotations", found)
	}
}

// TestRunbooksNameTheLogs: the log groups that a page has people read are the stack's.
func TestRunbooksNameTheLogs(t *testing.T) {
	t.Parallel()
	template := string(read(t, "template.yaml"))
	pages, err := filepath.Glob(root + "docs/runbook/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range pages {
		for _, m := range regexp.MustCompile("/batchplane/<stack>/([a-z]+)[ `]").FindAllStringSubmatch(string(read(t, strings.TrimPrefix(page, root))), -1) {
			found++
			if !strings.Contains(template, "LogGroupName: !Sub /batchplane/${AWS::StackName}/"+m[1]+"\n") {
				t.Errorf("%s names the log group of %s, which the stack does not have", filepath.Base(page), m[1])
			}
		}
	}
	if found < 8 {
		t.Errorf("found %d log groups", found)
	}
}

// code returns all of the program's Go code.
func code(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	files := os.DirFS(root + "internal")
	err := fs.WalkDir(files, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(files, path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
