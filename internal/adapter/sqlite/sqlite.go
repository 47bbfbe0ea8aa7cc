// Package sqlite implements port.Store in one SQLite file, in WAL mode so that other processes can
// read it while the control plane writes.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/batchplane/batchplane/internal/port"
)

// schemaVersion is the file's version, in PRAGMA user_version. A file of another version is left alone.
// Version 1 was written by commits before the first release; docs/decisions/0123-*.md says why it is not
// read.
const schemaVersion = 2

// applicationID marks a file as ours, in PRAGMA application_id ("batc").
const applicationID = 0x62617463

//go:embed schema.sql
var schema string

// Errors of Open. Each is wrapped with the file and what to do next.
var (
	ErrNewer   = errors.New("was written by a newer batchplane")
	ErrOlder   = errors.New("was written by a batchplane from before the first release")
	ErrForeign = errors.New("is not a batchplane database")
	ErrLocked  = errors.New("is locked by another program")
	ErrNoFile  = errors.New("does not exist")
)

// Store implements port.Store. It is safe for concurrent use.
type Store struct {
	db    *sql.DB // the one connection that writes
	read  *sql.DB // connections that read beside it; the same as db if nothing is written
	group *group
	path  string
	held  []file // see hold
	rests port.Rests
}

// Open opens the file, and creates it and its folder if they are absent. It returns an error for a file
// that is not batchplane's, is corrupt or has a newer version, and leaves that file untouched.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("making the folder of %s: %w", path, err)
	}
	if err := isFile(path); err != nil {
		return nil, err
	}
	if err := touch(path); err != nil {
		return nil, err
	}
	s, err := open(ctx, path, "rw")
	if err == nil {
		private(path)
	}
	return s, err
}

// OpenExisting opens a file that must exist, read-only, for reading and for requests to the control
// plane that runs on it. It creates and migrates nothing.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s %w: start `batchplane local` first, name the right file with --db, or name a stack on AWS with --stack", path, ErrNoFile)
	}
	if err := isFile(path); err != nil {
		return nil, err
	}
	return open(ctx, path, "ro")
}

// isFile returns an error for what is there and is no file. SQLite would wait for a writer of a pipe, and
// calls a folder a disk I/O error.
func isFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s %w, not even a file: name another file with --db", path, ErrForeign)
	}
	return nil
}

// touch creates an absent file, readable only by its owner: it will hold the token for the local
// control plane.
func touch(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("closing %s: %w", path, err)
	}
	return nil
}

func open(ctx context.Context, path, mode string) (*Store, error) {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	q.Add("_pragma", "busy_timeout(5000)")
	if mode == "rw" {
		q.Add("_pragma", "synchronous(full)")
		// Each write of a group notes the pages that it changes, so that it alone can be taken back; on
		// disk, that takes more calls than the write itself.
		q.Add("_pragma", "temp_store(memory)")
	}
	db, err := connect(path, q)
	if err != nil {
		return nil, err
	}
	// One connection: SQLite has one writer, and waiting for it here is fairer than in its busy
	// handler.
	db.SetMaxOpenConns(1)
	s := &Store{db: db, read: db, group: &group{db: db, full: true}, path: path}
	if err := s.prepare(ctx, mode == "rw"); err != nil {
		return nil, errors.Join(s.explain(err), db.Close())
	}
	if mode == "rw" {
		q.Set("mode", "ro")
		q.Del("_txlock")
		if s.read, err = connect(path, q); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if err := s.hold(); err != nil {
			return nil, errors.Join(err, s.read.Close(), db.Close())
		}
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return s, nil
}

// readers is how many connections read at once: with WAL they need not wait for the writer.
const readers = 4

func connect(path string, q url.Values) (*sql.DB, error) {
	c, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return sql.OpenDB(connector{c}), nil
}

// prepare checks whose file it is before it writes to it.
func (s *Store) prepare(ctx context.Context, write bool) error {
	version, err := s.pragma(ctx, "user_version")
	if err != nil {
		return err
	}
	app, err := s.pragma(ctx, "application_id")
	if err != nil {
		return err
	}
	tables, err := s.count(ctx, "SELECT count(*) FROM sqlite_master")
	if err != nil {
		return err
	}
	switch {
	case tables > 0 && app != applicationID, tables == 0 && !write:
		return ErrForeign
	case version > schemaVersion:
		return fmt.Errorf("%w (its version is %d, this program knows %d)", ErrNewer, version, schemaVersion)
	case tables == 0:
		return s.create(ctx)
	case version < schemaVersion:
		return ErrOlder
	case write:
		return s.writable(ctx)
	}
	return nil
}

// writable finds out early whether another program keeps writers out.
func (s *Store) writable(ctx context.Context) error {
	if err := s.logWrites(ctx); err != nil { // VACUUM INTO creates files without WAL
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil) // immediate: it takes the lock
	if err != nil {
		return fmt.Errorf("beginning a write: %w", err)
	}
	if err := tx.Rollback(); err != nil {
		return fmt.Errorf("giving up a write that was only tried: %w", err)
	}
	return nil
}

func (s *Store) create(ctx context.Context) error {
	// This must come before the first table, so that dropped rows can give room back.
	if _, err := s.db.ExecContext(ctx, "PRAGMA auto_vacuum = INCREMENTAL"); err != nil {
		return fmt.Errorf("turning on vacuum: %w", err)
	}
	if err := s.logWrites(ctx); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning the schema: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	pragmas := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, schema+outlineIndex+pragmas); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing the schema: %w", err)
	}
	return nil
}

