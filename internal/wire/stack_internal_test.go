package wire

import (
	"slices"
	"testing"
)

// TestSettings: a list is read as CloudFormation reads it, which takes the spaces off each member
// (AWS CloudFormation user guide, "Parameters", CommaDelimitedList).
func TestSettings(t *testing.T) {
	t.Parallel()
	got := settings("prod", nil, map[string]string{"Clusters": "a, b ,,c", "TaskRoles": " "})
	if !slices.Equal(got.Clusters, []string{"a", "b", "c"}) || len(got.TaskRoles) != 0 {
		t.Errorf("got %q and %q", got.Clusters, got.TaskRoles)
	}
}
