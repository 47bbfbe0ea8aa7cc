package house

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9]+)`")
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9]+)\(`)
	goFile   = regexp.MustCompile("`([a-z][a-z0-9_/-]*\\.go)`")
	link     = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]*)?\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced   = regexp.MustCompile("(?s)```.*?```")
)

// elsewhere lists names that belong to others, or that stand for one to be chosen.
var elsewhere = []string{"TestOmitHTTP2", "FuzzNAME"}

// TestPagesNameWhatIsThere: tests, files and other pages that a page names exist. The changelog
// may name what existed earlier.
func TestPagesNameWhatIsThere(t *testing.T) {
	t.Parallel()
	pages, sources := tree(t)
	found := 0
	for page, text := range pages {
		if page == "CHANGELOG.md" {
			continue
		}
		text = fenced.ReplaceAllString(text, "")
		for _, m := range testName.FindAllStringSubmatch(text, -1) {
			found++
			if !sources[m[1]] && !slices.Contains(elsewhere, m[1]) {
				t.Errorf("%s names %s, which is no test here", page, m[1])
			}
		}
		for _, m := range goFile.FindAllStringSubmatch(text, -1) {
			found++
			if !sources[path.Base(m[1])] {
				t.Errorf("%s names the file %s, which is not here", page, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || m[1]+m[2] == "" {
				continue
			}
			found++
			if bad := leadsNowhere(pages, page, m[1], strings.TrimPrefix(m[2], "#")); bad != "" {
				t.Errorf("%s: %s", page, bad)
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d names and links were found", found)
	}
}

// TestDecisionsAreListed: the list of decisions names each page once, by its title.
func TestDecisionsAreListed(t *testing.T) {
	t.Parallel()
	const dir = "docs/decisions/"
	pages, _ := tree(t)
	found := 0
	for page, text := range pages {
		if path.Dir(page)+"/" != dir || page == dir+"README.md" {
			continue
		}
		found++
		title, _, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
		if line := "\n- [" + title + "](" + path.Base(page) + ")"; strings.Count(pages[dir+"README.md"], line) != 1 {
			t.Errorf("%sREADME.md must have this line once:%s", dir, line)
		}
	}
	if found < 100 {
		t.Errorf("only %d decisions were found", found)
	}
}

// leadsNowhere says why a page's link to a file and one of its headings leads nowhere, or returns
// "".
func leadsNowhere(pages map[string]string, page, file, anchor string) string {
	target := page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if _, err := os.Stat("../../" + target); err != nil {
		return "there is no " + target
	}
	text, isPage := pages[target]
	if anchor == "" || !isPage {
		return ""
	}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		if anchorOf(m[1]) == anchor {
			return ""
		}
	}
	return target + " has no heading #" + anchor
}

// anchorOf returns the anchor that GitHub gives a heading.
func anchorOf(title string) string {
	kept := regexp.MustCompile(`[^\p{L}\p{N}_\- ]`).ReplaceAllString(strings.ToLower(title), "")
	return strings.ReplaceAll(kept, " ", "-")
}

// tree returns the pages by path, and the names of Go files and of the tests in them.
func tree(t *testing.T) (pages map[string]string, sources map[string]bool) {
	t.Helper()
	pages, sources = map[string]string{}, map[string]bool{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch ext := path.Ext(name); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || ext != ".md" && ext != ".go":
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if path.Ext(name) == ".md" {
			pages[name] = string(text)
			return err
		}
		sources[path.Base(name)] = true
		for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
			sources[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages, sources
}
