package sns

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/notice"
)

// TestChat: subscribers by HTTPS get the form that Amazon Q Developer shows, with nothing in it that a
// chat would interpret.
func TestChat(t *testing.T) {
	t.Parallel()
	for _, cause := range []string{"exit code 3", "```\n<!channel> [x](https://evil.example)", strings.Repeat("€", 20_000)} {
		back := &topic{}
		x := notice.Notice{ID: "1", Kind: notice.Failed, Stack: "prod", Job: "etl", Run: "etl/20261122T0900Z", Status: "failed", Cause: cause}
		if err := (&Notifier{SNS: back, Topic: "arn:topic"}).Notify(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		var message struct{ HTTPS string }
		if err := json.Unmarshal([]byte(*back.in.Message), &message); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Version, Source string
			Content         struct{ TextType, Title, Description string }
			Metadata        struct{ ThreadID, EventType string }
		}
		if err := json.Unmarshal([]byte(message.HTTPS), &got); err != nil || got.Version != "1.0" || got.Source != "custom" || got.Content.TextType != "client-markdown" {
			t.Fatalf("%+v, %v", got, err)
		}
		text := got.Content.Description
		if n := utf8.RuneCountInString(text); n > 8000 || len(got.Content.Title) > 250 || got.Metadata.ThreadID != string(x.Run) {
			t.Errorf("%d characters, title %q, thread %q", n, got.Content.Title, got.Metadata.ThreadID)
		}
		if inside, ok := strings.CutPrefix(text, "```\n"); !ok || !strings.HasSuffix(inside, "\n```") || strings.Count(text, "`") != 6 {
			t.Errorf("the text is not all in one block of code: %.100q", text)
		}
	}
}
