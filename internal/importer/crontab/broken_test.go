package crontab_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
)

// TestALineThatIsNone: Debian's cron ignores a whole file because of one invalid line. That is
// reported once, if the file has other jobs. The second case is from a public account of a lost
// /etc/cron.d file.
func TestALineThatIsNone(t *testing.T) {
	t.Parallel()
	const told = "ignores the whole file"
	ok := at("/ok")
	for name, c := range map[string]struct {
		text string
		at   int // the entry that reports it; -1 for none
	}{
		"a field that is wrong":           {ok + "0 25 * * * /a\n" + ok, 1},
		"six fields":                      {"0 30 8 * * * cd /x && ./report.py\n" + ok, 0},
		"a continued line":                {at(`/a \`) + "  --b\n", 1},
		"a step without a range":          {"5/15 * * * * /a\n" + ok, 0},
		"the first of two":                {"foo bar\n" + ok + "foo bar\n", 0},
		"no line feed at the end":         {ok + strings.TrimSuffix(at("/b"), "\n"), 1},
		"no line feed, and alone":         {strings.TrimSuffix(at("/b"), "\n"), -1},
		"no other job":                    {"A=b\n0 25 * * * /a\n", -1},
		"nothing wrong":                   {ok, -1},
		"of a program that is not Debian": {"@every 5m /a\n" + ok, -1},
	} {
		r := imported(t, c.text)
		for i := range r.Entries {
			if got := strings.Contains(strings.Join(r.Entries[i].Notes, "\n"), told); got != (i == c.at) {
				t.Errorf("%s: line %d tells it: %v; %q", name, i, got, r.Entries[i].Notes)
			}
		}
	}
}

// TestALastLineWithoutALineFeed: cronie and Debian's cron do not run it, busybox and supercronic do (such
// as AB-Insightful/ab-insightful, crontab).
func TestALastLineWithoutALineFeed(t *testing.T) {
	t.Parallel()
	runCases(t, []lineCase{{"of two", at("/a") + strings.TrimSuffix(at("/b"), "\n"), "/b", true, "busybox and supercronic run it"}})
}

// TestAFileThatIsPassedOver: Debian's cron chooses the files of /etc/cron.d by their names.
func TestAFileThatIsPassedOver(t *testing.T) {
	t.Parallel()
	for name, passed := range map[string]bool{
		"/etc/cron.d/backup.conf": true, "/etc/cron.d/jobs.cron": true, "/etc/cron.d/shop~": true, "/etc/cron.d/.placeholder": true,
		"/etc/cron.d/shop": false, "/etc/cron.d/e2scrub_all-2": false, "/etc/crontab": false, "repo/jobs.cron": false,
	} {
		in := importer.New(crontab.Kind, importer.Options{Zone: "UTC", From: from})
		if err := (crontab.Reader{}).Read(in, []*importer.File{{Name: name, Data: []byte("0 4 * * * root /a\n0 5 * * * root /b\n")}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(in.Entries[0].Notes, "\n"), "passes over"); got != passed || strings.Contains(strings.Join(in.Entries[1].Notes, "\n"), "passes over") {
			t.Errorf("%s: passed over %v, want %v; %q", name, got, passed, in.Entries[0].Notes)
		}
	}
}
