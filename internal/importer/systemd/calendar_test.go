package systemd

import (
	"testing"
	"time"
)

// TestCalendar: the forms of systemd.time(7), as `systemd-analyze calendar` of systemd 252 reads or
// refuses them. What systemd reads and no schedule here can say is refused too.
func TestCalendar(t *testing.T) {
	t.Parallel()
	const refused = ""
	for text, want := range map[string]string{
		"hourly": "0 * * * *", "Daily": "0 0 * * *", "weekly": "0 0 * * 1", "monthly": "0 0 1 * *", "quarterly": "0 0 1 1,4,7,10 *", "semiannually": "0 0 1 1,7 *", "yearly": "0 0 1 1 *", "minutely": "* * * * *",
		"*-*-* 02:30:00":           "30 2 * * *",
		"02:30":                    "30 2 * * *",
		"Mon..Fri 8:0/15":          "0,15,30,45 8 * * 1-5",
		"Mon-Wed,Sun":              "0 0 * * 0-3",
		"Tuesday, 03:00":           "0 3 * * 2",
		"*-*-* 00/6:00:00":         "0 0,6,12,18 * * *",
		"*-*-* *:00":               "0 * * * *",
		"*-01,02-01..03 0:0":       "0 0 1-3 1,2 *",
		"12-* 4:05":                "5 4 * 12 *",
		"10-15":                    "0 0 15 10 *",
		"1..8/7:00":                "0 1,8 * * *",
		"1..8/8:00":                "0 1 * * *",
		"*:0/15":                   "0,15,30,45 * * * *",
		"*:*:00.0":                 "* * * * *",
		"Mon *-*-01..07 10:00":     "0 10 1-7 * 1",
		"daily UTC":                "0 0 * * *",
		"02:30 Europe/Berlin":      "30 2 * * *",
		"02:30 CET":                "30 2 * * *",
		"Mon 02:30 EST5EDT":        "30 2 * * 1",
		"Wed..Mon":                 refused,
		"*/6:00":                   refused,
		"20/4:00":                  refused,
		"*-*-31/1":                 refused,
		"28":                       refused,
		"~1":                       refused,
		",Mon":                     refused,
		"24:00":                    refused,
		"*-13-01":                  refused,
		"0:60":                     refused,
		"02:30 Europe/Nowhere":     refused,
		"Mon Tue 3:00":             refused,
		"2027-01-01 03:00":         refused,
		"2027..2029-*-01":          refused,
		"*:*:0/10":                 refused,
		"*:*:*":                    refused,
		"*:*:0/0.5":                refused,
		"*-*~02":                   refused,
		"Mon..Fri *-*~07/1":        refused,
		"*-*~07/1":                 refused,
		"@1700000000":              refused,
		"2027-01-01T03:00:00Z":     refused,
		"":                         "0 0 * * *",
		"Mon *-*-* 3:00 UTC extra": refused,
	} {
		c, err := parse(text)
		got := refused
		if err == nil {
			got = c.fields.Crontab()
		}
		if got != want {
			t.Errorf("%q: %q (%v) instead of %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{"*-*~01 4:00": "cron(0 4 L * ? *)", "*-02~1": "cron(0 0 L 2 ? *)", "Mon *-*~07/1 4:00": "cron(0 4 ? * 2L *)", "Sun *-12~01..07": "cron(0 0 ? 12 1L *)"} {
		if c, err := parse(text); err != nil || fromEnd(c) != want {
			t.Errorf("%s: %s (%v) instead of %s", text, fromEnd(c), err, want)
		}
	}
	for text, want := range map[string]bool{"*:*:15": true, "02:30:00": false, "02:30:00.5": true} {
		if c, err := parse(text); err != nil || c.seconds != want {
			t.Errorf("%s: %v, %v", text, c.seconds, err)
		}
	}
	if c, _ := parse("02:30 Europe/Berlin"); c.zone != "Europe/Berlin" {
		t.Errorf("zone %q", c.zone)
	}
}

// TestSpan: the forms of systemd.time(7).
func TestSpan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90": 90 * time.Second, "15min": 15 * time.Minute, "1h 30min": 90 * time.Minute, "2 h": 2 * time.Hour, "1w": 7 * 24 * time.Hour, "1d12h": 36 * time.Hour, "500ms": 500 * time.Millisecond,
		"infinity": -1, "1month": -1, "1y": -1, "h": -1, "": -1,
	} {
		d, ok := span(text)
		if ok != (want >= 0) || ok && d != want {
			t.Errorf("%q: %s, %v", text, d, ok)
		}
	}
	for _, long := range []string{"999999999w", "999999999w 999999999w 999999999w 999999999w"} {
		if d, ok := span(long); ok && d < 10*365*24*time.Hour {
			t.Error(long, d)
		}
	}
}

// TestSplit: quotes and escapes are systemd's.
func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`/a  b`: {"/a", "b"}, `/a "b c" 'd "e'`: {"/a", "b c", `d "e`}, `/a \x b\ c`: {"/a", `\x`, `b\ c`}, `/a "\t" ""`: {"/a", "\t", ""}, `A=b "C=d e"`: {"A=b", "C=d e"}, ``: nil,
	} {
		got := split(text)
		if len(got) != len(want) {
			t.Errorf("%s: %q", text, got)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %q", text, got)
			}
		}
	}
}
