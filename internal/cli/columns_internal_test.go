package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestWideCharacters: a terminal draws Japanese in two columns each and an accent of its own in
// none. The columns after it stay where they are, and no line is longer than the screen.
func TestWideCharacters(t *testing.T) {
	t.Parallel()
	rows := [][]string{
		{"経理チーム", "売上の集計が終わらないので止めました。朝に見直します。"},
		{"Ame\u0301lie", "plain"},
		{"team-a", strings.Repeat("日本", 40)},
		{"ana", "🚀 lift"},
		{"✅ done", "plain"},
	}
	var out bytes.Buffer
	a := &app{Env: Env{Stdout: &out, Stderr: &out, Screen: Screen{Width: 40}}}
	if err := a.grid([]column{{head: "BY", least: 8}, {head: "REASON", least: 16}}, rows); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	begin := columns(lines[0][:strings.Index(lines[0], "REASON")])
	for i, line := range lines[1:] {
		first, _, _ := strings.Cut(line, "  ")
		if rest := strings.TrimLeft(line[len(first):], " "); columns(line) > 40 || columns(line)-columns(rest) != begin {
			t.Errorf("%q takes %d columns, and its second begins at %d, not %d", line, columns(line), columns(line)-columns(rest), begin)
		} else if want := rows[i][1]; columns(want) <= 40-begin && rest != want {
			t.Errorf("got %q, want %q", rest, want)
		}
	}
	for text, want := range map[string]string{"日本語": "日…", "✅❌⏳": "✅…", "✓✓✓✓": "✓✓✓✓", "abcd": "abcd", "abcde": "abc…", "": ""} {
		if got := clip(text, 4); got != want {
			t.Errorf("%s is cut to %q, want %q", text, got, want)
		}
	}
}
