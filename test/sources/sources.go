// Package sources is for tests that build or deploy the project in processes of their own. The go
// command takes a test's result from its cache until a file that the test itself opened changes,
// and does not see what such a process opened.
package sources

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kinds are the endings of the names of files that a build or a deploy reads.
var kinds = []string{".go", ".mod", ".sum", ".sql", ".txt", ".html", ".css", ".js", ".yaml", ".toml", ".json", ".md"}

// Watch opens all files below the module's folder that a build or a deploy reads, so that a test
// that calls it runs again when one of them changes.
func Watch(root string) error {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && len(d.Name()) > 2 && d.Name()[0] == '.':
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains(kinds, filepath.Ext(path)):
			return nil
		}
		f, err := os.Open(path) //nolint:gosec // a file of the project's own
		if err != nil {
			return err //nolint:wrapcheck // it says which
		}
		return f.Close()
	})
	if err != nil {
		return fmt.Errorf("watching the sources: %w", err)
	}
	return nil
}
