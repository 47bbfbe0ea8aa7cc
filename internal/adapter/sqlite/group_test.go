package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWritesThatShareATransaction: each write is kept whole or not at all, in the order in which one
// caller makes them.
func TestWritesThatShareATransaction(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "CREATE TABLE mine (k TEXT PRIMARY KEY, n INTEGER)")
	errMine := errors.New("mine")
	const writers, writes = 20, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range writes {
				err := s.Within(t.Context(), i%2 == 0, func(ctx context.Context, tx *sql.Tx) error {
					if _, err := tx.ExecContext(ctx, "INSERT INTO mine VALUES (?, ?)", fmt.Sprint(w, "/", i), i); err != nil {
						return err
					}
					if i%3 == 1 { // rolled back, whatever the others do
						return errMine
					}
					_, err := tx.ExecContext(ctx, "INSERT INTO mine VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET n = n + 1", fmt.Sprint(w), 1)
					return err
				})
				if (i%3 == 1) != errors.Is(err, errMine) || i%3 != 1 && err != nil {
					t.Errorf("write %d of %d: %v", i, w, err)
				}
			}
		})
	}
	wg.Wait()
	var rows, sum int
	if err := s.DB().QueryRowContext(t.Context(), "SELECT count(*), sum(n) FILTER (WHERE k NOT LIKE '%/%') FROM mine").Scan(&rows, &sum); err != nil {
		t.Fatal(err)
	}
	if kept := writers * 7; rows != kept+writers || sum != kept {
		t.Errorf("%d rows and %d counted, want %d and %d", rows, sum, kept+writers, kept)
	}
}

// TestAWriteThatIsNotCommitted: whoever is told that a write was made finds it, also if one that shares its
// transaction ends that, as some errors do (https://sqlite.org/lang_transaction.html).
func TestAWriteThatIsNotCommitted(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "CREATE TABLE mine (k INTEGER PRIMARY KEY)")
	insert := func(k int) error {
		return s.Within(t.Context(), true, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO mine VALUES (?)", k); err != nil || k%10 > 0 {
				return err
			}
			_, err := tx.ExecContext(ctx, "ROLLBACK")
			return err
		})
	}
	errs := make([]error, 41)
	errs[0] = insert(0) // alone
	var wg sync.WaitGroup
	for k := 1; k < len(errs); k++ {
		wg.Go(func() { errs[k] = insert(k) })
	}
	wg.Wait()
	for k, err := range errs {
		var rows int
		if err := s.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM mine WHERE k = ?", k).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		if (rows == 1) != (err == nil) || k%10 == 0 && err == nil {
			t.Errorf("write %d: %d rows, %v", k, rows, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := insert(len(errs)); err == nil {
		t.Error("a write to a closed file is said to be made")
	}
}

// TestAWriteOnAFullDisk: the error says what to do.
func TestAWriteOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "PRAGMA max_page_count = 1") // SQLite takes the pages that there are
	err := s.SetMeta(t.Context(), "large", strings.Repeat("x", 1<<20))
	if err == nil || !strings.Contains(err.Error(), "make room on its disk") {
		t.Errorf("%v, want what to do", err)
	}
}

// TestAWriteToADamagedState: the error says what to do.
func TestAWriteToADamagedState(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "PRAGMA writable_schema = ON")
	exec(t, s.DB(), "UPDATE sqlite_schema SET rootpage = 999999 WHERE name = 'meta'")
	exec(t, s.DB(), "PRAGMA writable_schema = RESET")
	err := s.SetMeta(t.Context(), "a", "b")
	if err == nil || strings.Count(err.Error(), "the state is damaged: end what runs on it and restore a backup") != 1 {
		t.Errorf("%v, want what to do, once", err)
	}
}

// TestReadsOfADamagedState: the error says what to do, whether the first row or a later one cannot be read.
func TestReadsOfADamagedState(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(file []byte) []byte{
		"from its first row on": func(file []byte) []byte { return overwritten(file, 8*page, len(file)) }, // the schema fills the pages before
		"at its end":            func(file []byte) []byte { return overwritten(file, len(file)-page, len(file)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "local.db")
			s, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			exec(t, s.DB(), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 2000) INSERT INTO items (name, rev, body) SELECT printf('job-%04d', i), 1, '{}' FROM n")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			file, err := os.ReadFile(path) //nolint:gosec // a test's own file
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, harm(file))
			if s, err = sqlite.OpenExisting(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			_, err = s.Items(t.Context())
			if err == nil || strings.Count(err.Error(), "the state is damaged: end what runs on it and restore a backup") != 1 {
				t.Errorf("%v, want what to do, once", err)
			}
		})
	}
}

