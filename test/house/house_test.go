package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHouse checks the present tree against the rules.
func TestHouse(t *testing.T) {
	t.Parallel()
	pkgs := list(t)
	for _, bad := range check(pkgs) {
		t.Error(bad)
	}
	var all []size
	looked := 0
	for _, p := range pkgs {
		name, ours := roomName(p.path)
		if !ours || isTestRoom(name) {
			continue
		}
		looked++
		r, _ := find(rooms, name)
		fset := token.NewFileSet()
		for _, file := range p.goFiles {
			f, err := parse(fset, filepath.Join(p.dir, file), nil)
			if err != nil {
				t.Fatal(err)
			}
			if name != "internal/storetest" { // the store's contract is a test
				all = append(all, sizes(fset, f, name+"/"+file)...)
			}
			for _, bad := range append(eager(fset, f), uncompiled(fset, f)...) {
				t.Error(bad)
			}
			if !r.pure {
				continue
			}
			for _, bad := range readsClock(fset, f) {
				t.Error(bad)
			}
		}
	}
	// The tree is never empty: seeing nothing would prove nothing.
	if looked < 10 || len(all) < 100 {
		t.Fatalf("looked at %d packages and %d files and functions: that is not the whole tree", looked, len(all))
	}
	if over := tooLarge(all); len(over) > 0 {
		t.Errorf("too large:\n%s", table(over))
	}
}

// TestRootIsEmpty: the root holds documentation, not code.
func TestRootIsEmpty(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../*.go")
	if err != nil || len(files) > 0 {
		t.Errorf("Go files at the root: %v, %v", files, err)
	}
}

// list asks the go command for every package of ours and everything that it imports. It reads
// files for every platform, whichever this one is.
func list(t *testing.T) []pkg {
	t.Helper()
	watch(t)
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-json=ImportPath,Standard,Imports,GoFiles,IgnoredGoFiles,Dir", "./...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir                  string
			Standard                         bool
			Imports, GoFiles, IgnoredGoFiles []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatalf("decoding go list's answer: %v", err)
		}
		files := p.GoFiles
		for _, f := range p.IgnoredGoFiles {
			if !strings.HasSuffix(f, "_test.go") {
				files = append(files, f)
			}
		}
		pkgs = append(pkgs, pkg{path: p.ImportPath, std: p.Standard, imports: p.Imports, goFiles: files, dir: p.Dir})
	}
}

// watch opens every folder. The go command reuses a test's result until a file or folder that the
// test opened changes, and does not see what go list opened: without watch, a new room would go
// unnoticed until the cache is cleared.
func watch(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && len(d.Name()) > 2 && d.Name()[0] == '.' {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
