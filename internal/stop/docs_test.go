package stop

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/stop-reasons.md")

func TestDocsAreCurrent(t *testing.T) {
	t.Parallel()
	const file = "../../docs/stop-reasons.md"
	if *update {
		if err := os.WriteFile(file, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Markdown() {
		t.Errorf("%s is not what the rules say: run go test ./internal/stop -run TestDocsAreCurrent -update", file)
	}
}
