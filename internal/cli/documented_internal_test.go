package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// typed matches lines of pages that are commands. quoted matches commands in a sentence, which
// may leave out what the sentence says.
var (
	typed  = regexp.MustCompile(`(?m)^ *(?:go run \./cmd/)?batchplane ([a-z-]+(?: .*)?)$`)
	quoted = regexp.MustCompile("`batchplane ([a-z-]+(?: [^`]*)?)`")
	hinted = regexp.MustCompile("`(?:batchplane )?([a-z-]+(?: [^`\"]*)?)`")
	// incomplete is what kong says of a command that lacks something.
	incomplete = regexp.MustCompile(`^(missing flags: |expected "|--[a-z]+: expected .* got "EOL"|.* must be one of .* but got "x")`)
)

// TestDocumentedCommands: each command of the pages can be typed. Each flag of the commands that
// sentences and this program's own hints name exists.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	commands, found := names(t), 0
	known := func(line string) bool { // prose may begin in another way
		name, _, _ := strings.Cut(line, " ")
		return commands[name]
	}
	for path, text := range sources(t, ".md") {
		for _, m := range typed.FindAllStringSubmatch(text, -1) {
			if line, _, _ := strings.Cut(m[1], "  #"); !strings.Contains(line, "...") && known(line) {
				found++
				if err := typable(line); err != nil {
					t.Errorf("%s: batchplane %s: %v", path, line, err)
				}
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			found++
			if err := typable(m[1]); err != nil && !incomplete.MatchString(err.Error()) {
				t.Errorf("%s: `batchplane %s`: %v", path, m[1], err)
			}
		}
	}
	for path, text := range sources(t, ".go") {
		for line := range strings.Lines(text) {
			for _, m := range hinted.FindAllStringSubmatch(line, -1) {
				if strings.HasPrefix(strings.TrimSpace(line), "//") || !known(m[1]) {
					continue
				}
				found++
				if err := typable(m[1]); err != nil && !incomplete.MatchString(err.Error()) {
					t.Errorf("%s: `%s`: %v", path, m[1], err)
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d commands were found", found)
	}
	for _, wrong := range []string{"jobs --failling", "nosuch", "history --limit x", "redrive elsewhere"} {
		if err := typable(wrong); err == nil || incomplete.MatchString(err.Error()) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// names returns the names of the commands.
func names(t *testing.T) map[string]bool {
	t.Helper()
	var g grammar
	parser, err := g.parser()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, n := range parser.Model.Children {
		out[n.Name] = true
	}
	return out
}

// typable returns why a command line cannot be parsed. It runs nothing.
func typable(line string) error {
	var g grammar
	parser, err := g.parser(kong.Exit(func(int) {}))
	if err != nil {
		return err //nolint:wrapcheck // a test's
	}
	_, err = parser.Parse(shellWords(strings.NewReplacer("%s", "x", "%q", "x", "%d", "1").Replace(line)))
	return err //nolint:wrapcheck // a test's
}

// shellWords returns the words of a command line as a shell splits it; <name> is one word.
func shellWords(line string) (words []string) {
	for _, m := range regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`).FindAllString(line, -1) {
		words = append(words, strings.NewReplacer("'", "", `"`, "", "<", "", ">", "").Replace(m))
	}
	return words
}

// sources returns this repository's files of a kind by path, without tests.
func sources(t *testing.T, ext string) map[string]string {
	t.Helper()
	root := os.DirFS("../..")
	out := map[string]string{}
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "test"):
			return fs.SkipDir
		case filepath.Ext(path) != ext || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		out[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
