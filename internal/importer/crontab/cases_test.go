package crontab_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
	"github.com/batchplane/batchplane/internal/job"
)

// lineCase is a crontab, and what becomes of the job on its last line.
type lineCase struct {
	name, text string
	command    string // "" if there is none
	off        bool
	says       string
}

// at gives a line at one o'clock.
func at(command string) string { return "0 1 * * * " + command + "\n" }

func imported(t *testing.T, text string) importer.Result {
	t.Helper()
	r, err := readText([]byte(text), options{Zone: "UTC", From: from})
	if err != nil || len(r.Entries) == 0 {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}

// lastJob gives the job of the last line.
func lastJob(r importer.Result) (job.Job, importer.Entry) {
	e := r.Entries[len(r.Entries)-1]
	if e.Job == nil {
		return job.Job{}, e
	}
	return r.Jobs[len(r.Jobs)-1], e
}

func runCases(t *testing.T, cases []lineCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j, e := lastJob(imported(t, c.text))
			command := ""
			if len(j.Command) > 0 {
				command = j.Command[len(j.Command)-1]
			}
			notes := strings.Join(e.Notes, "\n")
			if command != c.command || j.Disabled != c.off {
				t.Errorf("%q\n got %q, off %v\nwant %q, off %v\n%s", c.text, command, j.Disabled, c.command, c.off, notes)
			}
			if !strings.Contains(notes, c.says) || c.says == "" && strings.Contains(notes, "needs a decision") {
				t.Errorf("%q: the notes do not say %q:\n%s", c.text, c.says, notes)
			}
			if j.Disabled && !strings.Contains(notes, "needs a decision: ") {
				t.Errorf("%q is switched off without a reason", c.text)
			}
		})
	}
}

// nowhere checks that no secret is in anything that an import gives, except the old crontab.
func nowhere(t *testing.T, r importer.Result, secrets ...string) {
	t.Helper()
	r.Old = nil
	everything, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if bytes.Contains(everything, []byte(s)) {
			t.Errorf("%s is in %s", s, everything)
		}
	}
}

// options is what a test says about a crontab.
type options struct {
	Zone     string
	From     time.Time
	Disabled bool
	Users    lines.UserColumn
	Local    bool
}

func readText(data []byte, o options) (importer.Result, error) {
	in := importer.New(crontab.Kind, importer.Options{Zone: o.Zone, From: o.From, Disabled: o.Disabled, Local: o.Local})
	err := crontab.Reader{Users: o.Users}.Read(in, []*importer.File{{Name: "-", Data: data}})
	return in.Result, err
}
