package wire_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/wire"
)

// TestTargetsOfAMail: each recipient of a mail is a target of its own, so that who took a notice is
// known for each. A test of the whole target tries all of them.
func TestTargetsOfAMail(t *testing.T) {
	t.Parallel()
	const server = "smtp://127.0.0.1:1/?from=batch@example.com&to="
	targets, err := wire.NewTargets(map[string]string{
		"default": "one, desk", "desk": "exec:true",
		"one": server + "ops@example.com", "both": server + "ops@example.com,boss@example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	for named, want := range map[string]string{"": "one desk", "both": "both/ops@example.com both/boss@example.com", "both desk both": "both/ops@example.com both/boss@example.com desk", "none": ""} {
		if got := strings.Join(targets.Targets(notice.Notice{Targets: strings.Fields(named)}), " "); got != want {
			t.Errorf("%q goes to %q, want %q", named, got, want)
		}
	}
	for name, want := range map[string][]string{
		"desk": nil, "one": {"a mail to ops@"}, "both/boss@example.com": {"a mail to boss@"}, "both": {"a mail to ops@", "a mail to boss@"},
		"none": {`there is no target "none"; the targets are both, desk, one`},
	} {
		err := targets.Carry(t.Context(), name, notice.Notice{})
		if (err == nil) != (want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %s", name, err, w)
			}
		}
	}
}
