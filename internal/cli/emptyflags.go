package cli

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/wire"
)

// emptyFlag returns an error if a flag was given with an empty value, as by "$SINCE" in a script where
// that is not set. An empty value would count as if the flag were not given: the local state in place
// of a stack, a pause without an end, runs of all times. Only a reason that is not required may be empty,
// and clusters, which say what that means.
func emptyFlag(command *kong.Context) error {
	for _, p := range command.Path {
		if p.Flag != nil && (p.Flag.Name != "reason" || p.Flag.Required) && isEmpty(p.Flag.Target) {
			return usagef("--%s is empty: give it a value, or leave it out", p.Flag.Name)
		}
	}
	return nil
}

// stackVariable names the stack that commands use if no flag says otherwise.
const stackVariable = "BATCHPLANE_STACK"

// oneTarget makes --db outweigh the variable that names a stack: a command with --db, as local mode
// prints it in notices, is about this machine. Both flags together are refused. In the variable, the name
// of local mode, which its tasks get, means this machine too.
func oneTarget(command *kong.Context, g *grammar) error {
	given := func(name string) bool {
		return slices.ContainsFunc(command.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == name })
	}
	switch {
	case given("db") && given("stack"):
		return usagef("--db names a state on this machine and --stack a stack on AWS: give one of them")
	case given("db"), !given("stack") && g.Stack == wire.LocalStack:
		g.Stack = ""
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	switch x := reflect.Indirect(v); x.Kind() {
	case reflect.String:
		return blank(x.String())
	case reflect.Slice:
		texts, ok := x.Interface().([]string)
		return ok && (len(texts) == 0 || slices.ContainsFunc(texts, blank))
	default:
		return false
	}
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// clusters are the names or ARNs of the stack's parameter Clusters, separated by commas. As there, an
// empty text means the cluster default. A repeated flag adds to them.
type clusters []string

// Decode implements kong.MapperValue.
func (c *clusters) Decode(d *kong.DecodeContext) error {
	var text string
	if err := d.Scan.PopValueInto("clusters", &text); err != nil {
		return err //nolint:wrapcheck // kong's own words
	}
	if text == "" {
		text = "default"
	}
	*c = append(*c, strings.Split(text, ",")...)
	return nil
}
