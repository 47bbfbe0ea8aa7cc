package start_test

import (
	"os"
	"regexp"
	"testing"
)

// builders are the files that build functions, in addition to the README, which says how.
var builders = []string{"../../Makefile", "../aws/emulator_test.go"}

// TestBuiltAsDocumented: whatever builds functions uses the README's flags, so that what is
// measured and tested is what people deploy.
func TestBuiltAsDocumented(t *testing.T) {
	t.Parallel()
	want := flags(t, "../../README.md")
	for _, name := range builders {
		if got := flags(t, name); got != want {
			t.Errorf("%s builds with %q, and the README says %q", name, got, want)
		}
	}
}

// flags returns the flags with which a file builds functions.
func flags(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // one of the repository
	if err != nil {
		tb.Fatal(err)
	}
	found := regexp.MustCompile(`GOFLAGS="?(-tags=lambda[^"\n]+)"`).FindAllSubmatch(text, -1)
	if len(found) != 1 {
		tb.Fatalf("%s says %d times how functions are built", name, len(found))
	}
	return string(found[0][1])
}
