package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	sqlitelib "modernc.org/sqlite/lib"
)

// maxGroup is the most writes that share a transaction.
const maxGroup = 256

// group puts writes that come at the same time into one transaction, so that they share its fsync. A
// thousand runs that start in one second then need some dozens of fsyncs instead of some thousands in a
// row.
type group struct {
	db *sql.DB

	mu    sync.Mutex
	queue []*write
	busy  bool
	full  bool // PRAGMA synchronous is FULL; only the leader of a group touches it
}

type write struct {
	ctx     context.Context //nolint:containedctx // of the one call that waits for it
	durable bool
	do      func(context.Context, *sql.Tx) error
	err     error
	panics  any // what do panicked with
	done    chan struct{}
}

// Within runs do in a transaction, which it may share with other callers. What do does is kept whole or
// not at all, whatever becomes of the others. do must touch nothing but the transaction. Once Within
// has returned nil for a durable write, that write and all before it survive a crash of the machine. A
// write that is not durable may be lost in such a crash, with all after it, but not if only the process
// dies. If do panics, its write is taken back, and Within panics with the same value.
func (s *Store) Within(ctx context.Context, durable bool, do func(context.Context, *sql.Tx) error) error {
	w := &write{ctx: ctx, durable: durable, do: do, done: make(chan struct{})}
	g := s.group
	g.mu.Lock()
	g.queue = append(g.queue, w)
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead {
		g.next() //nolint:contextcheck // it works for others too: one who goes away must not end their writes
	}
	<-w.done
	if w.panics != nil {
		panic(w.panics)
	}
	return w.err
}

// next commits one group and leaves the rest of the queue to a new goroutine.
func (g *group) next() {
	g.mu.Lock()
	n := min(len(g.queue), maxGroup)
	batch := g.queue[:n:n]
	g.queue = g.queue[n:]
	g.mu.Unlock()
	g.commit(batch)
	for _, w := range batch {
		close(w.done)
	}
	g.mu.Lock()
	more := len(g.queue) > 0
	g.busy = more
	g.mu.Unlock()
	if more {
		go g.next()
	}
}

// commit runs a group. If an error ends the transaction itself, nothing of the group is kept.
func (g *group) commit(batch []*write) {
	ctx := context.Background() // a caller that goes away must not end the writes of others
	err := g.level(ctx, batch)
	if err == nil {
		err = g.transact(ctx, batch)
	}
	for _, w := range batch {
		if w.err == nil {
			w.err = err
		}
		if codeOf(w.err) == sqlitelib.SQLITE_FULL {
			w.err = fmt.Errorf("the state %s: %w", unusable[sqlitelib.SQLITE_FULL], w.err)
		}
		w.err = damaged(w.err)
	}
}

// level makes the commit wait for the disk if any write of the group needs that.
func (g *group) level(ctx context.Context, batch []*write) error {
	full := false
	for _, w := range batch {
		full = full || w.durable
	}
	if full == g.full {
		return nil
	}
	query := "PRAGMA synchronous = NORMAL"
	if full {
		query = "PRAGMA synchronous = FULL"
	}
	if _, err := g.db.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("saying how safe a write is to be: %w", err)
	}
	g.full = full
	return nil
}

func (g *group) transact(ctx context.Context, batch []*write) error {
	tx, err := g.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a write: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	kept := 0
	for _, w := range batch {
		if w.err = w.ctx.Err(); w.err != nil {
			continue
		}
		if err := w.within(ctx, tx, len(batch) > 1); err != nil {
			return err
		}
		if w.err == nil {
			kept++
		}
	}
	if kept == 0 {
		return nil
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing a write: %w", err)
	}
	return nil
}

// within runs one write. The error it returns is one of the whole transaction.
func (w *write) within(ctx context.Context, tx *sql.Tx, shared bool) error {
	if !shared {
		w.err = w.call(ctx, tx)
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		return fmt.Errorf("beginning a write: %w", err)
	}
	if w.err = w.call(ctx, tx); w.err != nil {
		// ROLLBACK TO fails if the error has ended the transaction.
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
			return errors.Join(w.err, fmt.Errorf("taking a write back: %w", err))
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE one"); err != nil {
		return fmt.Errorf("ending a write: %w", err)
	}
	return nil
}

// errPanics makes a group take a write back whose do panicked.
var errPanics = errors.New("a write panicked")

// call calls do. A panic belongs to the caller who gave do: the group goes on for the others.
func (w *write) call(ctx context.Context, tx *sql.Tx) (err error) {
	defer func() {
		if w.panics = recover(); w.panics != nil {
			err = errPanics
		}
	}()
	return w.do(ctx, tx)
}

// exec runs one durable statement.
func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.Within(ctx, true, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err //nolint:wrapcheck // callers say what they write
	})
}
