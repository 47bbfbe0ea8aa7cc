package copilot

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// filled matches a variable that Copilot fills in when it deploys; after a backslash it stays
// (interpolatorEnvVarRegExp in internal/pkg/manifest/interpolate.go of aws/copilot-cli).
var filled = lazyregexp.New(`(\\?)\$\{([_a-zA-Z][_a-zA-Z0-9]*)\}`)

// filling fills in the variables of a manifest.
type filling struct {
	environment string
	open        []string // the variables whose values are not known
}

// fill answers the variables in all values of the manifest. Their values were those of the shell in
// which Copilot deployed it, of its application and of its environment: only the last is known.
func (m *manifest) fill() {
	f := filling{environment: m.in.Environment}
	out := &doc.Node{Kind: m.node.Kind, Line: m.node.Line}
	m.node.Pairs(func(key string, v *doc.Node) {
		if key != "environments" {
			v = f.node(v)
		}
		out.Keys, out.Values = append(out.Keys, key), append(out.Values, v)
	})
	m.node = out
	if len(f.open) == 0 {
		return
	}
	hint := ""
	if slices.Contains(f.open, "${COPILOT_ENVIRONMENT_NAME}") {
		hint = "; --env says the environment"
	}
	m.e.Off(&m.j, "Copilot filled in %s when it deployed, and the file does not say with what: %s is written instead, replace it with what was deployed%s", strings.Join(f.open, ", "), importer.ReplaceMe, hint)
}

func (f *filling) node(n *doc.Node) *doc.Node {
	out := &doc.Node{Kind: n.Kind, Line: n.Line, Text: n.Text}
	if n.Kind == doc.Text {
		out.Text = f.text(n.Text)
	}
	for _, item := range n.Items {
		out.Items = append(out.Items, f.node(item))
	}
	n.Pairs(func(key string, v *doc.Node) {
		if key != "from_cfn" { // the name of an export is told, and never written
			v = f.node(v)
		}
		out.Keys, out.Values = append(out.Keys, key), append(out.Values, v)
	})
	return out
}

func (f *filling) text(s string) string {
	return filled().ReplaceAllStringFunc(s, func(found string) string {
		name := "${" + filled().FindStringSubmatch(found)[2] + "}"
		switch {
		case found[0] == '\\':
			return name
		case name == "${COPILOT_ENVIRONMENT_NAME}" && f.environment != "":
			return f.environment
		case !slices.Contains(f.open, name):
			f.open = append(f.open, name)
		}
		return importer.ReplaceMe
	})
}
