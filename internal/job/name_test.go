package job_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

func TestValidName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "Z": true, "0": true, "_": true, "-": true, "nightly-report_2": true, strings.Repeat("a", 48): true,
		"": false, strings.Repeat("a", 49): false, "a b": false, "a\n": false, "é": false, "a/b": false, "a.b": false, "a@": false, "`": false, "[": false,
	} {
		if got := job.ValidName(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

// BenchmarkLooksSecret measures one variable of an event once the expressions are compiled.
func BenchmarkLooksSecret(b *testing.B) {
	for b.Loop() {
		job.LooksSecret("REPORT_DATE", "2026-11-28")
	}
}
