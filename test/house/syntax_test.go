package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Limits of size, in lines. Tests may be longer.
const (
	maxFunction = 60
	maxFile     = 300
	maxMain     = 30
)

// clock lists what in package time reads the clock, waits, or reads files.
var clock = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "LoadLocation", "Local",
}

// readsClock returns where a file uses the clock, even by another name.
func readsClock(fset *token.FileSet, f *ast.File) (bad []string) {
	name := importedAs(f, "time")
	if name == "." {
		return []string{fmt.Sprintf("%s: a pure room must not dot-import time", fset.Position(f.Pos()))}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && name != "" && x.Name == name && slices.Contains(clock, sel.Sel.Name) {
			bad = append(bad, fmt.Sprintf("%s: a pure room must not use time.%s: the caller says what time it is", fset.Position(sel.Pos()), sel.Sel.Name))
		}
		return true
	})
	return bad
}

// importedAs returns the name by which a file knows a package, or "" if it does not import it.
func importedAs(f *ast.File, importPath string) string {
	for _, i := range f.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err != nil || p != importPath {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return importPath[strings.LastIndexByte(importPath, '/')+1:]
	}
	return ""
}

// size is the number of lines of something.
type size struct {
	what  string
	lines int
	limit int
}

// sizes returns the sizes of the file and of each function in it.
func sizes(fset *token.FileSet, f *ast.File, name string) []size {
	limit := maxFile
	if f.Name.Name == "main" && strings.HasSuffix(name, "main.go") {
		limit = maxMain
	}
	out := []size{{name, fset.File(f.Pos()).LineCount(), limit}}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		lines := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
		out = append(out, size{fmt.Sprintf("%s func %s", name, fn.Name.Name), lines, maxFunction})
	}
	return out
}

// tooLarge returns what exceeds its limit, largest first.
func tooLarge(all []size) []size {
	over := slices.DeleteFunc(slices.Clone(all), func(s size) bool { return s.lines <= s.limit })
	slices.SortFunc(over, func(a, b size) int {
		return cmp.Or(cmp.Compare(b.lines-b.limit, a.lines-a.limit), cmp.Compare(a.what, b.what))
	})
	return over
}

func table(sizes []size) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6s %6s  %s\n", "lines", "limit", "what")
	for _, s := range sizes {
		fmt.Fprintf(&b, "%6d %6d  %s\n", s.lines, s.limit, s.what)
	}
	return b.String()
}

func parse(fset *token.FileSet, name string, src any) (*ast.File, error) {
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", name, err)
	}
	return f, nil
}
