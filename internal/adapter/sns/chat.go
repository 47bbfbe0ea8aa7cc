package sns

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/notice"
)

// maxDescription is below the 8,000 characters of a description that Amazon Q Developer in chat
// applications shows (its administrator guide, "Custom notifications").
const maxDescription = 7900

// chat returns a notice in the form that Amazon Q Developer in chat applications brings to Slack, Teams
// and Chime. It subscribes by HTTPS and drops messages of any other form. What jobs and ECS wrote is in
// a code block, where nothing becomes a mention or a link. Notices of one run form one thread.
func chat(x notice.Notice) (string, error) {
	type content struct {
		TextType    string `json:"textType"`
		Title       string `json:"title"`
		Description string `json:"description"`
	}
	type metadata struct {
		ThreadID  string `json:"threadId"`
		Summary   string `json:"summary"`
		EventType string `json:"eventType"`
	}
	text := []rune(strings.ReplaceAll(x.Text(), "`", "'"))
	if len(text) > maxDescription {
		text = append(text[:maxDescription-1], '…')
	}
	body, err := json.Marshal(struct {
		Version  string   `json:"version"`
		Source   string   `json:"source"`
		ID       string   `json:"id"`
		Content  content  `json:"content"`
		Metadata metadata `json:"metadata"`
	}{
		"1.0", "custom", x.ID,
		content{"client-markdown", subject(x), "```\n" + string(text) + "\n```"},
		metadata{string(x.Run), subject(x), string(x.Kind)},
	})
	if err != nil {
		return "", fmt.Errorf("encoding the notice of %s for chats: %w", x.Run, err)
	}
	return string(body), nil
}
