package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestJSONSteersNothing: what tasks write and ECS says may be shown on a terminal, and reads the same.
func TestJSONSteersNothing(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\u009b31m\u202eevil\u2066\x7f\u0085\r\n<&>"
	var b strings.Builder
	if err := printJSON(&b, jsonLine{Line: hostile}); err != nil {
		t.Fatal(err)
	}
	got, ended := strings.CutSuffix(b.String(), "\n")
	var again jsonLine
	if err := json.Unmarshal([]byte(got), &again); err != nil || !ended || again.Line != hostile || !strings.Contains(got, "<&>") {
		t.Errorf("%q reads %q, %v", b.String(), again.Line, err)
	}
	if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
		t.Errorf("%q", got)
	}
}

func TestTook(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                      "",
		0:                                 "",
		1500 * time.Microsecond:           "2ms",
		999 * time.Millisecond:            "999ms",
		10 * time.Second:                  "10s",
		12340 * time.Millisecond:          "12.3s",
		time.Minute:                       "1m",
		90 * time.Second:                  "1m30s",
		2*time.Minute + 10*time.Second:    "2m10s",
		10 * time.Minute:                  "10m",
		time.Hour:                         "1h",
		90 * time.Minute:                  "1h30m",
		20*time.Hour + 10*time.Minute + 1: "20h10m",
		26 * time.Hour:                    "26h",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%s) = %q, want %q", d, got, want)
		}
	}
}