// page is how large SQLite's pages are, in bytes, if nothing else is said.
const page = 4096

func overwritten(file []byte, from, to int) []byte {
	for i := from; i < to; i++ {
		file[i] = 0xff
	}
	return file
}

// TestAWriteOfWhoHasGoneIsNotMade: a caller whose context has ended writes nothing.
func TestAWriteOfWhoHasGoneIsNotMade(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Within(ctx, true, func(context.Context, *sql.Tx) error {
		t.Error("it was made")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAPanicIsItsCallers: a write that panics is taken back, its caller gets the panic, and all other
// writes go on, whether they share its transaction or come later.
func TestAPanicIsItsCallers(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "CREATE TABLE mine (k INTEGER PRIMARY KEY)")
	insert := func(k int) (panicked any) {
		defer func() { panicked = recover() }()
		err := s.Within(t.Context(), true, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO mine VALUES (?)", k); err != nil {
				return err
			}
			if k%2 == 1 {
				panic(fmt.Sprint(k))
			}
			return nil
		})
		if err != nil {
			t.Errorf("write %d: %v", k, err)
		}
		return nil
	}
	if p := insert(1); p != "1" { // alone
		t.Errorf("panicked with %v", p)
	}
	var wg sync.WaitGroup
	for k := 2; k < 42; k++ {
		wg.Go(func() {
			if p := insert(k); (k%2 == 1) != (p == fmt.Sprint(k)) {
				t.Errorf("write %d panicked with %v", k, p)
			}
		})
	}
	wg.Wait()
	var rows, odd int
	if err := s.DB().QueryRowContext(t.Context(), "SELECT count(*), coalesce(sum(k % 2), 0) FROM mine").Scan(&rows, &odd); err != nil || rows != 20 || odd != 0 {
		t.Errorf("%d rows, of which %d should have been taken back: %v", rows, odd, err)
	}
}

