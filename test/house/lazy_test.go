package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// eager finds the regular expressions that a file compiles when its program starts. A Lambda
// function pays for them at each cold start, whatever it then does.
func eager(fset *token.FileSet, f *ast.File) (bad []string) {
	name := importedAs(f, "regexp")
	if name == "" {
		return nil
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name != "init" {
			continue
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if _, later := n.(*ast.FuncLit); later {
				return false
			}
			if call, ok := n.(*ast.CallExpr); ok {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && strings.Contains(sel.Sel.Name, "Compile") {
						bad = append(bad, fmt.Sprintf("%s: a function compiles it at each cold start: wrap it into sync.OnceValue", fset.Position(call.Pos())))
					}
				}
			}
			return true
		})
	}
	return bad
}

// linked returns those of our packages that the functions are made of.
func linked(pkgs []pkg) map[string]pkg {
	all := map[string]pkg{}
	for _, p := range pkgs {
		all[p.path] = p
	}
	out := map[string]pkg{}
	var add func(path string)
	add = func(path string) {
		p, ours := all[path]
		if _, known := out[path]; known || !ours || !strings.HasPrefix(path, module) {
			return
		}
		out[path] = p
		for _, i := range p.imports {
			add(i)
		}
	}
	for path := range all {
		if strings.HasPrefix(path, module+"/functions/") {
			add(path)
		}
	}
	return out
}

// TestLazyExpressions: what the functions link compiles no regular expression at its start. The
// widget draws pages and is not part of a run.
func TestLazyExpressions(t *testing.T) {
	t.Parallel()
	pkgs := list(t)
	for i := range pkgs {
		if pkgs[i].path == module+"/functions/widget" {
			pkgs[i].imports = nil
		}
	}
	found := linked(pkgs)
	if len(found) < 15 {
		t.Fatalf("%d packages are not what the functions are made of", len(found))
	}
	for _, p := range found {
		fset := token.NewFileSet()
		for _, file := range p.goFiles {
			f, err := parse(fset, filepath.Join(p.dir, file), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range eager(fset, f) {
				t.Error(bad)
			}
		}
	}
}

func TestEager(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]int{
		`package p; import "regexp"; var a = regexp.MustCompile("a")`:                                                            1,
		`package p; import re "regexp"; var ( a = []*re.Regexp{re.MustCompile("a"), re.MustCompilePOSIX("b")} )`:                 2,
		`package p; import ("regexp"; "sync"); var a = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("a") })`: 0,
		`package p; import "regexp"; func f() { _ = regexp.MustCompile("a") }`:                                                   0,
		`package p; import "regexp"; var a *regexp.Regexp; func init() { a = regexp.MustCompile("a") }`:                          1,
		`package p; var a = regexp.MustCompile("a")`:                                                                             0,
	} {
		fset := token.NewFileSet()
		f, err := parse(fset, "p.go", src)
		if err != nil {
			t.Fatal(err)
		}
		if got := eager(fset, f); len(got) != want {
			t.Errorf("%s: %q", src, got)
		}
	}
}
