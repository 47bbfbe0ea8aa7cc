package eventbridge

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// parameter gives the default of a parameter and notes its name: the deployment may have another
// value.
func (t *template) parameter(n *doc.Node, name string, p *doc.Node) *doc.Node {
	v, kind := p.Get("Default").String(), p.Get("Type").String()
	// What must not be shown is a secret, whatever its name.
	if v == "" || strings.HasPrefix(kind, "AWS::SSM::") || p.Get("NoEcho").True() {
		return t.unknown(n, "the parameter "+name)
	}
	t.took(name)
	if kind != "CommaDelimitedList" && !strings.HasPrefix(kind, "List<") {
		return text(n, v)
	}
	return list(n, v, ",")
}

// reference matches what CloudFormation reads from another place at each deployment
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html).
var reference = lazyregexp.New(`\{\{resolve:[^{}]+\}\}`)

// dynamic replaces the dynamic references in a text.
func (t *template) dynamic(n *doc.Node) *doc.Node {
	if n.Kind != doc.Text || !strings.Contains(n.Text, "{{resolve:") {
		return n
	}
	return text(n, reference().ReplaceAllStringFunc(n.Text, func(found string) string { return t.unknown(n, importer.Clip(found)).Text }))
}

// list splits a text at its separators.
func list(n *doc.Node, s, separator string) *doc.Node {
	out := &doc.Node{Kind: doc.List, Line: n.Line}
	for one := range strings.SplitSeq(s, separator) {
		out.Items = append(out.Items, text(n, strings.TrimSpace(one)))
	}
	return out
}

// maxSplit is the most parts that Fn::Split makes.
const maxSplit = 1000

// part answers functions that pick from lists and maps; null if it cannot.
func (t *template) part(n *doc.Node, function string, argument *doc.Node, depth int) *doc.Node {
	switch function {
	case "Fn::Split", "Fn::Select":
		return t.cut(n, function, argument, depth)
	case "Fn::FindInMap":
		return t.mapped(argument, depth)
	}
	return nil
}

// cut answers Fn::Split and Fn::Select; nil if it cannot.
func (t *template) cut(n *doc.Node, function string, argument *doc.Node, depth int) *doc.Node {
	parts := argument.List()
	if len(parts) != 2 {
		return nil
	}
	if function == "Fn::Split" {
		by, of := parts[0].String(), t.resolve(parts[1], depth+1).String()
		if by == "" || of == "" || strings.Contains(of, importer.ReplaceMe) || strings.Count(of, by) > maxSplit {
			return nil
		}
		return list(n, of, by)
	}
	of := t.resolve(parts[1], depth+1).List()
	if at, ok := t.resolve(parts[0], depth+1).Int(); ok && at >= 0 && at < len(of) {
		return of[at]
	}
	return nil
}

// mapped gives what Fn::FindInMap finds; nil if it finds nothing.
func (t *template) mapped(argument *doc.Node, depth int) *doc.Node {
	keys := t.resolve(argument, depth+1).Texts()
	if len(keys) != 3 {
		return nil
	}
	return t.root.Get("Mappings").Get(keys...)
}

// flat gives a short text for an argument.
func flat(n *doc.Node) string {
	if s := n.String(); s != "" {
		return importer.Clip(s)
	}
	return importer.Clip(strings.Join(strings.Fields(strings.Join(n.Texts(), " ")), " "))
}

// said gives a short text for an argument that may be another function's answer.
func (t *template) said(argument *doc.Node, depth int) string {
	if s := flat(argument); s != "" {
		return s
	}
	return flat(t.resolve(argument, depth+1))
}

func (t *template) unknown(n *doc.Node, what string) *doc.Node {
	if !slices.Contains(t.open, what) {
		t.open = append(t.open, what)
	}
	return text(n, importer.ReplaceMe)
}
