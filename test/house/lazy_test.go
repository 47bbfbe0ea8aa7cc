package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
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
			if call, ok := n.(*ast.CallExpr); ok && strings.Contains(called(call, name), "Compile") {
				bad = append(bad, fmt.Sprintf("%s: it is compiled at each start of a program: use lazyregexp.New", fset.Position(call.Pos())))
			}
			return true
		})
	}
	return bad
}

// uncompiled finds expressions that lazyregexp.New is given and that cannot be compiled: a program would
// panic when it first uses them. It sees those that are one literal.
func uncompiled(fset *token.FileSet, f *ast.File) (bad []string) {
	name := importedAs(f, module+"/"+lazyRoom)
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || name == "" || called(call, name) != "New" {
			return true
		}
		if text, ok := call.Args[0].(*ast.BasicLit); ok {
			expr, err := strconv.Unquote(text.Value)
			if err == nil {
				_, err = regexp.Compile(expr)
			}
			if err != nil {
				bad = append(bad, fmt.Sprintf("%s: %v", fset.Position(call.Pos()), err))
			}
		}
		return true
	})
	return bad
}

// called gives the function of a package that a call names; "" if it is none of that package.
func called(call *ast.CallExpr, pkg string) string {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
			return sel.Sel.Name
		}
	}
	return ""
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

func TestUncompiled(t *testing.T) {
	t.Parallel()
	const use = `package p; import "` + module + "/" + lazyRoom + `"; var a = lazyregexp.New(`
	for src, want := range map[string]int{
		use + "`^a$`)":                           0,
		use + `"("` + ")":                        1,
		use + "`[z-a]`)":                         1,
		use + "`(` + more)":                      0,
		`package p; var a = lazyregexp.New("(")`: 0,
	} {
		fset := token.NewFileSet()
		f, err := parse(fset, "p.go", src)
		if err != nil {
			t.Fatal(err)
		}
		if got := uncompiled(fset, f); len(got) != want {
			t.Errorf("%s: %q", src, got)
		}
	}
}
