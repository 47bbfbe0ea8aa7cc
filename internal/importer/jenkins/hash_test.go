package jenkins

import (
	"slices"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
)

// TestHashDrawsAsJava: the values are what java.util.Random of OpenJDK 17 draws with Jenkins' seed, for
// bounds of all kinds of field.
func TestHashDrawsAsJava(t *testing.T) {
	t.Parallel()
	of := []int{60, 24, 28, 12, 7, 15, 8, 60, 3, 60, 24, 16}
	for name, want := range map[string][]int{
		"stuff":               {56, 15, 1, 6, 1, 7, 1, 31, 1, 51, 6, 1},
		"junk":                {20, 10, 16, 4, 0, 6, 5, 15, 0, 54, 4, 3},
		"backups/nightly":     {48, 15, 26, 6, 0, 4, 1, 20, 0, 15, 1, 7},
		"Übersicht":           {24, 2, 8, 1, 6, 8, 6, 44, 2, 18, 6, 8},
		"team/sub folder/job": {1, 14, 0, 11, 1, 0, 2, 39, 0, 34, 0, 10},
	} {
		h := newHash(name)
		var got []int
		for _, n := range of {
			got = append(got, h.next(n))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v instead of %v", name, got, want)
		}
	}
}

// TestFieldsAsJenkins has the cases of Jenkins' own tests (CronTabTest.java: hashedMinute, hashSkips and
// testCeil3_DoW7), and what its grammar refuses.
func TestFieldsAsJenkins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"stuff", "H 17 * * *", "56 17 * * *"},
		{"stuff", "H * * * *", "56 * * * *"},
		{"stuff", "@hourly", "56 * * * *"},
		{"junk", "@hourly", "20 * * * *"},
		{"stuff", "H H(12-13) * * *", "56 13 * * *"},
		{"stuff", "H/15 * * * *", "11,26,41,56 * * * *"},
		{"junk", "H(0-15)/3 * * * *", "2,5,8,11,14 * * * *"},
		{"junk", "H(0-3)/4 * * * *", "2 * * * *"},
		{"junk", "H(0-3)/15 * * * *", ""},
		{"stuff", "H/1 * * * *", "56 * * * *"}, // a step of 1 is none
		{"stuff", "@weekly", "56 15 * * 1"},
		{"stuff", "@midnight", "56 0 * * *"},
		{"stuff", "5,H 3 * * *", "5,56 3 * * *"},
		{"", "0 0 1 * 7", "0 0 1 * 0"},
		{"", "0 0 * * 5-7", "0 0 * * 0,5,6"},
		{"", "*/20 8-18/2 * 1,7 *", "0,20,40 8,10,12,14,16,18 * 1,7 *"},
		{"", "0 0 * * *", "0 0 * * *"},
		{"", "0 0 * * 8", ""},
		{"", "0 24 * * *", ""},
		{"", "0 0 0 * *", ""},
		{"", "5/10 * * * *", ""},
		{"", "30-10 * * * *", ""},
		{"", "*/0 * * * *", ""},
		{"", "H() * * * *", ""},
		{"", "H(5) * * * *", ""},
		{"", "0 0 * * MON", ""},
		{"", "0 0 * *", ""},
		{"", "@reboot", ""},
		{"", "0 0 * jan *", ""},
		{"", "+5 0 * * *", ""},
	} {
		f, _, err := fields(c.text, newHash(c.name))
		got := ""
		if err == nil {
			got = f.Crontab()
		}
		if got != c.want {
			t.Errorf("%s for %q: %q (%v) instead of %q", c.text, c.name, got, err, c.want)
		}
	}
}

// TestTimer: a zone is that of a first line alone, comments count for nothing, and all lines draw from
// one hash.
func TestTimer(t *testing.T) {
	t.Parallel()
	zone, lines, err := timer("TZ=Asia/Tokyo\r\n\n# nights\n H H * * * \nH 3 * * 1-5\n", newHash("stuff"))
	var got []string
	for _, l := range lines {
		got = append(got, l.fields.Crontab())
	}
	if want := []string{"56 15 * * *", "25 3 * * 1-5"}; err != nil || zone != "Asia/Tokyo" || !slices.Equal(got, want) {
		t.Errorf("%s %v %v", zone, got, err)
	}
	if _, _, err := timer("0 3 * * *\nTZ=Asia/Tokyo", newHash("")); err == nil {
		t.Error("a zone below a line is read")
	}
}

func TestFullName(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"/var/lib/jenkins/jobs/nightly/config.xml":       "nightly",
		"jobs/team/jobs/sub folder/jobs/job/config.xml":  "team/sub folder/job",
		`C:\Jenkins\jobs\nightly\config.xml`:             "nightly",
		"config.xml":                                     "",
		"-":                                              "",
		"nightly.xml":                                    "nightly",
		"out/backups%2Fshop.xml":                         "backups/shop",
		"backup/nightly/config.xml":                      "",
		"/var/lib/jenkins/jobs/team/jobs/job/config.xml": "team/job",
	} {
		if got := fullName(&importer.File{Name: file}); got != want {
			t.Errorf("%s: %q instead of %q", file, got, want)
		}
	}
	for _, c := range []struct{ file, at, want string }{
		{"nightly/config.xml", "/var/lib/jenkins/jobs/nightly/config.xml", "nightly"},
		{"../job/config.xml", "/var/lib/jenkins/jobs/team/jobs/job/config.xml", "team/job"},
		{"jobs/job/config.xml", "/var/lib/jenkins/jobs/team/jobs/job/config.xml", "team/job"},
		{"copies/nightly/config.xml", "/home/ann/copies/nightly/config.xml", ""},
		{"config.xml", "/home/ann/jobs/jenkins/config.xml", ""}, // whose folder may have any name
	} {
		if got := fullName(&importer.File{Name: c.file, Path: c.at}); got != c.want {
			t.Errorf("%s at %s: %q instead of %q", c.file, c.at, got, c.want)
		}
	}
}
