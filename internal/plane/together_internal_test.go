package plane

import (
	"context"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/view"
)

// TestTogetherPanics: a read that panics fails and does not end the process.
func TestTogetherPanics(t *testing.T) {
	t.Parallel()
	good := func(context.Context) ([]view.Bar, error) { return nil, nil }
	bad := func(context.Context) ([]view.Bar, error) { panic("a bar of no length") }
	if _, err := (&Plane{}).together(t.Context(), good, bad); err == nil || !strings.Contains(err.Error(), "a bar of no length") {
		t.Errorf("%v", err)
	}
}
