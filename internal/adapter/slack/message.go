package slack

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/notice"
)

// Limits of Block Kit, in characters: a section's text may have 3,000 (Slack, "Reference: blocks"). All
// blocks together may have about 13,200, which is not documented, so every text here is cut well below
// its limit. Characters are counted as they are sent, an escaped one as four or five: Slack does not say
// which it counts, and refuses the whole message if a section is too long.
const (
	maxCause   = 1500
	maxFact    = 200
	maxAttempt = 400
	maxLogs    = 2500
	maxLine    = 500
	maxLink    = 1000
	// maxAttempts is how many attempts are shown, the newest ones.
	maxAttempts = 5
)

type payload struct {
	// Text is shown in the notification, the blocks in the channel.
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Color  string  `json:"color"`
	Blocks []block `json:"blocks"`
}

type block struct {
	Type string `json:"type"`
	Text *text  `json:"text,omitempty"`
}

type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"`
}

// message returns a notice as Slack shows it. All text from outside is cut and escaped before it is put
// among our own.
func message(n notice.Notice) payload {
	head := fmt.Sprintf("*%s* %s (%s)", headline(n), safe(n.Job, maxFact), safe(n.Stack, maxFact))
	facts := []string{head, safe(n.Cause, maxCause)}
	if n.Run != "" {
		facts = append(facts, "run `"+safe(string(n.Run), maxFact)+"`, scheduled for "+safe(n.LocalTime, maxFact))
	}
	if n.Owner != "" {
		facts = append(facts, "owner "+safe(n.Owner, maxFact))
	}
	blocks := []block{section(strings.Join(facts, "\n"))}
	if lines := attempts(n); lines != "" {
		blocks = append(blocks, section(lines))
	}
	if n.LogsUnread {
		blocks = append(blocks, section(notice.Unread))
	}
	if len(n.Logs) > 0 {
		blocks = append(blocks, section("```"+logs(n.Logs)+"```"))
	}
	if links := link(n.LogsAt, "logs") + link(n.TaskAt, "task"); links != "" {
		blocks = append(blocks, section(strings.TrimSpace(links)))
	}
	if next := next(n); next != "" {
		blocks = append(blocks, section(next))
	}
	return payload{
		Text:        fmt.Sprintf("%s %s: %s", headline(n), safe(n.Job, maxFact), safe(n.Cause, maxFact)),
		Attachments: []attachment{{Color: color(n.Kind), Blocks: blocks}},
	}
}

func section(s string) block {
	return block{Type: "section", Text: &text{Type: "mrkdwn", Text: s, Verbatim: true}}
}

func headline(n notice.Notice) string {
	return strings.ToUpper(strings.ReplaceAll(safe(string(n.Kind), maxFact), "-", " "))
}

func attempts(n notice.Notice) string {
	var lines []string
	for _, a := range n.Attempts {
		if said := a.Said(); said != "" {
			lines = append(lines, fmt.Sprintf("attempt %d: %s", a.N, safe(said, maxAttempt)))
		}
	}
	return strings.Join(lines[max(0, len(lines)-maxAttempts):], "\n")
}

// logs returns as many of the last lines as fit.
func logs(lines []string) string {
	var out []string
	left := maxLogs
	for i := len(lines) - 1; i >= 0; i-- {
		line := safe(lines[i], maxLine)
		if left -= utf8.RuneCountInString(line) + 1; left < 0 {
			break
		}
		out = append([]string{line}, out...)
	}
	return strings.Join(out, "\n")
}

func next(n notice.Notice) string {
	var lines []string
	if n.Retry != nil {
		lines = append(lines, "is a retry safe? "+safe(n.Retry.Words(), maxLine))
	}
	if n.RetryWith != "" {
		lines = append(lines, "retry with `"+safe(n.RetryWith, maxLine)+"`")
	}
	if n.StopWith != "" {
		lines = append(lines, "stop it with `"+safe(n.StopWith, maxLine)+"`")
	}
	if n.ShowWith != "" {
		lines = append(lines, "see it with `"+safe(n.ShowWith, maxLine)+"`")
	}
	return strings.Join(lines, "\n")
}

// link returns a named link, or "" if the address is not a plain URL or too long.
func link(to, name string) string {
	if !strings.HasPrefix(to, "https://") || len(escape(to)) > maxLink || strings.ContainsAny(to, "<>|`\n ") {
		return ""
	}
	return "<" + escape(to) + "|" + name + "> "
}

func color(k notice.Kind) string {
	switch k {
	case notice.Recovered, notice.Succeeded:
		return "#2eb67d"
	case notice.Relaunched, notice.Stopped, notice.Freed:
		return "#ecb22e"
	}
	return "#e01e5a"
}

// safe makes text from outside harmless: no control characters, no mark-up, no mention, no end of a
// code span. It cuts the text so that at most a number of characters is sent.
func safe(s string, most int) string {
	s = strings.ReplaceAll(notice.Printable(s), "`", "'")
	if whole := escape(s); utf8.RuneCountInString(whole) <= most {
		return whole
	}
	var out strings.Builder
	left := most - 1
	for _, r := range s {
		c := escape(string(r))
		if left -= utf8.RuneCountInString(c); left < 0 {
			break
		}
		out.WriteString(c)
	}
	return out.String() + "…"
}

// escape escapes the three characters that Slack requires (Slack, "Formatting text for app surfaces").
func escape(s string) string { return escaper.Replace(s) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
