package cli_test

import (
	"database/sql"
	"strings"
	"testing"
)

// damaged makes what is stored unreadable, as somebody does by hand.
func (w *world) damaged(table, key, value string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.db+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(w.t.Context(), "UPDATE "+table+" SET body = 'x' WHERE "+key+" = ?", value); err != nil { //nolint:gosec // a test's own names
		w.t.Fatal(err)
	}
}

// TestJobsNameWhatCannotBeRead: a job whose item is damaged is listed, whatever else is
// asked, and the exit code says that not all is known.
func TestJobsNameWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.damaged("items", "name", "broken")
	for args, lines := range map[string]int{"jobs": 5, "jobs --failing": 2, "jobs broken": 2} {
		r := w.run(strings.Fields(args)...)
		if r.code != 1 || strings.Count(r.out, "\n") != lines || !strings.Contains(r.out, "its item cannot be read, so its slots are not watched") || strings.Contains(r.out, "broken  team-a") {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if r := w.run("jobs", "--json", "broken"); r.code != 1 || !strings.HasPrefix(r.out, `{"job":"broken","unreadable":true`) {
		t.Errorf("--json: %+v", r)
	}
	if r := w.run("jobs", "report"); r.code != 0 {
		t.Errorf("of another job: %+v", r)
	}
}

// TestHistoryNamesWhatCannotBeRead: beside the runs that can be, and with an exit code that
// says so.
func TestHistoryNamesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.damaged("runs", "id", "broken/20261121T0200Z")
	for args, lines := range map[string]int{"history --json": 5, "history --json --status failed": 2, "history --json broken": 2} {
		r := w.run(strings.Fields(args)...)
		if r.code != 1 || strings.Count(r.out, "\n") != lines || !strings.Contains(r.err, "1 run whose records are damaged: broken/20261121T0200Z; `batchplane show") {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if r := w.run("retry", "--all", "--since", "7d"); !strings.Contains(r.err, "not all could be read: 1 run whose records are damaged: broken/20261121T0200Z") {
		t.Errorf("retry --all: %+v", r)
	}
	if r := w.run("history", "report"); r.code != 0 || r.err != "" {
		t.Errorf("of another job: %+v", r)
	}
}
