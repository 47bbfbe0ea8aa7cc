package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
)

// compiling opens a store with a table of three numbers, and takes its one connection that writes.
func compiling(t *testing.T) (*sqlite.Store, *sql.Conn) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "CREATE TABLE mine (n INTEGER PRIMARY KEY)")
	exec(t, s.DB(), "INSERT INTO mine VALUES (1), (2), (3)")
	c, err := s.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return s, c
}

// TestAStatementWithinItself: a statement that is read from is not the one that the same text runs
// meanwhile.
func TestAStatementWithinItself(t *testing.T) {
	t.Parallel()
	_, c := compiling(t)
	for range 2 { // compiled, then kept
		if got := pairs(t, c); fmt.Sprint(got) != "[1 2 2 3 3 0]" {
			t.Errorf("got %v", got)
		}
	}
}

// pairs returns each number with the next one, which the same statement finds.
func pairs(t *testing.T, c *sql.Conn) (got []int) {
	t.Helper()
	const above = "SELECT n FROM mine WHERE n > ? ORDER BY n"
	rows, err := c.QueryContext(t.Context(), above, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n, next int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		_ = c.QueryRowContext(t.Context(), above, n).Scan(&next) // none is above 3
		got = append(got, n, next)
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return got
}

// TestAKeptStatementReadsNothing: the log can be emptied, which no connection hinders whose statement
// is still at a row.
func TestAKeptStatementReadsNothing(t *testing.T) {
	t.Parallel()
	s, c := compiling(t)
	var n, busy, pages, moved int
	if err := s.Reading().QueryRowContext(t.Context(), "SELECT n FROM mine").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), "INSERT INTO mine VALUES (4)"); err != nil {
		t.Fatal(err)
	}
	if err := c.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil || busy != 0 {
		t.Errorf("the log cannot be emptied: %d, %v", busy, err)
	}
}

// TestAStatementAfterAFault: a statement that failed, or whose table has changed since it was compiled,
// runs again.
func TestAStatementAfterAFault(t *testing.T) {
	t.Parallel()
	_, c := compiling(t)
	const insert, all = "INSERT INTO mine (n) VALUES (?)", "SELECT * FROM mine WHERE n = 5"
	if _, err := c.ExecContext(t.Context(), insert, 1); err == nil {
		t.Error("a row is there twice")
	}
	if _, err := c.ExecContext(t.Context(), insert, 5); err != nil {
		t.Error(err)
	}
	var n, more int
	if err := c.QueryRowContext(t.Context(), all).Scan(&n); err != nil {
		t.Error(err)
	}
	if _, err := c.ExecContext(t.Context(), "ALTER TABLE mine ADD COLUMN more INTEGER DEFAULT 7"); err != nil {
		t.Fatal(err)
	}
	if err := c.QueryRowContext(t.Context(), all).Scan(&n, &more); err != nil || n != 5 || more != 7 {
		t.Errorf("got %d and %d, %v", n, more, err)
	}
}

// TestFewStatementsAreKept: of statements whose texts vary, a connection keeps no more than others.
func TestFewStatementsAreKept(t *testing.T) {
	t.Parallel()
	_, c := compiling(t)
	for i := range 3 * sqlite.MostCompiled {
		var n int
		if err := c.QueryRowContext(t.Context(), fmt.Sprintf("SELECT n + %d FROM mine", i)).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if kept := sqlite.Compiled(c); kept != sqlite.MostCompiled {
		t.Errorf("%d statements are kept, want %d", kept, sqlite.MostCompiled)
	}
}
