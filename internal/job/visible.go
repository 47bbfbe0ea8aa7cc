package job

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible returns a JSON text that says the same without characters that steer what shows it: DEL,
// C1 and formatting characters, such as those that reverse a text or are not seen, are written as
// \u and four hex digits, which YAML reads as JSON does. encoding/json itself escapes the other
// control characters. Characters beyond U+FFFF stay: JSON has two escapes for one, and YAML does not
// take those.
func Visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	return r >= 0x7f && r <= 0xffff && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
