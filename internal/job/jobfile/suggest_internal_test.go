package jobfile

import (
	"maps"
	"slices"
	"testing"
)

// TestKeysElsewhere: the words of others lead to keys that there are, and which keys
// stand in definitions alone follows their table.
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
