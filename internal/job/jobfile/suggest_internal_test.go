package jobfile

import (
	"maps"
	"slices"
	"testing"
)

// TestKeysElsewhere: the names of others lead to keys that exist, and ofDefinitions follows
// from the tables of fields.
func TestKeysElsewhere(t *testing.T) {
	t.Parallel()
	for word, key := range elsewhere {
		if _, ok := jobFields[key]; !ok {
			t.Errorf("%s leads to %q, which no job has", word, key)
		}
		if _, ok := jobFields[word]; ok {
			t.Errorf("%s is a key of a job itself", word)
		}
	}
	var want []string
	for _, key := range slices.Sorted(maps.Keys(definitionFields)) {
		if _, ok := jobFields[key]; !ok {
			want = append(want, key)
		}
	}
	if !slices.Equal(ofDefinitions, want) {
		t.Errorf("only in definitions stand %v, not %v", want, ofDefinitions)
	}
}
