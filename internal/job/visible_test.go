package job_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/batchplane/batchplane/internal/job"
)

// TestVisible: what steers a terminal or reverses a text is escaped, and the JSON says the same.
func TestVisible(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"plain":             "a \"b\" ü 日本 😀 <&>",
		"C0 and DEL":        "a\x00\x1b[2J\x07\r\n\x7f",
		"C1":                "\u0085\u009b31m\u009d0;owned\u009c",
		"right to left":     "\u202etxt.exe\u2066\u2069\u200f",
		"not seen":          "a\u200b\u00ad\ufeff\u2060b",
		"line separators":   "a\u2028b\u2029c",
		"not UTF-8":         "a\xff\xfeb",
		"beyond the 16 bit": "a\U000e0041\U0001f600b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ToValidUTF8(text, "\ufffd")
			was, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			got := job.Visible(string(was))
			var again string
			if err := json.Unmarshal([]byte(got), &again); err != nil || again != text {
				t.Errorf("%s says %q, %v, want %q", got, again, err, text)
			}
			if strings.ContainsFunc(got, func(r rune) bool { return r <= 0xffff && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }) {
				t.Errorf("it steers: %q", got)
			}
		})
	}
}
