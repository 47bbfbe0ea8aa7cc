package copilot

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// variables reads variables and secrets.
func (m *manifest) variables() {
	literal := map[string]string{}
	m.node.Get("variables").Pairs(func(name string, v *doc.Node) {
		value := v.String()
		switch {
		case v.Kind == doc.Map:
			literal[name] = importer.ReplaceMe
			m.e.Off(&m.j, "%s comes from the stack's export %s, whose value the file does not hold: %s is written instead", name, v.Get("from_cfn").String(), importer.ReplaceMe)
		case importer.HoldsSecret(name, value):
			importer.Set(&m.d.Secrets, name, "arn:"+importer.ReplaceMe)
			m.e.Off(&m.j, "its variable %s looks like a secret and is not written: put it into Secrets Manager or a SecureString and write its ARN into secrets", name)
		default:
			literal[name] = value
		}
	})
	if len(literal) > 0 {
		m.d.Environment = literal
		m.e.Literals(literal, "task definitions")
	}
	m.node.Get("secrets").Pairs(func(name string, v *doc.Node) {
		from := v.String()
		switch {
		case strings.HasPrefix(from, "arn:") || strings.HasPrefix(from, "/"):
			importer.Set(&m.d.Secrets, name, from)
		case v.Has("secretsmanager"):
			importer.Set(&m.d.Secrets, name, "arn:aws:secretsmanager:"+importer.ReplaceMe+":secret:"+v.Get("secretsmanager").String())
			m.e.Decide("the secret %s is named by %s: write its whole ARN", name, v.Get("secretsmanager").String())
		case from != "":
			importer.Set(&m.d.Secrets, name, "arn:aws:ssm:"+importer.ReplaceMe+":parameter/"+from)
			m.e.Decide("the secret %s is the parameter %s: write its ARN", name, from)
		default:
			importer.Set(&m.d.Secrets, name, "arn:"+importer.ReplaceMe)
			m.e.Decide("the secret %s comes from a stack's export: write its ARN", name)
		}
	})
}
