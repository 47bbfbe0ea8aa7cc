package cron

import (
	"errors"
	"strings"
	"testing"
)

// TestRefusedItems has items that almost are what the grammar of their field takes.
func TestRefusedItems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, field, value, says string }{
		{"abc)", "", "abc)", "not of the form"},
		{"rate(5", "", "rate(5", "not of the form"},
		{"at(2026-11-22T13:00:00", "", "at(2026-11-22T13:00:00", "not of the form"},
		{"cron(1* 9 * * ? *)", "minute", "*", "a number is expected"},
		{"cron(1,,2 9 * * ? *)", "minute", ",2", "a number is expected"},
		{"cron(15W 9 ? * 2 *)", "minute", "W", "a number is expected"},
		{"cron(0 9 ? 6L 2 *)", "month", "L", "a name of three letters"},
		{"cron(0 9 6L * ? *)", "day of month", "L", "a number is expected"},
		{"cron(0 9 0W * ? *)", "day of month", "0W", "0 is outside"},
		{"cron(0 9 ? * 0L *)", "day of week", "0L", "0 is outside"},
		{"cron(0 9 ? * 0#1 *)", "day of week", "0#1", "0 is outside"},
		{"cron(0 9 ? * 6L,2#1 *)", "day of week", "2#1", "only one #"},
		{"cron(0 9 5-0 * ? *)", "day of month", "5-0", "0 is outside"},
		{"cron(0 9 * * ? 0-2199)", "year", "0-2199", "0 is outside"},
		{"rate(5)", "rate", "5", "not of the form"},
		{"rate(x minutes)", "rate", "x minutes", "not of the form"},
		{"rate(2 minute)", "rate", "2 minute", "rate(2 minutes)"},
		{"rate(36601 days)", "rate", "36601 days", "hundred years"},
		{"at(2026-11-22T13:00:00.5)", "at", "2026-11-22T13:00:00.5", "not a date"},
		{"at(1969-12-31T23:59:59)", "at", "1969-12-31T23:59:59", "1970-2199"},
		{"1* * * * *", "minute", "*", "a number is expected"},
		{"5: * * * *", "minute", ":", "a number is expected"},
		{"1-5/0 * * * *", "minute", "1-5/0", "a step"},
		{"0 10-x * * *", "hour", "x", "a number is expected"},
		{"0 5~x * * *", "hour", "x", "a number is expected"},
		{"0 0~99 * * *", "hour", "0~99", "24 is outside"},
		{"0 9 0~5 * *", "day of month", "0~5", "0 is outside"},
		{"0 9 5L * *", "day of month", "L", "write the whole as cron(...)"},
		{"5,H * * * *", "minute", "H", "H is Jenkins's"},
		{"H,30 * * * *", "minute", "H", "H is Jenkins's"},
	} {
		_, err := Parse(c.text)
		var bad *SyntaxError
		if !errors.As(err, &bad) || bad.Field != c.field || bad.Value != c.value || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q at %q", c.text, err, c.says, c.value)
		}
	}
}

// TestHints: what was probably meant, and no hint where nobody can tell.
func TestHints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"61 * * * *":     "",
		"Here * * * *":   "",
		"0 99 * * *":     "",
		"0 60 * * *":     "",
		"0 9 32 * *":     "",
		"0 9 * abc *":    "",
		"0 9 * mzz *":    "",
		"0 9 * jux *":    "did you mean jun?",
		"0 9 * * mxn":    "did you mean mon?",
		"0 9 * * xon":    "did you mean mon?",
		"0 9 * * mox":    "did you mean mon?",
		"0 9 * * fx":     "",
		"0 59 * * *":     "the minute is the first field and the hour the second: are they swapped?",
		"70-10 * * * *":  "",
		"59-10 * * * *":  "write 59,0-10",
		"0 9 9-0/2 * *":  "",
		"0 9 * 12-1/1 *": "write 12,1",
	} {
		_, err := Parse(text)
		var bad *SyntaxError
		if !errors.As(err, &bad) || bad.Hint != want {
			t.Errorf("%s: %v, want the hint %q", text, err, want)
		}
	}
}

// TestItems has pairs of items that mean the same.
func TestItems(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"cron(0 9 * * ? 2026-2026)", "cron(0 9 * * ? 2026)"},
		{"cron(0 9 * * ? 1970-2034)", "cron(0 9 * * ? 1970-2033,2034)"}, // 65 years
		{"cron(0 9 * * ? 1970-2199)", "cron(0 9 * * ? *)"},
		{"cron(0 9 ? * 1L,7L *)", "cron(0 9 ? * SATL,SUNL *)"},
		{"0 9 * * 2~2", "0 9 * * 2"},
		{"59~59 23~23 * * *", "59 23 * * *"},
	} {
		specs := parseAll(t, c[0], c[1])
		if err := Prove(specs[0], specs[1:], at(t, "1970-01-01T00:00Z")); err != nil {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	for _, text := range []string{"~,5 3 * * *", "5,~ 3 * * *"} {
		if s := parse(t, text); !s.random || s.minute&(1<<5) == 0 {
			t.Errorf("%s: %x", text, s.minute)
		}
	}
}
