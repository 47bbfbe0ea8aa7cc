package jobfile

import (
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
)

// text is a scalar as the file writes it: 08 stays "08", yes stays "yes".
func (d *decoder) text(n ast.Node, path string) (string, bool) {
	s, ok := scalar(d.resolve(n))
	if !ok {
		d.add(n, "%smust be a text", prefix(path))
		return "", false
	}
	d.spend(len(s))
	if len(s) > job.MaxOverrides {
		d.add(n, "%shas %d bytes; nothing in a job may have more than %d", prefix(path), len(s), job.MaxOverrides)
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
	d.add(n, "%smust be a whole number", prefix(path))
	return 0, false
}

func (d *decoder) boolean(n ast.Node, path string) (value, ok bool) {
	if v, ok := d.resolve(n).(*ast.BoolNode); ok {
		return v.Value, true
	}
	d.add(n, "%smust be true or false", prefix(path))
	return false, false
}
