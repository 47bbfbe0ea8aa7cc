package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// eager finds the regular expressions that a file compiles when its program starts. A function pays
// for them at each cold start and a command at each call, whatever they then do.
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
						bad = append(bad, fmt.Sprintf("%s: it is compiled at each start of a program: use lazyregexp.New", fset.Position(call.Pos())))
					}
				}
			}
			return true
		})
	}
	return bad
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
