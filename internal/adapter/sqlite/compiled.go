package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	sqlitelib "modernc.org/sqlite/lib"
)

// mostCompiled is how many compiled statements a connection keeps, each of some KB. The control plane
// repeats some thirty.
const mostCompiled = 64

// connector opens connections that keep the statements that they compiled. Compiling one takes as long
// as writing a row with it.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // callers of database/sql say what they do
	}
	base, ok := raw.(baseConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection is a %T", raw), raw.Close())
	}
	return &conn{baseConn: base, compiled: map[string]compiled{}}, nil
}

// baseConn is what database/sql uses of the driver's connections.
type baseConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type compiled interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn is a connection with its compiled statements, by their texts. Like every driver.Conn, one
// goroutine at a time uses it.
type conn struct {
	baseConn

	compiled map[string]compiled // without those in use
}

// keeps reports whether a statement may be kept. A PRAGMA may take effect when it is compiled, and only
// then (https://sqlite.org/pragma.html).
func keeps(query string) bool {
	first, _, _ := strings.Cut(query, " ")
	switch first {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE":
		return true
	}
	return false
}

// take returns a statement that its caller alone uses until keep.
func (c *conn) take(ctx context.Context, query string) (compiled, error) {
	if s, ok := c.compiled[query]; ok {
		delete(c.compiled, query)
		return s, nil
	}
	raw, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err //nolint:wrapcheck // callers of database/sql say what they do
	}
	s, ok := raw.(compiled)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a statement is a %T", raw), raw.Close())
	}
	return s, nil
}

// keep keeps a statement unless it failed, and returns why it failed. If there are too many, any other
// makes room.
func (c *conn) keep(query string, s compiled, failed error) error {
	if _, twice := c.compiled[query]; failed != nil || twice {
		_ = s.Close()
		return failed
	}
	for other, o := range c.compiled {
		if len(c.compiled) < mostCompiled {
			break
		}
		delete(c.compiled, other)
		_ = o.Close()
	}
	c.compiled[query] = s
	return nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !keeps(query) {
		return c.baseConn.ExecContext(ctx, query, args) //nolint:wrapcheck // callers of database/sql say what they do
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	done, err := s.ExecContext(ctx, args)
	return done, c.keep(query, s, err)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !keeps(query) {
		return c.baseConn.QueryContext(ctx, query, args) //nolint:wrapcheck // callers of database/sql say what they do
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, c.keep(query, s, damaged(err))
	}
	return &compiledRows{Rows: rows, keep: func(failed error) error { return c.keep(query, s, failed) }}, nil
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	for _, s := range c.compiled {
		_ = s.Close()
	}
	return c.baseConn.Close() //nolint:wrapcheck // callers of database/sql say what they do
}

// compiledRows are the rows of a statement, which is in use until they are closed.
type compiledRows struct {
	driver.Rows

	keep func(failed error) error
}

func (r *compiledRows) Next(dest []driver.Value) error { return damaged(r.Rows.Next(dest)) }

func (r *compiledRows) Close() error { return r.keep(r.Rows.Close()) }

// errDamaged is what to do about a file that was found damaged while it was in use.
var errDamaged = errors.New("the state is damaged: end what runs on it and restore a backup")

// damaged makes an error that SQLite has of a damaged file one that says so.
func damaged(err error) error {
	code := codeOf(err)
	if errors.Is(err, errDamaged) || code != sqlitelib.SQLITE_CORRUPT && code != sqlitelib.SQLITE_NOTADB {
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}
