package slack

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/notice"
)

// TestMessageOfNoRun: a notice about no run names none, and says which command shows what it is about.
func TestMessageOfNoRun(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(message(notice.Kept("prod", "034b147e", "not usable")))
	if err != nil || strings.Contains(string(text), "run `") || strings.Contains(string(text), "scheduled for") || !strings.Contains(string(text), "see it with `batchplane kept 034b147e --stack prod`") {
		t.Errorf("%s, %v", text, err)
	}
}
