package jobfile

import (
	"maps"
	"slices"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestKeysElsewhere: the names of others lead to keys that exist, and ofDefinitions and within
// follow from the tables of fields.
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
	under := map[string]string{}
	for parent, table := range map[string]map[string]field[job.Job]{"retry": retryFields, "notify": notifyFields, "network": networkFields, "dst": dstFields, "calendar": calendarFields} {
		for key := range table {
			if _, ok := jobFields[key]; !ok {
				under[key] = parent
			}
		}
	}
	if !maps.Equal(within, under) {
		t.Errorf("only within others stand %v, not %v", under, within)
	}
}
