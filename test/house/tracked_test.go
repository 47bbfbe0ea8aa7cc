package house

import (
	"os"
	"os/exec"
	"testing"
)

// TestNothingIgnoredIsTracked: what .gitignore names, such as what a failed property test leaves, is in
// no commit.
func TestNothingIgnoredIsTracked(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("this tree is no checkout")
	}
	watch(t)
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--ignored", "--exclude-standard")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	if len(out) > 0 {
		t.Errorf("tracked, although .gitignore names it:\n%s", out)
	}
}
