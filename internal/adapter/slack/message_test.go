package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestMessageOfNoRun: a notice about no run names none, and says which command shows what it is about.
func TestMessageOfNoRun(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(message(notice.Kept("prod", "034b147e", "not usable")))
	if err != nil || strings.Contains(string(text), "run `") || strings.Contains(string(text), "scheduled for") || !strings.Contains(string(text), "see it with `batchplane kept 034b147e --stack prod`") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestMessageWithoutDetails: it has no empty section, which Slack would refuse each time.
func TestMessageWithoutDetails(t *testing.T) {
	t.Parallel()
	blocks := message(notice.Notice{Kind: notice.Unscheduled, Stack: "prod", Job: "etl", Cause: "it has no schedule", Attempts: []notice.Attempt{{N: 1}}}).Attachments[0].Blocks
	if len(blocks) != 1 || blocks[0].Text.Text != "*UNSCHEDULED* etl (prod)\nit has no schedule" {
		t.Errorf("%d blocks, the first says %s", len(blocks), blocks[0].Text.Text)
	}
}

// TestLink: only a plain address becomes a link.
func TestLink(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"https://example.com/?a&b":                        "<https://example.com/?a&amp;b|logs> ",
		"http://example.com":                              "",
		"javascript:alert(1)":                             "",
		"https://example.com/|x":                          "",
		"https://example.com/><!channel>":                 "",
		"https://example.com/" + strings.Repeat("&", 300): "",
	} {
		if got := link(to, "logs"); got != want {
			t.Errorf("%s became %q", to, got)
		}
	}
}

// TestMessageOfATaskThatRunsForLong: it says how to stop the task.
func TestMessageOfATaskThatRunsForLong(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(message(notice.Notice{Kind: notice.StillRuns, Job: "etl", StopWith: "batchplane stop etl/20261122T0900Z"}))
	if err != nil || !strings.Contains(string(text), "stop it with `batchplane stop etl/20261122T0900Z`") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestMessageOfALogThatWasNotRead: it says so, because no lines would look like no output.
func TestMessageOfALogThatWasNotRead(t *testing.T) {
	t.Parallel()
	for _, unread := range []bool{false, true} {
		text, err := json.Marshal(message(notice.Notice{Kind: notice.Failed, Job: "etl", LogsUnread: unread}))
		if err != nil || strings.Contains(string(text), notice.Unread) != unread {
			t.Errorf("not read: %t: %s, %v", unread, text, err)
		}
	}
}

// TestEscapedTextStaysSmall: Slack refuses a message with a section of more than 3,000 characters each
// time, so texts are cut as they are sent. No escaped character is cut in two.
func TestEscapedTextStaysSmall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]string{"less": "<", "greater": ">", "and": "&", "plain": "x", "wide": "\U0001f4a5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			long := strings.Repeat(c, 5000)
			n := notice.Notice{
				Kind: notice.Failed, Job: long, Stack: long, Cause: long, Owner: long, LocalTime: long, Run: "etl/20261122T0900Z", Logs: []string{long, long, long, long, long, long},
				LogsAt: "https://example.com/?" + strings.Repeat("&", 190), TaskAt: "https://example.com/?" + strings.Repeat("x", 960),
				RetryWith: long, StopWith: long, ShowWith: long, Retry: &run.Retry{Safety: run.RetryUnsafe, Why: long},
			}
			for i := range maxAttempts {
				n.Attempts = append(n.Attempts, notice.Attempt{N: i, StoppedReason: long})
			}
			blocks := message(n).Attachments[0].Blocks
			if len(blocks) != 5 {
				t.Errorf("%d blocks", len(blocks))
			}
			for _, b := range blocks {
				if n := utf8.RuneCountInString(b.Text.Text); n > 3000 {
					t.Errorf("a section of %d characters: %.40s", n, b.Text.Text)
				}
			}
			if got := safe(long, 100); utf8.RuneCountInString(got) > 100 || utf8.RuneCountInString(got) < 95 || strings.Trim(got, escape(c)) != "…" || strings.Count(got, escape(c))*len(escape(c)) != len(got)-len("…") {
				t.Errorf("cut to %s", got)
			}
		})
	}
	if got := safe("<ab>", 10); got != "&lt;ab&gt;" {
		t.Errorf("a text that just fits became %s", got)
	}
}
