package sns

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/notice"
)

// maxDescription is under the 8,000 characters that Amazon Q Developer in chat
// applications shows of a description (its administrator guide, "Custom
// notifications").
const maxDescription = 7900

// chat is a notice in the form that Amazon Q Developer in chat applications
// brings to Slack, Teams and Chime: it subscribes by HTTPS and drops any other
// form. What jobs and ECS wrote stands in a block of code, where nothing of it is
// a mention or a link; notices of one run are one thread.
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
