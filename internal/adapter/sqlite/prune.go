package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// pruneBatch is how many runs one transaction drops, so that other writes are not held up.
const pruneBatch = 500

// markDropped names the mark up to which runs were dropped.
const markDropped = "dropped"

// Dropped returns the time up to which runs may have been dropped, zero if none ever were.
func (s *Store) Dropped(ctx context.Context) (time.Time, error) { return s.Mark(ctx, markDropped) }

// Prune drops the runs that were scheduled before a time and have ended, and everything that was kept,
// asked for and taken before it, and gives room back to the disk. It returns how many runs it dropped.
// It first marks that they are gone, see Dropped.
func (s *Store) Prune(ctx context.Context, before time.Time) (runs int, err error) {
	if err := s.exec(ctx, "INSERT INTO marks (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = max(at, excluded.at)",
		markDropped, before.UnixMilli()); err != nil {
		return 0, fmt.Errorf("marking up to when runs are dropped: %w", err)
	}
	for ctx.Err() == nil {
		n, err := s.pruneSome(ctx, before)
		runs += n
		if err != nil {
			return runs, err
		}
		if n < pruneBatch {
			break
		}
	}
	if err := s.exec(ctx, "DELETE FROM kept WHERE at < ?", before.UnixMilli()); err != nil {
		return runs, fmt.Errorf("dropping what was kept: %w", err)
	}
	if err := s.exec(ctx, "DELETE FROM asked WHERE at < ?", before.UnixNano()); err != nil {
		return runs, fmt.Errorf("dropping what was asked: %w", err)
	}
	if err := s.exec(ctx, "DELETE FROM took WHERE at < ?", before.UnixMilli()); err != nil {
		return runs, fmt.Errorf("dropping who took old notices: %w", err)
	}
	if runs > 0 {
		if _, err := s.db.ExecContext(ctx, "PRAGMA incremental_vacuum"); err != nil {
			return runs, fmt.Errorf("giving room back: %w", err)
		}
	}
	return runs, nil
}

func (s *Store) pruneSome(ctx context.Context, before time.Time) (n int, err error) {
	err = s.Within(ctx, false, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM runs WHERE rowid IN (SELECT rowid FROM runs WHERE scheduled_for < ? AND lane IS NULL LIMIT ?)",
			before.UnixMilli(), pruneBatch)
		if err != nil {
			return fmt.Errorf("dropping runs: %w", err)
		}
		rows, err := res.RowsAffected()
		n = int(rows)
		return err //nolint:wrapcheck // never fails
	})
	return n, err
}
