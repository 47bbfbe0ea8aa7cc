package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// CloudFormation replaces {{resolve:service:key}} in any text of a template with a parameter or
// secret that it may read (CloudFormation user guide, "Get values stored in other services using
// dynamic references"). It does so even if Fn::Join has built the text. Only another spelling
// prevents that.

// unresolved gives a JSON text that means the same and has no two opening braces in a row. Outside
// strings JSON has none.
func unresolved(json string) string { return strings.ReplaceAll(json, "{{", `{\u007b`) }

// Compiled on first use, not at the start of each program that links this package, such as
// functions.
var reference = lazyregexp.New(`(?i)\{\{\s*resolve\s*:`)

// resolves reports whether CloudFormation may take a text for a dynamic reference.
func resolves(s string) bool { return strings.Contains(s, "{{") && reference().MatchString(s) }

// resolvedIn refuses a definition with such a text, for which nothing else can be written.
func resolvedIn(d job.TaskDefinition) error {
	texts := map[string]string{
		"image": d.Image, "container": d.Container, "executionRole": d.ExecutionRole, "taskRole": d.TaskRole, "user": d.User, "logGroup": d.LogGroup,
	}
	for of, m := range map[string]map[string]string{"environment.": d.Environment, "secrets.": d.Secrets} {
		for name, value := range m {
			texts[of+name] = name + value
		}
	}
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		if resolves(texts[field]) {
			return fmt.Errorf("task definition %s: %s holds {{resolve:...}}, which CloudFormation replaces with the value it names: name a secret or parameter in secrets, and write everything else out", d.Family, field)
		}
	}
	return nil
}
