package crontab_test

import (
	"testing"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
)

// TestUserColumn: what is not certain is switched off, and jobs behind a # are
// read as those that are not.
func TestUserColumn(t *testing.T) {
	t.Parallel()
	root := at("root /a") + at("root /b")
	runCases(t, []lineCase{
		{"an odd user", root + at("Debian-exim /x"), "/x", false, ""},
		{"a user is forgotten", root + at("/x"), "/x", true, "the file names users and this line none, so cron takes /x for one: say --users yes or --users no; it is imported switched off"},
		{"one word", "*/30 * * * * puppet agent --test\n", "puppet agent --test", true, "whether puppet is a user"},
		{"one word among commands", at("/a") + at("git gc"), "git gc", false, ""},
	})
	for text, command := range map[string]string{
		root + "#0 1 * * * shop /x\n":                 "/x",
		"#0 1 * * * shop /x\n" + root:                 "/x",
		at("/a") + "#0 1 * * * puppet agent --test\n": "puppet agent --test",
	} {
		r, err := readText([]byte(text), options{Zone: "UTC", From: from, Disabled: true})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, j := range r.Jobs {
			found = found || j.Disabled && j.Command[2] == command
		}
		if !found {
			t.Errorf("%q: %+v", text, r.Jobs)
		}
	}
	r, err := readText([]byte("#0 1 * * * root /x\n"), options{Zone: "UTC", From: from, Disabled: true, Users: lines.Absent})
	if err != nil || r.Jobs[0].Command[2] != "root /x" {
		t.Errorf("%+v, %v", r.Jobs, err)
	}
}
