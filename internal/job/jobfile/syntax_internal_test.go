package jobfile

import (
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// printed is an error that may not be printed: the library prints the lines around it, and of a file in
// one line, as JSON often is, that takes minutes.
type printed struct {
	yaml.SyntaxError
	t *testing.T
}

func (p *printed) Error() string {
	p.t.Error("the lines around are printed")
	return ""
}

// TestSyntaxProblem: a problem has the library's message and place, without the lines around.
func TestSyntaxProblem(t *testing.T) {
	t.Parallel()
	if got := syntaxProblem(&printed{yaml.SyntaxError{Message: "no", Token: &token.Token{Position: &token.Position{Line: 2, Column: 3}}}, t}).String(); got != "2:3: this is not YAML: no" {
		t.Errorf("got %q", got)
	}
}
