package cron

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text, field, value string
		offset             int
		says               []string // parts of the sentence
	}{
		{"0 30 * * *", "hour", "30", 2, []string{"bad hour", "0-23", "swapped"}},
		{"0 24 * * *", "hour", "24", 2, []string{"midnight is hour 0"}},
		{"60 * * * *", "minute", "60", 0, []string{"0-59", "minute 0"}},
		{"0 9 0 * *", "day of month", "0", 4, []string{"1-31", "counts from 1"}},
		{"0 9 * 13 *", "month", "13", 6, []string{"1-12"}},
		{"0 9 * * 8", "day of week", "8", 8, []string{"0 and 7 = Sunday"}},
		{"0 0-24/2 * * *", "hour", "0-24/2", 2, []string{"24 is outside"}},
		{"0 22-2 * * *", "hour", "22-2", 2, []string{"backwards", "22-23,0-2", "older cronie"}},
		{"0 5-0/2 * * *", "hour", "5-0/2", 2, []string{"backwards"}},
		{"50-10 * * * *", "minute", "50-10", 0, []string{"write 50-59,0-10"}},
		{"5/15 * * * *", "minute", "5/15", 0, []string{"write 5-59/15"}},
		{"*/0 * * * *", "minute", "*/0", 0, []string{"a step"}},
		{"1,,2 * * * *", "minute", ",2", 2, []string{"a number is expected"}},
		{"1, * * * *", "minute", "", 2, []string{"a number is expected"}},
		{"0 9 * * monday", "day of week", "monday", 8, []string{"did you mean mon?"}},
		{"0 9 * jann *", "month", "jann", 6, []string{"did you mean jan?"}},
		{"0 9 L * *", "", "0 9 L * *", 0, []string{"EventBridge", "cron(0 9 L * ? *)"}},
		{"H * * * *", "", "H * * * *", 0, []string{"Jenkins"}},
		{"9999999999 * * * *", "minute", "9999999999", 0, nil},
		{"18446744073709551625 * * * *", "minute", "18446744073709551625", 0, nil}, // 2^64 + 9
		{"30~20 * * * *", "minute", "30~20", 0, []string{"backwards"}},
		{"* * * *", "", "* * * *", 7, []string{"day of week is missing"}},
		{"", "", "", 0, []string{"minute is missing"}},
		{"0 9 * * 1 echo", "", "echo", 10, []string{"more than five fields"}},
		{"@fortnightly", "", "@fortnightly", 0, []string{"unknown @word"}},
		{"@Daily", "", "@Daily", 0, []string{"lower case"}},
		{"0 9 * * *\r", "", "\r", 9, []string{"line end"}},
		{"0 9 * *\x00 *", "", "\x00", 7, []string{"NUL"}},
		{"cron(0 9 * * * *)", "", "* * *", 9, []string{"must be ?", "write ? for one that is *"}},
		{"cron(0 9 1 * 2 *)", "", "1 * 2", 9, []string{"must be ?", "two schedules"}},
		{"cron(0 9 ? * ? *)", "", "? * ?", 9, []string{"both day fields"}},
		{"cron(0 9 * *)", "", "cron(0 9 * *)", 12, []string{"day of week is missing"}},
		{"cron(0 9 * * ? * *)", "", "*", 17, []string{"more than six"}},
		{"cron(0 9 ? * 2#6 *)", "day of week", "2#6", 13, []string{"1 to 5"}},
		{"cron(0/0 9 * * ? *)", "minute", "0/0", 5, []string{"a step"}},
		{"cron(*/ 9 * * ? *)", "minute", "*/", 5, []string{"a step"}},
		{"cron(0 9 ? * 2# *)", "day of week", "2#", 13, []string{"1 to 5"}},
		{"cron(0 9 ? * 2#0 *)", "day of week", "2#0", 13, []string{"1 to 5"}},
		{"cron(0 9- * * ? *)", "hour", "", 9, []string{"a number is expected"}},
		{"cron(0 9 ? * 2#1,3#1 *)", "day of week", "2#1", 13, []string{"only one #"}},
		{"cron(0 9 ? * 2,3#1 *)", "day of week", "3#1", 15, []string{"only one #"}},
		{"cron(0 9 ? * 0 *)", "day of week", "0", 13, []string{"1 = Sunday"}},
		{"cron(0 9 32W * ? *)", "day of month", "32W", 9, []string{"1-31"}},
		{"cron(L 9 * * ? *)", "minute", "L", 5, []string{"day of month", "stands alone"}},
		{"cron(0 9 L-3 * ? *)", "day of month", "L-3", 9, []string{"L and LW"}},
		{"cron(0 9 * * ? 2030-2026)", "year", "2030-2026", 15, []string{"backwards"}},
		{"cron(0 9 * * ? 1969)", "year", "1969", 15, []string{"1970-2199"}},
		{"cron(0 0-24/5 * * ? *)", "hour", "0-24/5", 7, []string{"24 is outside"}},
		{"cron(0 9 ? * 2-6 *", "", "cron(0 9 ? * 2-6 *", 0, []string{"not of the form"}},
		{"rate(5 minute)", "rate", "5 minute", 5, []string{"rate(5 minutes)"}},
		{"rate(0 hours)", "rate", "0 hours", 5, []string{"at least 1"}},
		{"rate(5 weeks)", "rate", "5 weeks", 5, []string{"minutes, hours or days"}},
		{"rate(4294967295 days)", "rate", "4294967295 days", 5, []string{"hundred years"}},
		{"at(2026-02-29T10:00:00)", "at", "2026-02-29T10:00:00", 3, []string{"not a date"}},
		{"at(2026-11-22T13:00)", "at", "2026-11-22T13:00", 3, []string{"zone"}},
		{"at(2200-01-01T00:00:00)", "at", "2200-01-01T00:00:00", 3, []string{"1970-2199"}},
		{"every(5)", "", "every", 0, []string{"not one of cron, rate and at"}},
	}
	for _, c := range cases {
		_, err := Parse(c.text)
		var bad *SyntaxError
		if !errors.As(err, &bad) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if bad.Field != c.field || bad.Value != c.value || bad.Offset != c.offset {
			t.Errorf("%q: field %q value %q offset %d", c.text, bad.Field, bad.Value, bad.Offset)
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %q lacks %q", c.text, err, part)
			}
		}
	}
}

