package jobfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// text gives a scalar as the file writes it: 08 stays "08", and yes stays "yes".
func (d *decoder) text(n ast.Node, path string) (string, bool) {
	s, ok := scalar(d.resolve(n))
	if !ok {
		d.add(n, "%smust be a string", prefix(path))
		return "", false
	}
	if s, ok = d.expand(n, path, s); !ok {
		return "", false
	}
	d.spend(len(s))
	if len(s) > job.MaxOverrides {
		d.add(n, "%shas %d bytes; a value may have at most %d", prefix(path), len(s), job.MaxOverrides)
		return "", false
	}
	return s, true
}

func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.GetToken().Value, true
	}
	return "", false
}

func (d *decoder) integer(n ast.Node, path string) (int64, bool) {
	if v, ok := d.resolve(n).(*ast.IntegerNode); ok {
		if i, err := strconv.ParseInt(fmt.Sprint(v.Value), 10, 64); err == nil {
			return i, true
		}
	}
	s, unset := d.variable(n, path)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	if unset {
		return 0, false
	}
	d.add(n, "%smust be a whole number", prefix(path))
	return 0, false
}

func (d *decoder) boolean(n ast.Node, path string) (value, ok bool) {
	if v, ok := d.resolve(n).(*ast.BoolNode); ok {
		return v.Value, true
	}
	s, unset := d.variable(n, path)
	if s == "true" || s == "false" {
		return s == "true", true
	}
	if unset {
		return false, false
	}
	d.add(n, "%smust be true or false", prefix(path))
	return false, false
}

// variable gives the value of a text that names a variable; it is "" if n is no such text.
// unset reports that a variable has no value, which is then a problem of the file already.
func (d *decoder) variable(n ast.Node, path string) (value string, unset bool) {
	v, ok := d.resolve(n).(*ast.StringNode)
	if !ok || d.options.Env == nil || !strings.Contains(v.Value, "${") {
		return "", false
	}
	value, ok = d.expand(n, path, v.Value)
	if !ok {
		return "", true
	}
	return value, false
}

var variableForm = lazyregexp.New(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// expand replaces ${NAME} in a text with its value. ${NAME:-x} is x if the variable has no
// value, and $${NAME} becomes ${NAME}. Commands stay as they are: the shell expands their
// variables.
func (d *decoder) expand(n ast.Node, path, s string) (string, bool) {
	if d.options.Env == nil || path == "command" || strings.HasPrefix(path, "command[") || !strings.Contains(s, "${") {
		return s, true
	}
	ok := true
	s = variableForm().ReplaceAllStringFunc(s, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		parts := variableForm().FindStringSubmatch(found)
		value, set := d.options.Env(parts[1])
		switch {
		case set && value != "" || set && parts[2] == "":
			return value
		case parts[2] != "":
			return parts[2][2:]
		}
		ok = false
		d.add(n, "%s${%s} is not set in the environment: set it, or write ${%s:-a default}", prefix(path), parts[1], parts[1])
		return ""
	})
	return s, ok
}
