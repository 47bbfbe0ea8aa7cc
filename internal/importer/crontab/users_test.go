package crontab_test

import (
	"strings"
	"testing"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
)

// TestUserColumn: what is not certain is switched off, and jobs that are commented out are read
// like the others.
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
		"SHELL=/bin/sh\n#0 1 * * * shop /x\n" + root:  "/x",
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

// TestSystemFileWithoutUsers: if cron reads users in a file that names none, no job of it has ever
// run, unless a person says that the file was a user's.
func TestSystemFileWithoutUsers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		users lines.UserColumn
		off   bool
	}{
		"/etc/crontab": {lines.Detect, true}, "/etc/cron.d/shop": {lines.Detect, true}, "repo/etc/crontab": {lines.Detect, false}, "/etc/cron.d/b": {lines.Absent, false},
	} {
		in := importer.New(crontab.Kind, importer.Options{Zone: "UTC", From: from})
		if err := (crontab.Reader{Users: c.users}).Read(in, []*importer.File{{Name: name, Data: []byte("0 1 * * * /opt/x\n")}}); err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(in.Entries[0].Notes, "\n")
		if len(in.Jobs) != 1 || in.Jobs[0].Disabled != c.off || strings.Contains(notes, "takes /opt/x for one, so it has never run") != c.off {
			t.Errorf("%s: %+v\n%s", name, in.Jobs, notes)
		}
	}
}
