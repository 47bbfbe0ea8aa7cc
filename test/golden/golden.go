// Package golden compares what a test got with a file that says what that should be.
package golden

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference like code")

// shown is how many lines from the first difference on are printed.
const shown = 20

// Check fails a test if a file does not hold what the test got. With -update it writes the file first.
func Check[T string | []byte](tb testing.TB, file string, got T) {
	tb.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // a test's own file
	if err != nil {
		tb.Fatal(err)
	}
	if string(want) == string(got) {
		return
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	at := 0
	for at < min(len(w), len(g)) && w[at] == g[at] {
		at++
	}
	lines := func(sign string, all []string) string {
		return sign + strings.Join(all[at:min(at+shown, len(all))], "\n"+sign)
	}
	tb.Errorf("%s differs from line %d on (-update writes it anew); -want +got:\n%s\n%s", file, at+1, lines("- ", w), lines("+ ", g))
}
