package crontab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestDialects: a line of another program is reported as that, and never as one that has never run.
func TestDialects(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"@every_minute /a":                 "FreeBSD's cron",
		"@60 /a":                           "FreeBSD's cron",
		"&10 * * * * /a":                   "fcron",
		"@every 5m /a":                     "supercronic",
		"5/15 * * * * /a":                  "takes 5/15 for 5-59/15",
		"1 5 cron.daily nice run-parts /x": "an anacrontab",
		"@monthly 45 cron.monthly nice run-parts": "an anacrontab",
		"OnCalendar=daily":                        "a systemd unit",
		"[Timer]":                                 "a systemd unit",
		"cron(0 9 * * ? *) /a":                    "EventBridge",
		"H 3 * * * /a":                            "Jenkins",
		"0 0 12 ? * MON /a":                       "Quartz",
		"*/30 * * * * * /a":                       "Quartz",
		"0 0 12 * * ?":                            "sixth time field",
		"0 0 9 * * MON-FRI":                       "sixth time field",
		"0 15 10 1 * 2024":                        "sixth time field",
		"\ufeff0 1 * * * /a":                      "a byte order mark",
		"\ufeffA=b":                               "a byte order mark",
	} {
		r := imported(t, line+"\n"+at("/ok"))
		notes := strings.Join(r.Entries[0].Notes, "\n")
		if !strings.Contains(notes, says) || strings.Contains(notes, "never run") || r.Entries[0].Job != nil && !r.Jobs[0].Disabled {
			t.Errorf("%s: %q; want %s", line, notes, says)
		}
	}
	for line, says := range map[string]string{
		"0 30 * * * /a": "so under cronie it has never run: bad hour", "0 9 L * * /a": "so under cronie it has never run: bad schedule \"0 9 L * *\" at column 1: this is a crontab with EventBridge's",
	} {
		if notes := imported(t, line+"\n").Entries[0].Notes; len(notes) != 1 || !strings.Contains(notes[0], says) {
			t.Errorf("%s: %q", line, notes)
		}
	}
	runCases(t, []lineCase{
		{"a word that looks like a field", "@daily /x 5/15 y\n", "/x 5/15 y", false, ""},
		{"a number that is a program", "@daily 7z a b\n", "7z a b", false, ""},
	})
}

// TestNotUTF8: bytes that no task can have are not replaced silently.
func TestNotUTF8(t *testing.T) {
	t.Parallel()
	runCases(t, []lineCase{
		{"a command", at("/x \xe9t\xe9"), "/x \ufffdt\ufffd", true, "the line is not UTF-8"},
		{"standard input", at("/x%\xe9"), "printf '%s' '\ufffd\n' | ( /x )", true, "the line is not UTF-8"},
		{"a variable", "A=\xe9\n" + at("/x"), "/x", true, "its A is not UTF-8"},
		{"a variable set anew", "A=\xe9\nA=b\n" + at("/x"), "/x", false, ""},
	})
	if r := imported(t, "# caf\xe9\n"+at("/x")); r.Jobs[0].Description != "caf?" {
		t.Errorf("%q", r.Jobs[0].Description)
	}
}

// TestInputWithComment: a comment does not swallow what is put after it.
func TestInputWithComment(t *testing.T) {
	t.Parallel()
	runCases(t, []lineCase{{"a comment", at("/x # so%hello"), "printf '%s' 'hello\n' | ( /x # so\n)", false, ""}})
}

// TestClockChanges: CRON_TZ has its own rule for fixed times, whatever the day of the import, and
// so has a last day that becomes EventBridge's L.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	const berlin = "CRON_TZ=Europe/Berlin\n"
	byClock, byCron := job.DST{Gap: "skip", Overlap: "twice"}, job.DST{Gap: "run-late", Overlap: "once"}
	last := ` 28-31 * * [ "$(date +\%d -d tomorrow)" = 01 ] && /x` + "\n"
	for text, want := range map[string]job.DST{
		berlin + "30 2 * * * /x\n":   byClock,
		berlin + "0-59 2 * * * /x\n": byClock,
		berlin + "@daily /x\n":       byClock,
		berlin + "*/5 2 * * * /x\n":  {},
		berlin + "30 * * * * /x\n":   {},
		berlin + "@hourly /x\n":      {},
		"30 2 * * * /x\n":            {},
		"30 2" + last:                byCron,
		"30 *" + last:                byClock,
		berlin + "30 2" + last:       byClock,
	} {
		for month := range 12 {
			r, err := readText([]byte(text), options{Zone: "Europe/Berlin", From: from.AddDate(0, month, 0)})
			if err != nil || r.Jobs[0].DST != want {
				t.Errorf("%q in %s: %+v, want %+v, %v", text, from.AddDate(0, month, 0).Format(time.DateOnly), r.Jobs[0].DST, want, err)
			}
		}
	}
}

// TestNames: a job is named after what it runs.
func TestNames(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		`[ $(date +\%d) -le 07 ] && /usr/local/bin/first-sunday.sh`:              "first-sunday",
		`[ $(date +\%d) -le 07 ] && /usr/local/bin/first-sunday.sh && echo done`: "first-sunday",
		`test 07 -lt 8 && /x.sh || exit 1`:                                       "x",
		`exec /opt/nightly`:                                                      "nightly",
		`sh -c 'cd /x && /opt/report.sh'`:                                        "report",
		`cd /x; . ./env; php artisan schedule:run`:                               "schedule-run",
		`cd /x`: "x",
		`12 34`: "job",
		`echo "$(date) begins" >> /x/all.log; /opt/prices >> /x/all.log 2>&1`: "prices",
		`echo done`: "done",
		`if [ -f /x/off ]; then exit; fi; /opt/prices`:          "prices",
		`if ps ax | grep -q x; then exit; else /opt/prices; fi`: "prices",
		`if ! test -f /x/on; then exit 0; fi && /opt/prices`:    "prices",
		`[ -f /x/off ] && exit; /opt/prices`:                    "prices",
		`(flock -n 9 || exit 1; /opt/prices) 9>/tmp/l`:          "prices",
		`exec 9>/tmp/l; flock -n 9 || exit 1; /opt/prices`:      "prices",
		// Debian's and certbot's own crontabs.
		`test -x /usr/bin/certbot -a \! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew`: "certbot-renew",
		`python3 -c 'import random; import time; time.sleep(random.random() * 3600)' && certbot renew -q`:               "certbot-renew",
	} {
		if j, _ := lastJob(imported(t, at(command))); j.Name != want {
			t.Errorf("%s is called %q, want %q", command, j.Name, want)
		}
	}
}
