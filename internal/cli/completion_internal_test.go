package cli

import (
	"strings"
	"testing"
)

// TestCompletionHasOneTarget: what is completed comes from where the command that is typed would act.
func TestCompletionHasOneTarget(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"show": "prod", "show --db x": "", "show --db=x": "", "show --stack test": "test", "show --db": "prod"} {
		a := &app{stack: "prod"}
		if a.named(strings.Fields(typed)); a.stack != want {
			t.Errorf("%q asks %q, not %q", typed, a.stack, want)
		}
	}
}