// logWrites turns on WAL, which the file remembers.
func (s *Store) logWrites(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return fmt.Errorf("turning on WAL: %w", err)
	}
	return nil
}

func (s *Store) pragma(ctx context.Context, name string) (int64, error) {
	return s.count(ctx, "PRAGMA "+name)
}

func (s *Store) count(ctx context.Context, query string) (int64, error) {
	var n int64
	if err := s.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("reading %q: %w", query, err)
	}
	return n, nil
}

// explain turns a failure to open into a sentence with what to do next.
func (s *Store) explain(err error) error {
	code := codeOf(err)
	switch {
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("%s %w: upgrade batchplane, or name another file with --db", s.path, err)
	case errors.Is(err, ErrOlder):
		return fmt.Errorf("%s %w, and this one does not read it: move it away, or name another file with --db", s.path, err)
	case errors.Is(err, ErrForeign):
		return fmt.Errorf("%s %w: name another file with --db", s.path, err)
	case code == sqlitelib.SQLITE_BUSY || code == sqlitelib.SQLITE_LOCKED:
		return fmt.Errorf("%s %w: end it, or name another file with --db (%w)", s.path, ErrLocked, err)
	case code == sqlitelib.SQLITE_NOTADB || code == sqlitelib.SQLITE_CORRUPT:
		cause, _ := errors.AsType[*sqlite.Error](err)
		return fmt.Errorf("%s %w, or is damaged: keep it, and name another file with --db (%w)", s.path, ErrForeign, cause)
	}
	if why := unusable[code]; why != "" {
		return fmt.Errorf("%s %s, or name another file with --db (%w)", s.path, why, err)
	}
	return fmt.Errorf("opening %s: %w", s.path, err)
}

// unusable says, by SQLite's error codes, why a file cannot be used and what to do.
var unusable = map[int]string{
	sqlitelib.SQLITE_FULL:     "cannot be written: make room on its disk",
	sqlitelib.SQLITE_CANTOPEN: notTheirs,
	sqlitelib.SQLITE_READONLY: notTheirs,
	sqlitelib.SQLITE_PERM:     notTheirs,
}

const notTheirs = "cannot be opened: it has to be a file that this user may write to, as to its folder; ask as the user whom it belongs to"

// DB returns the open database, for packages that keep their own tables in the file.
func (s *Store) DB() *sql.DB { return s.db }

// Reading returns connections that read beside DB. They see everything committed before they read.
func (s *Store) Reading() *sql.DB { return s.read }

// Close closes the file.
func (s *Store) Close() error {
	var err error
	if s.read != s.db {
		err = s.read.Close()
	}
	if err := errors.Join(err, s.db.Close()); err != nil {
		return fmt.Errorf("closing %s: %w", s.path, err)
	}
	return nil
}

// codeOf is SQLite's code of an error, without what extends it; 0 if the error is not SQLite's.
func codeOf(err error) int {
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		return se.Code() & 0xff
	}
	return 0
}

// isUnique reports whether a statement failed because a row already exists.
func isUnique(err error) bool { return codeOf(err) == sqlitelib.SQLITE_CONSTRAINT }
