package crontab_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/test/golden"
)

func noVariables(string) (string, bool) { return "", false }

var from = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestRows checks the report, the jobs and the old crontab for a file with a line for each thing
// that real files have.
func TestRows(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/rows.crontab")
	if err != nil {
		t.Fatal(err)
	}
	r, err := readText(data, options{Zone: "Asia/Tokyo", From: from, Disabled: true})
	if err != nil {
		t.Fatal(err)
	}
	report := report(r)
	golden.Check(t, "testdata/rows.report", report)
	golden.Check(t, "testdata/rows.imported", r.Old)
	jobs, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, nil)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/rows.yaml", jobs)
	readable(t, r, jobs)

	r.Old = nil
	everything, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "abc123"} {
		if bytes.Contains(jobs, []byte(secret)) || bytes.Contains(report, []byte(secret)) {
			t.Errorf("the secret %s is written", secret)
		}
		if bytes.Contains(everything, []byte(secret)) {
			t.Errorf("the secret %s is in %s", secret, everything)
		}
	}
}

// report gives what an import says about each line.
func report(r importer.Result) []byte {
	var b bytes.Buffer
	for _, e := range r.Entries {
		fmt.Fprintf(&b, "%d %s %s\n", e.Line, e.Kind, e.Verdict)
		for _, n := range e.Notes {
			fmt.Fprintf(&b, "\t%s\n", n)
		}
	}
	return b.Bytes()
}

// readable checks that what is written is a jobs file with the same jobs.
func readable(t *testing.T, r importer.Result, text []byte) {
	t.Helper()
	f, problems := jobfile.Load([]jobfile.Source{{Data: text}}, jobfile.Options{Env: noVariables})
	if len(problems) > 0 || len(f.Jobs) != len(r.Jobs) {
		t.Fatalf("%d of %d jobs: %v", len(f.Jobs), len(r.Jobs), problems)
	}
	for i, j := range f.Jobs {
		if j.Hash() != r.Jobs[i].Hash() {
			t.Errorf("%+v is read as %+v", r.Jobs[i], j)
		}
	}
}

// TestUndo restores every byte, and the line of a single job.
func TestUndo(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/rows.crontab")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"rows": data, "crlf": bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))} {
		r, err := readText(text, options{Zone: "UTC", From: from})
		if err != nil {
			t.Fatal(err)
		}
		if back, restored := crontab.Undo(r.Old); !bytes.Equal(back, text) || len(restored) != len(r.Jobs) {
			t.Errorf("%s: %d of %d jobs\n%s", name, len(restored), len(r.Jobs), back)
		}
		one, restored := crontab.Undo(r.Old, "report")
		if !slices.Equal(restored, []string{"report"}) || bytes.Count(one, []byte("batchplane runs this as")) != len(r.Jobs)-1 {
			t.Errorf("%s: restored %v", name, restored)
		}
		all, err := lines.Parse(r.Old, lines.Absent)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			if l.Kind == lines.Job && !l.Spec.NeverFires() && !strings.Contains(l.Text, "minutely") {
				t.Errorf("%s: cron still runs line %d: %s", name, l.Number, l.Text)
			}
		}
	}
	const other = "report: 1\n# report: 1\n# batchplane runs this as report\n"
	if back, restored := crontab.Undo([]byte(other)); string(back) != other || len(restored) > 0 {
		t.Errorf("%v of what no import wrote: %s", restored, back)
	}
}

// TestCorpus compares cron's own reading of real lines with a reference.
func TestCorpus(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../cron/crontab/testdata/lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	type fact struct {
		Text, Kind     string
		Schedule, User *string
		Command, Stdin *string
		NoFinalNewline bool
	}
	n := 0
	for d := json.NewDecoder(f); d.More(); n++ {
		var want fact
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		users := lines.Absent
		if want.User != nil {
			users = lines.Present
		}
		r, err := readText([]byte(want.Text+"\n"), options{Zone: "Europe/Berlin", Users: users, From: from})
		if err != nil || len(r.Entries) != 1 {
			t.Fatalf("%q: %v, %+v", want.Text, err, r.Entries)
		}
		got := r.Entries[0]
		if got.Kind != want.Kind || !same(got.Schedule, want.Schedule) || !same(got.User, want.User) || !same(got.Stdin, want.Stdin) {
			t.Errorf("%q: got %+v, want %+v", want.Text, got, want)
		}
		if !same(got.Command, want.Command) && !strings.Contains(*got.Command, importer.Hidden) {
			t.Errorf("%q: command %q, want %q", want.Text, *got.Command, *want.Command)
		}
		text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Jobs) > 0 {
			readable(t, r, text)
		} else if got.Kind == "job" && !got.NeverFires && len(got.Notes) == 0 {
			t.Errorf("%q is dropped in silence", want.Text)
		}
	}
	if n < 90 {
		t.Errorf("only %d lines", n)
	}
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// FuzzImport: for any bytes, the jobs can be written and read, and undoing restores the file.
func FuzzImport(f *testing.F) {
	data, err := os.ReadFile("testdata/rows.crontab")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		f.Add(line)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, local := range []bool{false, true} {
			r, err := readText(data, options{From: from, Disabled: true, Local: local})
			if err != nil {
				return
			}
			sound(t, data, r)
		}
	})
}

// sound checks that what was imported is a jobs file, and that it can be undone.
func sound(t *testing.T, data []byte, r importer.Result) {
	t.Helper()
	if len(r.Jobs) > 0 {
		text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := jobfile.Load([]jobfile.Source{{Data: text}}, jobfile.Options{Env: noVariables}); len(problems) > 0 {
			t.Errorf("%v\n%s", problems, text)
		}
	}
	if !bytes.Contains(data, []byte("batchplane runs this as")) {
		if back, _ := crontab.Undo(r.Old); !bytes.Equal(back, data) {
			t.Errorf("undone:\n%q\nwant\n%q", back, data)
		}
	}
}

// TestBounds: a long line of anything takes about as long as reading it.
func TestBounds(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"a=", "token=a ", "sh -c '", "> a.log "} {
		line := at(strings.Repeat(unit, (1<<18)/len(unit)))
		begun := time.Now()
		if r, err := readText([]byte(line), options{Zone: "UTC", From: from}); err != nil || len(r.Entries) == 0 {
			t.Errorf("%q: %v", unit, err)
		}
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("%q takes %s", unit, took)
		}
	}
}
