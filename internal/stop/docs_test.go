package stop

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/test/golden"
)

func TestDocsAreCurrent(t *testing.T) {
	t.Parallel()
	golden.Check(t, "../../docs/stop-reasons.md", Markdown())
}

// Table returns all rules by family, in the order in which they are tried. The slices are shared:
// do not change them.
func Table() []Family {
	_, _ = ofTasks(), ofLaunches() // they number what the families hold
	ends := Family{Title: "By stop code and structure", Life: "what the stop shows"}
	for _, r := range structural {
		ends.Rules = append(ends.Rules, *r)
	}
	table := []Family{ends}
	for _, f := range append(slices.Concat(endLexicon, taskLexicon), launchFamily()) {
		table = append(table, *f)
	}
	return table
}

const docHead = `<!-- Generated from the rules in internal/stop. Do not edit: change a rule, then run
     go test ./internal/stop -run TestDocsAreCurrent -update -->

# Stop reasons

How batchplane reads the end of a task or a refused launch. Two questions are answered apart.

*Did anything start?* is answered from structure first: a startedAt, an exit code, a container that is RUNNING or a Docker id as its runtimeId means yes, whatever the text says.
On Fargate a runtimeId means nothing: each container has one before its image is pulled.
Only then may a text prove that nothing started, and only a text of the time before any container is created, or one about a
single container while every container is listed. On Fargate neither does beside another container that was pulled and has no word of its own. On a container instance a secret or a volume that
failed proves it only with every container listed: there another may have run. A task whose launch type or capacity provider is not Fargate's counts as on one, even if the instance is not named.
Of two containers that are shown in part, the one without a word may have run while the other's image was pulled. A text that also speaks of a later time (a reclaim, a detach, a restart) proves nothing, and neither do words that ECS uses at any time. Names in a text, of an image or a secret, are not read.

*Would a relaunch help?* is answered by the first rule that fits. A run is relaunched when nothing started (proved) and the rule
does not say that a relaunch is useless.

`

// Markdown returns the content of docs/stop-reasons.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(docHead)
	for _, f := range Table() {
		fmt.Fprintf(&b, "## %s\n\nWritten: %s.\n\n", f.Title, f.Life)
		b.WriteString("| rule | class | relaunch helps | why | example | source |\n|---|---|---|---|---|---|\n")
		for i := range f.Rules {
			r := &f.Rules[i]
			e := exampleOf(r.Name)
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.Name, r.Class, r.Helps(), cell(r.Why), shown(&e.stop), cell(e.source))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// shown puts the parts of a stop that matter in one cell.
func shown(s *Stop) string {
	parts := []string{}
	for _, p := range []string{s.Code, s.ErrorCode, s.Reason} {
		if p != "" && p != codeFailedToStart {
			parts = append(parts, "`"+cell(strings.ReplaceAll(p, "`", "'"))+"`")
		}
	}
	for _, c := range s.Containers {
		if c.ExitCode != nil {
			parts = append(parts, fmt.Sprintf("exit code %d", *c.ExitCode))
		}
	}
	if s.Asked != "" {
		parts = append(parts, fmt.Sprintf("asked by %s %s", s.Asked, s.AskedWhile))
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// cell escapes whatever would break a row of the table or start a tag.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;", ">", "&gt;").Replace(s)
}