// TestLongText: text longer than the limit is refused unread, and text as long as it is read.
func TestLongText(t *testing.T) {
	t.Parallel()
	aws := "cron(0 9 1" + strings.Repeat(",1", 117) + " * ? *)"
	crontab := "0 9 1" + strings.Repeat(",1", 507) + " * *"
	for text, limit := range map[string]int{aws: maxAWS, crontab: maxCrontab} {
		longest := strings.Replace(text, "9", strings.Repeat("0", limit-len(text))+"9", 1)
		if _, err := Parse(longest); err != nil || len(longest) != limit {
			t.Errorf("%d bytes: %v", len(longest), err)
		}
		var bad *SyntaxError
		if _, err := Parse(longest + " "); !errors.As(err, &bad) || !strings.Contains(err.Error(), "longer than") {
			t.Errorf("a byte more: %v", err)
		}
	}
}

func TestReboot(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"@reboot", "  @reboot\t"} {
		if _, err := Parse(text); !errors.Is(err, ErrReboot) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestForeignDialects(t *testing.T) {
	t.Parallel()
	cases := []struct{ text, foreign, hint string }{
		{"@every 5m", "robfig", "rate(5 minutes)"},
		{"@every", "robfig", ""},
		{"CRON_TZ=Asia/Tokyo 0 9 * * *", "robfig", "zone beside"},
		{"Mon *-*-* 03:00:00", "systemd", ""},
		{"*-*-01 03:00", "systemd", ""},
		{"Mon..Fri 09:00", "systemd", ""},
		{"daily", "systemd", ""},
		{"0 0 12 * * ?", "Quartz", "cron(0 12 * * ? *)"},
		{"0 15 10 ? * MON-FRI", "Quartz", "cron(15 10 ? * MON-FRI *)"},
		{"0 15 10 ? * 6L 2026-2030", "Quartz", "cron(15 10 ? * 6L 2026-2030)"},
		{"30 */5 * * * *", "Quartz", "drop the seconds"},
		{"*/15 * * * * *", "Quartz", "if it is Nomad's or Airflow's, whose year or seconds come last, write */15 * * * *"}, // https://github.com/hashicorp/nomad/issues/3392
		{"0 1 * * * *", "Quartz", "drop the leading 0; if it is Nomad's or Airflow's, whose year or seconds come last, write 0 1 * * *"},
		{"0 9 * * * 0", "Quartz", "write 0 9 * * *"},
		{"0 9 * * * 2026", "a year", "write 0 9 * * *: of all forms"},
		{"30 6 * * 1 2026-2030", "a year", "write 30 6 * * 1: of all forms"},
		{"0 12 * * ? *", "EventBridge", "cron(0 12 * * ? *)"},
		{"0 12 ? * 2-6 *", "EventBridge", "cron(0 12 ? * 2-6 *)"},
		{"every 5 minutes", "English", ""},
		{"@every 1h30m", "robfig", "write rate(90 minutes)"},
		{"@every 60s", "robfig", "write rate(1 minute)"},
		{"@every 90s", "robfig", "whole minutes"},
		{"@every 10s", "robfig", "a minute"},
		{"0 0 $ * *", "pg_cron", "write cron(0 0 L * ? *)"},
		{"0 0 0 ? * 1", "Spring", "cron(0 0 ? * 1 *) if it is Quartz's, where 1 is Sunday as in EventBridge, and cron(0 0 ? * 2 *) if it is Spring's, where 1 is Monday"},
		{"0 0 0 ? * 1-5", "Spring", "cron(0 0 ? * 2-6 *) if it is Spring's"},
		{"0 0 0 ? * 7", "Spring", "cron(0 0 ? * 1 *) if it is Spring's"},
		{"H 3 * * *", "Jenkins", "write 0~59 3 * * *"},
		{"H H(9-16)/2 * * 1-5", "Jenkins", "write 0~59 9-16/2 * * 1-5"},
		{"H/15 * * * *", "Jenkins", "write 0-59/15 * * * *"},
		{"0 0 L * *", "L and W", "write cron(0 0 L * ? *)"},
		{"0 0 15W * *", "L and W", "write cron(0 0 15W * ? *)"},
		{"0 9 * * 5L", "L and #", "write cron(0 9 ? * 6L *)"},
		{"0 9 * * 0#1", "L and #", "write cron(0 9 ? * 1#1 *)"},
		{"0 9 * * mon#2", "L and #", "write cron(0 9 ? * 2#2 *)"},
		{"0 0 * * sat#1,sun#2", "more than one #", "a job for each, such as cron(0 0 ? * 7#1 *)"}, // https://github.com/pallets-eco/croniter
		{"0 0 L-2 * *", "L and W", "cron(0 0 L-2 * ? *) is refused too: EventBridge's guide knows L and LW only"},
		{"0 0 0 L-3 * ?", "Quartz", "cron(0 0 L-3 * ? *) is refused too"},
		{"0 0 ? * 1#L *", "EventBridge", "cron(0 0 ? * 1#L *) is refused too"}, // croner's last Monday: https://github.com/Hexagon/croner/issues/253
		{"0 9 ? * 1", "Kubernetes", "write 0 9 * * 1"},
	}
	for _, c := range cases {
		_, err := Parse(c.text)
		var bad *SyntaxError
		if !errors.As(err, &bad) || !strings.Contains(bad.Foreign, c.foreign) || !strings.Contains(bad.Hint, c.hint) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	for _, text := range []string{"0 30 * * *", "0 9 * * 1 root", "61 9 1-5 * 1", "@fortnightly", "a b c d e f", "0 9 1 * mysql", "0 9 1 * x#y", "&bootrun 0 * * * *"} {
		_, err := Parse(text)
		if bad := (*SyntaxError)(nil); !errors.As(err, &bad) || bad.Foreign != "" {
			t.Errorf("%q is taken for %v", text, err)
		}
	}
}

// TestGrammar has pairs that mean the same.
func TestGrammar(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, a, b string }{
		{"leading zeros", "00 06 * * *", "0 6 * * *"},
		{"blanks and tabs", " \t0  6\t* * *  ", "0 6 * * *"},
		{"names in any case", "0 6 * JAN,feb Mon-fRi", "0 6 * 1,2 1-5"},
		{"7 is Sunday", "0 6 * * 7", "0 6 * * 0"},
		{"0-7 is the week", "0 6 * * 0-7", "0 6 * * *"},
		{"*/7 of the week reaches 0 and 7", "0 6 * * */7", "0 6 * * 0"},
		{"a range to sun", "0 6 * * fri-sun", "0 6 * * 5,6,0"},
		{"a range to 0, in any field", "0 5-0 * * *", "0 5-7 * * *"},
		{"only values that are reached count", "0 0-24/5 * * *", "0 0,5,10,15,20 * * *"},
		{"a step may be too large", "0 3-9/1000 * * *", "0 3 * * *"},
		{"a list may repeat", "0 6,6,6 * * *", "0 6 * * *"},
		{"a ~ range of one", "7~7 3 * * *", "7 3 * * *"},
		{"@weekly", "@weekly", "0 0 * * 0"},
		{"@annually", "@annually", "@yearly"},
		{"@midnight", "@midnight", "@daily"},
		{"one that begins with *: both", "0 0 */2 * 1-5", "0 0 */2 * 1,2,3,4,5"},
		{"1-31 is not *: either", "0 0 1-31 * 1", "0 0 * * *"},
		{"year may be missing", "cron(0 6 * * ?)", "cron(0 6 * * ? *)"},
		{"n/step goes to the end", "cron(5/20 6 * * ? *)", "cron(5,25,45 6 * * ? *)"},
		{"hours wrap", "cron(0 22-2 * * ? *)", "cron(0 22,23,0,1,2 * * ? *)"},
		{"months wrap", "cron(0 6 1 NOV-FEB ? *)", "cron(0 6 1 11,12,1,2 ? *)"},
		{"weekdays wrap", "cron(0 6 ? * SAT-MON *)", "cron(0 6 ? * 7,1,2 *)"},
		{"dates wrap", "cron(0 6 30-2 * ? *)", "cron(0 6 30,31,1,2 * ? *)"},
		{"a step goes through the wrap", "cron(0 22-3/2 * * ? *)", "cron(0 22,0,2 * * ? *)"},
		{"L of the week", "cron(0 6 ? * L *)", "cron(0 6 ? * SAT *)"},
		{"named last", "cron(0 6 ? * FRIL *)", "cron(0 6 ? * 6L *)"},
		{"named nth", "cron(0 6 ? * MON#2 *)", "cron(0 6 ? * 2#2 *)"},
		{"both dialects", "0 6 * * 1-5", "cron(0 6 ? * 2-6 *)"},
		{"leap years only", "0 6 29 2 *", "cron(0 6 29 2 ? *)"},
		{"months without the date", "0 6 31 1,2,4 *", "0 6 31 1 *"},
	}
	for _, c := range cases {
		specs := parseAll(t, c.a, c.b)
		if err := Prove(specs[0], specs[1:], at(t, "2026-01-01T00:00Z")); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRandomRanges(t *testing.T) {
	t.Parallel()
	drawn := map[uint64]bool{}
	for _, months := range []string{"*", "1", "2", "3", "4", "5", "6", "7"} {
		text := "10~49 ~ 3~ " + months + " *"
		s, err := ParseCrontab(text)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := ParseCrontab(text)
		if !s.random || s.minute != again.minute || s.hour != again.hour {
			t.Errorf("%s: not stable", text)
		}
		if s.minute&(1<<50-1<<10) != s.minute || s.minute&(s.minute-1) != 0 || s.day.dom&7 != 0 {
			t.Errorf("%s: minute %x dom %x", text, s.minute, s.day.dom)
		}
		drawn[s.minute] = true
	}
	if len(drawn) < 4 {
		t.Errorf("eight texts share %d minutes", len(drawn))
	}
}

// TestHostileInput: hostile input is refused quickly, and errors stay short.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	const size = 10 << 20
	for _, unit := range []string{"*", "1,", "1-", " ", "\t", "\x00", "@", "cron(", "é", "*/1 ", "999999999-"} {
		text := strings.Repeat(unit, size/len(unit))
		for _, hostile := range []string{text, text[:1000], text[:250], "cron(" + text[:200] + ")", "0-" + text[:300]} {
			start := time.Now()
			_, err := Parse(hostile)
			if err == nil {
				t.Errorf("%q... is accepted", hostile[:20])
			} else if len(err.Error()) > 1000 {
				t.Errorf("%q...: the error has %d bytes", hostile[:20], len(err.Error()))
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("%q... took %v", hostile[:20], took)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"*/5 8-18 * jan-mar 1-5", "@daily", "0~59 ~ * * fri-sun", "cron(0/15 22-2 15W * ? 2026-2030)",
		"cron(0 9 ? * 2#1 *)", "cron(0 9 LW 1,2 ? *)", "rate(5 minutes)", "at(2026-11-22T13:00:00)",
		"cron(*/7 8-18/5 ? jan-mar SAT-MON */2)", "cron(0 9 ? * fril,MON)", "rate(1 minutes)",
		"0 0 12 * * ?", "Mon *-*-* 03:00", "@every 5m", "0 9 * * *\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			var bad *SyntaxError
			if !errors.As(err, &bad) && !errors.Is(err, ErrReboot) {
				t.Fatalf("%q: untyped error %v", text, err)
			}
			if bad != nil && (bad.Offset < 0 || bad.Offset > len(text)) {
				t.Fatalf("%q: offset %d", text, bad.Offset)
			}
			return
		}
		_, _ = s.Words(), s.Warnings()
		if text, err := s.Normal(); err == nil && !s.OneTime() && s.rateEvery == 0 {
			normal, err := ParseAWS(text)
			if err != nil || Prove(s, []*Spec{normal}, proofStart) != nil {
				t.Fatalf("%q is not %q: %v", s, text, err)
			}
		}
		c := s.In(UTC, DST{})
		from := time.Unix(1_800_000_000, 0)
		next, ok := c.Next(from)
		if !ok {
			return
		}
		if !c.Matches(next) {
			t.Fatalf("%q: next %v is no slot of it", text, next)
		}
		if s.Dialect() != Crontab {
			return
		}
		if _, err := s.In(UTC, DST{}).Translate(from); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
