package cron

import (
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	t.Parallel()
	cases := []struct{ expr, want string }{
		{"0 9 * * 1-5", "at 09:00 on Monday to Friday"},
		{"0 9 * * 5-7", "at 09:00 on Friday to Sunday"},
		{"0 9 * * *", "at 09:00 every day"},
		{"5 10,22 * * *", "at 10:05 and 22:05 every day"},
		{"*/15 * * * *", "every 15 minutes"},
		{"* * * * *", "every minute"},
		{"17 * * * *", "at minute 17 of every hour"},
		{"5,25,45 * * * 1", "at minutes 5, 25 and 45 of every hour on Monday"},
		{"1-59/3 * * * *", "every 3 minutes from minute 1 of every hour"},
		{"2-59/5 8-18 * * *", "every 5 minutes from minute 2 of the hours 8 to 18"},
		{"3-59/10 * * * *", "at minutes 3, 13, 23, 33, 43 and 53 of every hour"},
		{"1-40/3 * * * *", "at minutes 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 37 and 40 of every hour"},
		{"*/5 8-18 * * 1-5", "every 5 minutes from 08:00 to 18:55 on Monday to Friday"},
		{"*/20 8,12,18 * * *", "every 20 minutes of the hours 8, 12 and 18"},
		{"15 14 1 * *", "at 14:15 on day 1 of the month"},
		{"0 9 1 * 5", "at 09:00 on day 1 of the month or on Friday"},
		{"0 9 */15 * 1", "at 09:00 on Monday, if it is day 1, 16 and 31 of the month"},
		{"0 0 1 1-3,12 *", "at 00:00 on day 1 of the month in January to March and December"},
		{"cron(0 9 L * ? *)", "at 09:00 on the last day of the month"},
		{"cron(0 9 LW * ? 2027-2029,2035)", "at 09:00 on the last weekday of the month in 2027 to 2029 and 2035"},
		{"cron(0 9 15W * ? *)", "at 09:00 on the weekday nearest to day 15 of the month"},
		{"cron(0 9 ? * 6L *)", "at 09:00 on the last Friday of the month"},
		{"cron(0 9 ? * 2#1 *)", "at 09:00 on the first Monday of the month"},
		{"cron(0 9 * * ? *)", "at 09:00 every day"},
		{"rate(1 minute)", "every minute, counted from the start of the schedule"},
		{"rate(90 minutes)", "every 90 minutes, counted from the start of the schedule"},
		{"rate(24 hours)", "every day, counted from the start of the schedule"},
		{"at(2026-11-22T13:05:00)", "once, at 13:05 on 22 November 2026"},
	}
	for _, c := range cases {
		if got := parse(t, c.expr).Words(); got != c.want {
			t.Errorf("%s: %q, want %q", c.expr, got, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	cases := []struct {
		expr string
		want []string // the start or a part of each
	}{
		{"0 9 * * 1-5", nil},
		{"0 9 * * fri-sun", nil},
		{"0 9 1-7 * *", nil},
		{"0 9 29 2 *", nil},
		{"*/15 * * * *", nil},
		{"0 5-0 * * *", []string{"ending in 7"}},
		{"0 10 1-7 * 1", []string{"so it fires on day 1 to 7 of the month and on every Monday; cron(0 10 ? * 2#1 *) is the Monday number 1"}},
		{"0 10 15-21 1-6 5", []string{"on day 15 to 21 of the month and on every Friday; cron(0 10 ? 1-6 6#3 *)"}},
		{"*/90 * * * *", []string{"*/90 selects one minute only, 0: a step ends with its field"}},
		{"*/60 * * * *", []string{"*/60 selects one minute only, 0"}},
		{"*/59 * * * *", []string{"59 does not divide 60"}},
		{"5-50/46 */24 */31 */12 */8", []string{"5-50/46 selects one minute only, 5", "*/24 selects one hour", "*/31 selects one day of month only, 1", "*/12 selects one month only, 1", "*/8 selects one day of week only, 0"}},
		{"5-50/45 */23 */30 */11 */6", []string{"23 does not divide 24"}},
		{"0 9 1-7 * */7", nil}, // first Sunday: both must match
		{"0 9 * jan-mar/3 mon-fri/5", []string{"jan-mar/3 selects one month only, 1", "mon-fri/5 selects one day of week only, 1"}},
		{"@hourly", nil},
		{"cron(0/90 9 * * ? *)", []string{"0/90 selects one minute only, 0"}},
		{"cron(30/30 22-2/3 * * ? *)", []string{"30/30 selects one minute only, 30"}},
		{"rate(5 minutes)", nil},
		{"0 0 31 * *", []string{"not in February, April, June, September and November, which have no such day"}},
		{"0 0 30 * *", []string{"not in February, which has no such day"}},
		{"*/7 * * * *", []string{"takes 4 minutes"}},
		{" */7\t* * * *", []string{"takes 4 minutes"}},
		{"*/7,5 * * * *", []string{"7 does not divide 60"}},
		{"5,0-59/7 * * * *", []string{"7 does not divide 60"}},
		{"3-59/7 * * * *", []string{"takes 4 minutes"}}, // 3 to 59
		{"0-30/7 * * * *", nil},
		{"30-59/7 * * * *", nil},
		{"0 */7 * * *", []string{"7 does not divide 24: the last step of each day takes 3 hours"}},
		{"0 */5 * * *", []string{"takes 4 hours"}},
		{"0 3-23/5 * * *", []string{"takes 4 hours"}}, // 3 to 23
		{"0 */6 * * *", nil},
		{"0 8-18/4 * * *", nil},
		{"cron(0 0/5 * * ? *)", []string{"5 does not divide 24"}},
		{"cron(*/7 * * * ? *)", []string{"7 does not divide 60: the last step of each hour takes 4 minutes"}},
		{"cron(5/7 * * * ? *)", []string{"takes 11 minutes"}}, // 5 to 54
		{"cron(0/20 * * * ? *)", nil},
		{"0 0 30 2 *", nil},
		{"at(2026-12-31T00:00:00)", nil},
		{"cron(0 9 31W * ? *)", []string{"not in February, April"}},
	}
	for _, c := range cases {
		got := parse(t, c.expr).Warnings()
		same := slices.EqualFunc(got, c.want, strings.Contains)
		if !same {
			t.Errorf("%s: %q", c.expr, got)
		}
	}
	for _, offered := range parseAll(t, "cron(0 10 ? * 2#1 *)", "cron(0 10 ? 1-6 6#3 *)") {
		if offered.NeverFires() {
			t.Errorf("%s never fires", offered)
		}
	}
	if w := parse(t, "*/59 * * * *").Warnings(); len(w) != 1 || !strings.HasSuffix(w[0], " takes 1 minute") {
		t.Errorf("the plural of one: %q", w)
	}
}
