package cli_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/port"
)

// TestWhatCannotBeReadIsNotNothing: if part of the state cannot be read, a command that needs it fails. It does
// not answer as if there were nothing.
func TestWhatCannotBeReadIsNotNothing(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("pause", "report", "--reason", "x")
	if err := w.l.Store.Keep(t.Context(), port.Kept{At: at, Reason: "not usable", Body: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	w.close()
	other, err := sqlite.Open(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	rename := func(from, to string) {
		t.Helper()
		if _, err := other.DB().ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
			t.Fatal(err)
		}
	}
	var tables string
	if err := other.DB().QueryRowContext(t.Context(), "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").Scan(&tables); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"jobs", "history", "show broken", "logs report", "pauses", "status", "audit", "kept", "retry --all"} {
		command := strings.Fields(args)
		whole, failed := w.run(command...), false
		for _, table := range strings.Split(tables, ",") {
			rename(table, "away")
			part := w.run(command...)
			rename("away", table)
			if part.code == 0 && part.out != whole.out {
				t.Errorf("%s without the table %s: %q, %q", args, table, part.out, part.err)
			}
			failed = failed || part.code != 0
		}
		if !failed {
			t.Errorf("%s needs none of %s", args, tables)
		}
	}
}