// TestWritesMakeNoTemporaryFile: what is noted so that a write can be taken back is not on disk, however
// many pages it changes.
func TestWritesMakeNoTemporaryFile(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("only Linux shows which files a process has open")
	}
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	exec(t, s.DB(), "CREATE TABLE mine (v BLOB)")
	exec(t, s.DB(), "INSERT INTO mine WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT zeroblob(3000) FROM n")
	if err := s.Within(t.Context(), true, func(ctx context.Context, tx *sql.Tx) error {
		for _, query := range []string{"SAVEPOINT mine", "UPDATE mine SET v = randomblob(3000)"} {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
		files, err := filepath.Glob("/proc/self/fd/*")
		for _, file := range files {
			// A file without a name (O_TMPFILE) is shown as # and a number; SQLite calls others etilqs_ and a number.
			path, err := os.Readlink(file)
			if name := filepath.Base(path); err == nil && (strings.HasPrefix(name, "#") || strings.HasPrefix(name, "etilqs_")) {
				t.Errorf("%s is open", path)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsDurable: after a write that may be lost, each write of the control plane waits for the disk
// again.
func TestWhatIsDurable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	at := time.UnixMilli(1000)
	for name, write := range map[string]func() error{
		"PutPending":    func() error { return s.PutPending(t.Context(), port.Pending{Since: at, Until: at}) },
		"SetMark":       func() error { return s.SetMark(t.Context(), "a", at) },
		"MoveMark":      func() error { return s.MoveMark(t.Context(), "b", time.Time{}, at) },
		"Keep":          func() error { return s.Keep(t.Context(), port.Kept{At: at}) },
		"PutAsked":      func() error { return s.PutAsked(t.Context(), port.Asked{ID: "a", At: at}) },
		"PutDefinition": func() error { return s.PutDefinition(t.Context(), job.Job{Name: "a"}) },
		"Commit":        func() error { return s.Commit(t.Context(), port.Change{Item: &job.Item{Name: "a"}}) },
	} {
		if err := s.Within(t.Context(), false, func(context.Context, *sql.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if err := write(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var level int
		if err := s.DB().QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&level); err != nil || level != 2 {
			t.Errorf("%s is written with synchronous = %d, want 2 (FULL): %v", name, level, err)
		}
	}
}

// TestOneOfManyIsDurable: writes that share a transaction wait for the disk if any of them has to.
func TestOneOfManyIsDurable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	for _, c := range []struct {
		durable []bool
		want    int // of PRAGMA synchronous: 1 is NORMAL, 2 is FULL
	}{
		{[]bool{false, false}, 1},
		{[]bool{true, false}, 2},
		{[]bool{false}, 1},
		{[]bool{false, true}, 2},
	} {
		var level int
		err := sqlite.Level(t.Context(), s, c.durable...)
		if err := errors.Join(err, s.DB().QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&level)); err != nil || level != c.want {
			t.Errorf("%v: synchronous is %d, want %d, %v", c.durable, level, c.want, err)
		}
	}
}

// BenchmarkCommits makes 32 writes at a time, which share transactions, in turn with as many one after
// the other.
func BenchmarkCommits(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "local.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const together, each = 32, 10
	writes := func(n int) {
		for i := range n {
			if err := s.SetMeta(b.Context(), fmt.Sprint("key", i%100), "value"); err != nil {
				b.Error(err)
			}
		}
	}
	var shared, alone time.Duration
	for b.Loop() {
		began := time.Now()
		var wg sync.WaitGroup
		for range together {
			wg.Go(func() { writes(each) })
		}
		wg.Wait()
		between := time.Now()
		writes(together * each)
		shared, alone = shared+between.Sub(began), alone+time.Since(between)
	}
	n := float64(b.N * together * each)
	b.ReportMetric(0, "ns/op") // it would be of both together
	b.ReportMetric(float64(shared.Nanoseconds())/n, "ns-together")
	b.ReportMetric(float64(alone.Nanoseconds())/n, "ns-alone")
	b.ReportMetric(float64(alone)/float64(shared), "alone/together")
}

// TestPrune: what has ended and is old is dropped, whole batches at a time.
func TestPrune(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "local.db"))
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	put := func(name string, at time.Time, status run.Status) {
		r := run.Run{ID: run.ScheduledID(name, at), ScheduledFor: at, QueuedAt: at, Status: status, Cause: strings.Repeat("x", 1000)}
		if !status.Terminal() {
			r.DueAt = at
		}
		if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1200 {
		put("a", old.Add(time.Duration(i)*time.Minute), run.Succeeded)
	}
	put("open", old, run.Running)
	put("new", old.AddDate(0, 2, 0), run.Failed)
	pages := func() (n int) {
		if err := s.DB().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, at := range []time.Time{old, old.AddDate(0, 2, 0)} {
		if err := errors.Join(s.PutAsked(t.Context(), port.Asked{At: at, ID: "x"}), s.Keep(t.Context(), port.Kept{At: at, Reason: "x"})); err != nil {
			t.Fatal(err)
		}
	}
	before := pages()
	trigger := func(query string) {
		if _, err := s.DB().ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	trigger("CREATE TRIGGER full BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'disk full'); END")
	if n, err := s.Prune(t.Context(), old.AddDate(0, 1, 0)); n != 0 || err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("dropped %d of a full disk, %v", n, err)
	}
	trigger("DROP TRIGGER full")
	if n, err := s.Prune(t.Context(), old.AddDate(0, 1, 0)); n != 1200 || err != nil {
		t.Errorf("dropped %d, %v", n, err)
	}
	if _, err := s.Prune(t.Context(), old); err != nil { // by a clock that was put back
		t.Error(err)
	}
	if at, err := s.Dropped(t.Context()); err != nil || !at.Equal(old.AddDate(0, 1, 0)) {
		t.Errorf("dropped up to %s, %v", at, err)
	}
	rs, err := s.Runs(t.Context(), port.Query{})
	if err != nil || len(rs) != 2 || rs[0].ID.Job() != "new" || rs[1].ID.Job() != "open" {
		t.Errorf("left are %d runs, %v", len(rs), err)
	}
	var kept, asked int
	if err := s.DB().QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM asked)").Scan(&kept, &asked); err != nil || kept != 1 || asked != 1 {
		t.Errorf("%d kept and %d asked are left, %v", kept, asked, err)
	}
	if after := pages(); after > before/4 {
		t.Errorf("%d pages of %d are left", after, before)
	}
}
