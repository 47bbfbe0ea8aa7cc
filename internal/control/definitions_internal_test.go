package control

import (
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestDefinitionsThatAreKept: of 10,000 definitions of 10 KB only the last ones that fit are
// kept, however often they are read again.
func TestDefinitionsThatAreKept(t *testing.T) {
	t.Parallel()
	var d definitions
	name := func(n int) string { return fmt.Sprintf("job-%d", n) }
	for range 2 {
		for n := range 10_000 {
			d.put(name(n), &job.Job{Name: name(n), Command: []string{strings.Repeat("x", 10_000)}})
			d.put(name(n), &job.Job{Name: "again"})
		}
	}
	kept := 0
	for n := range 10_000 {
		j, ok := d.get(name(n))
		if ok && j.Name != name(n) {
			t.Errorf("%s is %s", name(n), j.Name)
		}
		if ok {
			kept++
		}
		if after := n >= 10_000-mostDefinitions/(ofDefinition+2*10_100); ok != after && n%1000 == 999 {
			t.Errorf("%s is kept: %t", name(n), ok)
		}
	}
	if d.bytes > mostDefinitions || kept < 700 || kept > 800 || kept != len(d.of) || kept != len(d.order) {
		t.Errorf("%d definitions of %d bytes are kept, %d in order", kept, d.bytes, len(d.order))
	}
	d.put("huge", &job.Job{Name: "huge", Command: []string{strings.Repeat("x", mostDefinitions)}})
	if _, ok := d.get("huge"); !ok || len(d.of) != 1 {
		t.Errorf("beside one that fills all there are %d", len(d.of)-1)
	}
}
